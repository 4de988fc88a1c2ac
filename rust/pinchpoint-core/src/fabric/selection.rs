//! Selections: nodes of one group, or links of one bundle, by coordinates and never by listing.

use super::block::{self, Block};
use super::bundle::{Bundle, Wiring};
use super::group::Group;
use super::layout::{Layout, narrowed};
use super::names::{no_such, quoted};
use super::subset::Subset;
use super::values::Values;
use crate::error::{Error, ErrorKind, Result, counted};
use crate::memory;
use crate::monitor::{Monitor, Pace};

/// Nodes of one group. Coordinates only: it fits every fabric of the same build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    pub group: String,
    /// Sizes of the group's digits, by which a fabric of another build is told.
    pub sizes: Vec<u32>,
    /// Disjoint blocks of digits.
    pub blocks: Vec<Block>,
}

/// Links of one bundle. Coordinates only: it fits every fabric of the same build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSelection {
    pub bundle: String,
    /// Sizes of the axes of the bundle's link blocks.
    pub sizes: Vec<u32>,
    /// Disjoint link blocks; symmetric ordered pairs for a bundle within a group.
    pub blocks: Vec<Block>,
    /// For a bundle within a group: the pairs of axes that are equal where a node meets itself.
    pub own_pair: Option<Vec<(usize, usize)>>,
}

/// The operations on two selections of the same group or bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetOp {
    Union,
    Intersection,
    Difference,
}

impl SetOp {
    fn apply(self, a: &[Block], b: &[Block]) -> Vec<Block> {
        match self {
            SetOp::Union => block::disjoint_union(a.iter().chain(b).cloned()),
            SetOp::Intersection => block::intersection(a, b),
            SetOp::Difference => block::subtract(a, b),
        }
    }
}

fn selection_error<T>(message: String) -> Result<T> {
    Err(Error::new(ErrorKind::Selection, message))
}

impl Selection {
    /// Number of nodes.
    pub fn num_nodes(&self) -> u64 {
        block::total_len(&self.blocks)
    }

    /// `self` and `other` of the same group combined.
    pub fn combine(&self, other: &Self, op: SetOp) -> Result<Self> {
        if self.group != other.group || self.sizes != other.sizes {
            return selection_error(format!(
                "cannot combine nodes of group {} with nodes of group {}; pass a list of selections",
                quoted(&self.group),
                quoted(&other.group)
            ));
        }
        Ok(Selection {
            blocks: op.apply(&self.blocks, &other.blocks),
            ..self.clone()
        })
    }
}

impl LinkSelection {
    /// Number of links.
    pub fn num_links(&self) -> u64 {
        let points = block::total_len(&self.blocks);
        let Some(own_pair) = &self.own_pair else {
            return points;
        };
        let with_itself = |block: &Block| {
            let mut own = block.clone();
            for (a, b) in own_pair {
                own.narrow(*a, block.axis(*b));
                own = own.with_axis(*b, Subset::single(0));
            }
            own.len()
        };
        (points - self.blocks.iter().map(with_itself).sum::<u64>()) / 2
    }

    /// Whether both hold the same links, in whatever blocks.
    pub fn same_links(&self, other: &Self) -> bool {
        let without = |a: &Self, b: &Self| a.combine(b, SetOp::Difference).map(|d| d.num_links());
        without(self, other) == Ok(0) && without(other, self) == Ok(0)
    }

    /// `self` and `other` of the same bundle combined.
    pub fn combine(&self, other: &Self, op: SetOp) -> Result<Self> {
        if self.bundle != other.bundle || self.sizes != other.sizes {
            return selection_error(format!(
                "cannot combine links of bundle {} with links of bundle {}; pass both",
                quoted(&self.bundle),
                quoted(&other.bundle)
            ));
        }
        Ok(LinkSelection {
            blocks: op.apply(&self.blocks, &other.blocks),
            ..self.clone()
        })
    }
}

impl Layout {
    /// The nodes of `group` with those coordinates.
    pub fn select(&self, group: &str, conditions: &[(String, Values)]) -> Result<Selection> {
        let group = &self.groups[self.group(group)?];
        Ok(Selection {
            group: group.name.clone(),
            sizes: group.digit_sizes(),
            blocks: narrowed(group, conditions)?,
        })
    }

    /// The nodes with these ids, a selection per group.
    pub fn select_ids(&self, ids: &[u64]) -> Result<Vec<Selection>> {
        let mut points: Vec<Vec<Block>> = vec![Vec::new(); self.groups.len()];
        for (position, id) in ids.iter().enumerate() {
            let Some(index) = self.group_of_node(*id) else {
                return selection_error(format!(
                    "node id {id} at position {position} is out of range: the fabric has {}",
                    counted(self.num_nodes(), "node")
                ));
            };
            let group = &self.groups[index];
            let point = group.point(id - group.first_node);
            points[index].push(Block::point(&point));
        }
        let found = self
            .groups
            .iter()
            .zip(points)
            .filter(|(_, points)| !points.is_empty());
        let selections = found.map(|(group, points)| Selection {
            group: group.name.clone(),
            sizes: group.digit_sizes(),
            blocks: block::disjoint_union(points),
        });
        Ok(selections.collect())
    }

    /// Ids of the nodes of a selection, in increasing order.
    ///
    /// # Errors
    ///
    /// `Selection` for one of another fabric; `SizeLimit` before there is no memory for them; what
    /// the monitor says.
    pub fn node_ids(&self, selection: &Selection, monitor: &dyn Monitor) -> Result<Vec<u64>> {
        let group = &self.groups[self.resolve(selection)?];
        let count = selection.num_nodes();
        memory::check("the list of node ids", count.saturating_mul(8))?;
        let mut ids = Vec::with_capacity(count as usize);
        let (mut pace, mut stopped) = (Pace::new(monitor), Ok(()));
        for block in &selection.blocks {
            block.for_each_point(|point| {
                if stopped.is_ok() {
                    ids.push(group.first_node + group.rank(point));
                    stopped = pace.spend(1);
                }
            });
        }
        stopped?;
        if !ids.is_sorted() {
            ids.sort_unstable();
        }
        Ok(ids)
    }

    /// The position of a selection's group, if it was built like ours.
    pub fn resolve(&self, selection: &Selection) -> Result<usize> {
        let index = self.group(&selection.group)?;
        if self.groups[index].digit_sizes() != selection.sizes {
            return selection_error(format!(
                "the selection of group {} belongs to another fabric: the coordinates differ in size",
                quoted(&selection.group)
            ));
        }
        Ok(index)
    }

    /// The position of a link selection's bundle, if it was built like ours.
    pub fn resolve_links(&self, selection: &LinkSelection) -> Result<usize> {
        let index = self.bundle(&selection.bundle)?;
        if self.link_sizes(&self.bundles[index]) != selection.sizes {
            return selection_error(format!(
                "the selection of bundle {} belongs to another fabric: the coordinates differ in size",
                quoted(&selection.bundle)
            ));
        }
        Ok(index)
    }

    /// Sizes of the axes of a bundle's link blocks.
    fn link_sizes(&self, bundle: &Bundle) -> Vec<u32> {
        if bundle.wiring == Wiring::Listed {
            return vec![bundle.num_links as u32];
        }
        let full = |group: &Group| Block::full(group.digit_sizes());
        let (a, b) = (&self.groups[bundle.a], &self.groups[bundle.b]);
        let whole = bundle.product(&full(a), &full(b));
        whole.map_or(Vec::new(), |block| {
            block.axes().iter().map(Subset::len).collect()
        })
    }

    /// The links of `bundle` whose ends have those coordinates.
    ///
    /// A name that both ends have, and that is not joined, must say which end it means:
    /// `leaf_slot`, `spine_slot`.
    pub fn select_links(
        &self,
        bundle: &str,
        conditions: &[(String, Values)],
    ) -> Result<LinkSelection> {
        let bundle = &self.bundles[self.bundle(bundle)?];
        let owner = format!("bundle {}", quoted(&bundle.name));
        let fitting = |at_a: bool| {
            let all = Ok(bundle.links.clone());
            conditions.iter().fold(all, |blocks, (name, values)| {
                if name == "cable" || bundle.wiring == Wiring::Listed {
                    self.narrow_last_axis(bundle, &owner, &blocks?, name, values)
                } else {
                    self.narrow_ends(bundle, &owner, &blocks?, name, values, at_a)
                }
            })
        };
        // Within a group a link is meant when one of its ends fits; ordered pairs stay symmetric.
        let mut blocks = fitting(true)?;
        if bundle.is_within() && conditions.iter().any(|(name, _)| name != "cable") {
            blocks = block::disjoint_union(blocks.into_iter().chain(fitting(false)?));
        }
        let selection = LinkSelection {
            bundle: bundle.name.clone(),
            sizes: self.link_sizes(bundle),
            blocks,
            own_pair: bundle.own_pair(),
        };
        if selection.num_links() == 0 {
            let asked: Vec<&str> = conditions.iter().map(|(name, _)| name.as_str()).collect();
            return selection_error(format!(
                "{owner} has no link with those values of {}",
                asked.join(", ")
            ));
        }
        Ok(selection)
    }

    fn narrow_last_axis(
        &self,
        bundle: &Bundle,
        owner: &str,
        blocks: &[Block],
        name: &str,
        values: &Values,
    ) -> Result<Vec<Block>> {
        let listed = bundle.wiring == Wiring::Listed;
        if listed && name != "link" {
            return Err(no_such(
                ErrorKind::Selection,
                &format!("coordinate of {owner}"),
                name,
                &["link"],
            ));
        }
        let size = if listed {
            bundle.num_links as u32
        } else {
            bundle.multiplicity
        };
        let set = values.resolve(size, owner, name)?;
        let cut = |block: &Block| {
            let last = block.axes().len() - 1;
            block.with_axis(last, block.axis(last).intersect(&set))
        };
        Ok(blocks
            .iter()
            .map(cut)
            .filter(|block| !block.is_empty())
            .collect())
    }

    fn narrow_ends(
        &self,
        bundle: &Bundle,
        owner: &str,
        blocks: &[Block],
        name: &str,
        values: &Values,
        within_at_a: bool,
    ) -> Result<Vec<Block>> {
        let (a, b) = (&self.groups[bundle.a], &self.groups[bundle.b]);
        let strip = |group: &Group| {
            let rest = name.strip_prefix(&group.name)?.strip_prefix('_')?;
            group.digits_of(rest).map(|_| rest.to_owned())
        };
        let (plain_a, plain_b) = (a.digits_of(name), b.digits_of(name));
        let (on_a, on_b) = match (&plain_a, &plain_b) {
            (None, None) => (strip(a), strip(b)),
            _ => (
                plain_a.as_ref().map(|_| name.to_owned()),
                plain_b.as_ref().map(|_| name.to_owned()),
            ),
        };
        let joined = match &bundle.wiring {
            Wiring::Join(pairs) => pairs.clone(),
            Wiring::Within(digits) => digits.iter().map(|digit| (*digit, *digit)).collect(),
            Wiring::Ring { .. } | Wiring::Listed => Vec::new(),
        };
        let same = match (&plain_a, &plain_b) {
            (Some(x), Some(y)) => {
                x.len() == y.len() && x.iter().zip(y).all(|(x, y)| joined.contains(&(*x, *y)))
            }
            _ => false,
        };
        let narrow = |blocks: &[Block], name: &str, at_a: bool| -> Result<Vec<Block>> {
            let group = if at_a { a } else { b };
            let size = group.size_of(name).unwrap_or(0);
            let set = values.resolve(size, owner, name)?;
            let mut out = Vec::new();
            for links in blocks {
                let (from, to) = (bundle.a_end(links, a), bundle.b_end(links, a));
                let cables = bundle.cables(links);
                let (from, to) = if at_a {
                    (group.narrow(&[from], name, &set)?, vec![to])
                } else {
                    (vec![from], group.narrow(&[to], name, &set)?)
                };
                out.extend(bundle.products(&from, &to).into_iter().map(|links| {
                    let last = links.axes().len() - 1;
                    links.with_axis(last, cables.clone())
                }));
            }
            Ok(out)
        };
        match (on_a, on_b) {
            // Along a ring a link is known by the end it starts from.
            (Some(name), _) if matches!(bundle.wiring, Wiring::Ring { .. }) => {
                narrow(blocks, &name, true)
            }
            (Some(name), Some(_)) if bundle.is_within() => narrow(blocks, &name, within_at_a),
            (Some(name), Some(_)) if same => narrow(blocks, &name, true),
            (Some(_), Some(_)) => selection_error(format!(
                "{} is a coordinate of both ends of {owner} and is not joined: write {}_{name} or {}_{name}",
                quoted(name),
                a.name,
                b.name
            )),
            (Some(name), None) => narrow(blocks, &name, true),
            (None, Some(name)) => narrow(blocks, &name, false),
            (None, None) => {
                let mut known: Vec<&str> = a.coordinate_names();
                known.extend(b.coordinate_names());
                known.push("cable");
                known.sort_unstable();
                known.dedup();
                Err(no_such(
                    ErrorKind::Selection,
                    &format!("coordinate of {owner}"),
                    name,
                    &known,
                ))
            }
        }
    }
}
