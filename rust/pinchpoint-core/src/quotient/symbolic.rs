//! A fabric and a query as a symbolic graph: live nodes, their colours, and weighted link blocks.

use super::partition::Terminal;
use crate::bandwidth::{Ends, Relay};
use crate::fabric::{Block, Bundle, Fabric, Group, Subset, Weighted, Wiring, hull, subtract};

/// Nodes of one group that start in one class.
#[derive(Debug, Clone)]
pub struct Seed {
    pub group: usize,
    pub terminal: Terminal,
    pub blocks: Vec<Block>,
}

/// Links as one end sees them: from the nodes of `near`, `weight` to each node of `far` that agrees.
#[derive(Debug, Clone)]
pub struct Arm {
    pub near_group: usize,
    pub far_group: usize,
    pub near: Block,
    pub far: Block,
    pub weight: i128,
    /// (near digit, far digit) that must agree; the far value is `shift` steps on, cyclically.
    joined: Vec<(usize, usize)>,
    shift: Option<Shift>,
    /// Digits of far that are free.
    free_far: Vec<usize>,
    /// Whether a node is not its own neighbour here although the blocks hold that pair.
    within: bool,
}

#[derive(Debug, Clone, Copy)]
struct Shift {
    digit: usize,
    /// Steps from near to far.
    steps: u32,
    size: u32,
}

/// What the quotient engine works on.
#[derive(Debug, Default, Clone)]
pub struct Symbolic {
    pub num_groups: usize,
    pub seeds: Vec<Seed>,
    pub arms: Vec<Arm>,
    /// Per group: traffic a node can pass.
    pub node_capacity: Vec<Option<i64>>,
}

/// Which nodes and links a symbolic graph takes in.
#[derive(Debug, Clone, Copy)]
pub enum Scope<'a> {
    /// Everything, with all failures and degradations.
    All,
    /// The fabric as built, without any change.
    AsBuilt,
    /// Only these nodes, by group, and the links among them.
    Within(&'a [Vec<Block>]),
}

impl Symbolic {
    /// The graph of a query: live nodes, the links among them that may carry its traffic.
    pub fn new(fabric: &Fabric, ends: &Ends, scope: Scope<'_>) -> Self {
        let layout = fabric.layout();
        let mut graph = Symbolic {
            num_groups: layout.groups.len(),
            node_capacity: layout.groups.iter().map(|group| group.capacity).collect(),
            ..Symbolic::default()
        };
        for (index, group) in layout.groups.iter().enumerate() {
            graph.add_seeds(fabric, ends, scope, index, group);
        }
        let terms = match scope {
            Scope::Within(parts) => {
                fabric.terms_between(&parts.iter().map(hull).collect::<Vec<_>>())
            }
            Scope::AsBuilt => fabric.terms_as_built(),
            Scope::All => fabric.terms(),
        };
        for term in terms {
            let bundle = &layout.bundles[term.bundle];
            let group_a = &layout.groups[bundle.a];
            if ends.carries_all(layout, bundle) {
                graph.add_arms(bundle, group_a, term.a_end, term.b_end, term.weight);
                continue;
            }
            for (a_end, b_end) in ends.carrying(layout, bundle, &term.a_end, &term.b_end) {
                let part = bundle.product(&a_end, &b_end);
                if let Some(part) = part.and_then(|part| part.intersect(&term.links)) {
                    let (near, far) = (bundle.a_end(&part, group_a), bundle.b_end(&part, group_a));
                    graph.add_arms(bundle, group_a, near, far, term.weight);
                }
            }
        }
        graph
    }

    fn add_seeds(
        &mut self,
        fabric: &Fabric,
        ends: &Ends,
        scope: Scope<'_>,
        index: usize,
        group: &Group,
    ) {
        let removed: &[Block] = match scope {
            Scope::AsBuilt => &[],
            _ => &fabric.state().removed[index],
        };
        let visible = |blocks: &[Block]| {
            let up = subtract(blocks, removed);
            match scope {
                Scope::Within(parts) => crate::fabric::intersection(&up, &parts[index]),
                _ => up,
            }
        };
        let mut add = |terminal, blocks: Vec<Block>| {
            if !blocks.is_empty() {
                self.seeds.push(Seed {
                    group: index,
                    terminal,
                    blocks,
                });
            }
        };
        add(Terminal::Source, visible(&ends.sources[index]));
        add(Terminal::Sink, visible(&ends.sinks[index]));
        if ends.relays[index] != Relay::Never {
            let rest = subtract(&group.domain, &ends.sources[index]);
            add(
                Terminal::Inner,
                visible(&subtract(&rest, &ends.sinks[index])),
            );
        }
    }

    /// Adds links of a bundle between two blocks of nodes, as seen from each end.
    fn add_arms(
        &mut self,
        bundle: &Bundle,
        group_a: &Group,
        near: Block,
        far: Block,
        weight: i128,
    ) {
        let mut shift = None;
        let joined: Vec<(usize, usize)> = match &bundle.wiring {
            Wiring::Join(pairs) => pairs.clone(),
            Wiring::Within(digits) => digits.iter().map(|digit| (*digit, *digit)).collect(),
            Wiring::Ring { axis } => {
                let size = group_a.digits[*axis].size;
                shift = Some(Shift {
                    digit: *axis,
                    steps: 1,
                    size,
                });
                (0..group_a.digits.len())
                    .map(|digit| (digit, digit))
                    .collect()
            }
            Wiring::Listed => unreachable!("a structured fabric has no listed bundle"),
        };
        let within = bundle.is_within();
        let free = |taken: Vec<usize>, digits: usize| -> Vec<usize> {
            (0..digits).filter(|digit| !taken.contains(digit)).collect()
        };
        let arm = Arm {
            near_group: bundle.a,
            far_group: bundle.b,
            free_far: free(joined.iter().map(|pair| pair.1).collect(), far.axes().len()),
            near,
            far,
            weight,
            joined,
            shift,
            within,
        };
        // Pairs within a group are held both ways already.
        if !within {
            let back = arm.reversed();
            self.arms.push(back);
        }
        self.arms.push(arm);
    }
}

impl Arm {
    fn reversed(&self) -> Self {
        let joined: Vec<(usize, usize)> = self
            .joined
            .iter()
            .map(|(near, far)| (*far, *near))
            .collect();
        let taken: Vec<usize> = joined.iter().map(|pair| pair.1).collect();
        Arm {
            near_group: self.far_group,
            far_group: self.near_group,
            near: self.far.clone(),
            far: self.near.clone(),
            weight: self.weight,
            free_far: (0..self.near.axes().len())
                .filter(|digit| !taken.contains(digit))
                .collect(),
            joined,
            shift: self.shift.map(|shift| Shift {
                steps: shift.size - shift.steps,
                ..shift
            }),
            within: self.within,
        }
    }

    /// Moves a far subset to the near end's values, or a near one to the far end's.
    fn moved(&self, digit: usize, subset: &Subset, to_far: bool) -> Subset {
        match self.shift {
            Some(shift) if shift.digit == digit => {
                let steps = if to_far {
                    shift.steps
                } else {
                    shift.size - shift.steps
                };
                subset.rotated(steps % shift.size, shift.size)
            }
            _ => subset.clone(),
        }
    }

    /// What a block of far nodes gives to near nodes: a weighted block, and a second one that takes
    /// back what a node would give to itself.
    pub fn given_by(&self, far: &Block, mut give: impl FnMut(Weighted)) {
        if !far.intersects(&self.far) {
            return;
        }
        let common = |digit: usize| far.axis(digit).intersect(self.far.axis(digit));
        let mut near = self.near.clone();
        for (own, theirs) in &self.joined {
            near.narrow(*own, &self.moved(*own, &common(*theirs), false));
        }
        if near.is_empty() {
            return;
        }
        let free = self.free_far.iter();
        let each: i128 = free.map(|digit| i128::from(common(*digit).len())).product();
        if self.within
            && let Some(own) = near.intersect(&self.far)
            && let Some(own) = own.intersect(far)
        {
            give(Weighted {
                block: own,
                weight: -self.weight,
            });
        }
        give(Weighted {
            block: near,
            weight: each * self.weight,
        });
    }

    /// The far nodes joined to one near node, itself among them where pairs are within a group.
    pub fn neighbours(&self, node: &[u32]) -> Option<Block> {
        if !self.near.contains(node) {
            return None;
        }
        let mut far = self.far.clone();
        for (own, theirs) in &self.joined {
            let value = Subset::single(node[*own]);
            far.narrow(*theirs, &self.moved(*theirs, &value, true));
        }
        (!far.is_empty()).then_some(far)
    }

    /// A block around the far nodes joined to some of a block of near nodes.
    pub fn reach(&self, near: &Block) -> Option<Block> {
        let near = near.intersect(&self.near)?;
        let mut far = self.far.clone();
        for (own, theirs) in &self.joined {
            far.narrow(*theirs, &self.moved(*theirs, near.axis(*own), true));
        }
        (!far.is_empty()).then_some(far)
    }
}
