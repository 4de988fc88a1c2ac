//! Which ranks are alike: orbits of the automorphisms that coordinates show.
//!
//! Digits tied by joins form a family; a permutation of a family's values acts on all of its digits
//! at once. One that maps every block of the fabric and of the query to itself is an automorphism
//! (`theory.md` 3). So values that are in the same blocks are alike, and so are nodes whose digits
//! are, family by family. Along a ring only turns are automorphisms: all values are alike or none.

use super::{Members, Node};
use crate::fabric::{Block, Bundle, Fabric, Subset, Wiring};

/// A digit's family: values in the same cell are alike.
pub struct Family {
    size: u32,
    pub cells: Vec<Subset>,
    turns: bool,
}

/// One rank of each orbit, or `None` if there are more than `limit`.
pub fn receivers(fabric: &Fabric, members: &Members, limit: u64) -> Option<Vec<Node>> {
    let families = Families::new(fabric, members, limit)?;
    let mut out = Vec::new();
    for (group, blocks) in members.ranks.iter().enumerate() {
        for block in blocks {
            let mut axes: Vec<Vec<u32>> = Vec::with_capacity(block.axes().len());
            for (digit, axis) in block.axes().iter().enumerate() {
                let cells = &families.of(group, digit).cells;
                let own = cells.iter().filter_map(|cell| cell.intersect(axis).first());
                axes.push(own.collect());
            }
            let count = axes
                .iter()
                .fold(1u64, |count, own| count.saturating_mul(own.len() as u64));
            if out.len() as u64 + count > limit {
                return None;
            }
            let mut digits = vec![0; axes.len()];
            for mut place in 0..count {
                for (axis, digit) in axes.iter().zip(&mut digits).rev() {
                    *digit = axis[(place % axis.len() as u64) as usize];
                    place /= axis.len() as u64;
                }
                out.push((group, digits.clone()));
            }
        }
    }
    Some(out)
}

/// The families of a fabric's digits.
pub struct Families {
    first_digit: Vec<usize>,
    family_of: Vec<usize>,
    families: Vec<Family>,
}

impl Families {
    /// The family of a digit.
    pub fn of(&self, group: usize, digit: usize) -> &Family {
        &self.families[self.family_of[self.first_digit[group] + digit]]
    }

    /// `None` if some family has more than `limit` cells.
    pub fn new(fabric: &Fabric, members: &Members, limit: u64) -> Option<Families> {
        let layout = fabric.layout();
        let mut first_digit = vec![0];
        let mut sizes = Vec::new();
        for group in &layout.groups {
            sizes.extend(group.digits.iter().map(|digit| digit.size));
            first_digit.push(sizes.len());
        }
        let mut parent: Vec<usize> = (0..sizes.len()).collect();
        for bundle in &layout.bundles {
            if let Wiring::Join(pairs) = &bundle.wiring {
                for (a, b) in pairs {
                    let (a, b) = (first_digit[bundle.a] + a, first_digit[bundle.b] + b);
                    let (a, b) = (root(&parent, a), root(&parent, b));
                    parent[a.max(b)] = a.min(b);
                }
            }
        }
        let family_of: Vec<usize> = (0..sizes.len()).map(|digit| root(&parent, digit)).collect();
        let mut own = Families {
            families: sizes
                .iter()
                .map(|size| Family {
                    size: *size,
                    cells: vec![Subset::full(*size)],
                    turns: false,
                })
                .collect(),
            first_digit,
            family_of,
        };
        own.turn(fabric);
        for (group, own_group) in layout.groups.iter().enumerate() {
            let removed = &fabric.state().removed[group];
            let known = own_group.domain.iter().chain(removed);
            for block in known
                .chain(&members.ranks[group])
                .chain(&members.senders[group])
            {
                for (digit, axis) in block.axes().iter().enumerate() {
                    own.split(group, digit, axis, limit)?;
                }
            }
        }
        for (index, bundle) in layout.bundles.iter().enumerate() {
            if bundle.wiring == Wiring::Listed {
                continue;
            }
            let digits_of_a = layout.groups[bundle.a].digits.len();
            let free = free_digits(bundle, layout.groups[bundle.b].digits.len());
            let changed = fabric.state().overrides[index]
                .iter()
                .map(|change| &change.links);
            for links in bundle.links.iter().chain(changed) {
                own.split_links(bundle, links, digits_of_a, &free, limit)?;
            }
        }
        Some(own)
    }

    /// Finds the families in which not every permutation is an automorphism, and pins those where
    /// none is.
    fn turn(&mut self, fabric: &Fabric) {
        let layout = fabric.layout();
        for bundle in &layout.bundles {
            match &bundle.wiring {
                Wiring::Ring { axis } => {
                    let family = self.family_of[self.first_digit[bundle.a] + axis];
                    self.families[family].turns = true;
                }
                Wiring::Listed => {
                    for group in [bundle.a, bundle.b] {
                        for digit in self.first_digit[group]..self.first_digit[group + 1] {
                            self.families[self.family_of[digit]].pin();
                        }
                    }
                }
                _ => {}
            }
        }
        // Two digits of one node in one family: whether they are equal would matter too.
        for group in 0..layout.groups.len() {
            let own = &self.family_of[self.first_digit[group]..self.first_digit[group + 1]];
            for (place, family) in own.iter().enumerate() {
                if own[..place].contains(family) {
                    self.families[*family].pin();
                }
            }
        }
    }

    fn split_links(
        &mut self,
        bundle: &Bundle,
        links: &Block,
        digits_of_a: usize,
        free: &[usize],
        limit: u64,
    ) -> Option<()> {
        for (place, axis) in links.axes().iter().enumerate() {
            if place < digits_of_a {
                self.split(bundle.a, place, axis, limit)?;
            } else if let Some(digit) = free.get(place - digits_of_a) {
                self.split(bundle.b, *digit, axis, limit)?;
            }
        }
        Some(())
    }

    /// Tells the values in `axis` from the others; `None` if there are too many cells.
    fn split(&mut self, group: usize, digit: usize, axis: &Subset, limit: u64) -> Option<()> {
        let family = self.family_of[self.first_digit[group] + digit];
        let family = &mut self.families[family];
        if axis.len() == family.size || axis.is_empty() {
            return Some(());
        }
        if family.turns {
            family.pin();
        }
        if family.cells.len() as u64 > limit {
            return None;
        }
        let mut more = Vec::new();
        for cell in &mut family.cells {
            let inside = cell.intersect(axis);
            if !inside.is_empty() && inside.len() < cell.len() {
                more.push(cell.minus(axis));
                *cell = inside;
            }
        }
        family.cells.extend(more);
        Some(())
    }
}

impl Family {
    /// No two values are alike.
    fn pin(&mut self) {
        if self.cells.len() < self.size as usize {
            self.cells = (0..self.size).map(Subset::single).collect();
        }
    }
}

fn root(parent: &[usize], mut digit: usize) -> usize {
    while parent[digit] != digit {
        digit = parent[digit];
    }
    digit
}

/// Digits of b that stand in a link block after those of a.
fn free_digits(bundle: &Bundle, digits: usize) -> Vec<usize> {
    let taken: Vec<usize> = match &bundle.wiring {
        Wiring::Join(pairs) => pairs.iter().map(|pair| pair.1).collect(),
        Wiring::Within(joined) => joined.clone(),
        _ => (0..digits).collect(),
    };
    (0..digits).filter(|digit| !taken.contains(digit)).collect()
}
