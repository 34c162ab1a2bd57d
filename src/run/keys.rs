//! Keys for states that OpenTofu encrypted. A command line only ever names what holds one.

use anyhow::{Context, bail};
use stateward_terraform::Keys;

use super::Outside;
use crate::cli::StateArgs;

/// The longest file that is taken for a key.
const LONGEST: u64 = 4096;

/// What the options name.
///
/// # Errors
/// A variable that is not set, a file that cannot be read, or what is no key; never with what it holds.
pub fn read(args: &StateArgs, outside: &Outside) -> anyhow::Result<Keys> {
    let variable = |option: &str, name: &str| {
        (outside.variable)(name).with_context(|| {
            format!(
                "{option} names {name}, which is not set\n  remedy: export {name} with what it is to hold"
            )
        })
    };
    let mut keys = Keys::default();
    for name in &args.state_passphrase_env {
        keys.add_passphrase(variable("--state-passphrase-env", name)?);
    }
    let mut add = |named: &str, text: &str| match keys.add_hex(text) {
        Ok(()) => Ok(()),
        Err(what) => {
            bail!(
                "{named}: {what}\n  remedy: give the key of the key provider static as its configuration has it"
            )
        }
    };
    for name in &args.state_key_env {
        add(name, &variable("--state-key-env", name)?)?;
    }
    for path in &args.state_key_file {
        let named = path.display().to_string();
        let size = std::fs::metadata(path).map(|facts| facts.len());
        let text = match size {
            Ok(size) if size > LONGEST => {
                bail!("{named}: this file is too long for a key\n  remedy: check the path")
            }
            _ => std::fs::read_to_string(path),
        };
        let text = text.with_context(|| {
            format!("{named}: the key cannot be read\n  remedy: check path and permissions")
        })?;
        add(&named, &text)?;
    }
    Ok(keys)
}
