//! Pairs of nodes that a symmetry maps to each other.
//!
//! A pair is told by the cells of both nodes and by which values they share below shared parents:
//! where they differ in a parent, the child's values can be permuted apart.

use rustc_hash::FxHashMap;

use super::cells::{Boundary, Cells};
use super::families::Families;
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::{Block, Fabric};

/// More digits than this in a group are more than shared values are kept for.
const MAX_DIGITS: usize = 32;
/// More classes of pairs than this are refused.
const MAX_CLASSES: usize = 1 << 22;

/// A node: group and digits, with the cell of each digit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub group: usize,
    pub point: Vec<u32>,
    cells: Vec<u32>,
}

/// What tells a pair; equal for pairs that a symmetry maps to each other, whichever way round.
pub type PairKey = Vec<u32>;

/// Pairs that are alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairClass {
    pub key: PairKey,
    /// One of them, as digits of group and group.
    pub example: [(usize, Vec<u32>); 2],
    /// Number of ordered pairs.
    pub count: u128,
}

/// Tells which pairs of nodes of a fabric are alike.
#[derive(Debug)]
pub struct Pairing {
    families: Families,
    cells: Cells,
}

/// Two nodes in the making.
#[derive(Clone)]
struct Partial {
    points: [Vec<u32>; 2],
    cells: [Vec<u32>; 2],
    count: u128,
}

impl Pairing {
    /// Of a structured fabric.
    pub fn new(fabric: &Fabric) -> Self {
        let families = Families::new(fabric.layout());
        let cells = Cells::new(&families, &Boundary::of(fabric));
        Pairing { families, cells }
    }

    /// Whether the groups have few enough digits.
    pub fn fits(fabric: &Fabric) -> bool {
        let groups = &fabric.layout().groups;
        groups.iter().all(|group| group.digits.len() <= MAX_DIGITS)
    }

    /// A node.
    pub fn place(&mut self, group: usize, point: Vec<u32>) -> Place {
        let mut cells = vec![u32::MAX; point.len()];
        for digit in self.families.order[group].clone() {
            let below = self.cells_below(group, digit, &cells);
            let own = below.into_iter().find(|cell| {
                let values = &self.cells.list[*cell as usize].values;
                values.contains(point[digit])
            });
            cells[digit] = own.expect("cells cover all values");
        }
        Place {
            group,
            point,
            cells,
        }
    }

    fn cells_below(&mut self, group: usize, digit: usize, cells: &[u32]) -> Vec<u32> {
        let family = self.families.of[group][digit];
        let parents = &self.families.list[family].parents;
        let above = parents.iter().map(|parent| {
            let digit = self.families.digit(group, *parent);
            cells[digit.expect("a group has the parents of what it has")]
        });
        let above = above.collect();
        self.cells.below(&self.families, family, above)
    }

    /// Writes what tells a pair.
    pub fn key(&self, a: &Place, b: &Place, key: &mut PairKey) {
        let (a, b) = if (a.group, &a.cells) <= (b.group, &b.cells) {
            (a, b)
        } else {
            (b, a)
        };
        key.clear();
        key.push(a.group as u32);
        key.extend(&a.cells);
        key.push(b.group as u32);
        key.extend(&b.cells);
        let mut shared = 0u32;
        for (digit, family) in self.families.of[a.group].iter().enumerate() {
            let equal = |family: usize| -> bool {
                let digits = (
                    self.families.digit(a.group, family),
                    self.families.digit(b.group, family),
                );
                matches!(digits, (Some(x), Some(y)) if a.point[x] == b.point[y])
            };
            let own = &self.families.list[*family];
            if !own.rigid && equal(*family) && own.parents.iter().all(|parent| equal(*parent)) {
                shared |= 1 << digit;
            }
        }
        key.push(shared);
    }

    /// All classes of ordered pairs of different nodes, `nodes` being disjoint blocks of groups, in
    /// an order that depends on nothing else.
    ///
    /// # Errors
    /// `SizeLimit` for more than four million of them.
    pub fn classes(&mut self, nodes: &[(usize, Block)]) -> Result<Vec<PairClass>> {
        let mut found: Vec<PairClass> = Vec::new();
        let mut known: FxHashMap<PairKey, usize> = FxHashMap::default();
        let mut key = PairKey::new();
        for (at, one) in nodes.iter().enumerate() {
            for (other_at, other) in nodes.iter().enumerate().skip(at) {
                let times = if at == other_at { 1 } else { 2 };
                for partial in self.pairs([one, other])? {
                    let [p, q] = partial.points;
                    if one.0 == other.0 && p == q {
                        continue;
                    }
                    let [cp, cq] = partial.cells;
                    let (p, q) = (place(one.0, p, cp), place(other.0, q, cq));
                    self.key(&p, &q, &mut key);
                    let index = match known.get(&key) {
                        Some(index) => *index,
                        None => {
                            known.insert(key.clone(), found.len());
                            found.push(PairClass {
                                key: key.clone(),
                                example: [(p.group, p.point), (q.group, q.point)],
                                count: 0,
                            });
                            found.len() - 1
                        }
                    };
                    found[index].count += times * partial.count;
                    if found.len() > MAX_CLASSES {
                        return Err(Error::new(
                            ErrorKind::SizeLimit,
                            "there are more than four million kinds of pairs; ask for fewer nodes",
                        ));
                    }
                }
            }
        }
        Ok(found)
    }

    /// Pairs of a node of one block and one of another, a few of each kind, with their number.
    fn pairs(&mut self, ends: [&(usize, Block); 2]) -> Result<Vec<Partial>> {
        let groups = ends.map(|(group, _)| *group);
        let empty = groups.map(|group| vec![u32::MAX; self.families.of[group].len()]);
        let mut partials = vec![Partial {
            points: empty.clone(),
            cells: empty,
            count: 1,
        }];
        for steps in self.steps(groups) {
            let mut next = Vec::with_capacity(partials.len());
            for partial in &partials {
                self.extend(partial, steps, ends, &mut next);
            }
            partials = next;
            if partials.len() > MAX_CLASSES {
                return Err(Error::new(
                    ErrorKind::SizeLimit,
                    "there are more than four million kinds of pairs; ask for fewer nodes",
                ));
            }
        }
        Ok(partials)
    }

    /// The digits of both nodes, family by family, parents first; each by itself where the family is
    /// not permuted.
    fn steps(&self, [a, b]: [usize; 2]) -> Vec<[Option<usize>; 2]> {
        let of = &self.families.of;
        let mut steps: Vec<[Option<usize>; 2]> = Vec::new();
        let mut taken = vec![false; of[b].len()];
        for digit in &self.families.order[a] {
            let family = of[a][*digit];
            let other = (0..of[b].len()).find(|d| of[b][*d] == family && !taken[*d]);
            if let Some(other) = other {
                taken[other] = true;
            }
            if self.families.list[family].rigid {
                steps.push([Some(*digit), None]);
                steps.extend(other.map(|other| [None, Some(other)]));
            } else {
                steps.push([Some(*digit), other]);
            }
        }
        let rest = self.families.order[b].iter().filter(|d| !taken[**d]);
        steps.extend(rest.map(|digit| [None, Some(*digit)]));
        steps
    }

    /// Every way to go on with one family.
    fn extend(
        &mut self,
        partial: &Partial,
        digits: [Option<usize>; 2],
        ends: [&(usize, Block); 2],
        out: &mut Vec<Partial>,
    ) {
        let groups = ends.map(|(group, _)| *group);
        let below = [0, 1].map(|end| match digits[end] {
            Some(digit) => self.cells_below(groups[end], digit, &partial.cells[end]),
            None => Vec::new(),
        });
        let inside = |end: usize, cell: u32| {
            let digit = digits[end].unwrap_or_default();
            self.cells.list[cell as usize]
                .values
                .intersect(ends[end].1.axis(digit))
        };
        let add = |out: &mut Vec<Partial>, values: [u32; 2], cells: [u32; 2], count: u128| {
            let mut next = partial.clone();
            for end in [0, 1] {
                if let Some(digit) = digits[end] {
                    next.points[end][digit] = values[end];
                    next.cells[end][digit] = cells[end];
                }
            }
            next.count *= count;
            if count > 0 {
                out.push(next);
            }
        };
        let (Some(mine), Some(_)) = (digits[0], digits[1]) else {
            let end = usize::from(digits[0].is_none());
            for cell in &below[end] {
                let own = inside(end, *cell);
                if let Some(value) = own.first() {
                    add(out, [value; 2], [*cell; 2], u128::from(own.len()));
                }
            }
            return;
        };
        let family = self.families.of[groups[0]][mine];
        let shares_parents = self.families.list[family].parents.iter().all(|parent| {
            let place = |end: usize| {
                let digit = self.families.digit(groups[end], *parent);
                partial.points[end][digit.expect("a group has the parents of what it has")]
            };
            place(0) == place(1)
        });
        for one in &below[0] {
            let own = inside(0, *one);
            let Some(first) = own.first() else { continue };
            for other in &below[1] {
                let theirs = inside(1, *other);
                let Some(second) = theirs.first() else {
                    continue;
                };
                let all = u128::from(own.len()) * u128::from(theirs.len());
                if one != other || !shares_parents {
                    add(out, [first, second], [*one, *other], all);
                    continue;
                }
                let both = own.intersect(&theirs);
                if let Some(value) = both.first() {
                    add(out, [value; 2], [*one; 2], u128::from(both.len()));
                }
                let apart = theirs
                    .values()
                    .find(|value| *value != first)
                    .map(|v| [first, v]);
                let apart = apart.or_else(|| {
                    own.values()
                        .find(|value| *value != second)
                        .map(|v| [v, second])
                });
                if let Some(values) = apart {
                    add(out, values, [*one; 2], all - u128::from(both.len()));
                }
            }
        }
    }
}

fn place(group: usize, point: Vec<u32>, cells: Vec<u32>) -> Place {
    Place {
        group,
        point,
        cells,
    }
}
