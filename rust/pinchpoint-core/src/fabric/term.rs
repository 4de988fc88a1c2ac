//! The capacities of a fabric as a sum of signed link blocks.

use super::block::Block;
use super::state::Fabric;

/// Every pair of a link block, given the same amount of capacity: positive for a bundle as built,
/// negative for what failures and degradations take away again. The sum over all terms is what a
/// pair of nodes has.
#[derive(Debug, Clone)]
pub struct Term {
    pub bundle: usize,
    /// Ordered pairs, each held both ways, if the bundle is within a group.
    pub links: Block,
    pub a_end: Block,
    pub b_end: Block,
    /// Capacity per pair and direction, in the fabric's units; not zero.
    pub weight: i128,
}

impl Fabric {
    /// The terms of a structured fabric: one per link block as built, then one per change.
    pub fn terms(&self) -> Vec<Term> {
        self.terms_between(&self.whole())
    }

    /// The terms as built alone.
    pub fn terms_as_built(&self) -> Vec<Term> {
        self.terms_among(&self.whole(), false)
    }

    /// The terms that may join nodes within one block per group; `None` stands for no node.
    pub fn terms_between(&self, within: &[Option<Block>]) -> Vec<Term> {
        self.terms_among(within, true)
    }

    /// All nodes, by group.
    fn whole(&self) -> Vec<Option<Block>> {
        let groups = self.layout().groups.iter();
        groups
            .map(|group| Some(Block::full(group.digit_sizes())))
            .collect()
    }

    fn terms_among(&self, within: &[Option<Block>], with_changes: bool) -> Vec<Term> {
        let layout = self.layout();
        let mut terms = Vec::new();
        for (index, bundle) in layout.bundles.iter().enumerate() {
            let (Some(a), Some(b)) = (&within[bundle.a], &within[bundle.b]) else {
                continue;
            };
            let group_a = &layout.groups[bundle.a];
            let mut add = |links: &Block, per_cable: i128| {
                if per_cable != 0 && bundle.may_join(links, a, b) {
                    terms.push(Term {
                        bundle: index,
                        links: links.clone(),
                        a_end: bundle.a_end(links, group_a),
                        b_end: bundle.b_end(links, group_a),
                        weight: per_cable * i128::from(bundle.cables(links).len()),
                    });
                }
            };
            for links in &bundle.links {
                add(links, i128::from(bundle.capacity));
            }
            if !with_changes {
                continue;
            }
            for change in &self.state().overrides[index] {
                let more = i128::from(change.capacity) - i128::from(bundle.capacity);
                add(&change.links, more);
            }
        }
        terms
    }
}
