//! Link bundles: which nodes of two groups are joined, as a set of links that is never listed.

use super::block::{self, Block};
use super::group::Group;
use super::subset::Subset;

/// How a bundle's links follow from coordinates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wiring {
    /// All pairs that agree on the joined digits: (digit of a, digit of b).
    Join(Vec<(usize, usize)>),
    /// Within one group: pairs of distinct nodes that agree on the joined digits. Blocks of links
    /// are of *ordered* pairs here and always symmetric, so that each link is held both ways.
    Within(Vec<usize>),
    /// Within one group: a node and the next along one digit, all other digits equal.
    Ring { axis: usize },
    /// Links that follow no rule: one arc list, addressed by its index.
    Listed,
}

/// Links between two groups. A *link block* is a block over (a's digits, b's digits that are not
/// joined, cable), or over the link's index alone for a listed bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    pub name: String,
    pub a: usize,
    pub b: usize,
    pub wiring: Wiring,
    /// Capacity of one cable per direction, in the fabric's units. Zero for a listed bundle, whose
    /// links each have their own.
    pub capacity: i64,
    pub multiplicity: u32,
    /// All links as built: disjoint link blocks.
    pub links: Vec<Block>,
    pub num_links: u64,
    /// For each digit of b, the digit of a it is joined to.
    joined: Vec<Option<usize>>,
    ring: Option<(usize, u32)>,
}

impl Bundle {
    /// A bundle with the links between `a_part` and `b_part`, which are disjoint blocks each.
    pub fn new(
        name: String,
        (a, group_a, a_part): (usize, &Group, &[Block]),
        (b, group_b, b_part): (usize, &Group, &[Block]),
        wiring: Wiring,
        capacity: i64,
        multiplicity: u32,
    ) -> Self {
        let mut joined = vec![None; group_b.digits.len()];
        let mut ring = None;
        match &wiring {
            Wiring::Join(pairs) => pairs.iter().for_each(|(i, j)| joined[*j] = Some(*i)),
            Wiring::Within(digits) => digits.iter().for_each(|i| joined[*i] = Some(*i)),
            Wiring::Ring { axis } => {
                (0..joined.len()).for_each(|i| joined[i] = Some(i));
                ring = Some((*axis, group_a.digits[*axis].size));
            }
            Wiring::Listed => {}
        }
        let mut bundle = Bundle {
            name,
            a,
            b,
            wiring,
            capacity,
            multiplicity,
            links: Vec::new(),
            num_links: 0,
            joined,
            ring,
        };
        let mut links = bundle.products(a_part, b_part);
        if bundle.is_within() {
            let mirrored = bundle.products(b_part, a_part);
            links.extend(block::subtract(&mirrored, &links));
        }
        bundle.num_links = links.iter().map(|block| bundle.count(block)).sum::<u64>()
            / if bundle.is_within() { 2 } else { 1 };
        bundle.links = links;
        bundle
    }

    /// A bundle of `num_links` links that follow no rule.
    pub fn listed(name: String, a: usize, b: usize, num_links: u32) -> Self {
        Bundle {
            name,
            a,
            b,
            wiring: Wiring::Listed,
            capacity: 0,
            multiplicity: 1,
            links: vec![Block::full([num_links])],
            num_links: u64::from(num_links),
            joined: Vec::new(),
            ring: None,
        }
    }

    /// Whether link blocks hold ordered pairs of one group.
    pub fn is_within(&self) -> bool {
        matches!(self.wiring, Wiring::Within(_))
    }

    /// The links between two parts, as disjoint link blocks (ordered pairs if within a group).
    pub fn products(&self, a_part: &[Block], b_part: &[Block]) -> Vec<Block> {
        let mut out = Vec::new();
        for a in a_part {
            out.extend(b_part.iter().filter_map(|b| self.product(a, b)));
        }
        out
    }

    /// The links between two blocks of nodes.
    pub fn product(&self, a: &Block, b: &Block) -> Option<Block> {
        let free = self.joined.iter().filter(|joined| joined.is_none()).count();
        let mut axes = Vec::with_capacity(a.axes().len() + free + 1);
        axes.extend_from_slice(a.axes());
        for (digit, axis) in b.axes().iter().enumerate() {
            match self.joined[digit] {
                Some(own) => axes[own] = self.meeting(&axes[own], digit, axis),
                None => axes.push(axis.clone()),
            }
        }
        axes.push(Subset::full(self.multiplicity));
        if axes.iter().any(Subset::is_empty) {
            return None;
        }
        Some(Block::new(axes))
    }

    /// Those of `own`, values of a, that are joined to some of `axis`, values of a digit of b.
    fn meeting(&self, own: &Subset, digit: usize, axis: &Subset) -> Subset {
        match self.ring {
            Some((ring, size)) if ring == digit => own.intersect(&axis.rotated(size - 1, size)),
            _ => own.intersect(axis),
        }
    }

    /// The nodes of a at the ends of a link block.
    pub fn a_end(&self, links: &Block, group_a: &Group) -> Block {
        Block::new(links.axes()[..group_a.digits.len()].iter().cloned())
    }

    /// The nodes of b at the ends of a link block.
    pub fn b_end(&self, links: &Block, group_a: &Group) -> Block {
        let mut free = links.axes()[group_a.digits.len()..].iter();
        let axes = self.joined.iter().enumerate().map(|(digit, joined)| {
            let own = match joined {
                Some(own) => links.axis(*own),
                None => free
                    .next()
                    .expect("one axis for each digit that is not joined"),
            };
            match self.ring {
                Some((ring, size)) if ring == digit => own.rotated(1, size),
                _ => own.clone(),
            }
        });
        Block::new(axes)
    }

    /// Whether some links of a block may end in a block of nodes of a; "no" is certain.
    pub fn may_leave(&self, links: &Block, a: &Block) -> bool {
        let mut axes = a.axes().iter().zip(links.axes());
        axes.all(|(own, theirs)| own.intersects(theirs))
    }

    /// Whether some links of a block may run between two blocks of nodes; "no" is certain. Makes no
    /// copies: this is asked of every failed link.
    pub fn may_join(&self, links: &Block, a: &Block, b: &Block) -> bool {
        if !self.may_leave(links, a) {
            return false;
        }
        let mut free = a.axes().len();
        self.joined
            .iter()
            .enumerate()
            .all(|(digit, joined)| match joined {
                Some(_) if self.ring.is_some_and(|(ring, _)| ring == digit) => true,
                Some(own) => b.axis(digit).intersects(links.axis(*own)),
                None => {
                    free += 1;
                    b.axis(digit).intersects(links.axis(free - 1))
                }
            })
    }

    /// The cables of a link block.
    pub fn cables<'a>(&self, links: &'a Block) -> &'a Subset {
        links.axes().last().expect("a link block has a cable axis")
    }

    /// The same pairs the other way round (within a group).
    pub fn mirrored(&self, links: &Block) -> Block {
        let own = self.joined.len();
        let mut axes = links.axes().to_vec();
        let free: Vec<usize> = (0..own).filter(|i| self.joined[*i].is_none()).collect();
        for (place, digit) in free.into_iter().enumerate() {
            axes.swap(digit, own + place);
        }
        Block::new(axes)
    }

    /// Number of (ordered, if within a group) pairs of distinct nodes, times cables.
    pub fn count(&self, links: &Block) -> u64 {
        links.len() - self.diagonal(links)
    }

    /// [`count`](Self::count) of the links of a block between two blocks of nodes. Makes no blocks,
    /// except within a group.
    pub fn count_between(&self, links: &Block, a: &Block, b: &Block) -> u64 {
        if self.is_within() {
            let part = self.product(a, b).and_then(|part| part.intersect(links));
            return part.map_or(0, |part| self.count(&part));
        }
        let mut count = u64::from(self.cables(links).len());
        let free = b.axes().iter().zip(&self.joined);
        let free = free.filter(|(_, joined)| joined.is_none());
        for ((axis, _), theirs) in free.zip(&links.axes()[a.axes().len()..]) {
            count *= u64::from(axis.common_len(theirs));
            if count == 0 {
                return 0;
            }
        }
        for (digit, own) in a.axes().iter().enumerate() {
            let mut common = own.intersect(links.axis(digit));
            for (place, axis) in b.axes().iter().enumerate() {
                if self.joined[place] == Some(digit) {
                    common = self.meeting(&common, place, axis);
                }
            }
            count *= u64::from(common.len());
        }
        count
    }

    /// Within a group: the pairs of axes that are equal where a node meets itself.
    pub(super) fn own_pair(&self) -> Option<Vec<(usize, usize)>> {
        let digits = self.joined.len();
        let free = (0..digits).filter(|digit| self.joined[*digit].is_none());
        self.is_within().then(|| {
            free.enumerate()
                .map(|(place, digit)| (digit, digits + place))
                .collect()
        })
    }

    /// Number of points of a link block that would join a node to itself.
    fn diagonal(&self, links: &Block) -> u64 {
        let Some(own_pair) = self.own_pair() else {
            return 0;
        };
        let digits = self.joined.len();
        let alone = (0..digits).filter(|digit| self.joined[*digit].is_some());
        let joined: u64 = alone
            .map(|digit| u64::from(links.axis(digit).len()))
            .product();
        let equal = own_pair
            .iter()
            .map(|(a, b)| links.axis(*a).common_len(links.axis(*b)));
        u64::from(self.cables(links).len()) * joined * equal.map(u64::from).product::<u64>()
    }
}

/// Ranks of neighbours where ranks are linear in digits: a part from joined digits, a part from
/// free ones.
impl Bundle {
    /// What the joined digits of a node of a add to the rank of its neighbours.
    pub(super) fn joined_offset(&self, point: &[u32], strides: &[u64]) -> u64 {
        let digits = self.joined.iter().enumerate();
        digits
            .filter_map(|(digit, own)| {
                let value = point[(*own)?];
                let value = match self.ring {
                    Some((ring, size)) if ring == digit => (value + 1) % size,
                    _ => value,
                };
                Some(u64::from(value) * strides[digit])
            })
            .sum()
    }

    /// What the free digits of the b ends of a link block add to their ranks, sorted.
    pub(super) fn free_offsets(&self, links: &Block, group_a: &Group, strides: &[u64]) -> Vec<u64> {
        let mut offsets = vec![0u64];
        let free = (0..self.joined.len()).filter(|digit| self.joined[*digit].is_none());
        for (place, digit) in free.enumerate() {
            let values = links.axis(group_a.digits.len() + place);
            let steps = offsets.iter();
            offsets = steps
                .flat_map(|base| {
                    values
                        .values()
                        .map(move |v| base + u64::from(v) * strides[digit])
                })
                .collect();
        }
        offsets.sort_unstable();
        offsets
    }
}
