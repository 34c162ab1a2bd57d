//! Folders of custom checks: opening them, and `stateward checks test`.

/// The custom checks of a run.
#[derive(Default)]
pub struct Custom {
    #[cfg(feature = "rego")]
    policies: std::sync::Arc<Vec<stateward::custom::Policy>>,
}

#[cfg(not(feature = "rego"))]
mod without {
    use std::path::Path;

    use stateward::check::Check;

    use super::Custom;

    impl Custom {
        /// Folders of policies, which this build cannot read.
        ///
        /// # Errors
        /// Any folder.
        pub fn open<'a>(folders: impl IntoIterator<Item = &'a Path>) -> anyhow::Result<Self> {
            match folders.into_iter().next() {
                None => Ok(Self::default()),
                Some(folder) => anyhow::bail!(
                    "{}: this build leaves Rego out, so it has no custom checks\n  remedy: build it with `--features rego`",
                    folder.display()
                ),
            }
        }

        /// None.
        pub fn checks(&self) -> Vec<Check<'_>> {
            Vec::new()
        }

        /// Runs no case, for there can be no policy.
        ///
        /// # Errors
        /// As [`Custom::open`].
        pub fn test(folder: &Path) -> anyhow::Result<u8> {
            Self::open([folder]).map(|_| 0)
        }
    }
}

#[cfg(feature = "rego")]
mod rego {
    use std::io::{Read, Write};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::time::Duration;

    use anyhow::{Context, bail};
    use stateward::check::Check;
    use stateward::custom::{self, CaseResult, LONGEST_POLICY, Policy, REQUIRED};
    use tabled::builder::Builder;
    use tabled::settings::Style;

    use super::super::output::print;
    use super::Custom;

    /// Exit code of cases that do not hold.
    const WRONG: u8 = 2;
    /// Exit code of a run that failed.
    const FAILED: i32 = 1;
    /// Cases may be longer than the policy that they try, and no more.
    const LONGEST_CASES: usize = 16 * LONGEST_POLICY;

    impl Custom {
        /// Reads the policies of all `folders`.
        ///
        /// # Errors
        /// A folder that cannot be read or holds none, and the first policy that cannot be used.
        pub fn open<'a>(folders: impl IntoIterator<Item = &'a Path>) -> anyhow::Result<Self> {
            let mut files = Vec::new();
            for folder in folders {
                for path in policies(folder)? {
                    // One more byte than it may have is enough to be refused for its length.
                    files.push((path.display().to_string(), text(&path, LONGEST_POLICY + 1)?));
                }
            }
            let policies = Arc::new(custom::read(&files)?);
            if !policies.is_empty() {
                watch(Arc::clone(&policies));
            }
            Ok(Self { policies })
        }

        /// They as checks.
        pub fn checks(&self) -> Vec<Check<'_>> {
            self.policies.iter().map(Policy::check).collect()
        }

        /// Runs the cases beside the policies of `folder`, and prints what became of them; the exit code.
        ///
        /// # Errors
        /// Policies or cases that cannot be used.
        pub fn test(folder: &Path) -> anyhow::Result<u8> {
            let custom = Self::open([folder])?;
            let mut table = Builder::default();
            table.push_record(["Check", "Case", "Expected", "Result"]);
            let (mut ran, mut wrong) = (0, 0);
            for policy in custom.policies.iter() {
                let cases = Path::new(policy.file()).with_extension("cases.yaml");
                let results = match cases.is_file() {
                    true => custom::run_cases(
                        policy,
                        &cases.display().to_string(),
                        &text(&cases, LONGEST_CASES)?,
                    )?,
                    false => Vec::new(),
                };
                ran += results.len();
                for CaseResult { name, expected, message, wrong: reason, .. } in &results {
                    let result = match reason {
                        None => "ok".to_owned(),
                        Some(reason) if message.is_empty() => reason.clone(),
                        Some(reason) => format!("{reason}: {message}"),
                    };
                    wrong += usize::from(reason.is_some());
                    table.push_record([policy.id(), name, expected, &result]);
                }
                for answer in REQUIRED {
                    if !results.iter().any(|result| result.expected == answer) {
                        wrong += 1;
                        let lacks = format!("add one to {}", cases.display());
                        table.push_record([policy.id(), "(no case)", answer, &lacks]);
                    }
                }
            }
            let mut table = table.build();
            table.with(Style::blank());
            print(&format!("{table}\n\n{} checks, {ran} cases, {wrong} wrong\n", custom.policies.len()))?;
            Ok(if wrong > 0 { WRONG } else { 0 })
        }
    }

    /// Ends the process when a policy is at one resource for longer than any honest one takes: its engine cannot be
    /// stopped within a step.
    fn watch(policies: Arc<Vec<Policy>>) {
        const LONGEST: Duration = Duration::from_secs(10);
        const TURNS: u32 = 20;
        std::thread::spawn(move || {
            let mut seen = vec![(0, 0); policies.len()];
            loop {
                std::thread::sleep(LONGEST / TURNS);
                for (policy, (turn, times)) in policies.iter().zip(&mut seen) {
                    let now = policy.turns();
                    *times = if now == *turn && now % 2 == 1 { *times + 1 } else { 0 };
                    *turn = now;
                    if *times >= TURNS {
                        // Nobody may be left to read it; the process ends all the same.
                        let _ = writeln!(
                            std::io::stderr(),
                            "error: {}: the policy {} took more than {} s over one resource\n  remedy: take values apart \
                             instead of nesting them into each other, and run `stateward checks test`",
                            policy.file(),
                            policy.id(),
                            LONGEST.as_secs()
                        );
                        std::process::exit(FAILED);
                    }
                }
            }
        });
    }

    /// The policies of a folder by name, without OPA's own tests.
    fn policies(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let shown = folder.display();
        let unreadable = || format!("{shown}: the folder of custom checks cannot be read; check the path");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(folder).with_context(unreadable)? {
            let path = entry.with_context(unreadable)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.ends_with(".rego") && !name.ends_with("_test.rego") {
                found.push(path);
            }
        }
        if found.is_empty() {
            bail!(
                "{shown}: there is no policy in this folder\n  remedy: name a folder with *.rego files; folders within it \
                 are not looked at"
            );
        }
        found.sort();
        Ok(found)
    }

    fn text(path: &Path, longest: usize) -> anyhow::Result<String> {
        let shown = path.display();
        let file = std::fs::File::open(path).with_context(|| format!("{shown}: cannot be opened"))?;
        let mut text = String::new();
        let most = u64::try_from(longest).unwrap_or(u64::MAX);
        file.take(most)
            .read_to_string(&mut text)
            .with_context(|| format!("{shown}: cannot be read as text; write it in UTF-8"))?;
        Ok(text)
    }
}
