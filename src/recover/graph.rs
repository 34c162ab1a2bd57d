//! What needs what: cycles collapsed, and the longest way through.

use super::figure::{Interval, Span};

/// A directed graph: who needs whom, by number.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// What each one certainly needs.
    needs: Vec<Vec<u32>>,
    /// What each one may need besides: counted in the worst case alone.
    may_need: Vec<Vec<u32>>,
}

impl Graph {
    /// A graph of so many without an edge.
    pub fn new(size: usize) -> Self {
        Self { needs: vec![Vec::new(); size], may_need: vec![Vec::new(); size] }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.needs.len()
    }

    /// True when there is nobody.
    pub fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// One more; its number.
    pub fn add(&mut self) -> u32 {
        self.needs.push(Vec::new());
        self.may_need.push(Vec::new());
        u32::try_from(self.needs.len() - 1).unwrap_or(u32::MAX)
    }

    /// `from` needs `to`.
    pub fn need(&mut self, from: u32, to: u32) {
        connect(&mut self.needs, from, to);
    }

    /// Nothing says that `from` does not need `to`.
    pub fn may_need(&mut self, from: u32, to: u32) {
        connect(&mut self.may_need, from, to);
    }

    /// Sorts the edges, and keeps each once.
    pub fn settle(&mut self) {
        for edges in self.needs.iter_mut().chain(&mut self.may_need) {
            edges.sort_unstable();
            edges.dedup();
        }
    }

    /// What one certainly needs.
    pub fn needs(&self, from: u32) -> &[u32] {
        self.needs.get(from as usize).map_or(&[], Vec::as_slice)
    }

    /// Everything that `roots` need, themselves included, in rising order.
    pub fn reach(&self, roots: &[u32]) -> Vec<u32> {
        let mut seen = vec![false; self.len()];
        let mut open: Vec<u32> = roots.to_vec();
        while let Some(one) = open.pop() {
            let Some(mark) = seen.get_mut(one as usize) else { continue };
            if !std::mem::replace(mark, true) {
                open.extend_from_slice(self.needs(one));
            }
        }
        (0u32..).zip(seen).filter_map(|(one, seen)| seen.then_some(one)).collect()
    }

    /// Of each one, whether it needs any of `ends`, by whatever way.
    pub fn reaching(&self, ends: &[u32]) -> Vec<bool> {
        let mut needed_by = vec![Vec::new(); self.len()];
        for (from, edges) in (0u32..).zip(&self.needs) {
            for to in edges {
                needed_by[*to as usize].push(from);
            }
        }
        let mut seen = vec![false; self.len()];
        let mut open: Vec<u32> = ends.to_vec();
        while let Some(one) = open.pop() {
            let Some(mark) = seen.get_mut(one as usize) else { continue };
            if !std::mem::replace(mark, true) {
                open.extend_from_slice(&needed_by[one as usize]);
            }
        }
        seen
    }

    /// How long it takes until each one is ready, when each waits for what it needs and then takes its own time. The
    /// members of a cycle wait for each other: at best they go side by side, at worst in a row.
    pub fn ready(&self, own: &[Interval]) -> Ready {
        let worst = self.longest(own, true);
        let best = self.longest(own, false);
        let slack = self.slack(own, &worst);
        Ready { low: best.ready, high: worst.ready, waits_for: worst.waits_for, slack }
    }

    /// How much longer each may take in the worst case before the whole takes longer; nothing where it has no end.
    fn slack(&self, own: &[Interval], worst: &Longest) -> Vec<Option<u64>> {
        let seconds = |span: Span| span.seconds().map(i128::from);
        let last = worst.ready.iter().copied().max().unwrap_or(Span::ZERO);
        let Some(last) = seconds(last) else { return vec![None; self.len()] };
        let cost = |one: u32| seconds(own.get(one as usize).map_or(Span::ZERO, |it| it.high)).unwrap_or(0);
        // By when each group has to be ready; who needs it comes later, and tells it by when it has to begin itself.
        let mut due = vec![last; worst.groups.len()];
        for (number, group) in worst.groups.iter().enumerate().rev() {
            let begin = due[number] - group.iter().map(|one| cost(*one)).sum::<i128>();
            for to in group.iter().flat_map(|one| self.edges(*one, true)) {
                let needed = worst.group_of[to as usize];
                if needed != number {
                    due[needed] = due[needed].min(begin);
                }
            }
        }
        let of = |one: usize| {
            let ready = seconds(worst.ready[one])?;
            u64::try_from((due[worst.group_of[one]] - ready).max(0)).ok()
        };
        (0..self.len()).map(of).collect()
    }

    /// What one needs, and in the worst case what it may need.
    fn edges(&self, one: u32, worst: bool) -> impl Iterator<Item = u32> {
        let besides = if worst { self.may_need.get(one as usize).map(Vec::as_slice) } else { None };
        self.needs(one).iter().chain(besides.unwrap_or_default()).copied()
    }

    /// The longest way to each, and whom each waits for last.
    fn longest(&self, own: &[Interval], worst: bool) -> Longest {
        let edges = |one: u32| self.edges(one, worst);
        let groups = self.cycles(&edges);
        let mut group_of = vec![0usize; self.len()];
        for (number, group) in groups.iter().enumerate() {
            for one in group {
                group_of[*one as usize] = number;
            }
        }
        let cost =
            |one: u32| own.get(one as usize).map_or(Span::ZERO, |it| if worst { it.high } else { it.low });
        let mut ready = vec![Span::ZERO; self.len()];
        let mut waits_for = vec![None; self.len()];
        // Groups come in the order in which they can be brought back.
        for (number, group) in groups.iter().enumerate() {
            let outside =
                group.iter().flat_map(|one| edges(*one)).filter(|to| group_of[*to as usize] != number);
            // Of equals the first counts, so that the same input gives the same way.
            let last = outside.fold(None, |last: Option<u32>, to| match last {
                Some(known) if (ready[known as usize], to) >= (ready[to as usize], known) => Some(known),
                _ => Some(to),
            });
            let before = last.map_or(Span::ZERO, |last| ready[last as usize]);
            let own = group.iter().map(|one| cost(*one));
            let own = if worst { own.fold(Span::ZERO, Span::then) } else { own.max().unwrap_or(Span::ZERO) };
            for one in group {
                ready[*one as usize] = before.then(own);
                waits_for[*one as usize] = last;
            }
        }
        Longest { ready, waits_for, groups, group_of }
    }

    /// The groups whose members need each other, each after all that it needs (Tarjan 1972, without recursion).
    fn cycles<I: Iterator<Item = u32>>(&self, edges: &impl Fn(u32) -> I) -> Vec<Vec<u32>> {
        const NEW: u32 = u32::MAX;
        let size = self.len();
        let (mut index, mut low, mut on_stack) = (vec![NEW; size], vec![0u32; size], vec![false; size]);
        let (mut stack, mut groups, mut next) = (Vec::new(), Vec::new(), 0u32);
        let mut work: Vec<(u32, I)> = Vec::new();
        for root in 0..size as u32 {
            if index[root as usize] != NEW {
                continue;
            }
            work.push((root, edges(root)));
            (index[root as usize], low[root as usize]) = (next, next);
            next += 1;
            stack.push(root);
            on_stack[root as usize] = true;
            while let Some((one, open)) = work.last_mut() {
                let one = *one;
                match open.next() {
                    Some(to) if to as usize >= size => {}
                    Some(to) if index[to as usize] == NEW => {
                        (index[to as usize], low[to as usize]) = (next, next);
                        next += 1;
                        stack.push(to);
                        on_stack[to as usize] = true;
                        work.push((to, edges(to)));
                    }
                    Some(to) if on_stack[to as usize] => {
                        low[one as usize] = low[one as usize].min(index[to as usize]);
                    }
                    Some(_) => {}
                    None => {
                        work.pop();
                        if let Some((above, _)) = work.last() {
                            low[*above as usize] = low[*above as usize].min(low[one as usize]);
                        }
                        if low[one as usize] == index[one as usize] {
                            groups.push(group(one, &mut stack, &mut on_stack));
                        }
                    }
                }
            }
        }
        groups
    }
}

/// Takes the group of `root` off the stack.
fn group(root: u32, stack: &mut Vec<u32>, on_stack: &mut [bool]) -> Vec<u32> {
    let mut group = Vec::new();
    while let Some(one) = stack.pop() {
        on_stack[one as usize] = false;
        group.push(one);
        if one == root {
            break;
        }
    }
    group.sort_unstable();
    group
}

fn connect(edges: &mut [Vec<u32>], from: u32, to: u32) {
    if from != to
        && (to as usize) < edges.len()
        && let Some(edges) = edges.get_mut(from as usize)
    {
        edges.push(to);
    }
}

/// The longest ways of one case.
struct Longest {
    ready: Vec<Span>,
    waits_for: Vec<Option<u32>>,
    /// The groups whose members need each other, each after all that it needs.
    groups: Vec<Vec<u32>>,
    /// The group of each one.
    group_of: Vec<usize>,
}

/// How long it takes until each one is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    low: Vec<Span>,
    high: Vec<Span>,
    waits_for: Vec<Option<u32>>,
    slack: Vec<Option<u64>>,
}

impl Ready {
    /// How long it takes until one is ready.
    pub fn of(&self, one: u32) -> Interval {
        let at = |spans: &[Span]| spans.get(one as usize).copied().unwrap_or(Span::ZERO);
        Interval { low: at(&self.low), high: at(&self.high) }
    }

    /// How many seconds longer one may take in the worst case before the whole takes longer; nothing where the whole has
    /// no end.
    pub fn slack(&self, one: u32) -> Option<u64> {
        self.slack.get(one as usize).copied().flatten()
    }

    /// The longest way to one in the worst case, the first step first.
    pub fn way(&self, one: u32) -> Vec<u32> {
        let mut way = vec![one];
        let mut at = one;
        while let Some(before) = self.waits_for.get(at as usize).copied().flatten() {
            way.push(before);
            at = before;
        }
        way.reverse();
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn graph(size: usize, edges: &[(u32, u32)]) -> Graph {
        let mut graph = Graph::new(size);
        for (from, to) in edges {
            graph.need(*from, *to);
        }
        graph.settle();
        graph
    }

    #[test]
    fn each_waits_for_the_last_of_what_it_needs() {
        // 0 is entered; it needs 1 and 2, and both need 3.
        let graph = graph(4, &[(0, 1), (0, 2), (1, 3), (2, 3)]);
        let own = [10, 20, 50, 5].map(Interval::exactly);
        let ready = graph.ready(&own);
        assert_eq!(ready.of(0), Interval::exactly(65));
        assert_eq!(ready.way(0), [3, 2, 0]);
        assert_eq!(graph.reach(&[1]), [1, 3]);
        // 1 may take 30 s more, until it is the last of what 0 waits for.
        assert_eq!([0, 1, 2, 3].map(|one| ready.slack(one)), [Some(0), Some(30), Some(0), Some(0)]);
    }

    #[test]
    fn members_of_a_cycle_go_side_by_side_at_best_and_in_a_row_at_worst() {
        let graph = graph(3, &[(0, 1), (1, 2), (2, 1)]);
        let ready = graph.ready(&[1, 10, 20].map(Interval::exactly));
        assert_eq!(ready.of(1), Interval::new(20, 30));
        assert_eq!(ready.of(0), Interval::new(21, 31));
    }

    #[test]
    fn what_may_be_needed_counts_in_the_worst_case_alone() {
        let mut graph = Graph::new(2);
        graph.may_need(0, 1);
        assert_eq!(graph.ready(&[10, 90].map(Interval::exactly)).of(0), Interval::new(10, 100));
    }

    #[test]
    fn a_chain_of_any_length_needs_no_recursion() {
        let size = 200_000u32;
        let edges: Vec<(u32, u32)> = (1..size).map(|one| (one - 1, one)).collect();
        let graph = graph(size as usize, &edges);
        let ready = graph.ready(&vec![Interval::exactly(1); size as usize]);
        assert_eq!(ready.of(0), Interval::exactly(u64::from(size)));
    }

    /// Edges, and the best and worst time of each.
    type Drawn = (Vec<(u32, u32)>, Vec<(u64, u64)>);

    fn estates() -> impl Strategy<Value = Drawn> {
        (2u32..12).prop_flat_map(|size| {
            let edges = prop::collection::vec((0..size, 0..size), 0..40);
            (edges, prop::collection::vec((0u64..500, 0u64..500), size as usize))
        })
    }

    proptest! {
        #[test]
        fn the_whole_takes_at_least_the_longest_step_and_at_most_all_in_a_row((edges, own) in estates()) {
            let own: Vec<Interval> = own.into_iter().map(|(a, b)| Interval::new(a, b)).collect();
            let graph = graph(own.len(), &edges);
            let ready = graph.ready(&own);
            for one in 0..own.len() as u32 {
                let reach = graph.reach(&[one]);
                let longest = reach.iter().map(|it| own[*it as usize].high).max().unwrap();
                let row = reach.iter().fold(Span::ZERO, |sum, it| sum.then(own[*it as usize].high));
                prop_assert!(ready.of(one).high >= longest && ready.of(one).high <= row);
                prop_assert!(ready.of(one).low <= ready.of(one).high);
                // The way that is printed adds up to no more than the number that is printed.
                let way = ready.way(one).iter().fold(Span::ZERO, |sum, it| sum.then(own[*it as usize].high));
                prop_assert!(way <= ready.of(one).high);
            }
        }

        #[test]
        fn within_its_slack_one_may_take_longer((edges, own) in estates(), one in 0u32..2, more in 1u64..50) {
            let mut own: Vec<Interval> = own.into_iter().map(|(a, b)| Interval::new(a, b)).collect();
            let graph = graph(own.len(), &edges);
            let size = own.len() as u32;
            let whole = |ready: &Ready| (0..size).map(|it| ready.of(it).high).max();
            let before = graph.ready(&own);
            let slack = before.slack(one).unwrap();
            own[one as usize] = own[one as usize].then(Interval { low: Span::ZERO, high: Span::Seconds(slack) });
            let within = graph.ready(&own);
            prop_assert_eq!(whole(&within), whole(&before));
            own[one as usize] = own[one as usize].then(Interval { low: Span::ZERO, high: Span::Seconds(more) });
            prop_assert!(whole(&graph.ready(&own)) > whole(&before));
        }

        // The best case may sink when a dependency closes a cycle: its members then come back together.
        #[test]
        fn one_more_dependency_never_makes_the_worst_case_better((edges, own) in estates(), extra in (0u32..2, 0u32..2)) {
            let own: Vec<Interval> = own.into_iter().map(|(a, b)| Interval::new(a, b)).collect();
            let before = graph(own.len(), &edges).ready(&own);
            let more: Vec<(u32, u32)> = edges.into_iter().chain([extra]).collect();
            let after = graph(own.len(), &more).ready(&own);
            for one in 0..own.len() as u32 {
                prop_assert!(after.of(one).high >= before.of(one).high);
            }
        }
    }
}
