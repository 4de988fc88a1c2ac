//! Bandwidth between every two of many selections.

use rustc_hash::FxHashMap;

use super::{Forwarding, Query, bandwidth};
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::{Block, Fabric, Selection, disjoint_union};
use crate::memory;
use crate::monitor::Monitor;
use crate::parallel;
use crate::symmetry::{PairKey, Pairing, Place};

/// Values between every two of `groups`, row-major, in the fabric's units; 0 on the diagonal.
/// Single nodes of a structured fabric are solved once for all pairs that symmetry makes alike.
///
/// Queries run side by side; the result does not depend on the number of threads. Where links have
/// one capacity for both directions the matrix is symmetric and each pair is asked once.
///
/// # Errors
/// As [`bandwidth`], for the first pair in row order that fails.
pub fn pairwise(
    fabric: &Fabric,
    groups: &[Vec<Selection>],
    forwarding: Forwarding,
    monitor: &dyn Monitor,
) -> Result<Vec<i128>> {
    let count = groups.len();
    if count > 30_000 {
        let message = format!(
            "{count} selections make {} pairs; 30,000 is the most",
            count * count
        );
        return Err(Error::new(ErrorKind::SizeLimit, message));
    }
    memory::check("the matrix of pairs", 64 * (count * count) as u64)?;
    if let Some(places) = single_nodes(fabric, groups)? {
        return by_symmetry(fabric, places, forwarding, monitor);
    }
    let directed = fabric.arrays().is_some_and(|arrays| arrays.directed);
    let asked = |i: usize, j: usize| if directed { i != j } else { i < j };
    let pairs: Vec<(usize, usize)> = (0..count)
        .flat_map(|i| (0..count).map(move |j| (i, j)))
        .filter(|(i, j)| asked(*i, *j))
        .collect();
    let values = parallel::in_pieces(pairs.len(), |place| {
        let (i, j) = pairs[place];
        let query = Query {
            sources: groups[i].clone(),
            sinks: groups[j].clone(),
            forwarding,
        };
        Ok(bandwidth(fabric, &query, monitor)?.value)
    })?;
    let mut matrix = vec![0; count * count];
    for ((i, j), value) in pairs.into_iter().zip(values) {
        matrix[i * count + j] = value;
        if !directed {
            matrix[j * count + i] = value;
        }
    }
    Ok(matrix)
}

/// A node as group and digits.
type Node = (usize, Vec<u32>);

/// The places of groups that are one node each; none if some is not, or nothing is known of them.
fn single_nodes(
    fabric: &Fabric,
    groups: &[Vec<Selection>],
) -> Result<Option<(Pairing, Vec<Place>)>> {
    if fabric.arrays().is_some() || groups.len() < 3 || !Pairing::fits(fabric) {
        return Ok(None);
    }
    let mut nodes: Vec<Node> = Vec::with_capacity(groups.len());
    for selections in groups {
        let [selection] = selections.as_slice() else {
            return Ok(None);
        };
        let group = fabric.layout().resolve(selection)?;
        match selection.blocks.as_slice() {
            [block] if block.len() == 1 => nodes.extend(block.first().map(|point| (group, point))),
            _ => return Ok(None),
        }
    }
    let mut sorted: Vec<&Node> = nodes.iter().collect();
    sorted.sort_unstable();
    if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
        // Two ends that overlap are an error, which a query of their own tells best.
        return Ok(None);
    }
    let mut pairing = Pairing::new(fabric);
    let place = |(group, point)| pairing.place(group, point);
    let places = nodes.into_iter().map(place).collect();
    Ok(Some((pairing, places)))
}

/// The matrix of single nodes, from one query for each class of pairs.
fn by_symmetry(
    fabric: &Fabric,
    (pairing, places): (Pairing, Vec<Place>),
    forwarding: Forwarding,
    monitor: &dyn Monitor,
) -> Result<Vec<i128>> {
    let count = places.len();
    let mut known: FxHashMap<PairKey, u32> = FxHashMap::default();
    let mut examples: Vec<[Node; 2]> = Vec::new();
    let mut class = Vec::with_capacity(count * (count - 1) / 2);
    let mut key = PairKey::new();
    let node = |place: &Place| (place.group, place.point.clone());
    for (at, one) in places.iter().enumerate() {
        monitor.poll()?;
        for other in &places[at + 1..] {
            pairing.key(one, other, &mut key);
            let next = examples.len() as u32;
            class.push(match known.get(&key) {
                Some(class) => *class,
                None => {
                    examples.push([node(one), node(other)]);
                    known.insert(key.clone(), next);
                    next
                }
            });
        }
    }
    let values = values(fabric, &examples, forwarding, monitor)?;
    let mut matrix = vec![0; count * count];
    let mut class = class.into_iter();
    for i in 0..count {
        for (j, class) in (i + 1..count).zip(&mut class) {
            matrix[i * count + j] = values[class as usize];
            matrix[j * count + i] = values[class as usize];
        }
    }
    Ok(matrix)
}

/// The value between the nodes of each pair.
fn values(
    fabric: &Fabric,
    pairs: &[[Node; 2]],
    forwarding: Forwarding,
    monitor: &dyn Monitor,
) -> Result<Vec<i128>> {
    let select = |(group, point): &Node| {
        let own = &fabric.layout().groups[*group];
        vec![Selection {
            group: own.name.clone(),
            sizes: own.digit_sizes(),
            blocks: vec![Block::point(point)],
        }]
    };
    parallel::in_pieces(pairs.len(), |at| {
        let [source, sink] = &pairs[at];
        let query = Query {
            sources: select(source),
            sinks: select(sink),
            forwarding,
        };
        Ok(bandwidth(fabric, &query, monitor)?.value)
    })
}

/// Pairs of nodes that a symmetry of the fabric maps to each other, and what they have alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairOrbit {
    /// In the fabric's units.
    pub value: i128,
    /// Number of ordered pairs.
    pub count: u128,
    /// Ids of the pair that was solved.
    pub example: [u64; 2],
}

/// Values between all pairs of some nodes of a structured fabric, orbit by orbit.
#[derive(Debug)]
pub struct AllPairs {
    pub orbits: Vec<PairOrbit>,
    /// Of the nodes, by increasing id.
    places: Vec<Place>,
    pairing: Pairing,
    index: FxHashMap<PairKey, u32>,
}

impl AllPairs {
    /// All pairs of the selected nodes of a structured fabric.
    ///
    /// # Errors
    /// As [`bandwidth`]; `Selection` for fewer than two nodes; `SizeLimit` for too many orbits or
    /// nodes.
    ///
    /// # Complexity
    /// One query for each orbit that the coordinates show, and O(n) for n nodes.
    pub fn new(
        fabric: &Fabric,
        nodes: &[Selection],
        forwarding: Forwarding,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let layout = fabric.layout();
        if !Pairing::fits(fabric) {
            let message = "a group has more than 32 digits; give the nodes one by one";
            return Err(Error::new(ErrorKind::SizeLimit, message));
        }
        let mut blocks: Vec<Vec<Block>> = vec![Vec::new(); layout.groups.len()];
        for selection in nodes {
            blocks[layout.resolve(selection)?].extend(selection.blocks.iter().cloned());
        }
        let join = |(group, own): (usize, Vec<Block>)| {
            let own = if own.len() > 1 {
                disjoint_union(own)
            } else {
                own
            };
            own.into_iter().map(move |block| (group, block))
        };
        let blocks: Vec<(usize, Block)> = blocks.into_iter().enumerate().flat_map(join).collect();
        let total: u64 = blocks.iter().map(|(_, block)| block.len()).sum();
        if total < 2 {
            let message = format!("{total} node has no pairs; two are needed at least");
            return Err(Error::new(ErrorKind::Selection, message));
        }
        let mut pairing = Pairing::new(fabric);
        let classes = pairing.classes(&blocks)?;
        let examples: Vec<[Node; 2]> = classes.iter().map(|class| class.example.clone()).collect();
        let values = values(fabric, &examples, forwarding, monitor)?;
        memory::check("the nodes", total * 128)?;
        let mut places = Vec::with_capacity(total as usize);
        for (group, block) in &blocks {
            let mut points = Vec::with_capacity(block.len() as usize);
            block.for_each_point(|point| points.push(point.to_vec()));
            places.extend(points.into_iter().map(|point| pairing.place(*group, point)));
        }
        let id = |group: usize, point: &[u32]| {
            let group = &layout.groups[group];
            group.first_node + group.rank(point)
        };
        places.sort_by_cached_key(|place| id(place.group, &place.point));
        let mut index = FxHashMap::default();
        let mut orbits = Vec::with_capacity(classes.len());
        for (class, value) in classes.into_iter().zip(values) {
            let example = class.example.map(|(group, point)| id(group, &point));
            index.insert(class.key, orbits.len() as u32);
            orbits.push(PairOrbit {
                value,
                count: class.count,
                example,
            });
        }
        Ok(AllPairs {
            orbits,
            places,
            pairing,
            index,
        })
    }

    /// Number of nodes.
    pub fn num_nodes(&self) -> usize {
        self.places.len()
    }

    /// The orbit of a pair, by positions of the nodes; none for a node and itself.
    pub fn orbit(&self, i: usize, j: usize) -> Option<u32> {
        let mut key = PairKey::new();
        self.orbit_with(i, j, &mut key)
    }

    fn orbit_with(&self, i: usize, j: usize, key: &mut PairKey) -> Option<u32> {
        if i == j {
            return None;
        }
        self.pairing.key(&self.places[i], &self.places[j], key);
        self.index.get(key).copied()
    }

    /// The orbits of all pairs from the nodes at `rows`, row-major; the number of orbits for a node
    /// and itself.
    ///
    /// # Errors
    /// What the monitor says.
    pub fn rows(&self, rows: std::ops::Range<usize>, monitor: &dyn Monitor) -> Result<Vec<u32>> {
        let own = self.orbits.len() as u32;
        let first = rows.start;
        let rows = parallel::in_pieces(rows.len(), |at| {
            monitor.poll()?;
            let mut key = PairKey::new();
            let row = (0..self.places.len())
                .map(|j| self.orbit_with(first + at, j, &mut key).unwrap_or(own));
            Ok(row.collect::<Vec<u32>>())
        })?;
        Ok(rows.concat())
    }
}
