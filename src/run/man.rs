//! `stateward man`: the manual pages, made from the command line's own definition, so that they cannot fall behind it.

use std::fmt::Write;

use anyhow::Context;
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::output::{Beside, print};
use super::{Outside, cli};
use crate::cli::Cli;

/// Prints a page, or writes all of them; the exit code.
///
/// # Errors
/// A folder that cannot be written to.
pub fn man(args: &cli::Man, outside: &Outside) -> anyhow::Result<u8> {
    let pages = pages()?;
    let Some(folder) = &args.out else {
        let wanted =
            args.of.as_ref().map_or_else(|| "stateward.1".to_owned(), |of| format!("stateward-{of}.1"));
        let page = pages.iter().find(|(name, _)| *name == wanted).context("this command has no page")?;
        return print(&page.1);
    };
    std::fs::create_dir_all(folder)
        .with_context(|| format!("{}: the folder cannot be made; name another", folder.display()))?;
    for (name, text) in &pages {
        Beside::open(&folder.join(name))?.write(text.as_bytes())?;
    }
    outside.say(&format!("{}: {} pages", folder.display(), pages.len()));
    Ok(0)
}

/// The pages of all commands and their actions, by file name.
pub fn pages() -> anyhow::Result<Vec<(String, String)>> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    add(&root, "stateward", &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, name: &str, into: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    into.push((format!("{name}.1"), page(command, name)?));
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        add(inner, &format!("{name}-{}", inner.get_name()), into)?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> anyhow::Result<String> {
    let after = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone().display_name(name.to_owned()))
        .title(name)
        .section("1")
        .source(concat!("stateward ", env!("CARGO_PKG_VERSION")))
        .manual("Stateward");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.get_subcommands().any(|inner| !inner.is_hide_set()) {
        man.render_subcommands_section(&mut page)?;
    }
    let mut page = String::from_utf8(page).context("a manual page is no text")?;
    page.push_str(&sections(&after));
    page.push_str(&see_also(command, name));
    Ok(page)
}

/// What stands below the options in the help: the examples, notes, and the exit codes.
fn sections(after: &str) -> String {
    let mut text = String::new();
    for paragraph in after.split("\n\n") {
        if let Some(examples) = paragraph.strip_prefix("Examples:\n") {
            // Writing into a string cannot fail.
            let _ = writeln!(text, ".SH EXAMPLES\n.nf\n{}\n.fi", lines(examples));
        } else if let Some(codes) = paragraph.strip_prefix("Exit codes: ") {
            let _ = writeln!(text, ".SH \"EXIT STATUS\"\n{}", lines(codes));
        } else if !paragraph.trim().is_empty() {
            let _ = writeln!(text, ".SH NOTES\n{}", lines(paragraph));
        }
    }
    text
}

fn see_also(command: &Command, name: &str) -> String {
    let parent = name.rsplit_once('-').map(|(parent, _)| parent.to_owned());
    let inner = command.get_subcommands().filter(|inner| !inner.is_hide_set());
    let inner = inner.map(|inner| format!("{name}-{}", inner.get_name()));
    let pages: Vec<String> =
        parent.into_iter().chain(inner).map(|page| format!("\\fB{}\\fR(1)", line(&page))).collect();
    if pages.is_empty() { String::new() } else { format!(".SH \"SEE ALSO\"\n{}\n", pages.join(", ")) }
}

fn lines(text: &str) -> String {
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// A line as roff prints it as it is.
fn line(text: &str) -> String {
    let plain = text.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq");
    if plain.starts_with('.') { format!("\\&{plain}") } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(command: &Command, name: &str, into: &mut Vec<String>) {
        into.push(format!("{name}.1"));
        for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
            names(inner, &format!("{name}-{}", inner.get_name()), into);
        }
    }

    #[test]
    fn every_command_and_action_has_a_page_with_examples() {
        let mut expected = Vec::new();
        names(&Cli::command(), "stateward", &mut expected);
        let pages = pages().unwrap();
        assert_eq!(
            pages.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            expected.iter().collect::<Vec<_>>()
        );
        for (name, text) in &pages {
            assert!(text.contains(".TH "), "{name}");
            for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES"] {
                assert_eq!(text.matches(&format!(".SH {section}\n")).count(), 1, "{name}: {section}\n{text}");
            }
            assert!(!text.contains("help(1)"), "{name}");
        }
        let exit = pages.iter().filter(|(_, text)| text.contains(".SH \"EXIT STATUS\"")).count();
        assert!(exit > pages.len() / 2, "{exit} of {}", pages.len());
    }

    #[test]
    fn what_roff_would_take_for_its_own_is_text() {
        assert_eq!(line(".SH x"), "\\&.SH x");
        assert_eq!(line("a\\b --c 'd'"), "a\\eb \\-\\-c \\(aqd\\(aq");
    }
}
