//! A set of values of one coordinate, as sorted runs: `0..64`, or `{3}`, or "all but 5 and 9".

use std::sync::Arc;

/// A subset of `0..n`. One run is stored in place; more runs are shared behind an [`Arc`].
///
/// Runs are half-open, sorted, disjoint and never adjacent, so equal sets are equal values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subset(Repr);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Repr {
    Run(u32, u32),
    Runs(Arc<Runs>),
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Runs {
    len: u32,
    runs: Box<[(u32, u32)]>,
}

impl Subset {
    /// All of `0..size`.
    pub fn full(size: u32) -> Self {
        Subset(Repr::Run(0, size))
    }

    /// The one value `value`.
    pub fn single(value: u32) -> Self {
        Subset(Repr::Run(value, value + 1))
    }

    /// `low..high`; empty if `high <= low`.
    pub fn range(low: u32, high: u32) -> Self {
        if high <= low {
            return Self::empty();
        }
        Subset(Repr::Run(low, high))
    }

    /// No value.
    pub fn empty() -> Self {
        Subset(Repr::Run(0, 0))
    }

    /// The values of an iterator in any order, repeated ones once.
    pub fn from_values(values: impl IntoIterator<Item = u32>) -> Self {
        let mut sorted: Vec<u32> = values.into_iter().collect();
        sorted.sort_unstable();
        let mut runs = RunsBuilder::default();
        for value in sorted {
            runs.push(value, value + 1);
        }
        runs.finish()
    }

    /// The union of half-open runs in any order.
    pub fn from_runs(mut runs: Vec<(u32, u32)>) -> Self {
        runs.sort_unstable();
        let mut builder = RunsBuilder::default();
        for (low, high) in runs {
            builder.push(low, high);
        }
        builder.finish()
    }

    /// The runs if there are several; a single one is stored in place.
    fn several(&self) -> &[(u32, u32)] {
        match &self.0 {
            Repr::Runs(shared) => &shared.runs,
            Repr::Run(..) => &[],
        }
    }

    /// Visits the runs in increasing order.
    pub fn iter_runs(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        let one = match self.0 {
            Repr::Run(low, high) if low < high => Some((low, high)),
            _ => None,
        };
        one.into_iter().chain(self.several().iter().copied())
    }

    /// Number of values.
    pub fn len(&self) -> u32 {
        match &self.0 {
            Repr::Run(low, high) => high - low,
            Repr::Runs(shared) => shared.len,
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value, if there is exactly one.
    pub fn as_single(&self) -> Option<u32> {
        match self.0 {
            Repr::Run(low, high) if high == low + 1 => Some(low),
            _ => None,
        }
    }

    /// The smallest value, if any.
    pub fn first(&self) -> Option<u32> {
        self.iter_runs().next().map(|run| run.0)
    }

    /// Whether `value` belongs to the set.
    pub fn contains(&self, value: u32) -> bool {
        match &self.0 {
            Repr::Run(low, high) => *low <= value && value < *high,
            Repr::Runs(shared) => {
                let after = shared.runs.partition_point(|run| run.0 <= value);
                after > 0 && value < shared.runs[after - 1].1
            }
        }
    }

    /// Visits the values in increasing order.
    pub fn values(&self) -> impl Iterator<Item = u32> + '_ {
        self.iter_runs().flat_map(|(low, high)| low..high)
    }

    /// Whether the two sets share a value.
    pub fn intersects(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Run(a, b), Repr::Run(c, d)) => a.max(c) < b.min(d),
            (Repr::Run(low, high), Repr::Runs(shared))
            | (Repr::Runs(shared), Repr::Run(low, high)) => {
                let next = shared.runs.partition_point(|run| run.1 <= *low);
                low < high && next < shared.runs.len() && shared.runs[next].0 < *high
            }
            (Repr::Runs(a), Repr::Runs(b)) => {
                Arc::ptr_eq(a, b) || overlap(&a.runs, &b.runs).next().is_some()
            }
        }
    }

    /// The values in both.
    pub fn intersect(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Repr::Run(a, b), Repr::Run(c, d)) => Self::range(*a.max(c), *b.min(d)),
            (Repr::Run(low, high), Repr::Runs(shared))
            | (Repr::Runs(shared), Repr::Run(low, high)) => {
                if *low <= shared.runs[0].0 && shared.runs[shared.runs.len() - 1].1 <= *high {
                    return Subset(Repr::Runs(Arc::clone(shared)));
                }
                let from = shared.runs.partition_point(|run| run.1 <= *low);
                let to = shared.runs.partition_point(|run| run.0 < *high);
                let mut out = RunsBuilder::default();
                for run in shared.runs.get(from..to).unwrap_or(&[]) {
                    out.push(run.0.max(*low), run.1.min(*high));
                }
                out.finish()
            }
            (Repr::Runs(a), Repr::Runs(b)) => {
                if Arc::ptr_eq(a, b) {
                    return self.clone();
                }
                let mut out = RunsBuilder::default();
                for (low, high) in overlap(&a.runs, &b.runs) {
                    out.push(low, high);
                }
                out.finish()
            }
        }
    }

    /// Number of values in both.
    pub fn common_len(&self, other: &Self) -> u32 {
        match (&self.0, &other.0) {
            (Repr::Run(a, b), Repr::Run(c, d)) => (*b.min(d)).saturating_sub(*a.max(c)),
            (Repr::Runs(shared), Repr::Run(low, high))
            | (Repr::Run(low, high), Repr::Runs(shared)) => {
                let from = shared.runs.partition_point(|run| run.1 <= *low);
                let meeting = shared.runs[from..].iter().take_while(|run| run.0 < *high);
                meeting.map(|run| run.1.min(*high) - run.0.max(*low)).sum()
            }
            (Repr::Runs(a), Repr::Runs(b)) if Arc::ptr_eq(a, b) => a.len,
            (Repr::Runs(a), Repr::Runs(b)) => {
                overlap(&a.runs, &b.runs).map(|run| run.1 - run.0).sum()
            }
        }
    }

    /// The values of `self` that are not in `other`.
    pub fn minus(&self, other: &Self) -> Self {
        if !self.intersects(other) {
            return self.clone();
        }
        if let (Repr::Run(low, high), Repr::Run(from, to)) = (&self.0, &other.0) {
            if from <= low {
                return Self::range(*to, *high);
            }
            if high <= to {
                return Self::range(*low, *from);
            }
        }
        let mut out = RunsBuilder::default();
        let mut cuts = other.iter_runs().peekable();
        for (mut low, high) in self.iter_runs() {
            while let Some(&(from, to)) = cuts.peek() {
                if to <= low {
                    cuts.next();
                    continue;
                }
                if from >= high {
                    break;
                }
                out.push(low, from.max(low));
                low = to.min(high);
                if to > high {
                    break;
                }
                cuts.next();
            }
            out.push(low, high);
        }
        out.finish()
    }

    /// The values in either.
    pub fn union(&self, other: &Self) -> Self {
        Self::from_runs(self.iter_runs().chain(other.iter_runs()).collect())
    }

    /// Whether every value of `self` is in `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Run(low, high), Repr::Run(from, to)) => {
                low >= high || (from <= low && high <= to)
            }
            _ => self.common_len(other) == self.len(),
        }
    }

    /// The set `{(v + shift) mod size}`.
    pub fn rotated(&self, shift: u32, size: u32) -> Self {
        if shift == 0 {
            return self.clone();
        }
        let mut runs = Vec::new();
        for (low, high) in self.iter_runs() {
            let (from, to) = (low + shift, high + shift);
            if from >= size {
                runs.push((from - size, to - size));
            } else if to > size {
                runs.push((from, size));
                runs.push((0, to - size));
            } else {
                runs.push((from, to));
            }
        }
        Self::from_runs(runs)
    }
}

/// The overlaps of two sorted run lists, in order.
fn overlap<'a>(a: &'a [(u32, u32)], b: &'a [(u32, u32)]) -> impl Iterator<Item = (u32, u32)> + 'a {
    let (mut i, mut j) = (0, 0);
    std::iter::from_fn(move || {
        while i < a.len() && j < b.len() {
            let low = a[i].0.max(b[j].0);
            let high = a[i].1.min(b[j].1);
            if a[i].1 <= b[j].1 {
                i += 1;
            } else {
                j += 1;
            }
            if low < high {
                return Some((low, high));
            }
        }
        None
    })
}

/// Collects runs that come in increasing order, joining those that meet.
#[derive(Default)]
struct RunsBuilder {
    runs: Vec<(u32, u32)>,
}

impl RunsBuilder {
    fn push(&mut self, low: u32, high: u32) {
        if low >= high {
            return;
        }
        match self.runs.last_mut() {
            Some(last) if low <= last.1 => last.1 = last.1.max(high),
            _ => self.runs.push((low, high)),
        }
    }

    fn finish(self) -> Subset {
        match self.runs.as_slice() {
            [] => Subset::empty(),
            [(low, high)] => Subset(Repr::Run(*low, *high)),
            runs => Subset(Repr::Runs(Arc::new(Runs {
                len: runs.iter().map(|run| run.1 - run.0).sum(),
                runs: self.runs.into_boxed_slice(),
            }))),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set() -> impl Strategy<Value = BTreeSet<u32>> {
        prop::collection::btree_set(0u32..24, 0..16)
    }

    fn of(values: &BTreeSet<u32>) -> Subset {
        Subset::from_values(values.iter().copied())
    }

    proptest! {
        #[test]
        fn the_algebra_is_that_of_sets(a in set(), b in set(), value in 0u32..26, shift in 0u32..24) {
            let (x, y) = (of(&a), of(&b));
            prop_assert_eq!(x.len() as usize, a.len());
            prop_assert_eq!(x.contains(value), a.contains(&value));
            prop_assert_eq!(x.values().collect::<BTreeSet<_>>(), a.clone());
            prop_assert_eq!(x.intersect(&y), of(&a.intersection(&b).copied().collect()));
            prop_assert_eq!(x.intersects(&y), !a.is_disjoint(&b));
            prop_assert_eq!(x.common_len(&y) as usize, a.intersection(&b).count());
            prop_assert_eq!(x.minus(&y), of(&a.difference(&b).copied().collect()));
            prop_assert_eq!(x.union(&y), of(&a.union(&b).copied().collect()));
            prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
            prop_assert_eq!(x.rotated(shift, 24), of(&a.iter().map(|v| (v + shift) % 24).collect()));
            prop_assert_eq!(x.first(), a.first().copied());
            prop_assert_eq!(x.as_single(), if a.len() == 1 { a.first().copied() } else { None });
        }
    }
}
