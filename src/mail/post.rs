//! Messages that wait and how they leave: once each, in order, whatever the relay does in between.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::serde::rfc3339;

/// The version of the form in which messages wait.
pub const PARCEL_SCHEMA: &str = "stateward.parcel/1";
/// The wait after the first attempt; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_secs(5 * 60);
/// The longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(4 * 3_600);

/// A message with what became of it so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    /// [`PARCEL_SCHEMA`].
    pub schema: String,
    /// The same for the same message: estate, run and rule.
    pub key: String,
    /// The rule that it was made under, as [`super::rule_key`] has it.
    pub rule: String,
    /// The run that it tells of.
    pub run: String,
    /// Why it was made.
    pub occasion: String,
    /// The id that the message bears.
    pub message_id: String,
    /// The address that it is sent from.
    pub from: String,
    /// Addresses that have not got it yet.
    pub pending: Vec<String>,
    /// Of those, addresses for which the relay refused it at the last attempt.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub refused: BTreeSet<String>,
    /// Who got it.
    pub receipts: Vec<Accepted>,
    /// Its subject.
    pub subject: String,
    /// When it was made.
    #[serde(with = "rfc3339")]
    pub made_at: OffsetDateTime,
    /// When it is to be tried next.
    #[serde(with = "rfc3339")]
    pub next_at: OffsetDateTime,
    /// How often it was tried.
    pub attempts: u32,
    /// What the last attempt met with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The message as it is sent; empty when it has left.
    pub message: String,
}

/// That the relay took a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// For whom.
    pub to: String,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: OffsetDateTime,
    /// What it said.
    pub said: String,
}

/// What the relay made of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It took it, and answers for it from now on.
    Accepted(String),
    /// It does not take it now, for this address.
    Later(String),
    /// It does not take it, for this address, and will not as things are.
    Refused(String),
    /// What carries it cannot be spoken to, or takes nothing from anybody.
    Down(String),
}

/// Whether this is the name of a webhook, and no address: the rules of the profile keep `@` out of names.
pub fn is_webhook(to: &str) -> bool {
    !to.contains('@')
}

/// What carries messages away.
pub trait Relay {
    /// Hands a message over for one address or webhook.
    fn send(&mut self, parcel: &Parcel, to: &str) -> Sent;
}

/// Where messages wait. Each step is whole or did not happen.
pub trait Spool {
    /// Why it could not be read or written.
    type Error;

    /// The messages that wait, in the order in which they were made.
    ///
    /// # Errors
    /// A place that cannot be read.
    fn waiting(&self) -> Result<Vec<Parcel>, Self::Error>;

    /// Writes down what became of a message that still waits.
    ///
    /// # Errors
    /// A place that cannot be written.
    fn keep(&mut self, parcel: &Parcel) -> Result<(), Self::Error>;

    /// Takes a message from those that wait: everybody got it, or else it is laid aside.
    ///
    /// # Errors
    /// A place that cannot be written.
    fn settle(&mut self, parcel: &Parcel) -> Result<(), Self::Error>;
}

/// What became of the messages that waited.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// What the relay took, in that order: the message and the receipt.
    pub accepted: Vec<(Parcel, Accepted)>,
    /// Messages that go on waiting, with their latest errors.
    pub waiting: Vec<Parcel>,
    /// Messages that were laid aside, because their time is over.
    pub given_up: Vec<Parcel>,
}

/// How messages are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Now.
    pub now: OffsetDateTime,
    /// Whether to try also what is to wait longer.
    pub flush: bool,
    /// How long a message is tried.
    pub give_up: Duration,
}

/// Hands over what is due. An address gets its messages in the order in which they were made: where one has to wait, those
/// behind it wait too. One that the relay refuses holds back no other, or an alarm would wait behind what never arrives.
///
/// # Errors
/// A spool that cannot be read or written. What the relay took before was written down.
pub fn deliver<S: Spool, R: Relay>(
    spool: &mut S,
    relay: &mut R,
    patience: Patience,
) -> Result<Delivery, S::Error> {
    let mut delivery = Delivery::default();
    let mut behind: BTreeSet<String> = BTreeSet::new();
    let mut mail_is_down = false;
    for mut parcel in spool.waiting()? {
        let is_due = patience.flush || parcel.next_at <= patience.now;
        let mut failure = None;
        if is_due {
            for to in parcel.pending.clone() {
                if behind.contains(&to) || (mail_is_down && !is_webhook(&to)) {
                    continue;
                }
                match relay.send(&parcel, &to) {
                    Sent::Accepted(said) => {
                        let receipt = Accepted { to: to.clone(), at: patience.now, said };
                        parcel.pending.retain(|other| *other != to);
                        parcel.refused.remove(&to);
                        parcel.receipts.push(receipt.clone());
                        // Before the next address is tried, so that a crash forgets none that got it.
                        spool.keep(&parcel)?;
                        delivery.accepted.push((parcel.clone(), receipt));
                    }
                    Sent::Later(why) => {
                        parcel.refused.remove(&to);
                        failure = Some(format!("{to}: {why}"));
                    }
                    Sent::Refused(why) => {
                        failure = Some(format!("{to}: {why}"));
                        parcel.refused.insert(to);
                    }
                    // A webhook that is down is down for itself alone.
                    Sent::Down(why) => {
                        mail_is_down |= !is_webhook(&to);
                        failure = Some(why);
                    }
                }
            }
        }
        if parcel.pending.is_empty() {
            spool.settle(&parcel)?;
            continue;
        }
        if let Some(why) = failure {
            parcel.attempts += 1;
            parcel.last_error = Some(why);
            parcel.next_at = patience.now + wait(parcel.attempts);
            if patience.now - parcel.made_at >= patience.give_up {
                spool.settle(&parcel)?;
                delivery.given_up.push(parcel);
                continue;
            }
            spool.keep(&parcel)?;
        }
        behind.extend(parcel.pending.iter().filter(|to| !parcel.refused.contains(*to)).cloned());
        delivery.waiting.push(parcel);
    }
    Ok(delivery)
}

/// When the next message may leave, of those that wait in the order in which they were made; none where none waits. One that
/// is behind another is not due before that has left.
pub fn due(waiting: &[Parcel]) -> Option<OffsetDateTime> {
    let mut behind: BTreeSet<&String> = BTreeSet::new();
    let mut due = None;
    for parcel in waiting {
        if parcel.pending.iter().any(|to| !behind.contains(to)) {
            due = due.into_iter().chain([parcel.next_at]).min();
        }
        behind.extend(parcel.pending.iter().filter(|to| !parcel.refused.contains(*to)));
    }
    due
}

/// How long a message waits after so many attempts.
fn wait(attempts: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
    FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    pub(super) const START: OffsetDateTime = datetime!(2026-03-01 06:00 UTC);

    #[derive(Default)]
    struct Memory {
        waiting: Vec<Parcel>,
        settled: Vec<Parcel>,
        /// Steps after which the process dies.
        dies_after: Option<usize>,
    }

    impl Memory {
        fn step(&mut self) -> Result<(), &'static str> {
            match &mut self.dies_after {
                Some(0) => Err("died"),
                Some(left) => {
                    *left -= 1;
                    Ok(())
                }
                None => Ok(()),
            }
        }
    }

    impl Spool for Memory {
        type Error = &'static str;

        fn waiting(&self) -> Result<Vec<Parcel>, Self::Error> {
            Ok(self.waiting.clone())
        }

        fn keep(&mut self, parcel: &Parcel) -> Result<(), Self::Error> {
            self.step()?;
            let at = self.waiting.iter().position(|one| one.key == parcel.key).ok_or("not there")?;
            self.waiting[at] = parcel.clone();
            Ok(())
        }

        fn settle(&mut self, parcel: &Parcel) -> Result<(), Self::Error> {
            self.step()?;
            self.waiting.retain(|one| one.key != parcel.key);
            self.settled.push(parcel.clone());
            Ok(())
        }
    }

    /// Answers as it is told, and then takes everything.
    #[derive(Default)]
    struct Scripted {
        answers: std::collections::VecDeque<Sent>,
        got: Vec<(String, String)>,
    }

    impl Relay for Scripted {
        fn send(&mut self, parcel: &Parcel, to: &str) -> Sent {
            let answer = self.answers.pop_front().unwrap_or_else(|| Sent::Accepted("250 ok".to_owned()));
            if matches!(answer, Sent::Accepted(_)) {
                self.got.push((to.trim_end_matches(HOST).to_owned(), parcel.message.clone()));
            }
            answer
        }
    }

    const HOST: &str = "@acme.example";

    /// A message for addresses, or for the webhooks among them.
    fn parcel(number: usize, to: &[&str]) -> Parcel {
        let address = |one: &&str| match one.starts_with("hook") {
            true => (*one).to_owned(),
            false => format!("{one}{HOST}"),
        };
        Parcel {
            schema: PARCEL_SCHEMA.to_owned(),
            key: format!("key-{number}"),
            rule: "rule".to_owned(),
            run: format!("run-{number}"),
            occasion: "change".to_owned(),
            message_id: format!("<{number}@acme.example>"),
            from: "stateward@acme.example".to_owned(),
            pending: to.iter().map(address).collect(),
            refused: BTreeSet::new(),
            receipts: Vec::new(),
            subject: format!("subject {number}"),
            made_at: START,
            next_at: START,
            attempts: 0,
            last_error: None,
            message: format!("message {number}"),
        }
    }

    #[test]
    fn the_next_message_is_due_that_is_behind_no_other() {
        let later = |number, to: &[&str], minutes| Parcel {
            next_at: START + time::Duration::minutes(minutes),
            ..parcel(number, to)
        };
        assert_eq!(due(&[]), None);
        // The second is behind the first for its only address; the third has one of its own.
        let waiting = [later(1, &["a"], 30), later(2, &["a"], 0), later(3, &["a", "b"], 10)];
        assert_eq!(due(&waiting), Some(START + time::Duration::minutes(10)));
        assert_eq!(due(&waiting[..2]), Some(START + time::Duration::minutes(30)));
        let refused = waiting[0].pending.iter().cloned().collect();
        let refused = Parcel { refused, ..waiting[0].clone() };
        assert_eq!(due(&[refused, waiting[1].clone()]), Some(START), "what is refused holds back no other");
    }

    fn patience(minutes: i64) -> Patience {
        let now = START + time::Duration::minutes(minutes);
        Patience { now, flush: false, give_up: Duration::from_secs(86_400) }
    }

    #[test]
    fn while_the_relay_is_down_everything_waits_and_then_arrives_once_in_order() {
        let mut spool = Memory::default();
        let mut relay = Scripted::default();
        for run in 0..3 {
            spool.waiting.push(parcel(run, &["a", "b"]));
            relay.answers.push_back(Sent::Down("refused".to_owned()));
            let minutes = i64::try_from(run).unwrap() * 60;
            let delivery = deliver(&mut spool, &mut relay, patience(minutes)).unwrap();
            assert_eq!(delivery.waiting.len(), run + 1);
            assert_eq!(delivery.waiting[0].last_error.as_deref(), Some("refused"));
        }
        assert_eq!(relay.got, []);
        let delivery = deliver(&mut spool, &mut relay, patience(600)).unwrap();
        assert_eq!((delivery.accepted.len(), delivery.waiting.len()), (6, 0));
        let got: Vec<&str> =
            relay.got.iter().filter(|(to, _)| to == "a").map(|(_, text)| text.as_str()).collect();
        assert_eq!(got, ["message 0", "message 1", "message 2"]);
        assert_eq!(deliver(&mut spool, &mut relay, patience(1_200)).unwrap(), Delivery::default());
        assert_eq!(relay.got.len(), 6);
    }

    fn taken() -> Sent {
        Sent::Accepted("250 ok".to_owned())
    }

    #[test]
    fn a_refusal_holds_back_neither_other_addresses_nor_later_messages() {
        let waiting = vec![parcel(0, &["gone", "a"]), parcel(1, &["gone", "a"])];
        let mut spool = Memory { waiting, ..Memory::default() };
        let refused = Sent::Refused("550 no such user".to_owned());
        let mut relay = Scripted { answers: [refused, taken(), taken()].into(), ..Scripted::default() };
        let delivery = deliver(&mut spool, &mut relay, patience(0)).unwrap();
        let got: Vec<&str> = relay.got.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(got, ["a", "gone", "a"]);
        assert_eq!(delivery.waiting.len(), 1);
        assert_eq!(delivery.waiting[0].pending, ["gone@acme.example"]);
        assert_eq!(delivery.waiting[0].last_error.as_deref(), Some("gone@acme.example: 550 no such user"));
        spool.waiting.push(parcel(2, &["gone"]));
        let later = deliver(&mut spool, &mut relay, patience(1)).unwrap();
        assert_eq!(later.accepted.len(), 1, "nor while the refused one waits");
    }

    #[test]
    fn what_has_to_wait_is_not_overtaken() {
        let waiting = vec![parcel(0, &["slow", "a"]), parcel(1, &["slow", "a"])];
        let mut spool = Memory { waiting, ..Memory::default() };
        let later = Sent::Later("451 greylisted".to_owned());
        let mut relay = Scripted { answers: [later].into(), ..Scripted::default() };
        let delivery = deliver(&mut spool, &mut relay, patience(0)).unwrap();
        assert_eq!(relay.got.iter().map(|(to, _)| to.as_str()).collect::<Vec<_>>(), ["a", "a"]);
        assert_eq!(delivery.waiting.iter().map(|one| one.attempts).collect::<Vec<_>>(), [1, 0]);
        let delivery = deliver(&mut spool, &mut relay, patience(5)).unwrap();
        assert_eq!((delivery.accepted.len(), delivery.waiting.len()), (2, 0));
        let slow: Vec<&str> =
            relay.got.iter().filter(|(to, _)| to == "slow").map(|(_, text)| text.as_str()).collect();
        assert_eq!(slow, ["message 0", "message 1"]);
    }

    #[test]
    fn back_off_doubles_up_to_four_hours_and_a_flush_does_not_wait() {
        let minutes: Vec<u64> = (1..=8).map(|attempts| wait(attempts).as_secs() / 60).collect();
        assert_eq!(minutes, [5, 10, 20, 40, 80, 160, 240, 240]);
        assert_eq!(wait(u32::MAX), LONGEST_WAIT);
        let mut spool = Memory { waiting: vec![parcel(0, &["a"])], ..Memory::default() };
        let mut relay = Scripted { answers: [Sent::Down("down".to_owned())].into(), ..Scripted::default() };
        deliver(&mut spool, &mut relay, patience(0)).unwrap();
        let waiting = deliver(&mut spool, &mut relay, patience(4)).unwrap();
        assert_eq!((waiting.waiting.len(), waiting.waiting[0].attempts), (1, 1), "not due yet");
        let flushed = deliver(&mut spool, &mut relay, Patience { flush: true, ..patience(4) }).unwrap();
        assert_eq!(flushed.accepted.len(), 1);
    }

    #[test]
    fn mail_that_is_down_holds_back_no_webhook_and_a_webhook_nobody() {
        let waiting =
            vec![parcel(0, &["a"]), parcel(1, &["hook"]), parcel(2, &["a"]), parcel(3, &["hook-2"])];
        let mut spool = Memory { waiting: waiting.clone(), ..Memory::default() };
        let down = || Sent::Down("refused".to_owned());
        let mut relay = Scripted { answers: [down()].into(), ..Scripted::default() };
        let delivery = deliver(&mut spool, &mut relay, patience(0)).unwrap();
        let got: Vec<&str> = relay.got.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(got, ["hook", "hook-2"]);
        assert_eq!(delivery.waiting.len(), 2);
        let mut spool = Memory { waiting, ..Memory::default() };
        let mut relay = Scripted { answers: [taken(), down()].into(), ..Scripted::default() };
        deliver(&mut spool, &mut relay, patience(0)).unwrap();
        let got: Vec<&str> = relay.got.iter().map(|(to, _)| to.as_str()).collect();
        assert_eq!(got, ["a", "a", "hook-2"]);
    }

    #[test]
    fn what_nobody_takes_is_laid_aside_whole() {
        let mut spool = Memory { waiting: vec![parcel(0, &["a"])], ..Memory::default() };
        let mut relay = Scripted { answers: [Sent::Refused("550".to_owned())].into(), ..Scripted::default() };
        let delivery = deliver(&mut spool, &mut relay, patience(24 * 60)).unwrap();
        assert_eq!(delivery.given_up.len(), 1);
        assert_eq!(spool.settled[0].message, "message 0");
        assert_eq!(spool.settled[0].pending, ["a@acme.example"]);
    }

    fn answer() -> impl Strategy<Value = Sent> {
        prop_oneof![
            Just(Sent::Accepted("250".to_owned())),
            Just(Sent::Later("451".to_owned())),
            Just(Sent::Refused("550".to_owned())),
            Just(Sent::Down("refused".to_owned())),
        ]
    }

    proptest! {
        #[test]
        fn every_message_arrives_once_at_every_address_and_in_order_but_for_refusals(
            answers in prop::collection::vec(answer(), 0..40),
            sizes in prop::collection::vec(1_usize..4, 1..6),
            deaths in prop::collection::vec(0_usize..6, 0..4),
        ) {
            let names = ["a", "hook", "b"];
            let refuses = answers.iter().any(|answer| matches!(answer, Sent::Refused(_)));
            let waiting = sizes.iter().enumerate().map(|(at, size)| parcel(at, &names[..*size])).collect();
            let mut spool = Memory { waiting, ..Memory::default() };
            let mut relay = Scripted { answers: answers.into(), ..Scripted::default() };
            let forever = Patience { now: START, flush: true, give_up: Duration::from_secs(u64::from(u32::MAX)) };
            let mut died = 0;
            for steps in deaths {
                spool.dies_after = Some(steps);
                died += usize::from(deliver(&mut spool, &mut relay, forever).is_err());
            }
            spool.dies_after = None;
            for _ in 0..60 {
                deliver(&mut spool, &mut relay, forever).unwrap();
            }
            prop_assert!(spool.waiting.is_empty());
            prop_assert_eq!(spool.settled.len(), sizes.len());
            let expected: usize = sizes.iter().sum();
            // Who dies between the relay's word and writing it down cannot know of it: one message a death, no more.
            prop_assert!(relay.got.len() >= expected && relay.got.len() <= expected + died);
            for name in names {
                let mut got: Vec<&str> =
                    relay.got.iter().filter(|(to, _)| to == name).map(|(_, text)| text.as_str()).collect();
                prop_assert!(refuses || got.is_sorted(), "{:?}", got);
                got.sort_unstable();
                got.dedup();
                let due = sizes.iter().filter(|size| names[..**size].contains(&name)).count();
                prop_assert_eq!(got.len(), due);
            }
        }
    }
}
