//! All minimum cuts of a maximum flow that a numbering of the nodes shows at once.
//!
//! Between strongly connected parts of the residual network nothing can be rerouted (Picard and
//! Queyranne, "On the structure of all minimum cuts in a network", 1980). Parts are numbered so
//! that residual arcs lead to the same or a lower number; the nodes up to any number from the
//! source's to below the sink's are then the source side of a minimum cut.

use crate::error::Result;
use crate::monitor::{Monitor, Pace};

use super::graph::Residual;

const NONE: u32 = u32::MAX;

/// The number of each node's part, by Tarjan's algorithm (SIAM J. Comput. 1, 1972), beginning at
/// the source: what it does not reach has higher numbers.
///
/// # Errors
///
/// What the monitor says.
///
/// # Complexity
///
/// O(n + m).
pub fn levels(
    graph: &Residual<i64>,
    residue: &[i64],
    source: u32,
    monitor: &dyn Monitor,
) -> Result<Vec<u32>> {
    let n = graph.num_nodes();
    let mut level = vec![NONE; n];
    // Order of discovery, then the least order that is known to be reached and still open.
    let mut low = vec![NONE; n];
    let mut next_half: Vec<u32> = graph.first[..n].to_vec();
    let mut open: Vec<u32> = Vec::new();
    let mut way: Vec<(u32, u32)> = Vec::new();
    let (mut found, mut parts) = (0u32, 0u32);
    let mut pace = Pace::new(monitor);
    for start in std::iter::once(source).chain(0..n as u32) {
        if low[start as usize] != NONE {
            continue;
        }
        way.push((start, found));
        low[start as usize] = found;
        open.push(start);
        found += 1;
        while let Some((v, order)) = way.last().copied() {
            let end = graph.first[v as usize + 1];
            let at = &mut next_half[v as usize];
            let (mut deeper, begin) = (None, *at);
            while *at < end {
                let half = graph.adjacent[*at as usize];
                *at += 1;
                let w = half.head() as usize;
                if residue[half.slot() as usize] <= 0 || level[w] != NONE {
                    continue;
                }
                if low[w] == NONE {
                    deeper = Some(half.head());
                    break;
                }
                low[v as usize] = low[v as usize].min(low[w]);
            }
            pace.spend((*at - begin) as usize)?;
            if let Some(w) = deeper {
                way.push((w, found));
                low[w as usize] = found;
                open.push(w);
                found += 1;
                continue;
            }
            way.pop();
            let own = low[v as usize];
            if own == order {
                while let Some(w) = open.pop() {
                    level[w as usize] = parts;
                    if w == v {
                        break;
                    }
                }
                parts += 1;
            }
            if let Some((up, _)) = way.last() {
                let up = &mut low[*up as usize];
                *up = (*up).min(own);
            }
        }
    }
    Ok(level)
}
