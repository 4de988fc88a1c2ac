//! New node ids where the given ones are in no order.
//!
//! Neighbours with far ids cost a cache miss whenever one looks at the other, which slows every
//! step severalfold. Arcs are mostly listed in some natural order even where ids are not, so that
//! numbering nodes as arcs first name them brings neighbours together again.

/// Fewer nodes stay in the cache whatever their order.
const MIN_NODES: u32 = 1 << 15;
/// Neighbouring arcs looked at.
const SAMPLES: usize = 2048;
/// Nodes further apart than this part of all are far.
const NEAR: u32 = 64;
const NONE: u32 = u32::MAX;

/// A better number for each node, if the arcs as listed jump between far nodes and renumbering
/// would help.
pub fn renumber(num_nodes: u32, tails: &[u32], heads: &[u32]) -> Option<Vec<u32>> {
    if num_nodes < MIN_NODES || !jumps(num_nodes, tails, heads, |node| node) {
        return None;
    }
    let rank = first_named(num_nodes, tails, heads);
    (!jumps(num_nodes, tails, heads, |node| rank[node as usize])).then_some(rank)
}

/// Whether both ends mostly move far when they move from one arc to the next.
fn jumps(num_nodes: u32, tails: &[u32], heads: &[u32], name: impl Fn(u32) -> u32) -> bool {
    let near = num_nodes / NEAR;
    let step = (tails.len() / SAMPLES).max(1);
    [tails, heads].into_iter().all(|ends| {
        let (mut moved, mut far) = (0, 0);
        for arc in (1..ends.len()).step_by(step) {
            let (before, now) = (name(ends[arc - 1]), name(ends[arc]));
            moved += usize::from(before != now);
            far += usize::from(before.abs_diff(now) > near);
        }
        far > 0 && 4 * far > 3 * moved
    })
}

/// Numbers nodes in the order in which arcs name them; what few nodes come last follow by id.
fn first_named(num_nodes: u32, tails: &[u32], heads: &[u32]) -> Vec<u32> {
    let mut rank = vec![NONE; num_nodes as usize];
    let mut next = 0;
    let enough = num_nodes - num_nodes / 1024;
    for (tail, head) in tails.iter().zip(heads) {
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
    for rank in rank.iter_mut().filter(|rank| **rank == NONE) {
        *rank = next;
        next += 1;
    }
    rank
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
    }
}
