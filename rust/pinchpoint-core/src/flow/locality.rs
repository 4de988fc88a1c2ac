//! New node ids where the given ones are in no order.
//!
//! Neighbours with far ids cost a cache miss whenever one looks at the other, which slows every
//! step severalfold. Arcs are mostly listed in some natural order even where ids are not, so that
//! numbering nodes as arcs first name them brings neighbours together again.

/// Fewer nodes stay in the cache whatever their order.
const MIN_NODES: u32 = 1 << 15;
/// Neighbouring arcs looked at.
const SAMPLES: usize = 512;
/// Nodes further apart than this part of all are far.
const NEAR: u32 = 64;
/// So many far moves may be chance.
const FEW: usize = 16;
/// Part of the arcs that names nodes before one looks what it is worth.
const BEGINNING: usize = 32;
const NONE: u32 = u32::MAX;

/// A better number for each node, if the arcs as listed jump between far nodes and renumbering
/// would help: nodes are numbered in the order in which arcs name them.
pub fn renumber(num_nodes: u32, tails: &[u32], heads: &[u32]) -> Option<Vec<u32>> {
    if num_nodes < MIN_NODES || !jumps(num_nodes, tails, heads, |node| node) {
        return None;
    }
    let mut rank = vec![NONE; num_nodes as usize];
    let mut next = 0;
    // What few nodes come last follow by id.
    let enough = num_nodes - num_nodes / 1024;
    // Where it is in vain the beginning of the arcs shows it.
    let (mut begin, mut end) = (0, tails.len().div_ceil(BEGINNING));
    while begin < end && next <= enough {
        for (tail, head) in tails[begin..end].iter().zip(&heads[begin..end]) {
            for node in [*tail, *head] {
                let rank = &mut rank[node as usize];
                if *rank == NONE {
                    *rank = next;
                    next += 1;
                }
            }
            if next > enough {
                break;
            }
        }
        if jumps(num_nodes, tails, heads, |node| rank[node as usize]) {
            return None;
        }
        (begin, end) = (end, tails.len().min(2 * end));
    }
    for rank in rank.iter_mut().filter(|rank| **rank == NONE) {
        *rank = next;
        next += 1;
    }
    Some(rank)
}

/// Whether both ends mostly move far when they move from one arc to the next, between nodes that
/// have a name.
fn jumps(num_nodes: u32, tails: &[u32], heads: &[u32], name: impl Fn(u32) -> u32) -> bool {
    let near = num_nodes / NEAR;
    let step = (tails.len() / SAMPLES).max(1);
    [tails, heads].into_iter().all(|ends| {
        let (mut moved, mut far) = (0, 0);
        for arc in (1..ends.len()).step_by(step) {
            let (before, now) = (name(ends[arc - 1]), name(ends[arc]));
            if before == NONE || now == NONE {
                continue;
            }
            moved += usize::from(before != now);
            far += usize::from(before.abs_diff(now) > near);
        }
        far > FEW && 4 * far > 3 * moved
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_disorder_is_renumbered() {
        let n = 1 << 16;
        let tails: Vec<u32> = (0..n - 1).collect();
        let heads: Vec<u32> = (1..n).collect();
        assert_eq!(renumber(n, &tails, &heads), None);
        let scatter = |ids: &[u32]| -> Vec<u32> {
            ids.iter().map(|id| id.wrapping_mul(40_503) % n).collect()
        };
        let rank = renumber(n, &scatter(&tails), &scatter(&heads)).expect("scattered");
        let mut sorted = rank.clone();
        sorted.sort_unstable();
        assert!(sorted.into_iter().eq(0..n));
        assert_eq!(rank[scatter(&[100])[0] as usize], 100);

        // Eight arcs a node in the order of a hash: arcs no longer tell who is near whom.
        let hash =
            |at: u32| (u64::from(at) ^ u64::from(at) << 20).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut arcs: Vec<u32> = (0..8 * n).collect();
        arcs.sort_by_key(|arc| hash((hash(*arc) >> 32) as u32));
        let tails: Vec<u32> = arcs.iter().map(|arc| arc / 8).collect();
        let heads: Vec<u32> = arcs.iter().map(|arc| (arc / 8 + arc % 8 + 1) % n).collect();
        assert!(renumber(n, &tails, &heads).is_none());
    }
}
