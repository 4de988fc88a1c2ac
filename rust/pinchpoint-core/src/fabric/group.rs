//! Node groups: nodes with integer coordinates, as the user counts them and as the wiring does.

use std::collections::BTreeMap;

use super::block::Block;
use super::names::{no_such, quoted};
use super::subset::Subset;
use crate::error::{Error, ErrorKind, Result};

/// What a node is; decides the default forwarding and what `forwarding="none"` keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    Chip,
    Host,
    Nic,
    Switch,
}

/// Whether a node passes on traffic that is not its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Forwards {
    /// Never: it only sends and receives.
    Never,
    /// Always.
    Always,
    /// Between links that do not end at a NIC; never to or from a NIC.
    ScaleUp,
}

/// A coordinate of the wiring. Bundles join groups on digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digit {
    pub name: String,
    pub size: u32,
}

/// How a user's coordinate is written in digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Mixed radix, most significant digit first.
    Radix,
    /// The Gray code of a ring of four over two digits of size two, so that a step of the ring
    /// changes one digit.
    Gray,
}

/// A coordinate as the user counts it: `0..size`, written in one digit or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coordinate {
    pub name: String,
    /// At most the product of the digit sizes; less leaves the last nodes out of the fabric.
    pub size: u32,
    pub code: Code,
    /// Positions in [`Group::digits`], most significant first.
    pub digits: Vec<usize>,
}

/// A node group. Nodes are numbered row-major over the user's coordinates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub name: String,
    pub role: Role,
    pub forwards: Forwards,
    /// Traffic a node can pass, in capacity units; `None` is no limit.
    pub capacity: Option<i64>,
    pub digits: Vec<Digit>,
    pub coordinates: Vec<Coordinate>,
    /// Number of nodes.
    pub num_nodes: u64,
    /// Id of the first node.
    pub first_node: u64,
    /// The nodes that exist, as disjoint blocks of digits.
    pub domain: Vec<Block>,
}

impl Coordinate {
    /// The digits of the user's value.
    fn encode(&self, value: u32, sizes: &[u32], point: &mut [u32]) {
        let mut rest = match self.code {
            Code::Radix => value,
            Code::Gray => value ^ (value >> 1),
        };
        for (position, size) in self.digits.iter().zip(sizes).rev() {
            point[*position] = rest % size;
            rest /= size;
        }
    }

    /// The user's value of the digits.
    fn decode(&self, sizes: &[u32], point: &[u32]) -> u32 {
        let number = self
            .digits
            .iter()
            .zip(sizes)
            .fold(0, |number, (position, size)| {
                number * size + point[*position]
            });
        match self.code {
            Code::Radix => number,
            // The inverse Gray code of a two-bit number.
            Code::Gray => number ^ (number >> 1),
        }
    }

    /// A set of the user's values as disjoint products of digit subsets.
    fn blocks(&self, values: &Subset, sizes: &[u32]) -> Vec<Vec<Subset>> {
        match self.code {
            Code::Radix => radix_blocks(values, sizes),
            Code::Gray => {
                let coded = values.values().map(|value| value ^ (value >> 1));
                radix_blocks(&Subset::from_values(coded), sizes)
            }
        }
    }
}

/// Numbers in mixed radix as disjoint products of digit sets, most significant digit first.
///
/// Numbers whose leading digits are followed by the same set of remainders share a product, so a
/// range costs at most two products a digit.
fn radix_blocks(values: &Subset, sizes: &[u32]) -> Vec<Vec<Subset>> {
    if sizes.len() <= 1 {
        return vec![vec![values.clone()]];
    }
    let low: u32 = sizes[1..].iter().product();
    let mut whole: Vec<(u32, u32)> = Vec::new();
    let mut partial: BTreeMap<u32, Vec<(u32, u32)>> = BTreeMap::new();
    for (from, to) in values.iter_runs() {
        let (first, last) = (from / low, (to - 1) / low);
        let mut add = |lead: u32, start: u32, end: u32| {
            if start == 0 && end == low {
                whole.push((lead, lead + 1));
            } else {
                partial.entry(lead).or_default().push((start, end));
            }
        };
        if first == last {
            add(first, from % low, (to - 1) % low + 1);
            continue;
        }
        add(first, from % low, low);
        add(last, 0, (to - 1) % low + 1);
        if first + 1 < last {
            whole.push((first + 1, last));
        }
    }
    let mut leads_by_rest: BTreeMap<Vec<(u32, u32)>, Vec<u32>> = BTreeMap::new();
    for (lead, rest) in partial {
        leads_by_rest.entry(rest).or_default().push(lead);
    }
    let mut blocks = Vec::new();
    if !whole.is_empty() {
        let mut block = vec![Subset::from_runs(whole)];
        block.extend(sizes[1..].iter().map(|size| Subset::full(*size)));
        blocks.push(block);
    }
    for (rest, leads) in leads_by_rest {
        // As deep as there are digits, and those are bounded at build time.
        for tail in radix_blocks(&Subset::from_runs(rest), &sizes[1..]) {
            let mut block = vec![Subset::from_values(leads.iter().copied())];
            block.extend(tail);
            blocks.push(block);
        }
    }
    blocks
}

impl Group {
    /// Sizes of the digits.
    pub fn digit_sizes(&self) -> Vec<u32> {
        self.digits.iter().map(|digit| digit.size).collect()
    }

    fn sizes_of(&self, coordinate: &Coordinate) -> Vec<u32> {
        let digits = coordinate.digits.iter();
        digits.map(|digit| self.digits[*digit].size).collect()
    }

    /// The blocks of nodes that exist.
    pub(super) fn compute_domain(&self) -> Vec<Block> {
        let mut blocks = vec![Block::full(self.digit_sizes())];
        for coordinate in &self.coordinates {
            blocks = self.restrict(&blocks, coordinate, &Subset::full(coordinate.size));
        }
        blocks
    }

    /// The part of `blocks` where the user's coordinate is in `values`.
    fn restrict(&self, blocks: &[Block], coordinate: &Coordinate, values: &Subset) -> Vec<Block> {
        let products = coordinate.blocks(values, &self.sizes_of(coordinate));
        let mut out = Vec::with_capacity(blocks.len() * products.len());
        for block in blocks {
            for product in &products {
                let mut part = block.clone();
                for (digit, subset) in coordinate.digits.iter().zip(product) {
                    part.narrow(*digit, subset);
                }
                if !part.is_empty() {
                    out.push(part);
                }
            }
        }
        out
    }

    /// The size of a coordinate or digit, `None` if there is none of that name.
    pub fn size_of(&self, name: &str) -> Option<u32> {
        let coordinate = self.coordinates.iter().find(|c| c.name == name);
        let digit = || self.digits.iter().find(|d| d.name == name).map(|d| d.size);
        coordinate.map(|c| c.size).or_else(digit)
    }

    /// The digits behind a coordinate or digit of that name.
    pub fn digits_of(&self, name: &str) -> Option<Vec<usize>> {
        if let Some(coordinate) = self.coordinates.iter().find(|c| c.name == name) {
            return Some(coordinate.digits.clone());
        }
        let digit = self.digits.iter().position(|digit| digit.name == name)?;
        Some(vec![digit])
    }

    /// The part of `blocks` where the coordinate or digit `name` is in `values`.
    pub fn narrow(&self, blocks: &[Block], name: &str, values: &Subset) -> Result<Vec<Block>> {
        if let Some(coordinate) = self.coordinates.iter().find(|c| c.name == name) {
            return Ok(self.restrict(blocks, coordinate, values));
        }
        let Some(digit) = self.digits.iter().position(|digit| digit.name == name) else {
            return Err(self.no_coordinate(name));
        };
        let cut = |block: &Block| block.with_axis(digit, block.axis(digit).intersect(values));
        Ok(blocks.iter().map(cut).filter(|b| !b.is_empty()).collect())
    }

    /// The error for a coordinate this group does not have.
    pub fn no_coordinate(&self, name: &str) -> Error {
        let known: Vec<&str> = self.coordinate_names();
        if known.is_empty() {
            let message = format!(
                "group {} is one node and has no coordinates, so {} selects nothing",
                quoted(&self.name),
                quoted(name)
            );
            return Error::new(ErrorKind::Selection, message);
        }
        let what = format!("coordinate of group {}", quoted(&self.name));
        no_such(ErrorKind::Selection, &what, name, &known)
    }

    /// Names of the user's coordinates, then of the digits that are not among them.
    pub fn coordinate_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.coordinates.iter().map(|c| c.name.as_str()).collect();
        for digit in &self.digits {
            if !names.contains(&digit.name.as_str()) {
                names.push(&digit.name);
            }
        }
        names
    }

    /// The place of a node in its group's numbering.
    pub fn rank(&self, point: &[u32]) -> u64 {
        self.coordinates.iter().fold(0, |rank, coordinate| {
            let value = coordinate.decode(&self.sizes_of(coordinate), point);
            rank * u64::from(coordinate.size) + u64::from(value)
        })
    }

    /// The digits of the node at `rank`.
    pub fn point(&self, mut rank: u64) -> Vec<u32> {
        let mut point = vec![0; self.digits.len()];
        for coordinate in self.coordinates.iter().rev() {
            let size = u64::from(coordinate.size);
            let value = (rank % size) as u32;
            rank /= size;
            coordinate.encode(value, &self.sizes_of(coordinate), &mut point);
        }
        point
    }

    /// The user's coordinates of a node.
    pub fn user_values(&self, point: &[u32]) -> Vec<u32> {
        let values = self.coordinates.iter();
        values.map(|c| c.decode(&self.sizes_of(c), point)).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn radix_blocks_hold_the_numbers(
            values in prop::collection::btree_set(0u32..60, 0..40),
            sizes in prop::sample::select(vec![vec![60], vec![5, 12], vec![3, 4, 5], vec![2, 2, 3, 5]]),
        ) {
            let mut found = Vec::new();
            for block in radix_blocks(&Subset::from_values(values.iter().copied()), &sizes) {
                Block::new(block).for_each_point(|point| {
                    found.push(point.iter().zip(&sizes).fold(0, |n, (d, s)| n * s + d));
                });
            }
            found.sort_unstable();
            prop_assert_eq!(found, values.into_iter().collect::<Vec<_>>());
        }
    }
}
