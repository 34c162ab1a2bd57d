//! Recovery paths: concrete ways back, what they wait for, and which of several counts.

use stateward_model::Gap;

use super::figure::{Figure, Grade, Interval, Span};

/// What keeps a gate shut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// What was found.
    Broken(String),
    /// Whether it holds could not be read.
    Unread(Gap),
}

/// What a gate does while it is shut.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The path is worthless.
    Closes,
    /// The path takes this much longer.
    Delays(Box<Figure>),
    /// Nothing: it is told.
    Warns,
}

/// What has to hold so that a path can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// `key`, `status`, `subnet group`, …
    pub name: &'static str,
    /// What it is about.
    pub subject: String,
    /// Why it does not hold, if so.
    pub fault: Option<Fault>,
    /// What comes of that.
    pub effect: Effect,
}

impl Gate {
    /// A gate that a finding decides: `Ok(None)` holds, `Ok(Some)` says what is wrong.
    pub fn new(name: &'static str, subject: impl Into<String>, found: Result<Option<String>, Gap>) -> Self {
        let fault = match found {
            Ok(fault) => fault.map(Fault::Broken),
            Err(gap) => Some(Fault::Unread(gap)),
        };
        Self { name, subject: subject.into(), fault, effect: Effect::Closes }
    }

    /// While it is shut, the path takes this much longer.
    pub fn delaying(mut self, delay: Figure) -> Self {
        self.effect = Effect::Delays(Box::new(delay));
        self
    }

    /// While it is shut, that is told and counts for nothing.
    pub fn warning(mut self) -> Self {
        self.effect = Effect::Warns;
        self
    }

    /// True when it is proved to be shut, and nothing goes through.
    pub fn closes(&self) -> bool {
        self.effect == Effect::Closes && matches!(self.fault, Some(Fault::Broken(_)))
    }

    /// Why it is not known whether it holds, where that matters.
    pub fn gap(&self) -> Option<&Gap> {
        match &self.fault {
            Some(Fault::Unread(gap)) if self.effect != Effect::Warns => Some(gap),
            _ => None,
        }
    }

    /// An interval behind it.
    pub fn pass(&self, interval: Interval) -> Interval {
        match (&self.fault, &self.effect) {
            (None, _) | (_, Effect::Delays(_) | Effect::Warns) => interval,
            (Some(Fault::Broken(_)), Effect::Closes) => Interval::NEVER,
            (Some(Fault::Unread(_)), Effect::Closes) => interval.opened(),
        }
    }

    /// What it may cost in time: in the worst case all of it, unless it is known to hold.
    pub fn delay(&self) -> Option<Interval> {
        match (&self.fault, &self.effect) {
            (Some(Fault::Broken(_)), Effect::Delays(delay)) => Some(delay.interval),
            (Some(Fault::Unread(_)), Effect::Delays(delay)) => {
                Some(Interval { low: Span::ZERO, high: delay.interval.high })
            }
            _ => None,
        }
    }
}

/// One way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// What it is: `read replica in another region`.
    pub name: &'static str,
    /// Where it leads: a region, or the thing that takes over.
    pub to: String,
    /// The data that are lost, as time.
    pub rpo: Figure,
    /// How long the way takes, without detection and decision.
    pub act: Figure,
    /// Whether it is taken without anybody deciding.
    pub automatic: bool,
    /// What has to hold.
    pub gates: Vec<Gate>,
    /// What a person does, in order; none where it is automatic.
    pub steps: Vec<String>,
}

impl Path {
    /// A way that nobody decides on.
    pub fn automatic(name: &'static str, to: impl Into<String>, rpo: Figure, act: Figure) -> Self {
        let (gates, steps) = (Vec::new(), Vec::new());
        Self { name, to: to.into(), rpo, act, automatic: true, gates, steps }
    }

    /// A way that somebody takes by these steps.
    pub fn manual(
        name: &'static str,
        to: impl Into<String>,
        rpo: Figure,
        act: Figure,
        steps: Vec<String>,
    ) -> Self {
        Self { automatic: false, steps, ..Self::automatic(name, to, rpo, act) }
    }

    /// A way of which it could not be read whether there is one.
    pub fn unseen(name: &'static str, to: impl Into<String>, gap: Gap) -> Self {
        let figure = |what: &str| Figure::unread(Span::ZERO, format!("{what} of a {name}"), gap.clone());
        Self::manual(name, to, figure("age"), figure("duration"), Vec::new())
    }

    /// With a gate.
    pub fn gate(mut self, gate: Gate) -> Self {
        self.gates.push(gate);
        self
    }

    /// The data lost, with the gates.
    pub fn rpo(&self) -> Interval {
        self.gated(self.rpo.interval)
    }

    /// The duration, with the gates.
    pub fn act(&self) -> Interval {
        let delays = self.gates.iter().filter_map(Gate::delay);
        self.gated(delays.fold(self.act.interval, Interval::then))
    }

    /// What the duration rests on, with the gates.
    pub fn act_grade(&self) -> Grade {
        self.delays().map(|delay| delay.grade).fold(self.act.grade, Grade::max)
    }

    /// The delays that count.
    pub fn delays(&self) -> impl Iterator<Item = &Figure> {
        self.gates.iter().filter(|gate| gate.fault.is_some()).filter_map(|gate| match &gate.effect {
            Effect::Delays(delay) => Some(delay.as_ref()),
            Effect::Closes | Effect::Warns => None,
        })
    }

    /// The first thing about it that was not read.
    pub fn gap(&self) -> Option<&Gap> {
        let gate = self.gates.iter().find_map(Gate::gap);
        gate.or(self.rpo.gap.as_ref()).or(self.act.gap.as_ref())
    }

    /// True when nothing of it was read, not even whether it is there.
    pub fn is_unseen(&self) -> bool {
        self.rpo.gap.is_some() && self.act.gap.is_some() && self.gates.is_empty() && self.steps.is_empty()
    }

    /// True when a gate is proved to be shut.
    pub fn is_shut(&self) -> bool {
        self.gates.iter().any(Gate::closes)
    }

    /// A gate that is shut makes a path worthless whatever its age; one that was not read leaves the best case alone.
    fn gated(&self, interval: Interval) -> Interval {
        match self.is_shut() {
            true => Interval::NEVER,
            false => self.gates.iter().fold(interval, |interval, gate| gate.pass(interval)),
        }
    }

    /// What decides between paths: the one that loses the least data, and of equals the fastest.
    fn rank(&self) -> (Span, Span, Span, Span, Grade) {
        let (rpo, act) = (self.rpo(), self.act());
        (rpo.high, act.high, rpo.low, act.low, self.rpo.grade.max(self.act_grade()))
    }
}

/// What becomes of a resource in a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It goes on; why.
    Unaffected(String),
    /// It is lost, and these are the ways back.
    Lost(Vec<Path>),
}

/// The path that counts, and what it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Data lost.
    pub rpo: Interval,
    /// Duration.
    pub act: Interval,
    /// What the data lost rest on.
    pub rpo_grade: Grade,
    /// What the duration rests on.
    pub act_grade: Grade,
    /// Whether nobody has to decide.
    pub automatic: bool,
    /// The path that counts; none where there is no way back.
    pub path: Option<usize>,
    /// The next best one.
    pub runner_up: Option<usize>,
}

impl Choice {
    /// Of a resource that goes on.
    pub const UNAFFECTED: Self = Self {
        rpo: Interval::ZERO,
        act: Interval::ZERO,
        rpo_grade: Grade::C,
        act_grade: Grade::C,
        automatic: true,
        path: None,
        runner_up: None,
    };

    /// Of a resource without a way back. That there is none was read.
    pub const LOST: Self = Self {
        rpo: Interval::NEVER,
        act: Interval::NEVER,
        rpo_grade: Grade::B,
        act_grade: Grade::B,
        automatic: false,
        path: None,
        runner_up: None,
    };

    /// The choice among paths. The worst case is that of the path that counts; the best case is the best of all, since
    /// one of which less is known may turn out better.
    pub fn of(fate: &Fate) -> Self {
        let paths = match fate {
            Fate::Unaffected(_) => return Self::UNAFFECTED,
            Fate::Lost(paths) => paths,
        };
        let mut order: Vec<usize> = (0..paths.len()).collect();
        order.sort_by_key(|index| paths[*index].rank());
        let usable = |index: &&usize| !paths[**index].is_shut();
        let Some(best) = order.iter().find(usable).copied() else {
            return Self { runner_up: order.first().copied(), ..Self::LOST };
        };
        let path = &paths[best];
        let (mut rpo, mut act) = (path.rpo(), path.act());
        rpo.low = paths.iter().map(|path| path.rpo().low).min().unwrap_or(rpo.low);
        act.low = paths.iter().map(|path| path.act().low).min().unwrap_or(act.low);
        Self {
            rpo,
            act,
            rpo_grade: path.rpo.grade,
            act_grade: path.act_grade(),
            automatic: path.automatic,
            path: Some(best),
            runner_up: order.into_iter().find(|index| *index != best),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stateward_model::Cause;

    fn figure(interval: Interval) -> Figure {
        Figure::new(interval, Grade::B, "given")
    }

    fn gap() -> Gap {
        Gap::new("kms:DescribeKey", Cause::Denied, "")
    }

    fn path(rpo: (u64, u64), act: (u64, u64)) -> Path {
        Path::manual(
            "copy",
            "eu-west-1",
            figure(Interval::new(rpo.0, rpo.1)),
            figure(Interval::new(act.0, act.1)),
            vec![],
        )
    }

    fn day() -> Figure {
        figure(Interval::new(86_400, 432_000))
    }

    fn any_path() -> impl Strategy<Value = Path> {
        let gate = prop_oneof![
            3 => Just(None),
            1 => Just(Some(Gate::new("key", "k", Ok(Some("it is disabled".into()))))),
            1 => Just(Some(Gate::new("key", "k", Err(gap())))),
            1 => Just(Some(Gate::new("quota", "q", Ok(Some("it is used up".into()))).delaying(day()))),
            1 => Just(Some(Gate::new("quota", "q", Err(gap())).delaying(day()))),
        ];
        ((0u64..4_000, 0u64..4_000), (0u64..4_000, 0u64..4_000), gate).prop_map(|(rpo, act, gate)| {
            let path = path(rpo, act);
            match gate {
                Some(gate) => path.gate(gate),
                None => path,
            }
        })
    }

    proptest! {
        #[test]
        fn more_replication_never_worsens_the_data_lost(
            paths in prop::collection::vec(any_path(), 0..6),
            another in any_path(),
        ) {
            let before = Choice::of(&Fate::Lost(paths.clone()));
            let after = Choice::of(&Fate::Lost(paths.into_iter().chain([another]).collect()));
            prop_assert!(after.rpo.high <= before.rpo.high && after.rpo.low <= before.rpo.low);
        }

        #[test]
        fn a_gate_that_was_not_read_never_improves_the_worst_case(
            paths in prop::collection::vec(any_path(), 1..6),
            which in any::<prop::sample::Index>(),
        ) {
            let before = Choice::of(&Fate::Lost(paths.clone()));
            let mut blind = paths;
            let at = which.index(blind.len());
            // What was proved to be shut stays shut; only what held is no longer known.
            if !blind[at].is_shut() {
                blind[at] = blind[at].clone().gate(Gate::new("key", "k", Err(gap())));
            }
            let after = Choice::of(&Fate::Lost(blind));
            prop_assert!(after.rpo.high >= before.rpo.high);
            prop_assert!(after.rpo.low <= before.rpo.low);
        }
    }

    #[test]
    fn a_shut_gate_makes_the_youngest_copy_worthless() {
        let young = path((1, 1), (60, 60)).gate(Gate::new("key", "k", Ok(Some("pending deletion".into()))));
        let choice = Choice::of(&Fate::Lost(vec![young.clone(), path((900, 900), (60, 60))]));
        assert_eq!((choice.path, choice.rpo, choice.runner_up), (Some(1), Interval::exactly(900), Some(0)));
        let alone = Choice::of(&Fate::Lost(vec![young]));
        assert_eq!((alone.path, alone.rpo, alone.runner_up), (None, Interval::NEVER, Some(0)));
    }

    #[test]
    fn a_gate_that_delays_costs_time_and_no_data() {
        let shut =
            path((5, 5), (60, 90)).gate(Gate::new("quota", "q", Ok(Some("full".into()))).delaying(day()));
        assert_eq!((shut.rpo(), shut.act()), (Interval::exactly(5), Interval::new(86_460, 432_090)));
        // Whether it delays is not known: at worst it does.
        let open = path((5, 5), (60, 90)).gate(Gate::new("quota", "q", Err(gap())).delaying(day()));
        assert_eq!((open.rpo(), open.act()), (Interval::exactly(5), Interval::new(60, 432_090)));
        assert_eq!(open.gap(), Some(&gap()));
        // What is only told changes nothing.
        let told = path((5, 5), (60, 90)).gate(Gate::new("definition", "d", Err(gap())).warning());
        assert_eq!((told.rpo(), told.act(), told.gap()), (Interval::exactly(5), Interval::new(60, 90), None));
    }

    #[test]
    fn what_could_not_be_read_may_be_better_and_is_not_counted_on() {
        let unseen = Path::unseen("copied snapshot", "eu-west-1", gap());
        let choice = Choice::of(&Fate::Lost(vec![unseen, path((900, 900), (60, 60))]));
        assert_eq!(choice.path, Some(1));
        assert_eq!(choice.rpo, Interval::new(0, 900));
    }
}
