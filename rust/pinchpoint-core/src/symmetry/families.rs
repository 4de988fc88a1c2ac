//! Families: coordinates that bundles tie together, and below which others a family is free.

use super::cells::Boundary;
use crate::fabric::{Bundle, Layout, Wiring};

/// Coordinates tied by joins; a permutation acts on all of them.
#[derive(Debug, Clone)]
pub struct Family {
    /// Number of values.
    pub size: u32,
    /// Families with the values of which its permutation may differ: every group that has this one
    /// has those, and every bundle that joins this one joins those. With a parent come its parents.
    pub parents: Vec<usize>,
    /// Not permuted at all: along a ring, listed one by one, or twice in one group.
    pub rigid: bool,
    /// Rigid only because it is the axis of a ring: turns of the whole family are symmetries.
    pub turns: bool,
}

/// All families of a layout.
#[derive(Debug, Clone)]
pub struct Families {
    pub list: Vec<Family>,
    /// Of each group, the family of each digit.
    pub of: Vec<Vec<usize>>,
    /// Of each group, its digits with parents before children.
    pub order: Vec<Vec<usize>>,
}

/// The joined digits of a bundle: (digit of a, digit of b). Along a ring all but the axis.
pub(super) fn joined(layout: &Layout, bundle: &Bundle) -> Vec<(usize, usize)> {
    match &bundle.wiring {
        Wiring::Join(pairs) => pairs.clone(),
        Wiring::Within(digits) => digits.iter().map(|digit| (*digit, *digit)).collect(),
        Wiring::Ring { axis } => (0..layout.groups[bundle.a].digits.len())
            .filter(|digit| digit != axis)
            .map(|digit| (digit, digit))
            .collect(),
        Wiring::Listed => Vec::new(),
    }
}

impl Families {
    pub fn new(layout: &Layout) -> Families {
        let mut first = vec![0usize];
        for group in &layout.groups {
            first.push(first.last().copied().unwrap_or(0) + group.digits.len());
        }
        let digits = *first.last().unwrap_or(&0);
        let mut tied: Vec<usize> = (0..digits).collect();
        for bundle in &layout.bundles {
            for (a, b) in joined(layout, bundle) {
                let (x, y) = (tied[first[bundle.a] + a], tied[first[bundle.b] + b]);
                if x != y {
                    tied.iter_mut()
                        .filter(|own| **own == y)
                        .for_each(|own| *own = x);
                }
            }
        }
        let mut names: Vec<usize> = tied.clone();
        names.sort_unstable();
        names.dedup();
        let family = |place: usize| names.binary_search(&tied[place]).unwrap_or(0);
        let of: Vec<Vec<usize>> = layout
            .groups
            .iter()
            .enumerate()
            .map(|(index, group)| {
                (0..group.digits.len())
                    .map(|d| family(first[index] + d))
                    .collect()
            })
            .collect();
        let mut list: Vec<Family> = vec![
            Family {
                size: 0,
                parents: Vec::new(),
                rigid: false,
                turns: false,
            };
            names.len()
        ];
        let mut twice = vec![false; names.len()];
        let mut uses: Vec<Vec<usize>> = vec![Vec::new(); names.len()];
        for (index, group) in layout.groups.iter().enumerate() {
            for (digit, own) in group.digits.iter().enumerate() {
                let family = of[index][digit];
                list[family].size = list[family].size.max(own.size);
                if uses[family].contains(&index) {
                    (list[family].rigid, twice[family]) = (true, true);
                } else {
                    uses[family].push(index);
                }
            }
        }
        for bundle in &layout.bundles {
            if let Wiring::Ring { axis } = bundle.wiring {
                let family = &mut list[of[bundle.a][axis]];
                family.turns |= !family.rigid;
                family.rigid = true;
            }
        }
        for bundle in &layout.bundles {
            if bundle.wiring == Wiring::Listed {
                for family in of[bundle.a].iter().chain(&of[bundle.b]) {
                    (list[*family].rigid, list[*family].turns) = (true, false);
                }
            }
        }
        let mut order: Vec<usize> = (0..names.len()).collect();
        order.sort_by_key(|family| (std::cmp::Reverse(uses[*family].len()), *family));
        let rank = |family: usize| order.iter().position(|own| *own == family).unwrap_or(0);
        let joins = |bundle: &Bundle, family: usize| {
            let own = joined(layout, bundle);
            own.iter()
                .any(|(a, b)| of[bundle.a][*a] == family && of[bundle.b][*b] == family)
        };
        for child in 0..names.len() {
            if list[child].rigid {
                continue;
            }
            let may = |parent: usize| {
                rank(parent) < rank(child)
                    && !twice[parent]
                    && uses[child].iter().all(|group| uses[parent].contains(group))
                    && layout
                        .bundles
                        .iter()
                        .all(|bundle| !joins(bundle, child) || joins(bundle, parent))
            };
            list[child].parents = order
                .iter()
                .copied()
                .filter(|parent| may(*parent))
                .collect();
        }
        let by_group = of
            .iter()
            .map(|own| {
                let mut digits: Vec<usize> = (0..own.len()).collect();
                digits.sort_by_key(|digit| (rank(own[*digit]), *digit));
                digits
            })
            .collect();
        Families {
            list,
            of,
            order: by_group,
        }
    }

    /// Lets rings turn where the boundary has no place on them: all values of such a family are then
    /// alike. Right for what one node may be, and not for what two may be to each other.
    #[must_use]
    pub fn turning(mut self, boundary: &Boundary) -> Families {
        for (group, block) in &boundary.blocks {
            for (digit, family) in self.of[*group].iter().enumerate() {
                let family = &mut self.list[*family];
                family.turns &= block.axis(digit).len() == family.size;
            }
        }
        for family in &mut self.list {
            family.rigid &= !family.turns;
        }
        self
    }

    /// Permutes the families of some digits of a group alike wherever other digits differ: sets of
    /// nodes told by these digits alone are then mapped to each other.
    #[must_use]
    pub fn told_by(mut self, group: usize, digits: &[usize]) -> Families {
        let told: Vec<usize> = digits.iter().map(|digit| self.of[group][*digit]).collect();
        for family in &told {
            let parents = &mut self.list[*family].parents;
            parents.retain(|parent| told.contains(parent));
        }
        self
    }

    /// The digit of a group that belongs to a family.
    pub fn digit(&self, group: usize, family: usize) -> Option<usize> {
        self.of[group].iter().position(|own| *own == family)
    }
}
