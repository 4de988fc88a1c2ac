//! Orbits of nodes: products of one cell per digit.

use super::cells::{Boundary, Cells};
use super::families::Families;
use crate::error::Result;
use crate::fabric::{Block, Fabric};
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
        for (group, own) in nodes.iter().enumerate() {
            monitor.poll()?;
            first.push(list.len());
            let digits = &families.order[group];
            let Some(found) = cells.products(&families, group, digits, own, most) else {
                return Ok(Err(TooFine));
            };
            let removed = &fabric.state().removed[group];
            for own in found {
                let point: Vec<u32> = own.iter().map(|c| cells.list[*c as usize].first).collect();
                let sizes = own
                    .iter()
                    .map(|cell| cells.list[*cell as usize].size as f64);
                list.push(Orbit {
                    group,
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
