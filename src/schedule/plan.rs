//! What is due: a machine of states that is told the time, and says what begins, what is skipped and what was missed.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Expression;
use crate::profile::CatchUp;

/// A planned time that is noticed within this is on time.
const LATE: SignedDuration = SignedDuration::from_secs(60);
/// So many planned times are counted; beyond that it does not matter how many they were.
const COUNTED: u64 = 1_000;
/// Spans back from now in which the last planned time is looked for.
const SPANS: [i64; 4] = [3_600, 2 * 86_400, 40 * 86_400, 3 * 366 * 86_400];

/// When a job runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// When.
    pub expression: Expression,
    /// In which time zone.
    pub zone: TimeZone,
    /// A random delay up to this.
    pub jitter: SignedDuration,
    /// What to do about a time that passed unseen.
    pub catch_up: CatchUp,
}

/// Planned times that end without a run of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// They passed while the former run went on, or waited for its turn.
    Skipped {
        /// The number of the job.
        job: usize,
        /// The last of them.
        last: Timestamp,
        /// How many; at most 1,000 are counted.
        count: u64,
        /// Whether the former run has not even begun.
        waits: bool,
    },
    /// They passed while nobody looked.
    Missed {
        /// The number of the job.
        job: usize,
        /// The last of them.
        last: Timestamp,
        /// How many; at most 1,000 are counted.
        count: u64,
        /// Whether one run follows for all of them, or for the one after them.
        caught_up: bool,
    },
}

/// A run that is to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// The number of the job.
    pub job: usize,
    /// The time that it was planned for.
    pub planned: Timestamp,
}

#[derive(Debug, Clone, Copy)]
struct Waiting {
    planned: Timestamp,
    /// When it may begin: the planned time and its jitter.
    from: Timestamp,
}

#[derive(Debug, Clone)]
struct Entry {
    job: Job,
    /// The last planned time that was dealt with.
    handled: Timestamp,
    waiting: Option<Waiting>,
}

/// The jobs, and how far each has come. One runs at a time.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    entries: Vec<Entry>,
    running: Option<usize>,
}

impl Plan {
    /// Jobs in the order in which they are declared, each with the last planned time that was dealt with.
    pub fn new(jobs: impl IntoIterator<Item = (Job, Timestamp)>) -> Self {
        let entry = |(job, handled)| Entry { job, handled, waiting: None };
        Self { entries: jobs.into_iter().map(entry).collect(), running: None }
    }

    /// The jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &Job> {
        self.entries.iter().map(|entry| &entry.job)
    }

    /// Takes notice of the time. `random` spreads the runs.
    pub fn tick(&mut self, now: Timestamp, mut random: impl FnMut() -> u64) -> Vec<Event> {
        let running = self.running;
        let entries = self.entries.iter_mut().enumerate();
        entries.flat_map(|(at, entry)| entry.tick(at, running == Some(at), now, &mut random)).collect()
    }

    /// The run that begins now, if one may: what waits longest first, and as declared among equals.
    pub fn begin(&mut self, now: Timestamp) -> Option<Start> {
        if self.running.is_some() {
            return None;
        }
        let ready = self.entries.iter().enumerate().filter_map(|(at, entry)| Some((entry.waiting?.from, at)));
        let (_, job) = ready.filter(|(from, _)| *from <= now).min()?;
        let waiting = self.entries[job].waiting.take()?;
        self.running = Some(job);
        Some(Start { job, planned: waiting.planned })
    }

    /// The run has ended, however.
    pub fn end(&mut self) {
        self.running = None;
    }

    /// When the next thing happens that does not depend on a run; none where nothing ever does.
    pub fn wake(&self) -> Option<Timestamp> {
        let due =
            self.entries.iter().filter_map(|entry| entry.job.expression.next(entry.handled, &entry.job.zone));
        let may_begin = self.running.is_none();
        let waiting = self.entries.iter().filter_map(|entry| Some(entry.waiting?.from)).filter(|_| may_begin);
        due.chain(waiting).min()
    }

    /// The next planned time of a job.
    pub fn next(&self, job: usize, now: Timestamp) -> Option<Timestamp> {
        let entry = self.entries.get(job)?;
        match entry.waiting {
            Some(waiting) => Some(waiting.from),
            None => entry.job.expression.next(entry.handled.max(now), &entry.job.zone),
        }
    }

    /// The same jobs go on where they were, and what is new or planned otherwise begins now.
    pub fn replaced(&self, jobs: impl IntoIterator<Item = Job>, now: Timestamp) -> Self {
        let entry = |job: Job| {
            let same = |old: &&Entry| {
                (&old.job.name, &old.job.expression, &old.job.zone) == (&job.name, &job.expression, &job.zone)
            };
            match self.entries.iter().find(same) {
                Some(old) => Entry { job, ..old.clone() },
                None => Entry { job, handled: now, waiting: None },
            }
        };
        Self { entries: jobs.into_iter().map(entry).collect(), running: None }
    }
}

impl Entry {
    fn tick(
        &mut self,
        job: usize,
        runs: bool,
        now: Timestamp,
        random: &mut impl FnMut() -> u64,
    ) -> Option<Event> {
        let (last, count) = self.passed(now)?;
        self.handled = last;
        let waits = self.waiting.is_some();
        if runs || waits {
            return Some(Event::Skipped { job, last, count, waits });
        }
        let on_time = now.duration_since(last) <= LATE + self.job.jitter;
        if on_time {
            self.waiting = Some(Waiting { planned: last, from: delayed(last, self.job.jitter, random()) });
            let missed = count - 1;
            return (missed > 0).then_some(Event::Missed { job, last, count: missed, caught_up: true });
        }
        let caught_up = self.job.catch_up == CatchUp::Once;
        if caught_up {
            self.waiting = Some(Waiting { planned: last, from: now });
        }
        Some(Event::Missed { job, last, count, caught_up })
    }

    /// The last planned time up to now that nothing was done about, and how many there are.
    fn passed(&self, now: Timestamp) -> Option<(Timestamp, u64)> {
        let next = |then| self.job.expression.next(then, &self.job.zone).filter(|next| *next <= now);
        let mut last = next(self.handled)?;
        let mut count = 1;
        while let Some(after) = next(last) {
            if count >= COUNTED {
                return Some((self.latest(now).unwrap_or(last), count));
            }
            last = after;
            count += 1;
        }
        Some((last, count))
    }

    /// The last planned time up to now, without going through all of them.
    fn latest(&self, now: Timestamp) -> Option<Timestamp> {
        let next = |then| self.job.expression.next(then, &self.job.zone).filter(|next| *next <= now);
        SPANS.into_iter().find_map(|span| {
            let from = now.checked_sub(SignedDuration::from_secs(span)).ok()?.max(self.handled);
            let mut last = next(from)?;
            while let Some(after) = next(last) {
                last = after;
            }
            Some(last)
        })
    }
}

fn delayed(planned: Timestamp, jitter: SignedDuration, random: u64) -> Timestamp {
    let span = u64::try_from(jitter.as_millis()).unwrap_or(0);
    let delay = i64::try_from(random % (span.saturating_add(1))).unwrap_or(0);
    planned.checked_add(SignedDuration::from_millis(delay)).unwrap_or(planned)
}

/// Whether a good run is missing: one that was planned after the last good one began should have ended by now.
pub fn overdue(job: &Job, last_good: Timestamp, patience: SignedDuration, now: Timestamp) -> bool {
    let planned = job.expression.next(last_good, &job.zone);
    planned.is_some_and(|planned| now.duration_since(planned) > job.jitter.saturating_add(patience))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn job(expression: &str, catch_up: CatchUp) -> Job {
        Job {
            name: expression.to_owned(),
            expression: Expression::parse(expression).unwrap(),
            zone: TimeZone::UTC,
            jitter: SignedDuration::ZERO,
            catch_up,
        }
    }

    fn at(text: &str) -> Timestamp {
        format!("2026-03-01T{text}Z").parse().unwrap()
    }

    fn plan(jobs: &[Job], handled: &str) -> Plan {
        Plan::new(jobs.iter().map(|job| (job.clone(), at(handled))))
    }

    #[test]
    fn a_job_begins_at_its_time_and_not_before_or_again() {
        let mut plan = plan(&[job("0 6 * * *", CatchUp::Once)], "05:00:00");
        assert_eq!(plan.wake(), Some(at("06:00:00")));
        assert!(plan.tick(at("05:59:59"), || 0).is_empty() && plan.begin(at("05:59:59")).is_none());
        assert!(plan.tick(at("06:00:00"), || 0).is_empty());
        assert_eq!(plan.begin(at("06:00:00")), Some(Start { job: 0, planned: at("06:00:00") }));
        plan.end();
        // The clock goes back, and comes by again.
        for time in ["05:30:00", "06:00:00", "06:00:01"] {
            assert!(plan.tick(at(time), || 0).is_empty() && plan.begin(at(time)).is_none(), "{time}");
        }
        assert_eq!(plan.wake(), Some("2026-03-02T06:00:00Z".parse().unwrap()));
    }

    #[test]
    fn the_jitter_delays_and_is_no_lateness() {
        let mut jittery = job("0 6 * * *", CatchUp::Skip);
        jittery.jitter = SignedDuration::from_mins(10);
        let mut plan = plan(&[jittery], "05:00:00");
        assert!(plan.tick(at("06:08:00"), || 9 * 60_000).is_empty());
        assert_eq!(plan.wake(), Some(at("06:09:00")));
        assert!(plan.begin(at("06:08:59")).is_none());
        assert_eq!(plan.begin(at("06:09:00")).map(|start| start.planned), Some(at("06:00:00")));
    }

    #[test]
    fn what_passed_unseen_is_caught_up_once_or_not_at_all() {
        let missed = |catch_up| {
            let mut plan = plan(&[job("0 * * * *", catch_up)], "01:00:00");
            let events = plan.tick(at("05:30:00"), || 0);
            (events, plan.begin(at("05:30:00")))
        };
        let event = |caught_up| vec![Event::Missed { job: 0, last: at("05:00:00"), count: 4, caught_up }];
        assert_eq!(missed(CatchUp::Once), (event(true), Some(Start { job: 0, planned: at("05:00:00") })));
        assert_eq!(missed(CatchUp::Skip), (event(false), None));
    }

    #[test]
    fn a_job_does_not_begin_while_it_runs_or_another_does() {
        let jobs = [job("*/10 * * * *", CatchUp::Once), job("0 * * * *", CatchUp::Once)];
        let mut plan = plan(&jobs, "05:55:00");
        plan.tick(at("06:00:00"), || 0);
        assert_eq!(plan.begin(at("06:00:00")).map(|start| start.job), Some(0), "in declared order");
        assert!(plan.begin(at("06:00:00")).is_none(), "one at a time");
        let skipped = Event::Skipped { job: 0, last: at("06:10:00"), count: 1, waits: false };
        assert_eq!(plan.tick(at("06:10:00"), || 0), [skipped]);
        plan.end();
        assert_eq!(plan.begin(at("06:12:00")), Some(Start { job: 1, planned: at("06:00:00") }), "it waited");
        // While the second runs, the first waits; what comes meanwhile is skipped.
        assert!(plan.tick(at("06:20:00"), || 0).is_empty());
        let skipped = Event::Skipped { job: 0, last: at("06:30:00"), count: 1, waits: true };
        assert_eq!(plan.tick(at("06:30:00"), || 0), [skipped]);
        plan.end();
        assert_eq!(plan.begin(at("06:31:00")), Some(Start { job: 0, planned: at("06:20:00") }));
    }

    #[test]
    fn a_year_of_every_second_is_dealt_with_at_once() {
        let mut plan =
            Plan::new([(job("* * * * * *", CatchUp::Once), "2025-03-01T00:00:00Z".parse().unwrap())]);
        let events = plan.tick(at("12:00:00"), || 0);
        assert_eq!(
            events,
            [Event::Missed { job: 0, last: at("12:00:00"), count: COUNTED - 1, caught_up: true }]
        );
        assert_eq!(plan.begin(at("12:00:00")).map(|start| start.planned), Some(at("12:00:00")));
    }

    #[test]
    fn a_changed_plan_begins_anew_and_the_same_one_goes_on() {
        let mut plan = plan(&[job("0 6 * * *", CatchUp::Once)], "05:00:00");
        plan.tick(at("06:00:00"), || 0);
        let mut same = job("0 6 * * *", CatchUp::Skip);
        same.jitter = SignedDuration::from_mins(1);
        let mut again = plan.replaced([same, job("0 5 * * *", CatchUp::Once)], at("06:00:10"));
        assert!(again.tick(at("06:00:10"), || 0).is_empty(), "05:00 was never planned");
        assert_eq!(again.begin(at("06:00:10")), Some(Start { job: 0, planned: at("06:00:00") }));
    }

    #[test]
    fn a_good_run_is_overdue_when_the_one_after_it_should_have_ended() {
        let job = job("0 * * * *", CatchUp::Once);
        let overdue = |good, now| overdue(&job, at(good), SignedDuration::from_mins(30), at(now));
        assert!(!overdue("05:00:01", "06:30:00") && overdue("05:00:01", "06:30:01"));
        assert!(!overdue("06:00:05", "06:59:00"));
    }

    proptest! {
        /// Whatever the clock and the runs do: one run at a time, no planned time twice, and none that is forgotten.
        #[test]
        fn every_planned_time_is_dealt_with_once(
            steps in prop::collection::vec((-900_i64..4_000, any::<bool>(), any::<u64>()), 1..80),
            skip in any::<bool>(),
            jitter in 0_i64..300,
        ) {
            let catch_up = if skip { CatchUp::Skip } else { CatchUp::Once };
            let jobs = ["*/5 * * * *", "0,30 * * * *", "7 3 * * *"].map(|text| {
                Job { jitter: SignedDuration::from_secs(jitter), ..job(text, catch_up) }
            });
            let begun = at("00:00:00");
            let mut plan = Plan::new(jobs.iter().map(|job| (job.clone(), begun)));
            let (mut now, mut latest) = (begun, begun);
            let mut runs: Vec<Start> = Vec::new();
            let mut counted = [0_u64; 3];
            let mut is_running = false;
            for (step, ends, random) in steps {
                now += SignedDuration::from_secs(step);
                latest = latest.max(now);
                if ends && is_running {
                    plan.end();
                    is_running = false;
                }
                for event in plan.tick(now, || random) {
                    let (job, last, count) = match event {
                        Event::Skipped { job, last, count, .. } => (job, last, count),
                        // The run that makes up for them is counted by itself.
                        Event::Missed { job, last, count, caught_up } => {
                            let own = caught_up && now.duration_since(last) > LATE + jobs[job].jitter;
                            (job, last, count - u64::from(own))
                        }
                    };
                    counted[job] += count;
                    prop_assert!(last <= now);
                }
                if let Some(start) = plan.begin(now) {
                    prop_assert!(!is_running, "one at a time");
                    is_running = true;
                    prop_assert!(start.planned <= now, "not before its time");
                    let again = runs.iter().any(|run| run.job == start.job && run.planned >= start.planned);
                    prop_assert!(!again, "{start:?} in {runs:?}");
                    runs.push(start);
                }
                prop_assert!(plan.wake().is_some());
            }
            for (at, job) in jobs.iter().enumerate() {
                let mut planned = 0;
                let mut then = begun;
                while let Some(next) = job.expression.next(then, &job.zone).filter(|next| *next <= latest) {
                    planned += 1;
                    then = next;
                }
                let ran = runs.iter().filter(|run| run.job == at).count() as u64;
                let waits = u64::from(plan.entries[at].waiting.is_some());
                prop_assert_eq!(planned, ran + waits + counted[at], "{}", &job.name);
            }
        }
    }
}
