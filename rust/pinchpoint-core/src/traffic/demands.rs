//! Demands between nodes, by sets and by pairs.

use crate::error::{Error, ErrorKind, Result, counted};
use crate::fabric::{Fabric, Selection};
use crate::memory;

/// What a node takes while it becomes an end: its id, and id and weight.
const END_BYTES: u64 = 24;

/// Every source sends to every sink other than itself, the product of their weights.
#[derive(Debug, Clone, PartialEq)]
pub struct Product {
    /// Node and weight; the product of two weights is a rate in Gbit/s.
    pub sources: Vec<(u32, f64)>,
    pub sinks: Vec<(u32, f64)>,
}

/// One node sends to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub source: u32,
    pub sink: u32,
    /// Gbit/s.
    pub rate: f64,
}

/// The sum of products and pairs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Demands {
    pub products: Vec<Product>,
    pub pairs: Vec<Pair>,
}

impl Demands {
    /// Adds `rate` Gbit/s from each node of `sources` to each other node of `sinks`.
    ///
    /// # Errors
    /// `Selection` for selections that do not fit the fabric.
    pub fn add_product(
        &mut self,
        fabric: &Fabric,
        sources: &[Selection],
        sinks: &[Selection],
        rate: f64,
    ) -> Result<()> {
        check_rate(rate, || "the rate of a pair".to_owned())?;
        let weighted = |selections: &[Selection], weight: f64| -> Result<Vec<(u32, f64)>> {
            let ids = node_ids(fabric, selections)?;
            Ok(ids.into_iter().map(|id| (id, weight)).collect())
        };
        let product = Product {
            sources: weighted(sources, rate)?,
            sinks: weighted(sinks, 1.0)?,
        };
        self.products.push(product);
        Ok(())
    }

    /// Adds pairs given as arrays of equal length.
    ///
    /// # Errors
    /// `Selection` for a node that does not exist or sends to itself, `Capacity` for a rate that is
    /// negative or not finite; the pair is named.
    pub fn add_pairs(
        &mut self,
        fabric: &Fabric,
        sources: &[i64],
        sinks: &[i64],
        rates: &[f64],
    ) -> Result<()> {
        let nodes = fabric.layout().num_nodes() as i64;
        let refuse = |message: String| Err(Error::new(ErrorKind::Selection, message));
        for (at, ((source, sink), rate)) in sources.iter().zip(sinks).zip(rates).enumerate() {
            for (what, id) in [("source", *source), ("sink", *sink)] {
                if id < 0 || id >= nodes {
                    return refuse(format!(
                        "pair {at}: {what} {id} is no node id; the fabric has {}",
                        counted(nodes.unsigned_abs(), "node")
                    ));
                }
            }
            if source == sink {
                return refuse(format!("pair {at}: node {source} sends to itself"));
            }
            check_rate(*rate, || format!("pair {at}: the rate"))?;
            self.pairs.push(Pair {
                source: *source as u32,
                sink: *sink as u32,
                rate: *rate,
            });
        }
        Ok(())
    }

    /// Number of ordered pairs of different nodes.
    pub fn num_pairs(&self) -> u64 {
        let products = self.products.iter().map(|product| {
            let mut sinks: Vec<u32> = product.sinks.iter().map(|sink| sink.0).collect();
            sinks.sort_unstable();
            let both = product.sources.iter();
            let both = both.filter(|source| sinks.binary_search(&source.0).is_ok());
            let own = both.count() as u64;
            product.sources.len() as u64 * product.sinks.len() as u64 - own
        });
        products.sum::<u64>() + self.pairs.len() as u64
    }

    /// The same traffic sent first to a node drawn from `middle`, each alike, and on from there.
    pub fn through(&self, middle: &[u32]) -> Demands {
        let mut sent = std::collections::BTreeMap::<u32, (f64, f64)>::new();
        for product in &self.products {
            let total = |ends: &[(u32, f64)]| ends.iter().map(|end| end.1).sum::<f64>();
            let (from, to) = (total(&product.sources), total(&product.sinks));
            let weight: std::collections::HashMap<u32, f64> =
                product.sinks.iter().copied().collect();
            for (node, own) in &product.sources {
                let back = weight.get(node).copied().unwrap_or(0.0);
                sent.entry(*node).or_default().0 += own * (to - back);
            }
            let weight: std::collections::HashMap<u32, f64> =
                product.sources.iter().copied().collect();
            for (node, own) in &product.sinks {
                let back = weight.get(node).copied().unwrap_or(0.0);
                sent.entry(*node).or_default().1 += own * (from - back);
            }
        }
        for pair in &self.pairs {
            sent.entry(pair.source).or_default().0 += pair.rate;
            sent.entry(pair.sink).or_default().1 += pair.rate;
        }
        let part = 1.0 / middle.len().max(1) as f64;
        let shared: Vec<(u32, f64)> = middle.iter().map(|node| (*node, part)).collect();
        let up = Product {
            sources: sent.iter().map(|(node, (out, _))| (*node, *out)).collect(),
            sinks: shared.clone(),
        };
        let down = Product {
            sources: shared,
            sinks: sent
                .iter()
                .map(|(node, (_, back))| (*node, *back))
                .collect(),
        };
        Demands {
            products: vec![up, down],
            pairs: Vec::new(),
        }
    }

    /// Refuses rates that add up to more than a float holds.
    ///
    /// # Errors
    /// `Capacity`.
    pub fn check_total(&self) -> Result<()> {
        let all = |ends: &[(u32, f64)]| ends.iter().map(|end| end.1).sum::<f64>();
        let products = self.products.iter();
        let products = products.map(|product| all(&product.sources) * all(&product.sinks));
        check_total(products.chain(self.pairs.iter().map(|pair| pair.rate)))
    }

    /// Every node that sends or receives, in increasing order.
    pub fn endpoints(&self) -> Vec<u32> {
        let products = self.products.iter();
        let mut nodes: Vec<u32> = products
            .flat_map(|product| product.sources.iter().chain(&product.sinks))
            .map(|end| end.0)
            .chain(self.pairs.iter().flat_map(|pair| [pair.source, pair.sink]))
            .collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

/// Ids of selected nodes, in increasing order, each once; `SizeLimit` if there are too many.
pub(crate) fn node_ids(fabric: &Fabric, selections: &[Selection]) -> Result<Vec<u32>> {
    let count: u64 = selections.iter().map(Selection::num_nodes).sum();
    memory::check(
        "listing the ends of a traffic",
        count.saturating_mul(END_BYTES),
    )?;
    let mut ids = Vec::with_capacity(count as usize);
    for selection in selections {
        let group = &fabric.layout().groups[fabric.layout().resolve(selection)?];
        for block in &selection.blocks {
            block.for_each_point(|point| ids.push((group.first_node + group.rank(point)) as u32));
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// Refuses rates that add up to more than a float holds.
pub(crate) fn check_total(rates: impl Iterator<Item = f64>) -> Result<()> {
    if rates.sum::<f64>().is_finite() {
        return Ok(());
    }
    let message = "the rates of the traffic add up to more than 1.8e308 Gbit/s";
    Err(Error::new(ErrorKind::Capacity, message))
}

fn check_rate(rate: f64, what: impl Fn() -> String) -> Result<()> {
    if rate.is_finite() && rate >= 0.0 {
        return Ok(());
    }
    let message = format!("{} is {rate}; it must be finite and zero or more", what());
    Err(Error::new(ErrorKind::Capacity, message))
}
