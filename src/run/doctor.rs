//! `stateward doctor`: looks at everything that a run depends on, and judges nothing of the estate.

use std::path::Path;

use miette::Diagnostic;
use stateward::audit::Question;
use stateward::check::Check;
use stateward::doctor::{self, Look};
use stateward::plan::{Selection, UnknownWord};
#[cfg(feature = "smtp")]
use stateward::profile::MailTls;
use stateward::profile::{MailSettings, MailTransport, Profile, ProfileError, Webhook};
use stateward::snapshot::RecordedState;
use stateward_model::Wanted;
use stateward_store::Store;
use stateward_terraform::Source;

use super::custom::Custom;
use super::output::print;
use super::states::States;
use super::{Outside, cli, ledger};
use crate::cli::ListFormat;

/// Looks, prints, and gives the exit code.
///
/// # Errors
/// A standard output that cannot be written to.
pub fn doctor(args: &cli::Doctor, outside: &Outside) -> anyhow::Result<u8> {
    if args.profile.print_profile {
        let (profile, _) = super::profile(&args.profile, &args.region, Some(&args.live))?;
        return print(&profile.to_toml());
    }
    let looks = looks(args, outside);
    match args.format {
        ListFormat::Json => print(&format!("{:#}\n", doctor::document(&looks)))?,
        ListFormat::Table => print(&doctor::table(&looks))?,
    };
    Ok(doctor::exit_code(&looks))
}

fn looks(args: &cli::Doctor, outside: &Outside) -> Vec<Look> {
    let mut looks = Vec::new();
    let (profile, selection, custom) = match profile(args, &mut looks) {
        Ok(all) => all,
        Err(look) => {
            looks.push(look);
            let why = "the profile tells what there is to look at, and cannot be used";
            let parts = ["credentials", "clock", "endpoints", "permissions", "state", "mail", "history"];
            looks.extend(parts.map(|part| Look::not_checked(part, "", why)));
            return looks;
        }
    };
    let mut states = states(args, &profile, outside);
    let asked = Asked { profile: &profile, selection: &selection, custom: &custom.checks() };
    aws::look(args, &asked, &mut states, outside, &mut looks);
    if states.is_empty() {
        looks.push(Look::not_checked("state", "", "no state was named, with --state or --from"));
    }
    for state in &states {
        looks.push(of_state(state));
    }
    looks.extend(mail(&profile, outside));
    looks.push(history(args.store.file.as_deref(), &profile));
    looks
}

/// The profile with its custom checks, and the selection, as an audit would take them.
fn profile(args: &cli::Doctor, looks: &mut Vec<Look>) -> Result<(Profile, Selection, Custom), Look> {
    let otherwise = "correct the profile; docs/profiles.md has every key";
    let fault = |error: &anyhow::Error| {
        let named = args.profile.profile.join(", ");
        match error.downcast_ref::<ProfileError>() {
            Some(error) => of_profile(error, &named, otherwise),
            None => Look::error("profile", named, &format!("{error:#}"), otherwise),
        }
    };
    let (profile, custom) =
        super::profile(&args.profile, &args.region, Some(&args.live)).map_err(|error| fault(&error))?;
    let selection = super::selection(&args.select);
    let checks = custom.checks();
    let question =
        Question::audit_with(&profile, &selection, &checks).map_err(|error| fault(&error.into()))?;
    let layers: Vec<&str> = profile.layer_names().collect();
    let regions: Vec<&str> = profile.regions.iter().map(|region| region.name.as_str()).collect();
    looks.push(Look::ok(
        "profile",
        layers.join(", "),
        format!("{} checks, regions {}", question.checks.len(), regions.join(", ")),
    ));
    Ok((profile, selection, custom))
}

/// A fault of a profile with its line.
fn of_profile(error: &ProfileError, named: &str, otherwise: &str) -> Look {
    let label = error.labels().and_then(|mut labels| labels.next());
    let line = label.and_then(|label| {
        let text = error.source_code()?.read_span(label.inner(), 0, 0).ok()?;
        Some(format!(
            "{}line {}: ",
            text.name().map(|name| format!("{name}, ")).unwrap_or_default(),
            text.line() + 1
        ))
    });
    let remedy = error.help().map_or_else(|| otherwise.to_owned(), |help| help.to_string());
    Look::failed("profile", named, format!("{}{error}", line.unwrap_or_default()), remedy)
}

/// A state that was named, and what became of it.
struct Named {
    uri: String,
    read: Read,
}

enum Read {
    Whole(Vec<RecordedState>),
    Failed(String),
    /// In S3, so that it waits for credentials.
    #[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "a build without AWS fetches none"))]
    InS3(Vec<Source>),
}

/// Opens every state by itself, so that one that is broken hides no other.
fn states(args: &cli::Doctor, profile: &Profile, outside: &Outside) -> Vec<Named> {
    let only = |state: Vec<String>, from: Vec<std::path::PathBuf>| cli::StateArgs {
        state,
        from,
        ..args.states.clone()
    };
    let mut each: Vec<(String, cli::StateArgs)> =
        args.states.state.iter().map(|uri| (uri.clone(), only(vec![uri.clone()], Vec::new()))).collect();
    if each.is_empty() {
        let from = args.states.from.iter();
        each.extend(from.map(|dir| (dir.display().to_string(), only(Vec::new(), vec![dir.clone()]))));
    }
    let one = |(uri, args): (String, cli::StateArgs)| {
        let read = match States::read(&args, profile, outside) {
            Err(error) => Read::Failed(format!("{error:#}")),
            Ok(mut states) if !states.in_s3.is_empty() => Read::InS3(std::mem::take(&mut states.in_s3)),
            Ok(states) => match states.settled("") {
                Ok(states) => Read::Whole(states),
                Err(error) => Read::Failed(format!("{error:#}")),
            },
        };
        // An address may hold a password; the source knows what to show of it.
        let uri = Source::parse(&uri).map_or(uri, |source| source.uri());
        Named { uri, read }
    };
    each.into_iter().map(one).collect()
}

fn of_state(named: &Named) -> Look {
    let otherwise = "check the address, and that the credentials may read what is there";
    match &named.read {
        Read::InS3(_) => Look::not_checked("state", &named.uri, "it is in S3, and no account was entered"),
        Read::Failed(error) => Look::error("state", &named.uri, error, otherwise),
        Read::Whole(states) => of_states(&named.uri, states),
    }
}

fn of_states(uri: &str, states: &[RecordedState]) -> Look {
    if let Some((state, gap)) = states.iter().find_map(|state| Some((state, state.gap.as_ref()?))) {
        let (said, remedy) = gap
            .detail
            .rsplit_once("; remedy: ")
            .unwrap_or((&gap.detail, "check the address, and that the credentials may read what is there"));
        let which = if states.len() > 1 { format!("{}: ", state.facts.uri) } else { String::new() };
        return Look::failed("state", uri, format!("{which}{} ({said})", state.outcome), remedy);
    }
    let lock = |state: &RecordedState| match (&state.facts.lock, &state.facts.lock_table) {
        (Some(_), Some(table)) => format!(", lock in table {table}"),
        (Some(kind), None) => format!(", lock by {kind}"),
        (None, _) if state.facts.s3.is_some() => ", no lock was found".to_owned(),
        (None, _) => String::new(),
    };
    let said = match states {
        [state] => format!(
            "serial {}, lineage {}, Terraform {}, {} instances{}",
            state.facts.serial,
            state.facts.lineage,
            state.facts.terraform_version,
            state.facts.instances,
            lock(state)
        ),
        many => {
            let instances: usize = many.iter().map(|state| state.facts.instances).sum();
            format!("{} states with {instances} instances", many.len())
        }
    };
    match states.iter().find(|state| state.facts.locked) {
        Some(state) => {
            let since = state.facts.locked_since.as_deref().unwrap_or("a time that is not told");
            let who = state.facts.lock_holder.as_deref().unwrap_or("somebody");
            let said = format!("{said}; {who} holds the lock since {since}");
            Look::warning("state", uri, said, "wait for the run that holds it, or see that it is over")
        }
        None => Look::ok("state", uri, said),
    }
}

/// How messages would leave. SES and webhooks are not tried: neither says whether it would take a message but by taking
/// one. What a webhook is set up with is looked at all the same.
fn mail(profile: &Profile, outside: &Outside) -> Vec<Look> {
    let settings = &profile.mail;
    let mut looks = match settings.transport {
        MailTransport::Ses => {
            vec![Look::not_checked("mail", "SES", "SES takes no trial; `stateward mail --to` sends one")]
        }
        MailTransport::Smtp if settings.relay.is_empty() => {
            vec![Look::not_checked("mail", "", "the profile names no relay")]
        }
        MailTransport::Smtp => vec![relay(settings, outside)],
    };
    let hooks = settings.recipients.iter().filter_map(|rule| rule.webhook.as_ref());
    looks.extend(hooks.map(|hook| webhook(hook, outside)));
    looks
}

#[cfg(feature = "webhooks")]
fn webhook(hook: &Webhook, outside: &Outside) -> Look {
    let named = format!("webhook {}", hook.name);
    match super::webhooks::check(hook, outside) {
        Err(error) => {
            Look::error("mail", named, &format!("{error:#}"), "export the variable with the right value")
        }
        Ok(()) => Look::not_checked(
            "mail",
            named,
            "a webhook takes no trial; its variables are set, and its URL is one that may be spoken to",
        ),
    }
}

#[cfg(not(feature = "webhooks"))]
fn webhook(hook: &Webhook, _: &Outside) -> Look {
    Look::not_checked("mail", format!("webhook {}", hook.name), "this build leaves webhooks out")
}

#[cfg(feature = "smtp")]
fn relay(settings: &MailSettings, outside: &Outside) -> Look {
    let named = format!("{}:{}", settings.relay, settings.port);
    let otherwise = "check [mail] of the profile, the network, and the relay";
    let tried = super::relay::Smtp::open(settings, outside).map(|smtp| smtp.test());
    match tried {
        Err(error) => Look::error("mail", named, &format!("{error:#}"), otherwise),
        Ok(Err(said)) => Look::failed("mail", named, said, otherwise),
        Ok(Ok(())) => {
            let tls = match settings.tls {
                MailTls::None => "without encryption",
                MailTls::Implicit => "over TLS",
                MailTls::Starttls => "over STARTTLS",
            };
            let known = if settings.user_variable.is_empty() { "" } else { ", and takes the credentials" };
            Look::ok("mail", named, format!("the relay answers {tls}{known}; nothing was sent"))
        }
    }
}

#[cfg(not(feature = "smtp"))]
fn relay(_: &MailSettings, _: &Outside) -> Look {
    Look::not_checked("mail", "", "this build leaves SMTP out")
}

fn history(named: Option<&Path>, profile: &Profile) -> Look {
    let Some(path) = ledger::file(named, profile) else {
        return Look::not_checked("history", "", "none is named, with --history or `history.file`");
    };
    let file = path.display().to_string();
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if !folder.is_dir() {
        return Look::failed(
            "history",
            file,
            "its folder is not there",
            "make the folder, or name another file",
        );
    }
    let seen = path.exists().then(|| Store::look(&path));
    if let (None | Some(Ok(_)), Err(why)) = (&seen, writable(&path, folder)) {
        let remedy = "let the user that audits write the file and its folder, or name another file";
        return Look::failed("history", file, why, remedy);
    }
    match seen {
        None => Look::ok("history", file, "it is not there yet; the first run makes it"),
        Some(Ok(seen)) => {
            let older = Some(seen.version).filter(|_| !seen.is_current);
            doctor::history(&file, seen.runs, seen.bytes, older, free(folder))
        }
        Some(Err(error)) => {
            let text = error.to_string();
            let text = text.strip_prefix(&format!("{file}: ")).unwrap_or(&text);
            Look::error("history", file, text, "put a copy of it back")
        }
    }
}

/// Whether a run may write the history, and the log that SQLite puts beside it. The file that tries it has no content,
/// and is removed at once.
fn writable(path: &Path, folder: &Path) -> Result<(), String> {
    if path.exists() {
        let opened = std::fs::OpenOptions::new().append(true).open(path);
        opened.map_err(|error| format!("it may not be written ({})", error.kind()))?;
    }
    let tried = tempfile::Builder::new().prefix(".stateward-").tempfile_in(folder);
    let tried = tried.and_then(tempfile::NamedTempFile::close);
    tried.map_err(|error| format!("no file can be made in its folder ({})", error.kind()))
}

/// What is asked of the estate.
#[cfg_attr(not(feature = "aws"), allow(dead_code, reason = "a build without AWS asks nothing"))]
struct Asked<'a> {
    profile: &'a Profile,
    selection: &'a Selection,
    custom: &'a [Check<'a>],
}

impl Asked<'_> {
    /// What an audit of these states would ask for.
    #[cfg_attr(
        not(any(feature = "aws", test)),
        allow(dead_code, reason = "a build without AWS asks nothing")
    )]
    fn wanted(&self, states: &[Named]) -> Result<Wanted, UnknownWord> {
        let question = Question::audit_with(self.profile, self.selection, self.custom)?;
        let read = states.iter().filter_map(|named| match &named.read {
            Read::Whole(states) => Some(states),
            _ => None,
        });
        let read: Vec<_> = read.flatten().cloned().collect();
        Ok(question.wanted(&read))
    }
}

/// Bytes that are free where a folder is.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let about = rustix::fs::statvfs(folder).ok()?;
    Some(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

#[cfg(not(feature = "aws"))]
mod aws {
    use super::{Asked, Look, Named, Outside, cli};

    pub(super) fn look(_: &cli::Doctor, _: &Asked, _: &mut [Named], _: &Outside, looks: &mut Vec<Look>) {
        let parts = ["credentials", "clock", "endpoints", "permissions"];
        looks.extend(parts.map(|part| Look::not_checked(part, "", "this build leaves the AWS SDK out")));
    }
}

#[cfg(feature = "aws")]
mod aws {
    use stateward::doctor::{Answer, Rights, clock, credentials, endpoints, permissions};
    use stateward_aws::{Aws, attribution_calls, calls_for};
    use stateward_model::Cause;

    use super::super::{live, now, s3};
    use super::{Asked, Look, Named, Outside, Profile, Read, States, cli};

    pub(super) fn look(
        args: &cli::Doctor,
        asked: &Asked,
        states: &mut [Named],
        outside: &Outside,
        looks: &mut Vec<Look>,
    ) {
        let parts = ["credentials", "clock", "endpoints", "permissions"];
        if args.offline {
            looks.extend(parts.map(|part| Look::not_checked(part, "", "--offline leaves AWS out")));
            return;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(all(args, asked, states, outside, looks)),
            Err(error) => {
                looks.push(Look::failed("endpoints", "", error.to_string(), "free threads and memory"))
            }
        }
    }

    async fn all(
        args: &cli::Doctor,
        asked: &Asked<'_>,
        states: &mut [Named],
        outside: &Outside,
        looks: &mut Vec<Look>,
    ) {
        let profile = asked.profile;
        let aws = Aws::connect(live::hurried(profile, &args.live, outside)).await;
        whose(&aws, profile, looks).await;
        let entered = aws.accounts.iter().any(|account| account.gap.is_none());
        looks.push(match aws.clock() {
            Some((told, at)) => {
                let since = i64::try_from(at.elapsed().as_secs()).unwrap_or_default();
                clock(now().unix_timestamp() - since, told)
            }
            None => Look::not_checked("clock", "", "no answer of AWS said what time it is"),
        });
        fetch(&aws, args, profile, states, outside).await;
        if !entered {
            looks.extend(
                ["endpoints", "permissions"]
                    .map(|part| Look::not_checked(part, "", "no account was entered")),
            );
            return;
        }
        let wanted = match asked.wanted(states) {
            Ok(wanted) => wanted,
            Err(error) => {
                looks.extend(["endpoints", "permissions"].map(|part| {
                    Look::error(part, "", &error.to_string(), "correct the selection of the command line")
                }));
                return;
            }
        };
        let probed = aws.probe(&wanted).await;
        let in_s3 = states.iter().any(|named| named.uri.starts_with("s3://"));
        let mut calls = calls_for(&wanted, in_s3);
        if profile.drift.attribution {
            calls.extend(attribution_calls());
        }
        let actions: Vec<String> = calls
            .iter()
            .map(|call| call.iam_action())
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect();
        for account in aws.accounts.iter().filter(|account| account.gap.is_none()) {
            let answers: Vec<Answer> = probed
                .iter()
                .filter(|answered| answered.account == account.id)
                .map(|answered| Answer {
                    region: answered.region.clone(),
                    service: answered.service.clone(),
                    gap: answered.gap.clone(),
                })
                .collect();
            looks.extend(endpoints(&answers));
            let rights = match aws.denied(&account.id, &actions).await {
                Ok(denied) => Rights::Simulated { asked: actions.len(), denied },
                Err(gap) => Rights::Probed { why: gap.to_string(), asked: actions.len() },
            };
            looks.extend(permissions(&account.id, &rights, &answers));
        }
    }

    async fn whose(aws: &Aws, profile: &Profile, looks: &mut Vec<Look>) {
        let longest = i64::try_from(profile.collection.run_timeout.as_secs()).unwrap_or(i64::MAX);
        for account in &aws.accounts {
            looks.push(match &account.gap {
                Some(gap) => {
                    let remedy = match gap.cause {
                        Cause::Unreachable | Cause::Timeout => "check the endpoint, the network and its proxy",
                        _ => {
                            "set credentials up as for the AWS command line, and try `aws sts get-caller-identity` with them"
                        }
                    };
                    Look::failed("credentials", &account.id, gap.to_string(), remedy)
                }
                None => {
                    let caller = aws.caller(&account.id).unwrap_or_default();
                    let expiry = aws.expiry(&account.id).await;
                    credentials(&account.id, caller, expiry, now().unix_timestamp(), longest)
                }
            });
        }
    }

    /// Reads the states that waited for credentials.
    async fn fetch(
        aws: &Aws,
        args: &cli::Doctor,
        profile: &Profile,
        states: &mut [Named],
        outside: &Outside,
    ) {
        let account = aws.accounts.iter().find(|account| account.gap.is_none());
        let Some(account) = account.map(|account| account.id.clone()) else { return };
        for named in states {
            let Read::InS3(sources) = &named.read else { continue };
            let read = async {
                let nothing = cli::StateArgs { state: Vec::new(), from: Vec::new(), ..args.states.clone() };
                let mut into = States::read(&nothing, profile, outside)?;
                let opened: Vec<_> =
                    sources.iter().map(|source| (source, s3::open(aws, source, false))).collect();
                into.gather(&opened).await?;
                into.settled(&account)
            };
            let read = read.await;
            named.read = match read {
                Ok(read) => Read::Whole(read),
                Err(error) => Read::Failed(format!("{error:#}")),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use stateward::checks;

    use super::*;

    #[test]
    fn what_a_custom_check_needs_is_asked_for() {
        let profile = Profile::built_in_default().unwrap();
        let of_catalogue = checks::all().find(|check| check.id == "STO-01").unwrap();
        let custom = [Check { id: "ACME-01", alias: "acme-volumes", ..*of_catalogue }];
        let selection = Selection { checks: vec!["ACME-01".to_owned()], ..Selection::default() };
        let wanted = |custom| Asked { profile: &profile, selection: &selection, custom }.wanted(&[]);
        let kinds = wanted(&custom).unwrap();
        let subject = stateward_model::kinds::all().filter(|kind| kinds.has_kind(kind.name)).count();
        assert!(subject > 0, "{kinds:?}");
        let unknown = wanted(&[]).unwrap_err();
        assert!(unknown.to_string().contains("ACME-01"), "{unknown}");
    }
}
