//! Cells: values of a family that nothing tells apart, below given values of its parents.

use rustc_hash::{FxHashMap, FxHashSet};

use super::families::Families;
use crate::fabric::{Block, Fabric, Subset, Wiring};

/// Blocks of nodes that every symmetry must keep.
#[derive(Debug, Clone, Default)]
pub struct Boundary {
    /// Group and block.
    pub blocks: Vec<(usize, Block)>,
}

impl Boundary {
    /// What the fabric itself asks for: nodes that exist, ends of bundles, failures, degradations.
    pub fn of(fabric: &Fabric) -> Boundary {
        let layout = fabric.layout();
        let mut boundary = Boundary::default();
        for (index, group) in layout.groups.iter().enumerate() {
            boundary.add(index, &group.domain);
            boundary.add(index, &fabric.state().removed[index]);
        }
        for (bundle, changes) in layout.bundles.iter().zip(&fabric.state().overrides) {
            // Listed links join rigid groups.
            if bundle.wiring == Wiring::Listed {
                continue;
            }
            let group_a = &layout.groups[bundle.a];
            let changed = changes.iter().map(|change| &change.links);
            for links in bundle.links.iter().chain(changed) {
                boundary
                    .blocks
                    .push((bundle.a, bundle.a_end(links, group_a)));
                boundary
                    .blocks
                    .push((bundle.b, bundle.b_end(links, group_a)));
            }
        }
        boundary
    }

    /// Adds blocks of one group.
    pub fn add(&mut self, group: usize, blocks: &[Block]) {
        self.blocks
            .extend(blocks.iter().map(|block| (group, block.clone())));
    }
}

/// Values of a family below given cells of its parents.
#[derive(Debug, Clone)]
pub struct Cell {
    pub values: Subset,
    /// The smallest value.
    pub first: u32,
    pub size: u64,
}

/// What a block asks of a family: where on its parents it holds, and what it holds there.
type Rule = (Vec<Subset>, Subset);

/// The cells met so far; equal ids mean equal values below equal parents.
#[derive(Debug)]
pub struct Cells {
    pub list: Vec<Cell>,
    rules: Vec<Vec<Rule>>,
    known: FxHashMap<(usize, Vec<u32>), Vec<u32>>,
}

impl Cells {
    pub fn new(families: &Families, boundary: &Boundary) -> Cells {
        let mut rules: Vec<FxHashSet<Rule>> = vec![FxHashSet::default(); families.list.len()];
        for (group, block) in &boundary.blocks {
            for (digit, family) in families.of[*group].iter().enumerate() {
                let own = &families.list[*family];
                let axis = block.axis(digit);
                if own.rigid || axis.len() == own.size {
                    continue;
                }
                let above = own.parents.iter().map(|parent| {
                    let digit = families.digit(*group, *parent);
                    digit.map_or(Subset::empty(), |digit| block.axis(digit).clone())
                });
                rules[*family].insert((above.collect(), axis.clone()));
            }
        }
        Cells {
            list: Vec::new(),
            rules: rules
                .into_iter()
                .map(|own| own.into_iter().collect())
                .collect(),
            known: FxHashMap::default(),
        }
    }

    /// The cells of a family below these cells of its parents, by their smallest values.
    pub fn below(&mut self, families: &Families, family: usize, parents: Vec<u32>) -> Vec<u32> {
        let key = (family, parents);
        if let Some(found) = self.known.get(&key) {
            return found.clone();
        }
        let own = &families.list[family];
        let mut parts = vec![Subset::full(own.size)];
        if own.rigid {
            parts = (0..own.size).map(Subset::single).collect();
        }
        for (above, values) in &self.rules[family] {
            let holds =
                |(axis, cell): (&Subset, &u32)| axis.contains(self.list[*cell as usize].first);
            if !above.iter().zip(&key.1).all(holds) {
                continue;
            }
            let mut next = Vec::with_capacity(parts.len() + 1);
            for part in parts {
                let (inside, outside) = (part.intersect(values), part.minus(values));
                next.extend(
                    [inside, outside]
                        .into_iter()
                        .filter(|part| !part.is_empty()),
                );
            }
            parts = next;
        }
        parts.sort_by_key(Subset::first);
        let ids = parts.into_iter().map(|values| {
            self.list.push(Cell {
                first: values.first().unwrap_or(0),
                size: u64::from(values.len()),
                values,
            });
            self.list.len() as u32 - 1
        });
        let ids: Vec<u32> = ids.collect();
        self.known.insert(key, ids.clone());
        ids
    }

    /// Every choice of a cell for each of some digits of a group, parents first, that some of
    /// `nodes` have: by digit, zero for those not asked for. None if there are more than `most`.
    pub fn products(
        &mut self,
        families: &Families,
        group: usize,
        digits: &[usize],
        nodes: &[Block],
        most: usize,
    ) -> Option<Vec<Vec<u32>>> {
        let mut found: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
        if !nodes.is_empty() {
            let inside = (0..nodes.len() as u32).collect();
            found.push((vec![0; families.of[group].len()], inside));
        }
        for digit in digits {
            let family = families.of[group][*digit];
            let above: Vec<usize> = families.list[family]
                .parents
                .iter()
                .filter_map(|parent| families.digit(group, *parent))
                .collect();
            let mut next = Vec::with_capacity(found.len());
            for (own, inside) in found {
                let parents = above.iter().map(|digit| own[*digit]).collect();
                for cell in self.below(families, family, parents) {
                    let value = self.list[cell as usize].first;
                    let holds = |block: &&u32| nodes[**block as usize].axis(*digit).contains(value);
                    let left: Vec<u32> = inside.iter().filter(holds).copied().collect();
                    if !left.is_empty() {
                        let mut finer = own.clone();
                        finer[*digit] = cell;
                        next.push((finer, left));
                    }
                }
                if next.len() > most {
                    return None;
                }
            }
            found = next;
        }
        Some(found.into_iter().map(|(own, _)| own).collect())
    }
}
