//! Colour refinement: classes of nodes are split by what their arcs lead to, until nothing splits.

use std::ops::Range;

use crate::error::Result;
use crate::flow::capacity::Capacity;
use crate::flow::problem::FlowProblem;
use crate::monitor::Monitor;
use crate::threads;

use super::partition::{MAX_CLASSES, Partition, mix};
use super::{BLOCK, GRAIN};

/// Arcs in a sample.
const SAMPLE: usize = 1024;

/// The coarsest classes that arcs, capacities and terminals do not tell apart; `None` if they are many,
/// or some but those of terminals have fewer than `min_size` nodes: such a class tells apart its
/// neighbours, and they theirs.
pub fn refine<C: Capacity>(
    problem: &FlowProblem<'_, C>,
    min_size: u32,
    monitor: &dyn Monitor,
) -> Result<Option<Partition>> {
    let n = problem.num_nodes as usize;
    let workers = threads::worth(problem.tails.len(), GRAIN);
    let mut sums: Vec<Vec<u64>> = (0..workers).map(|_| vec![0; n]).collect();
    let mut partition = Partition::whole(n);
    add_given(problem, &mut sums[0]);
    if !partition.split(&mut sums) {
        return Ok(None);
    }
    // A source or sink by itself stays a class. What its neighbours see of it first tells them apart a
    // pass earlier.
    let ends = single_ends(problem);
    let classes = |partition: &Partition| ends.map(|end| Some(partition.class_of(end?)));
    let first = classes(&partition);
    let kinds = Kinds::of(&partition, |class| first.contains(&Some(class)));
    each(problem, &mut sums, monitor, |arcs, sums| {
        add_views(problem, arcs, &partition.class, &kinds, sums)
    })?;
    if !partition.split(&mut sums) {
        return Ok(None);
    }
    let seen = classes(&partition);
    let mut kinds = Kinds::of(&partition, |class| !seen.contains(&Some(class)));
    loop {
        each(problem, &mut sums, monitor, |arcs, sums| {
            add_views(problem, arcs, &partition.class, &kinds, sums)
        })?;
        let before = partition.len();
        if !partition.split(&mut sums) {
            return Ok(None);
        }
        if partition.len() == before {
            return Ok(Some(partition));
        }
        let mut ends = [false; MAX_CLASSES];
        for end in problem.sources.iter().chain(problem.sinks) {
            ends[partition.class_of(end.node)] = true;
        }
        let mut inner = partition.sizes.iter().zip(ends).filter(|(_, end)| !end);
        if inner.any(|(size, _)| *size < min_size) {
            return Ok(None);
        }
        kinds = Kinds::parts(&partition, problem);
    }
}

/// Calls `add` with all arcs, block by block, a share of them with each of `parts`.
fn each<C: Capacity, T: Send>(
    problem: &FlowProblem<'_, C>,
    parts: &mut [T],
    monitor: &dyn Monitor,
    add: impl Fn(Range<usize>, &mut T) + Sync,
) -> Result<()> {
    let add = &add;
    let shares = threads::ranges(problem.tails.len(), parts.len());
    let jobs = shares.into_iter().zip(parts).map(|(share, part)| {
        move || -> Result<()> {
            for arcs in threads::blocks(share, BLOCK) {
                monitor.poll()?;
                add(arcs, part);
            }
            Ok(())
        }
    });
    threads::join(jobs).into_iter().collect()
}

/// The source and the sink, if there is but one.
fn single_ends<C: Capacity>(problem: &FlowProblem<'_, C>) -> [Option<u32>; 2] {
    [problem.sources, problem.sinks].map(|ends| match ends {
        [end] => Some(end.node),
        _ => None,
    })
}

/// Tells nodes apart by what the problem says of them.
fn add_given<C: Capacity>(problem: &FlowProblem<'_, C>, sums: &mut [u64]) {
    for (ends, side) in [(problem.sources, 1), (problem.sinks, 2)] {
        for end in ends {
            sums[end.node as usize] = mix(word(end.limit.unwrap_or(C::MAX)) ^ side);
        }
    }
    if let Some(limits) = problem.node_capacity {
        for (sum, limit) in sums.iter_mut().zip(limits) {
            *sum = mix(*sum ^ word(*limit));
        }
    }
}

/// A capacity in one word.
#[inline(always)]
fn word<C: Capacity>(capacity: C) -> u64 {
    let low = capacity.low64() as u64;
    let high = if size_of::<C>() > 8 {
        mix((capacity.wide() >> 64) as u64)
    } else {
        0
    };
    (low ^ high).wrapping_mul(0xa076_1d64_78bd_642f)
}

/// What it means to a node to have a neighbour of a class; 0 if that tells nothing new.
struct Kinds {
    /// Where the arc leads to the neighbour.
    toward: [u64; MAX_CLASSES],
    /// Where it comes from there.
    back: [u64; MAX_CLASSES],
}

impl Kinds {
    /// Those of the classes that `count`.
    fn of(partition: &Partition, count: impl Fn(usize) -> bool) -> Self {
        let kinds = |side: u64| -> [u64; MAX_CLASSES] {
            std::array::from_fn(|class| match class < partition.len() && count(class) {
                true => mix(2 * class as u64 + side) | 1,
                false => 0,
            })
        };
        Kinds {
            toward: kinds(2),
            back: kinds(3),
        }
    }

    /// Those of the parts of classes, but of each class one part: what a node sees of the whole class is
    /// known to be what others of its own class see. That is the part that most arcs lead to.
    fn parts<C: Capacity>(partition: &Partition, problem: &FlowProblem<'_, C>) -> Self {
        let mut arcs = [0; MAX_CLASSES];
        for arc in (0..problem.tails.len()).step_by((problem.tails.len() / SAMPLE) | 1) {
            for node in [problem.tails[arc], problem.heads[arc]] {
                arcs[partition.class_of(node)] += 1;
            }
        }
        let of_whole = |class: usize| {
            let parts = 0..partition.len();
            parts.filter(move |part| partition.from[*part] == partition.from[class])
        };
        Self::of(partition, |class| {
            of_whole(class).max_by_key(|part| arcs[*part]) != Some(class)
        })
    }
}

/// Adds to the sum of each end of `arcs` what it sees there: the class of the other end, if that tells
/// anything, the capacity, and its direction.
// Not inlined, so that profilers tell it from other jobs.
#[inline(never)]
fn add_views<C: Capacity>(
    problem: &FlowProblem<'_, C>,
    arcs: Range<usize>,
    class: &[u8],
    kinds: &Kinds,
    sums: &mut [u64],
) {
    let mut add = |node: u32, kind: u64, key: u64| {
        if kind != 0 {
            let sum = &mut sums[node as usize];
            *sum = sum.wrapping_add(mix(kind ^ key));
        }
    };
    for_each(problem, arcs, |[tail, head], capacity| {
        let [from, to] = [tail, head].map(|node| usize::from(class[node as usize]) % MAX_CLASSES);
        let key = word(capacity);
        add(tail, kinds.toward[to], key);
        add(head, kinds.back[from], key);
        if problem.duplex {
            add(head, kinds.toward[from], key);
            add(tail, kinds.back[to], key);
        }
    });
}

/// Calls `visit` with the ends and the capacity of each of `arcs`.
#[inline(always)]
fn for_each<C: Capacity>(
    problem: &FlowProblem<'_, C>,
    arcs: Range<usize>,
    mut visit: impl FnMut([u32; 2], C),
) {
    let (tails, heads) = (&problem.tails[arcs.clone()], &problem.heads[arcs.clone()]);
    let ends = tails.iter().zip(heads);
    ends.zip(&problem.capacity[arcs])
        .for_each(|((tail, head), capacity)| visit([*tail, *head], *capacity));
}

/// How many arcs lead from class to class, and what each of them can carry.
#[derive(Clone)]
pub struct Between<C> {
    /// By both classes; arcs without capacity left out.
    arcs: Vec<(u32, C)>,
    differ: bool,
}

impl<C: Capacity> Between<C> {
    /// `None` if two arcs from one class to another differ.
    pub fn count(
        problem: &FlowProblem<'_, C>,
        partition: &Partition,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>> {
        let nothing = Between {
            arcs: vec![(0, C::default()); MAX_CLASSES * MAX_CLASSES],
            differ: false,
        };
        let workers = threads::worth(problem.tails.len(), GRAIN);
        let mut parts = vec![nothing.clone(); workers];
        each(problem, &mut parts, monitor, |arcs, part: &mut Self| {
            if !part.differ {
                part.add(problem, arcs, &partition.class);
            }
        })?;
        let mut all = nothing;
        for part in parts {
            all.differ |= part.differ;
            for (at, (count, capacity)) in part.arcs.into_iter().enumerate() {
                all.add_arcs(at, count, capacity);
            }
        }
        Ok((!all.differ).then_some(all))
    }

    // Not inlined, so that profilers tell it from other jobs.
    #[inline(never)]
    fn add(&mut self, problem: &FlowProblem<'_, C>, arcs: Range<usize>, class: &[u8]) {
        for_each(problem, arcs, |ends, capacity| {
            let [from, to] = ends.map(|node| usize::from(class[node as usize]) % MAX_CLASSES);
            let count = u32::from(capacity != C::default());
            self.add_arcs(from * MAX_CLASSES + to, count, capacity);
            if problem.duplex {
                self.add_arcs(to * MAX_CLASSES + from, count, capacity);
            }
        });
    }

    #[inline(always)]
    fn add_arcs(&mut self, at: usize, count: u32, capacity: C) {
        let (known, each) = &mut self.arcs[at];
        if count > 0 {
            if *known == 0 {
                *each = capacity;
            }
            self.differ |= *each != capacity;
            *known += count;
        }
    }

    /// How many arcs lead from class `tail` to class `head`, and the capacity of each.
    pub fn arcs(&self, tail: usize, head: usize) -> (u32, C) {
        self.arcs[tail * MAX_CLASSES + head]
    }
}
