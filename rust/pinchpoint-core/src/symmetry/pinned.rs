//! The quotient with one node held fixed.

use std::ops::Range;

use super::links::Links;
use super::orbits::Orbits;
use crate::fabric::{Block, Subset};

/// A pair of pinned classes that a link orbit joins.
#[derive(Debug, Clone, Copy)]
pub struct PinnedArc {
    /// Pinned classes, of the link orbit's a and b.
    pub a: u32,
    pub b: u32,
    /// The link orbit.
    pub link: u32,
    /// Nodes of b joined to one of a, and of a to one of b.
    pub out: f64,
    pub back: f64,
}

/// The orbits of the symmetries that fix one node of an orbit: each orbit of the whole cut up by
/// which of the node's values its nodes share.
#[derive(Debug, Clone, Default)]
pub struct Pinned {
    /// Of each orbit: its first class; one more at the end.
    pub first: Vec<u32>,
    /// Of each class: its orbit, and the digits in which it has the value of the fixed node, below
    /// the fixed node's values of their parents.
    pub orbit: Vec<u32>,
    pub shared: Vec<u32>,
    pub size: Vec<f64>,
    /// In order of their link orbits.
    pub arcs: Vec<PinnedArc>,
    /// The class of the fixed node.
    pub root: u32,
    /// Of each orbit: digits in which its cell is that of the fixed node.
    alike: Vec<u32>,
    /// By group and digit: the digits of its parents.
    above: Vec<Vec<u32>>,
}

impl Pinned {
    /// Pins a node of orbit `root`, reusing buffers.
    pub fn pin(&mut self, orbits: &Orbits, links: &Links, root: u32) {
        let families = &orbits.families;
        if self.above.is_empty() {
            self.above = (0..families.of.len())
                .map(|group| {
                    let bits = |family: &usize| -> u32 {
                        // A rigid parent has one value a cell: a cell below it tells it too.
                        let above = families.list[*family].parents.iter();
                        above
                            .filter(|parent| !families.list[**parent].rigid)
                            .filter_map(|parent| families.digit(group, *parent))
                            .fold(0, |bits, digit| bits | 1 << digit)
                    };
                    families.of[group].iter().map(bits).collect()
                })
                .collect();
        }
        let fixed = &orbits.list[root as usize];
        let mut cell = vec![u32::MAX; families.list.len()];
        for (digit, family) in families.of[fixed.group].iter().enumerate() {
            if !families.list[*family].rigid {
                cell[*family] = fixed.cells[digit];
            }
        }
        for buffer in [
            &mut self.first,
            &mut self.orbit,
            &mut self.shared,
            &mut self.alike,
        ] {
            buffer.clear();
        }
        self.size.clear();
        self.arcs.clear();
        let mut masks: Vec<u32> = Vec::new();
        for (id, orbit) in orbits.list.iter().enumerate() {
            self.first.push(self.orbit.len() as u32);
            let own = orbit
                .cells
                .iter()
                .zip(&families.of[orbit.group])
                .enumerate();
            let alike = own
                .filter(|(_, (own, family))| **own == cell[**family])
                .fold(0u32, |bits, (digit, _)| bits | 1 << digit);
            self.alike.push(alike);
            masks.clear();
            masks.push(0);
            for digit in &families.order[orbit.group] {
                if alike >> digit & 1 == 0 {
                    continue;
                }
                let above = self.above[orbit.group][*digit];
                let alone = orbits.width(orbit, *digit) == 1.0;
                for place in 0..masks.len() {
                    let mask = masks[place];
                    if above & !mask != 0 {
                        continue;
                    }
                    masks[place] = mask | 1 << digit;
                    if !alone {
                        masks.push(mask);
                    }
                }
            }
            for mask in &masks {
                self.orbit.push(id as u32);
                self.shared.push(*mask);
                self.size.push(0.0);
            }
        }
        self.first.push(self.orbit.len() as u32);
        for class in 0..self.orbit.len() {
            let orbit = &orbits.list[self.orbit[class] as usize];
            let widths =
                (0..orbit.cells.len()).map(|digit| self.width(orbits, class as u32, digit));
            self.size[class] = widths.product();
        }
        let all = families.of[fixed.group].iter().enumerate();
        let all = all
            .filter(|(_, family)| !families.list[**family].rigid)
            .fold(0u32, |bits, (digit, _)| bits | 1 << digit);
        self.root = self
            .classes(root)
            .find(|class| self.shared[*class as usize] == all)
            .unwrap_or(0);
        for (id, link) in links.list.iter().enumerate() {
            let (from, to) = (self.classes(link.a), self.classes(link.b));
            if link.cables == 0.0 {
                continue;
            }
            if from.len() == 1 && to.len() == 1 {
                if link.a != link.b {
                    self.arcs.push(PinnedArc {
                        a: from.start,
                        b: to.start,
                        link: id as u32,
                        out: link.out,
                        back: link.back,
                    });
                }
                continue;
            }
            let plan = &links.plans[link.bundle as usize];
            for a in from {
                for b in to.clone() {
                    // What a class has to itself carries nothing.
                    if link.a == link.b && a >= b {
                        continue;
                    }
                    let bit = |class: u32, digit: &usize| self.shared[class as usize] >> digit & 1;
                    if plan.joined.iter().any(|(x, y)| bit(a, x) != bit(b, y)) {
                        continue;
                    }
                    let out = plan
                        .free_b
                        .iter()
                        .map(|digit| self.width(orbits, b, *digit));
                    let back = plan
                        .free_a
                        .iter()
                        .map(|digit| self.width(orbits, a, *digit));
                    let arc = PinnedArc {
                        a,
                        b,
                        link: id as u32,
                        out: out.product(),
                        back: back.product(),
                    };
                    self.arcs.push(arc);
                }
            }
        }
    }

    /// The arcs of the link orbits of a range, side by side in `arcs`.
    pub fn arcs_of(&self, links: &Range<usize>) -> Range<usize> {
        let before = |link: usize| self.arcs.partition_point(|arc| (arc.link as usize) < link);
        before(links.start)..before(links.end)
    }

    /// The classes of an orbit.
    pub fn classes(&self, orbit: u32) -> std::ops::Range<u32> {
        self.first[orbit as usize]..self.first[orbit as usize + 1]
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.orbit.len()
    }

    /// Whether there is no class.
    pub fn is_empty(&self) -> bool {
        self.orbit.is_empty()
    }

    /// A node of a class.
    pub fn point(&self, orbits: &Orbits, class: u32) -> Vec<u32> {
        let (id, mask) = (
            self.orbit[class as usize] as usize,
            self.shared[class as usize],
        );
        let orbit = &orbits.list[id];
        let digits = orbit.cells.iter().enumerate().map(|(digit, cell)| {
            let values = &orbits.cells.list[*cell as usize].values;
            let beside = self.beside(orbit.group, id, mask, digit);
            values
                .values()
                .nth(usize::from(beside))
                .unwrap_or(orbit.point[digit])
        });
        digits.collect()
    }

    /// The nodes of a class.
    pub fn block(&self, orbits: &Orbits, class: u32) -> Block {
        let (id, mask) = (
            self.orbit[class as usize] as usize,
            self.shared[class as usize],
        );
        let orbit = &orbits.list[id];
        let axes = orbit.cells.iter().enumerate().map(|(digit, cell)| {
            let cell = &orbits.cells.list[*cell as usize];
            if mask >> digit & 1 == 1 {
                Subset::single(cell.first)
            } else if self.beside(orbit.group, id, mask, digit) {
                cell.values.minus(&Subset::single(cell.first))
            } else {
                cell.values.clone()
            }
        });
        Block::new(axes)
    }

    /// Whether the values of a digit leave out that of the fixed node.
    fn beside(&self, group: usize, orbit: usize, mask: u32, digit: usize) -> bool {
        mask >> digit & 1 == 0
            && self.alike[orbit] >> digit & 1 == 1
            && self.above[group][digit] & !mask == 0
    }

    /// Number of values of a digit of a class.
    fn width(&self, orbits: &Orbits, class: u32, digit: usize) -> f64 {
        let (id, mask) = (
            self.orbit[class as usize] as usize,
            self.shared[class as usize],
        );
        let orbit = &orbits.list[id];
        if mask >> digit & 1 == 1 {
            return 1.0;
        }
        let beside = self.beside(orbit.group, id, mask, digit);
        orbits.width(orbit, digit) - if beside { 1.0 } else { 0.0 }
    }

    /// How an arc's links share out among the patterns of its link orbit.
    pub fn patterns(&self, orbits: &Orbits, links: &Links, arc: &PinnedArc, out: &mut Vec<f64>) {
        let plan = &links.plans[links.list[arc.link as usize].bundle as usize];
        if plan.both.is_empty() {
            out.clear();
            out.push(1.0);
            return;
        }
        let cell = |class: u32, digit: usize| {
            let id = self.orbit[class as usize] as usize;
            (
                orbits.list[id].cells[digit],
                self.shared[class as usize] >> digit & 1,
            )
        };
        plan.patterns(
            |both| cell(arc.a, both.a) == cell(arc.b, both.b),
            |both| {
                (
                    self.width(orbits, arc.a, both.a),
                    self.width(orbits, arc.b, both.b),
                )
            },
            out,
        );
        let sum: f64 = out.iter().sum();
        out.iter_mut().for_each(|count| *count /= sum);
    }
}
