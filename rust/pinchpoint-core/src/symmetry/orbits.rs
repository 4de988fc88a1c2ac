//! Orbits of nodes: products of one cell per digit.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::cells::{Boundary, Cells};
use super::families::Families;
use crate::error::Result;
use crate::fabric::{Block, Fabric};
use crate::monitor::{Monitor, Pace};

/// Nodes that a symmetry maps to each other.
#[derive(Debug, Clone)]
pub struct Orbit {
    pub group: usize,
    /// Of each digit, its cell.
    pub cells: Vec<u32>,
    /// Number of nodes.
    pub size: f64,
    /// One of them.
    pub point: Vec<u32>,
    /// Whether they have not failed.
    pub up: bool,
}

/// All orbits of a fabric under the symmetries that keep a boundary.
#[derive(Debug)]
pub struct Orbits {
    pub families: Families,
    pub cells: Cells,
    pub list: Vec<Orbit>,
    /// By group: its first orbit; one more at the end.
    pub first: Vec<usize>,
}

/// More orbits than were asked for.
#[derive(Debug, Clone, Copy)]
pub struct TooFine;

/// Finds the orbits of a group in blocks of its nodes that the boundary keeps.
#[derive(Debug)]
pub struct Finder<'a> {
    orbits: &'a [Orbit],
    /// The id of the first of them.
    first: u32,
    /// Their ids, once one is looked up.
    by_point: OnceCell<FxHashMap<&'a [u32], u32>>,
}

impl<'a> Finder<'a> {
    fn new(orbits: &'a [Orbit], first: usize) -> Self {
        Finder {
            orbits,
            first: first as u32,
            by_point: OnceCell::new(),
        }
    }

    /// Appends the ids of the orbits in `block`, in order.
    ///
    /// # Errors
    ///
    /// What the monitor says.
    ///
    /// # Complexity
    ///
    /// The number of nodes of the block or of orbits, whichever is less; all orbits once.
    pub fn find(&self, block: &Block, found: &mut Vec<u32>, pace: &mut Pace<'_>) -> Result<()> {
        let all = self.orbits.iter().zip(self.first..);
        if block.len() >= self.orbits.len() as u64 {
            pace.spend(self.orbits.len())?;
            let inside = all.filter(|(orbit, _)| block.contains(&orbit.point));
            found.extend(inside.map(|(_, id)| id));
            return Ok(());
        }
        pace.spend(block.len() as usize)?;
        let by_point = self
            .by_point
            .get_or_init(|| all.map(|(orbit, id)| (&orbit.point[..], id)).collect());
        let start = found.len();
        block.for_each_point(|point| found.extend(by_point.get(point)));
        found[start..].sort_unstable();
        Ok(())
    }
}

impl Orbits {
    /// The orbits, or none if there are more than `most`.
    pub fn new(
        fabric: &Fabric,
        boundary: &Boundary,
        most: usize,
        monitor: &dyn Monitor,
    ) -> Result<std::result::Result<Orbits, TooFine>> {
        let layout = fabric.layout();
        let families = Families::new(layout);
        let all: Vec<&[Block]> = layout.groups.iter().map(|own| &own.domain[..]).collect();
        Self::among(fabric, families, boundary, &all, most, monitor)
    }

    /// The orbits among some nodes of each group, which the boundary keeps, or none if there are
    /// more than `most`.
    pub fn among(
        fabric: &Fabric,
        families: Families,
        boundary: &Boundary,
        nodes: &[&[Block]],
        most: usize,
        monitor: &dyn Monitor,
    ) -> Result<std::result::Result<Orbits, TooFine>> {
        let mut cells = Cells::new(&families, boundary);
        let mut list: Vec<Orbit> = Vec::new();
        let mut first = Vec::with_capacity(nodes.len() + 1);
        let mut pace = Pace::new(monitor);
        for (group, own) in nodes.iter().enumerate() {
            monitor.poll()?;
            first.push(list.len());
            let digits = &families.order[group];
            let Some(found) = cells.products(&families, group, digits, own, most) else {
                return Ok(Err(TooFine));
            };
            let start = list.len();
            for own in found {
                let point: Vec<u32> = own.iter().map(|c| cells.list[*c as usize].first).collect();
                let sizes = own
                    .iter()
                    .map(|cell| cells.list[*cell as usize].size as f64);
                list.push(Orbit {
                    group,
                    size: sizes.product(),
                    up: true,
                    cells: own,
                    point,
                });
            }
            if list.len() > most {
                return Ok(Err(TooFine));
            }
            let (finder, mut failed) = (Finder::new(&list[start..], start), Vec::new());
            for block in &fabric.state().removed[group] {
                finder.find(block, &mut failed, &mut pace)?;
            }
            for id in failed {
                list[id as usize].up = false;
            }
        }
        first.push(list.len());
        Ok(Ok(Orbits {
            families,
            cells,
            list,
            first,
        }))
    }

    /// Finds the orbits of a group.
    pub fn finder(&self, group: usize) -> Finder<'_> {
        let own = self.first[group]..self.first[group + 1];
        Finder::new(&self.list[own.clone()], own.start)
    }

    /// The nodes of an orbit.
    pub fn block(&self, orbit: &Orbit) -> Block {
        let cells = orbit.cells.iter();
        Block::new(cells.map(|cell| self.cells.list[*cell as usize].values.clone()))
    }

    /// Number of values of a digit of an orbit.
    pub fn width(&self, orbit: &Orbit, digit: usize) -> f64 {
        self.cells.list[orbit.cells[digit] as usize].size as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::NoMonitor;
    use crate::fabric::Subset;

    fn axis() -> impl Strategy<Value = Subset> {
        prop_oneof![
            (0u32..6).prop_map(Subset::single),
            prop::collection::btree_set(0u32..6, 0..6).prop_map(Subset::from_values),
        ]
    }

    proptest! {
        #[test]
        fn orbits_are_found_by_their_points(
            points in prop::collection::btree_set((0u32..6, 0u32..6), 0..20),
            blocks in prop::collection::vec((axis(), axis()), 0..6),
        ) {
            let orbit = |(a, b): (u32, u32)| Orbit {
                group: 0,
                cells: Vec::new(),
                size: 1.0,
                point: vec![a, b],
                up: true,
            };
            let orbits: Vec<Orbit> = points.into_iter().map(orbit).collect();
            let blocks: Vec<Block> = blocks.into_iter().map(|(a, b)| Block::new([a, b])).collect();
            let finder = Finder::new(&orbits, 7);
            let inside = |block: &Block| -> Vec<u32> {
                let all = orbits.iter().zip(7..);
                all.filter(|(orbit, _)| block.contains(&orbit.point)).map(|(_, id)| id).collect()
            };
            let mut pace = Pace::new(&NoMonitor);
            for block in &blocks {
                let mut found = vec![99];
                finder.find(block, &mut found, &mut pace)?;
                prop_assert_eq!(&found[1..], inside(block));
            }
        }
    }
}
