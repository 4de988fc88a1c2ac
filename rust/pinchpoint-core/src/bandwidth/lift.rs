//! The flow of each link, when it is asked for: quotient flow spread in proportion to capacity.

use std::collections::HashMap;

use super::{Bandwidth, Proof};
use crate::error::Result;
use crate::fabric::Fabric;
use crate::monitor::Monitor;

/// Net flow per link, in materialize order.
#[derive(Debug, Clone)]
pub struct LinkFlow {
    pub tails: Vec<u32>,
    pub heads: Vec<u32>,
    /// From tail to head, in the fabric's units; negative the other way.
    pub flow: Vec<f64>,
}

impl Bandwidth {
    /// The flow on every link of the bundle at `index`, or of all bundles.
    ///
    /// # Errors
    /// `SizeLimit` if the links listed take more than `limit_bytes`.
    pub fn link_flow(
        &self,
        fabric: &Fabric,
        index: Option<usize>,
        limit_bytes: u64,
        monitor: &dyn Monitor,
    ) -> Result<LinkFlow> {
        let plain = match &self.proof {
            Proof::Listed(listed) => listed.plain.clone(),
            Proof::Touched(touched) => touched.plain.clone(),
            Proof::Symbolic(_) => fabric.materialize(limit_bytes, monitor)?,
        };
        let arrays = plain.arrays().expect("it has been materialised");
        let range = match index {
            Some(index) => arrays.first_link[index]..arrays.first_link[index + 1],
            None => 0..arrays.tails.len(),
        };
        let tails = arrays.tails[range.clone()].to_vec();
        let heads = arrays.heads[range.clone()].to_vec();
        let flow = match &self.proof {
            Proof::Listed(listed) => listed.solution.flow[range]
                .iter()
                .map(|flow| *flow as f64)
                .collect(),
            Proof::Touched(touched) => {
                let mut flow = vec![0.0; range.len()];
                for (link, amount) in &touched.flow {
                    if range.contains(&(*link as usize)) {
                        flow[*link as usize - range.start] = *amount as f64;
                    }
                }
                flow
            }
            Proof::Symbolic(witness) => {
                let mut class_of = vec![u32::MAX; fabric.layout().num_nodes() as usize];
                for (place, class) in witness.classes.iter().enumerate() {
                    let group = &fabric.layout().groups[class.group];
                    for block in &class.blocks {
                        block.for_each_point(|point| {
                            class_of[(group.first_node + group.rank(point)) as usize] =
                                place as u32;
                        });
                    }
                }
                let mut share: HashMap<(u32, u32), f64> = HashMap::new();
                for flow in &witness.flows {
                    let part = flow.flow as f64 / flow.capacity as f64;
                    *share
                        .entry((flow.tail as u32, flow.head as u32))
                        .or_default() += part;
                    *share
                        .entry((flow.head as u32, flow.tail as u32))
                        .or_default() -= part;
                }
                let ends = tails.iter().zip(&heads).zip(&arrays.capacity[range]);
                ends.map(|((tail, head), capacity)| {
                    let pair = (class_of[*tail as usize], class_of[*head as usize]);
                    share
                        .get(&pair)
                        .map_or(0.0, |share| share * *capacity as f64)
                })
                .collect()
            }
        };
        Ok(LinkFlow { tails, heads, flow })
    }
}
