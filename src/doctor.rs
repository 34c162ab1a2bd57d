//! Whether an audit would get through: what was looked at, what came of it, and what to do.

use serde::Serialize;
use serde_json::{Value, json};
use stateward_model::{Cause, Gap};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::report::words::{count, one_line};

/// What came of one look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As it should be.
    Ok,
    /// An audit gets through, yet somebody should look.
    Warning,
    /// An audit would fail, or call unknown what depends on it. What gave no answer is among these.
    Failed,
    /// Nobody looked, and why is said.
    NotChecked,
}

impl Standing {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::NotChecked => "not checked",
        }
    }
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// What it is about: `profile`, `credentials`, `clock`, `endpoints`, `permissions`, `state`, `mail`, `history`.
    pub part: &'static str,
    /// Which of them: a region, a state, a file; empty where there is one only.
    pub of: String,
    /// What came of it.
    pub standing: Standing,
    /// What was found, in a sentence without a full stop.
    pub said: String,
    /// What to do, where there is something to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Look {
    /// As it should be.
    pub fn ok(part: &'static str, of: impl Into<String>, said: impl Into<String>) -> Self {
        Self { part, of: of.into(), standing: Standing::Ok, said: said.into(), remedy: None }
    }

    /// Something to look at.
    pub fn warning(
        part: &'static str,
        of: impl Into<String>,
        said: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { standing: Standing::Warning, remedy: Some(remedy.into()), ..Self::ok(part, of, said) }
    }

    /// Something that is not as it has to be, or not known.
    pub fn failed(
        part: &'static str,
        of: impl Into<String>,
        said: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { standing: Standing::Failed, remedy: Some(remedy.into()), ..Self::ok(part, of, said) }
    }

    /// Nobody looked.
    pub fn not_checked(part: &'static str, of: impl Into<String>, why: impl Into<String>) -> Self {
        Self { standing: Standing::NotChecked, ..Self::ok(part, of, why) }
    }

    /// What an error says, whose remedy stands on a line of its own.
    pub fn error(part: &'static str, of: impl Into<String>, error: &str, otherwise: &str) -> Self {
        let (said, remedy) = error.split_once("\n  remedy: ").unwrap_or((error, otherwise));
        Self::failed(part, of, one_line(said), one_line(remedy))
    }
}

/// Seconds by which clocks may differ before it is told: they drift apart, and the next look may be too late.
const NOTED: i64 = 60;
/// Seconds by which they may differ before AWS refuses every signature (Signature Version 4).
const REFUSED: i64 = 300;

/// The clock of this machine, `here`, beside that of AWS at the same moment; both in seconds since 1970.
pub fn clock(here: i64, aws: i64) -> Look {
    let apart = here.abs_diff(aws);
    let way = if here < aws { "behind" } else { "before" };
    let said = format!(
        "this clock is {} {way} that of AWS",
        count(usize::try_from(apart).unwrap_or(usize::MAX), "second")
    );
    match i64::try_from(apart).unwrap_or(i64::MAX) {
        ..=1 => Look::ok("clock", "", "this clock is that of AWS to the second"),
        noted if noted <= NOTED => Look::ok("clock", "", said),
        far if far <= REFUSED => {
            Look::warning("clock", "", said, "set the clock by NTP; AWS refuses signatures from 5 minutes on")
        }
        _ => Look::failed(
            "clock",
            "",
            said,
            "set the clock by NTP; AWS refuses signatures that are off by 5 minutes",
        ),
    }
}

/// Credentials of an account: whose they are and until when. `longest` is how long a run may take, in seconds.
pub fn credentials(account: &str, caller: &str, expiry: Option<i64>, now: i64, longest: i64) -> Look {
    let Some(expiry) = expiry else {
        return Look::ok("credentials", account, format!("{caller}; no end is told"));
    };
    let left = expiry - now;
    let until = OffsetDateTime::from_unix_timestamp(expiry).ok().and_then(|at| at.format(&Rfc3339).ok());
    let said = format!("{caller}, until {}", until.unwrap_or_else(|| "a time that is none".to_owned()));
    match left {
        ..=0 => Look::failed("credentials", account, format!("{said}, which is over"), "log in again"),
        _ if left < longest => Look::warning(
            "credentials",
            account,
            format!("{said}: they may end before a run does"),
            "log in again before the run, or shorten `collection.run_timeout`",
        ),
        _ => Look::ok("credentials", account, said),
    }
}

/// What one service answered to one listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The region, or `global`.
    pub region: String,
    /// The service.
    pub service: String,
    /// Why there is no answer, or no whole one.
    pub gap: Option<Gap>,
}

/// Whether a gap is an answer all the same: somebody was there and refused.
const fn is_answer(cause: Cause) -> bool {
    matches!(cause, Cause::Denied | Cause::Throttled | Cause::Expired)
}

/// Whether the endpoints answer: a line for a region, and one for each service in it that does not.
pub fn endpoints(answers: &[Answer]) -> Vec<Look> {
    let mut regions: Vec<&str> = answers.iter().map(|answer| answer.region.as_str()).collect();
    regions.sort_unstable();
    regions.dedup();
    let mut looks = Vec::new();
    for region in regions {
        let here: Vec<&Answer> = answers.iter().filter(|answer| answer.region == region).collect();
        let silent: Vec<(&Answer, &Gap)> = here
            .iter()
            .filter_map(|answer| Some((*answer, answer.gap.as_ref().filter(|gap| !is_answer(gap.cause))?)))
            .collect();
        let services = count(here.len(), "service");
        if silent.is_empty() {
            looks.push(Look::ok("endpoints", region, format!("{services} answered")));
        } else if silent.len() == here.len() {
            let (_, gap) = silent[0];
            let said = format!("none of {services} answered ({}: {})", gap.cause, gap.detail);
            looks.push(Look::failed("endpoints", region, said, way_to(gap.cause)));
        } else {
            looks.push(Look::ok(
                "endpoints",
                region,
                format!("{} of {services} answered", here.len() - silent.len()),
            ));
            for (answer, gap) in silent {
                let said = gap.to_string();
                looks.push(Look::failed(
                    "endpoints",
                    format!("{region} {}", answer.service),
                    said,
                    way_to(gap.cause),
                ));
            }
        }
    }
    looks
}

const fn way_to(cause: Cause) -> &'static str {
    match cause {
        Cause::Unreachable | Cause::Timeout => {
            "check the network, its proxy and its VPC endpoints, or take the region out of [[regions]]"
        }
        Cause::Disabled => "enable the region or the service in the account, or take it out of the profile",
        Cause::Unsupported => "use a build with this service, or an endpoint that knows the operation",
        _ => "try again; if it stays, run with --log-format json and look at what the service says",
    }
}

/// How permissions were found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// IAM simulated every action: these are denied.
    Simulated {
        /// All actions.
        asked: usize,
        /// Those that are not allowed.
        denied: Vec<String>,
    },
    /// It could not be simulated; what is known is what the listings met with.
    Probed {
        /// Why not.
        why: String,
        /// All actions.
        asked: usize,
    },
}

/// What is permitted.
pub fn permissions(account: &str, rights: &Rights, answers: &[Answer]) -> Vec<Look> {
    const REMEDY: &str =
        "grant what `stateward policy` prints, or narrow the selection; what is denied will be unknown";
    let denied = |answer: &'_ Answer| answer.gap.clone().filter(|gap| gap.cause == Cause::Denied);
    // Where a listing went through, it is what it asks for beside that was refused.
    let refused: Vec<(String, &str)> = answers
        .iter()
        .filter_map(|answer| Some((denied(answer)?.call.into_owned(), answer.region.as_str())))
        .collect();
    let mut refusals: Vec<&str> = refused.iter().map(|(call, _)| call.as_str()).collect();
    refusals.sort_unstable();
    refusals.dedup();
    let by_listing = |looks: &mut Vec<Look>| {
        for call in &refusals {
            let here = refused.iter().filter(|(refused, _)| refused == call);
            let places: Vec<&str> = here.map(|(_, region)| *region).collect();
            let said = format!("{call} was refused in {}", places.join(", "));
            looks.push(Look::failed("permissions", account, said, REMEDY));
        }
    };
    let mut looks = Vec::new();
    match rights {
        Rights::Simulated { asked, denied } => {
            by_listing(&mut looks);
            let allowed = asked.saturating_sub(denied.len());
            if denied.is_empty() {
                let said = format!(
                    "all {} are allowed, as IAM simulates it (policies of resources and of VPC endpoints are not in it)",
                    count(*asked, "action")
                );
                looks.push(Look::ok("permissions", account, said));
            } else {
                let said = format!(
                    "{allowed} of {} allowed, as IAM simulates it; not: {}",
                    count(*asked, "action"),
                    denied.join(", ")
                );
                looks.push(Look::failed("permissions", account, said, REMEDY));
            }
        }
        Rights::Probed { why, asked } => {
            by_listing(&mut looks);
            let tried = answers.iter().filter(|answer| answer.gap.is_none()).count();
            if tried > 0 {
                looks.push(Look::ok(
                    "permissions",
                    account,
                    format!("{} by trial, one of each service and region", count(tried, "listing")),
                ));
            }
            let said = format!(
                "{} an audit may send were not tried one by one, and IAM did not simulate them: {why}",
                count(*asked, "action")
            );
            let remedy = "permit iam:SimulatePrincipalPolicy and iam:GetAccountAuthorizationDetails, which `stateward policy` has as well";
            looks.push(Look {
                remedy: Some(remedy.to_owned()),
                ..Look::not_checked("permissions", account, said)
            });
        }
    }
    looks
}

/// Bytes below which the disk of a history is nearly full, and below which it is.
const LOW: u64 = 512 << 20;
const FULL: u64 = 16 << 20;

/// The history: how large it is, its version where that is an `older` one, and how much room there is.
pub fn history(file: &str, runs: usize, bytes: u64, older: Option<u32>, free: Option<u64>) -> Look {
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let said = format!("{}, {}, every page and index as it should be", count(runs, "run"), mib(bytes));
    let said = match older {
        Some(version) => format!("{said}; it has version {version}, and the next run brings it up to date"),
        None => said,
    };
    match free {
        None => Look::ok("history", file, format!("{said}; how much room there is was not told")),
        Some(free) if free < FULL => {
            let said = format!("{said}; {} free", mib(free));
            Look::failed("history", file, said, "make room, or the next run cannot be stored")
        }
        Some(free) if free < LOW => {
            let said = format!("{said}; {} free", mib(free));
            Look::warning("history", file, said, "make room, or keep fewer runs with `history.keep_runs`")
        }
        Some(free) => Look::ok("history", file, format!("{said}; {} free", mib(free))),
    }
}

/// 2 where something failed.
pub fn exit_code(looks: &[Look]) -> u8 {
    if looks.iter().any(|look| look.standing == Standing::Failed) { 2 } else { 0 }
}

fn counts(looks: &[Look]) -> [usize; 4] {
    let of = |standing| looks.iter().filter(|look| look.standing == standing).count();
    [Standing::Ok, Standing::Warning, Standing::Failed, Standing::NotChecked].map(of)
}

/// One line for each look, its remedy below it.
pub fn table(looks: &[Look]) -> String {
    let width = looks.iter().map(|look| look.part.len()).max().unwrap_or_default();
    let mut text = String::new();
    for look in looks {
        let of = if look.of.is_empty() { String::new() } else { format!("{}: ", one_line(&look.of)) };
        let line =
            format!("{:<12} {:<width$}  {of}{}", look.standing.words(), look.part, one_line(&look.said));
        text.push_str(line.trim_end());
        text.push('\n');
        if let Some(remedy) = &look.remedy {
            text.push_str(&format!("{:<12} {:<width$}  remedy: {}\n", "", "", one_line(remedy)));
        }
    }
    let [ok, warnings, failed, not_checked] = counts(looks);
    let warned = count(warnings, "warning");
    text.push_str(&format!("\n{ok} ok, {warned}, {failed} failed, {not_checked} not checked\n"));
    text
}

/// The same for programs.
pub fn document(looks: &[Look]) -> Value {
    let [ok, warnings, failed, not_checked] = counts(looks);
    json!({
        "ok": ok, "warnings": warnings, "failed": failed, "not_checked": not_checked, "exit_code": exit_code(looks),
        "looks": looks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(region: &str, service: &str, gap: Option<Cause>) -> Answer {
        let gap = gap.map(|cause| Gap::new(format!("{service}:List"), cause, "so it is"));
        Answer { region: region.to_owned(), service: service.to_owned(), gap }
    }

    #[test]
    fn a_clock_is_told_from_a_minute_on_and_fails_beyond_five() {
        let standings = [0, 60, 61, 300, 301].map(|apart| clock(1_000_000, 1_000_000 + apart).standing);
        assert_eq!(
            standings,
            [Standing::Ok, Standing::Ok, Standing::Warning, Standing::Warning, Standing::Failed]
        );
        assert!(clock(1_000, 0).said.contains("seconds before"), "{}", clock(1_000, 0).said);
        assert!(clock(0, 1_000).said.contains("behind"));
    }

    #[test]
    fn credentials_that_end_before_a_run_does_are_told() {
        let at = |expiry| credentials("1", "arn", expiry, 1_000, 900).standing;
        assert_eq!(at(None), Standing::Ok);
        assert_eq!(at(Some(2_000)), Standing::Ok);
        assert_eq!(at(Some(1_500)), Standing::Warning);
        assert_eq!(at(Some(1_000)), Standing::Failed);
    }

    #[test]
    fn a_refusal_is_an_answer_and_silence_is_none() {
        let answers = [
            answer("eu-west-1", "ec2", Some(Cause::Unreachable)),
            answer("eu-west-1", "rds", Some(Cause::Timeout)),
            answer("us-east-1", "ec2", None),
            answer("us-east-1", "rds", Some(Cause::Unreachable)),
            answer("us-west-2", "ec2", Some(Cause::Denied)),
        ];
        let looks = endpoints(&answers);
        let of = |of: &str| looks.iter().find(|look| look.of == of).unwrap();
        assert_eq!(of("eu-west-1").standing, Standing::Failed);
        assert!(of("eu-west-1").said.starts_with("none of 2 services"), "{}", of("eu-west-1").said);
        assert_eq!(of("us-east-1").said, "1 of 2 services answered");
        assert_eq!(of("us-east-1 rds").standing, Standing::Failed);
        assert_eq!(of("us-west-2").standing, Standing::Ok);
        assert_eq!(exit_code(&looks), 2);
        assert_eq!(exit_code(&endpoints(&answers[2..3])), 0);
    }

    #[test]
    fn what_nobody_simulated_is_not_called_allowed() {
        let answers = [answer("us-east-1", "ec2", None), answer("us-east-1", "rds", Some(Cause::Denied))];
        let probed = permissions("1", &Rights::Probed { why: "denied".to_owned(), asked: 40 }, &answers);
        let standings: Vec<Standing> = probed.iter().map(|look| look.standing).collect();
        assert_eq!(standings, [Standing::Failed, Standing::Ok, Standing::NotChecked]);
        let all = Rights::Simulated { asked: 40, denied: Vec::new() };
        assert_eq!(permissions("1", &all, &answers[..1])[0].standing, Standing::Ok);
        // What was refused in fact counts, whatever the simulation says.
        assert_eq!(permissions("1", &all, &answers)[0].standing, Standing::Failed);
        let some = Rights::Simulated { asked: 40, denied: vec!["rds:DescribeDBInstances".to_owned()] };
        let look = &permissions("1", &some, &answers[..1])[0];
        assert!(
            look.said.starts_with("39 of 40 actions") && look.said.contains("rds:Describe"),
            "{}",
            look.said
        );
    }

    #[test]
    fn what_was_refused_is_named_by_its_own_operation() {
        let mut detail = answer("us-east-1", "s3", Some(Cause::Denied));
        detail.gap = Some(Gap::new("s3:GetBucketPolicy", Cause::Denied, ""));
        let answers = [answer("eu-west-1", "s3", Some(Cause::Denied)), detail];
        let all = Rights::Simulated { asked: 40, denied: Vec::new() };
        let looks = permissions("1", &all, &answers);
        let said: Vec<&str> = looks.iter().take(2).map(|look| look.said.as_str()).collect();
        assert_eq!(said, ["s3:GetBucketPolicy was refused in us-east-1", "s3:List was refused in eu-west-1"]);
    }

    #[test]
    fn an_older_history_is_told() {
        let said = history("h.db", 3, 0, Some(1), None).said;
        assert!(said.contains("version 1, and the next run"), "{said}");
    }

    #[test]
    fn a_disk_that_runs_full_is_told() {
        let at = |free| history("h.db", 3, 9 << 20, None, free).standing;
        assert_eq!(
            [at(None), at(Some(LOW)), at(Some(LOW - 1)), at(Some(FULL - 1))],
            [Standing::Ok, Standing::Ok, Standing::Warning, Standing::Failed]
        );
    }

    #[test]
    fn the_table_has_a_line_for_each_look_and_the_sum() {
        let looks = [
            Look::ok("profile", "", "3 regions"),
            Look::error("mail", "relay", "no answer\n  remedy: check it", "nothing"),
            Look::error("state", "x", "broken", "look at it"),
            Look::not_checked("clock", "", "offline"),
        ];
        let text = table(&looks);
        assert_eq!(
            text,
            "ok           profile  3 regions\n\
             failed       mail     relay: no answer\n                      remedy: check it\n\
             failed       state    x: broken\n                      remedy: look at it\n\
             not checked  clock    offline\n\n1 ok, 0 warnings, 2 failed, 1 not checked\n"
        );
        assert_eq!(document(&looks)["failed"], 2);
        assert_eq!(document(&looks)["looks"][1]["standing"], "failed");
    }
}
