//! Acceptances: drift that somebody answers for, for a time.

use std::path::Path;
use std::{fmt, io};

use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use super::layers::Layers;
use super::values::{Pattern, date};
use super::{Profile, ProfileError, Standing};

/// An acceptance ends at most this many days from now (drift.md §8).
pub const ACCEPT_DAYS: i64 = 90;

/// Classes of drift that can be accepted; what could not be compared cannot.
const CLASSES: [&str; 5] = ["changed", "missing", "unmanaged", "conflict", "ghost"];

/// Drift that is accepted until a day: it stays listed, and does not count for the exit code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Acceptance {
    /// The fingerprint of one difference, as the result has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The Terraform type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Pattern>,
    /// The address; of a part the owner's address, and of an unmanaged object its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Pattern>,
    /// The attribute path. Without one, what is accepted is a whole object and no attribute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Pattern>,
    /// The class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it holds.
    #[serde(with = "date")]
    pub expires: Date,
    /// Where it is written: the file and the place in it; empty for one of the profile.
    #[serde(skip)]
    pub origin: String,
}

impl Acceptance {
    /// Whether it holds on `day`, the day of the as-of time in UTC.
    pub fn standing(&self, day: Date) -> Standing {
        if day > self.expires { Standing::Expired } else { Standing::Active }
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |pattern: &Option<Pattern>| pattern.as_ref().map(|one| one.as_str().to_owned());
        let words = [
            self.class.clone(),
            text(&self.kind),
            text(&self.address),
            text(&self.path),
            self.fingerprint.as_ref().map(|one| format!("({one})")),
        ];
        f.write_str(&words.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    accept: Vec<Acceptance>,
}

impl Profile {
    /// Adds the acceptances of `files`, which `read` opens, to those of the profile, and holds all of them to their
    /// rules on `today`.
    ///
    /// # Errors
    /// A file that cannot be read or is no acceptance file, an acceptance without owner, reason or subject, and one that
    /// ends later than [`ACCEPT_DAYS`] from `today`; each with its place.
    pub fn accept(
        &mut self,
        files: &[impl AsRef<Path>],
        today: Date,
        read: impl Fn(&Path) -> io::Result<String>,
    ) -> Result<(), ProfileError> {
        verify(&self.drift.accept, &self.layers, "drift.accept", today)?;
        for path in files {
            let path = path.as_ref();
            let name = path.display().to_string();
            let text = read(path)
                .map_err(|source| ProfileError::UnreadableAcceptances { path: name.clone(), source })?;
            let mut layers = Layers::of_acceptances();
            layers.push(name.clone(), text);
            let file: File = layers.read()?;
            verify(&file.accept, &layers, "accept", today)?;
            let named = |(at, one): (usize, Acceptance)| Acceptance {
                origin: format!("accept[{at}] of {name}"),
                ..one
            };
            self.drift.accept.extend(file.accept.into_iter().enumerate().map(named));
        }
        if !files.is_empty() {
            self.layers.forget("drift.accept");
        }
        Ok(())
    }
}

fn verify(acceptances: &[Acceptance], layers: &Layers, list: &str, today: Date) -> Result<(), ProfileError> {
    for (index, one) in acceptances.iter().enumerate() {
        let at = format!("{list}[{index}]");
        let fault = |key: &str, message: String, label: &str, help: &str| {
            Err(layers.fault(&format!("{at}{key}"), message, label, help))
        };
        let narrow = |pattern: &Option<Pattern>| {
            pattern.as_ref().is_some_and(|p| p.as_str().chars().any(|c| c != '*'))
        };
        if one.fingerprint.is_none() && !narrow(&one.address) {
            let message = "an acceptance that names no difference would accept every one".to_owned();
            let help = "give the `fingerprint` of the difference, or its `address` with `path`; `stateward drift \
                        --write-ignore FILE` drafts both";
            return fault("", message, "this acceptance", help);
        }
        if let Some(print) = &one.fingerprint
            && (print.len() != 16 || !print.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            let message = format!("`{print}` is not a fingerprint");
            return fault(".fingerprint", message, "this value", "copy the 16 digits from the result");
        }
        if let Some(class) = one.class.as_ref().filter(|class| !CLASSES.contains(&class.as_str())) {
            let message = format!("`{class}` is not a class of drift that can be accepted");
            return fault(".class", message, "this value", &format!("classes: {}", CLASSES.join(", ")));
        }
        for (key, text) in [("owner", &one.owner), ("reason", &one.reason)] {
            if text.trim().is_empty() {
                let message = format!("the acceptance has no {key}");
                let help = format!("fill in the {key}: drift that nobody answers for is not accepted");
                return fault(&format!(".{key}"), message, "still empty", &help);
            }
        }
        let days = (one.expires - today).whole_days();
        if days > ACCEPT_DAYS {
            let message = format!("the acceptance ends in {days} days; at most {ACCEPT_DAYS} are allowed");
            let latest = today + Duration::days(ACCEPT_DAYS);
            let help = format!("the latest day is {latest}; renew it then with a new decision");
            return fault(".expires", message, "too late", &help);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    const TODAY: Date = date!(2026 - 03 - 01);

    fn load(text: &str) -> Result<Profile, ProfileError> {
        let mut profile = Profile::built_in_default()?;
        profile.accept(&["a.toml"], TODAY, |_| Ok(text.to_owned()))?;
        Ok(profile)
    }

    fn entry(lines: &str) -> String {
        format!("[[accept]]\nowner = \"ops\"\nreason = \"r\"\nexpires = 2026-05-30\n{lines}\n")
    }

    /// The message, the help and the line of the fault.
    fn fault(text: &str) -> (String, String, usize) {
        let ProfileError::Invalid(invalid) = load(text).unwrap_err() else { panic!("not a fault in a file") };
        let line = text[..invalid.span.offset()].matches('\n').count() + 1;
        (invalid.message.clone(), invalid.help.clone(), line)
    }

    #[test]
    fn a_whole_one_is_taken_with_its_origin() {
        let profile = load(&entry("fingerprint = \"0123456789abcdef\"\npath = \"tags.*\"")).unwrap();
        let one = &profile.drift.accept[0];
        assert_eq!(one.origin, "accept[0] of a.toml");
        assert_eq!(one.to_string(), "tags.* (0123456789abcdef)");
        assert_eq!(one.standing(date!(2026 - 05 - 30)), Standing::Active);
        assert_eq!(one.standing(date!(2026 - 05 - 31)), Standing::Expired);
        assert_ne!(profile.hash(), Profile::built_in_default().unwrap().hash(), "it changes what counts");
        assert!(load("").unwrap().drift.accept.is_empty());
    }

    #[test]
    fn each_fault_names_its_line_and_a_remedy() {
        let cases = [
            (
                "[[accept]]\naddress = \"a\"\nowner = \"\"\nreason = \"r\"\nexpires = 2026-04-01\n",
                "no owner",
                "fill in",
                3,
            ),
            (
                "[[accept]]\naddress = \"a\"\nowner = \"o\"\nreason = \" \"\nexpires = 2026-04-01\n",
                "no reason",
                "fill in",
                4,
            ),
            (
                "[[accept]]\naddress = \"a\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-05-31\n",
                "91 days",
                "2026-05-30",
                5,
            ),
            (
                "[[accept]]\naddress = \"**\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-04-01\n",
                "every one",
                "--write-ignore",
                1,
            ),
            (
                "[[accept]]\nfingerprint = \"xyz\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-04-01\n",
                "xyz",
                "16 digits",
                2,
            ),
            (
                "[[accept]]\naddress = \"a\"\nclass = \"gone\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-04-01\n",
                "gone",
                "missing",
                3,
            ),
            (
                "[[accept]]\naddress = \"a\"\nowner = \"o\"\nreason = \"r\"\nexpires = \"2026-04-01\"\n",
                "expires",
                "without quotes",
                5,
            ),
            (
                "[[accept]]\naddress = \"a\"\nowner = \"o\"\nreasn = \"r\"\nexpires = 2026-04-01\n",
                "reasn",
                "did you mean `reason`",
                4,
            ),
            ("[[accept]]\naddress = \"a\"\nowner = \"o\"\nreason = \"r\"\n", "expires", "docs/drift.md", 1),
            ("[[accept]\n", "not TOML", "TOML", 1),
        ];
        for (text, message, help, line) in cases {
            let found = fault(text);
            assert!(found.0.contains(message), "{message}: {found:?}");
            assert!(found.1.contains(help), "{help}: {found:?}");
            assert_eq!(found.2, line, "{found:?}");
        }
    }

    #[test]
    fn those_of_a_profile_obey_the_same_rules() {
        let text = "[[drift.accept]]\naddress = \"a\"\nowner = \"o\"\nreason = \"r\"\nexpires = 2026-09-01\n";
        let mut profile = Profile::load(&["./p.toml".to_owned()], |_| Ok(text.to_owned())).unwrap();
        let none: [&str; 0] = [];
        let error = profile.accept(&none, TODAY, |_| Ok(String::new())).unwrap_err();
        let ProfileError::Invalid(invalid) = error else { panic!("not a fault in a file") };
        assert_eq!(invalid.source_code.name(), "./p.toml");
        assert!(invalid.message.contains("at most 90"), "{}", invalid.message);
        profile.accept(&none, date!(2026 - 08 - 01), |_| Ok(String::new())).unwrap();
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let mut profile = Profile::built_in_default().unwrap();
        let error =
            profile.accept(&["none.toml"], TODAY, |_| Err(io::ErrorKind::NotFound.into())).unwrap_err();
        assert!(error.to_string().contains("none.toml"), "{error}");
    }
}
