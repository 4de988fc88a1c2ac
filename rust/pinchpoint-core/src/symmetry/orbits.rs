//! Orbits of nodes: products of one cell per digit.

use super::cells::{Boundary, Cells};
use super::families::Families;
use crate::error::Result;
use crate::fabric::Fabric;
use crate::monitor::Monitor;

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
        let mut cells = Cells::new(&families, boundary);
        let mut list: Vec<Orbit> = Vec::new();
        let mut first = Vec::with_capacity(layout.groups.len() + 1);
        for (index, group) in layout.groups.iter().enumerate() {
            monitor.poll()?;
            first.push(list.len());
            let mut found = vec![vec![0u32; group.digits.len()]];
            for digit in &families.order[index] {
                let family = families.of[index][*digit];
                let above: Vec<usize> = families.list[family]
                    .parents
                    .iter()
                    .filter_map(|parent| families.digit(index, *parent))
                    .collect();
                let mut next = Vec::with_capacity(found.len());
                for orbit in found {
                    let parents = above.iter().map(|digit| orbit[*digit]).collect();
                    for cell in cells.below(&families, family, parents) {
                        let mut finer = orbit.clone();
                        finer[*digit] = cell;
                        next.push(finer);
                    }
                    if next.len() > most {
                        return Ok(Err(TooFine));
                    }
                }
                found = next;
            }
            let removed = &fabric.state().removed[index];
            for own in found {
                let point: Vec<u32> = own.iter().map(|c| cells.list[*c as usize].first).collect();
                if !group.domain.iter().any(|block| block.contains(&point)) {
                    continue;
                }
                let sizes = own
                    .iter()
                    .map(|cell| cells.list[*cell as usize].size as f64);
                list.push(Orbit {
                    group: index,
                    size: sizes.product(),
                    up: !removed.iter().any(|block| block.contains(&point)),
                    cells: own,
                    point,
                });
            }
            if list.len() > most {
                return Ok(Err(TooFine));
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

    /// Number of values of a digit of an orbit.
    pub fn width(&self, orbit: &Orbit, digit: usize) -> f64 {
        self.cells.list[orbit.cells[digit] as usize].size as f64
    }
}
