//! `stateward mail`: what is to be told goes into the spool first, and from there to the relay.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use stateward::checks;
use stateward::mail::message::{self, Composed, Stamp, compose};
use stateward::mail::post::{Delivery, PARCEL_SCHEMA, Parcel, Patience, Spool, deliver, is_webhook};
use stateward::mail::{Estate, Occurrence, Telling, Told, components, rule_key, telling};
use stateward::profile::{MailRule, Profile, Webhook};
use stateward::report;
use stateward::report::mail::{TEMPLATES, Templates};
use stateward::result::Document;
use stateward_store::{Receipt, Store};

use super::carriers::{self, Carriers};
use super::output::Beside;
use super::spool::Folder;
use super::{Outside, cli, diff, ledger, stamp};

/// Sends what is to be told of a result, and whatever waits; the exit code.
///
/// # Errors
/// A result that cannot be read, a spool that cannot be written, or no relay.
pub fn mail(args: &cli::Mail, outside: &Outside) -> anyhow::Result<u8> {
    let mut profile = Profile::load(&args.profile, |path| std::fs::read_to_string(path))?;
    if let Some(to) = &args.to {
        profile.mail.recipients = vec![MailRule::everything(to.clone())];
    }
    let history = ledger::file(args.history.as_deref(), &profile);
    let document = args.result.as_deref().map(|word| result(word, args, history.as_deref())).transpose()?;
    if let Some(folder) = &args.dry_run {
        let document = document.context("there is nothing to write; name a RESULT")?;
        return write(args, folder, &document, &profile, outside);
    }
    let path = spool(args, &profile, history.as_deref())?;
    let mut folder = Folder::open(&path)?;
    if let Some(document) = &document {
        let made = messages(args, document, &profile, &folder, outside)?;
        let parcels: Vec<Parcel> = made.into_iter().filter(|parcel| !folder.knows(&parcel.key)).collect();
        folder.add(document, &parcels)?;
    }
    if folder.waiting()?.is_empty() {
        outside.say("There is nothing to send.");
        folder.tidy(outside.now)?;
        return Ok(0);
    }
    let patience = Patience { now: outside.now, flush: args.flush, give_up: profile.mail.give_up };
    let mut carriers = Carriers::open(&profile, outside);
    let delivery = deliver(&mut folder, &mut carriers, patience)?;
    outside.say(&told(&delivery, &path));
    if let Some(file) = &history {
        note(file, &delivery, &profile)?;
    }
    folder.tidy(outside.now)?;
    if let Some(fault) = carriers.fault(&delivery.waiting) {
        bail!("{}: what waits there was not sent: {fault}", path.display());
    }
    Ok(u8::from(!delivery.waiting.is_empty() || !delivery.given_up.is_empty()))
}

fn result(word: &Path, args: &cli::Mail, history: Option<&Path>) -> anyhow::Result<Document> {
    // A history that only the profile names may not be there yet.
    let history = history.filter(|file| args.history.is_some() || file.exists());
    let document = diff::result(word, history)?;
    let unfit = match (&document.recovery, &document.scope.proposal) {
        (Some(_), _) => Some("a verification of recovery"),
        (_, Some(_)) => Some("a plan, and of no estate"),
        _ => None,
    };
    if let Some(what) = unfit {
        bail!(
            "{}: this result is of {what}, which `stateward mail` does not tell of\n  remedy: name the result of an audit or \
             of `stateward drift`",
            word.display()
        );
    }
    Ok(document)
}

/// The folder of messages that wait.
fn spool(args: &cli::Mail, profile: &Profile, history: Option<&Path>) -> anyhow::Result<PathBuf> {
    args.spool.clone().or_else(|| spool_of(profile, history)).context(
        "there is no place for messages to wait: write --spool DIR, set `mail.spool` in the profile, or name a history\n  \
         remedy: to look at the messages only, write --dry-run DIR",
    )
}

/// The folder of messages that wait, where the command line names none.
pub fn spool_of(profile: &Profile, history: Option<&Path>) -> Option<PathBuf> {
    let of_profile = Some(&profile.mail.spool).filter(|path| !path.is_empty()).map(PathBuf::from);
    of_profile.or_else(|| history.map(|file| beside(file, "-mail")))
}

/// The path of a history with something behind its name.
pub fn beside(history: &Path, end: &str) -> PathBuf {
    let mut name = history.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The messages that are to be made of a result, rule by rule.
fn messages(
    args: &cli::Mail,
    document: &Document,
    profile: &Profile,
    folder: &Folder,
    outside: &Outside,
) -> anyhow::Result<Vec<Parcel>> {
    let settings = &profile.mail;
    if settings.recipients.is_empty() {
        bail!(
            "nobody is to get mail\n  remedy: write [[mail.recipients]] into the profile, or name an address with --to"
        );
    }
    if settings.from.is_empty() && settings.recipients.iter().any(|rule| rule.webhook.is_none()) {
        bail!("nobody sends: set `mail.from` in the profile, like `stateward@example.com`");
    }
    let estate = Estate::of(document, profile);
    let components = components(checks::all());
    let of = Occurrence {
        estate: &estate,
        document,
        profile,
        components: &components,
        now: outside.now,
        always: args.always,
    };
    let templates = templates(&settings.templates)?;
    let newest = folder.newest()?;
    let mut parcels = Vec::new();
    for rule in &settings.recipients {
        let rule_key = rule_key(&estate, &document.run.command, rule);
        let last = newest.get(&rule_key);
        let before = last.map(|parcel| folder.told(&parcel.run)).transpose()?.flatten();
        let told = last.zip(before.as_ref()).map(|(parcel, document)| Told { document, at: parcel.made_at });
        let telling = telling(of, rule, told);
        let Some(telling) = telling else { continue };
        // Who asks for a message to himself may ask again.
        let again = args.to.is_some() && args.always;
        let run = if again { &outside.run_id } else { &document.run.id };
        let key = message::key(&estate, run, &rule_key);
        let (subject, composed) = match &rule.webhook {
            Some(webhook) => (report::mail::subject(&telling), body(&telling, webhook, &key)?),
            None => {
                let letter = report::mail::render(&telling, &templates)?;
                let stamp = Stamp {
                    estate: &estate,
                    from: &settings.from,
                    reply_to: &settings.reply_to,
                    to: &rule.to,
                    key: &key,
                    at: outside.now,
                };
                let composed = compose(&letter, &stamp)?;
                (letter.subject, composed)
            }
        };
        parcels.push(Parcel {
            schema: PARCEL_SCHEMA.to_owned(),
            key,
            rule: rule_key,
            run: document.run.id.clone(),
            occasion: telling.occasion.word().to_owned(),
            message_id: composed.message_id,
            from: composed.from,
            pending: rule.recipients(),
            refused: BTreeSet::new(),
            receipts: Vec::new(),
            subject,
            made_at: outside.now,
            next_at: outside.now,
            attempts: 0,
            last_error: None,
            message: composed.text,
        });
    }
    Ok(parcels)
}

/// The templates of a folder; none where no folder is named.
fn templates(folder: &str) -> anyhow::Result<Templates> {
    let mut templates = Templates { folder: folder.to_owned(), ..Templates::default() };
    if folder.is_empty() {
        return Ok(templates);
    }
    for name in TEMPLATES {
        let path = Path::new(folder).join(name);
        match std::fs::read_to_string(&path) {
            Ok(source) => drop(templates.sources.insert(name, source)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error)
                    .with_context(|| format!("{}: the template cannot be read", path.display()));
            }
        }
    }
    if templates.sources.is_empty() {
        bail!(
            "{folder}: there is no template; check `mail.templates`, whose files are {}",
            TEMPLATES.join(", ")
        );
    }
    Ok(templates)
}

/// What a webhook is sent. It is known by its key alone.
fn body(telling: &Telling, webhook: &Webhook, key: &str) -> anyhow::Result<Composed> {
    let text = report::webhook::render(telling, webhook.form, key)?;
    Ok(Composed { message_id: key.to_owned(), from: String::new(), text })
}

/// Writes the messages instead of sending them. The spool is looked at, and left as it is.
fn write(
    args: &cli::Mail,
    folder: &Path,
    document: &Document,
    profile: &Profile,
    outside: &Outside,
) -> anyhow::Result<u8> {
    let history = ledger::file(args.history.as_deref(), profile);
    let looked = spool(args, profile, history.as_deref()).map(|path| Folder::look(&path));
    let looked = looked.unwrap_or_else(|_| Folder::look(&folder.join("none")));
    let parcels = messages(args, document, profile, &looked, outside)?;
    std::fs::create_dir_all(folder).with_context(|| {
        format!("the folder {} cannot be made; name another with --dry-run", folder.display())
    })?;
    if parcels.is_empty() {
        outside.say("There is nothing to send.");
    }
    for parcel in &parcels {
        let end = if parcel.pending.iter().any(|to| is_webhook(to)) { "json" } else { "eml" };
        let path = folder.join(format!("{}.{end}", parcel.key));
        Beside::private(&path)?.write(parcel.message.as_bytes())?;
        outside.say(&format!("{}: {} (to {})", path.display(), parcel.subject, parcel.pending.join(", ")));
    }
    Ok(0)
}

/// What became of the messages, in lines.
fn told(delivery: &Delivery, spool: &Path) -> String {
    let mut lines: Vec<String> = delivery
        .accepted
        .iter()
        .map(|(parcel, receipt)| format!("{}: sent: {} ({})", receipt.to, parcel.subject, receipt.said))
        .collect();
    let error = |parcel: &Parcel| parcel.last_error.clone().unwrap_or_else(|| "not tried yet".to_owned());
    lines.extend(delivery.waiting.iter().map(|parcel| {
        let next = stamp(parcel.next_at);
        format!("{}: waits until {next}: {} ({})", parcel.pending.join(", "), parcel.subject, error(parcel))
    }));
    lines.extend(delivery.given_up.iter().map(|parcel| {
        let place = spool.join("failed").join(format!("{}.json", parcel.key));
        format!(
            "{}: given up: {} ({}); kept in {}",
            parcel.pending.join(", "),
            parcel.subject,
            error(parcel),
            place.display()
        )
    }));
    lines.join("\n")
}

/// Keeps the receipts in the history, where there is one.
fn note(file: &Path, delivery: &Delivery, profile: &Profile) -> anyhow::Result<()> {
    if !file.exists() || (delivery.accepted.is_empty() && delivery.given_up.is_empty()) {
        return Ok(());
    }
    let mut store = Store::open(file)?;
    let receipt = |parcel: &Parcel, to: &str, at: String, delivered: bool, detail: Option<String>| Receipt {
        run: Some(parcel.run.clone()),
        transport: carriers::name(profile, to).to_owned(),
        recipient: to.to_owned(),
        at,
        delivered,
        message_id: Some(parcel.message_id.clone()),
        detail,
    };
    for (parcel, accepted) in &delivery.accepted {
        store.receive(&receipt(
            parcel,
            &accepted.to,
            stamp(accepted.at),
            true,
            Some(accepted.said.clone()),
        ))?;
    }
    for parcel in &delivery.given_up {
        for to in &parcel.pending {
            store.receive(&receipt(parcel, to, stamp(parcel.next_at), false, parcel.last_error.clone()))?;
        }
    }
    Ok(())
}
