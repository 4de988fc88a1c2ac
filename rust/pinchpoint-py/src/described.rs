//! Groups, bundles and wiring of a fabric as plain values.

use pinchpoint_core::fabric::{self as core, Forwards, Role};

use crate::selection::{PlainBlocks, to_plain};

/// A group: name, role, forwarding, capacity, coordinates, node count, first id.
pub type PlainGroup = (
    String,
    &'static str,
    &'static str,
    Option<i64>,
    Vec<(String, u32)>,
    u64,
    u64,
);
/// A bundle: name, groups a and b, capacity of a cable, cables, links as built, links up.
pub type PlainBundle = (String, usize, usize, i64, u32, u64, u64);
/// Digits of a group with their sizes, and the blocks of nodes that exist.
pub type PlainDigits = (Vec<(String, u32)>, PlainBlocks);
/// How a bundle joins: the kind of wiring, the digit along which a ring runs, group and digit of each
/// axis of a link block (none for the cable), for each digit of b its axis, the link blocks as built.
pub type PlainWiring = (
    &'static str,
    Option<usize>,
    Vec<Option<(usize, usize)>>,
    Vec<usize>,
    PlainBlocks,
);

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Chip => "chip",
        Role::Host => "host",
        Role::Nic => "nic",
        Role::Switch => "switch",
    }
}

fn forwards_name(forwards: Forwards) -> &'static str {
    match forwards {
        Forwards::Never => "never",
        Forwards::Always => "always",
        Forwards::ScaleUp => "scale_up",
    }
}

/// All groups.
pub fn groups(fabric: &core::Fabric) -> Vec<PlainGroup> {
    let groups = fabric.layout().groups.iter();
    groups
        .map(|group| {
            let coordinates = group
                .coordinates
                .iter()
                .map(|c| (c.name.clone(), c.size))
                .collect();
            (
                group.name.clone(),
                role_name(group.role),
                forwards_name(group.forwards),
                group.capacity,
                coordinates,
                group.num_nodes,
                group.first_node,
            )
        })
        .collect()
}

/// All bundles.
pub fn bundles(fabric: &core::Fabric) -> Vec<PlainBundle> {
    let bundles = fabric.layout().bundles.iter().enumerate();
    bundles
        .map(|(index, bundle)| {
            let up = fabric.links_up(index);
            (
                bundle.name.clone(),
                bundle.a,
                bundle.b,
                bundle.capacity,
                bundle.multiplicity,
                bundle.num_links,
                up,
            )
        })
        .collect()
}

/// How a structured fabric is wired, by group and by bundle.
pub fn wiring(fabric: &core::Fabric) -> (Vec<PlainDigits>, Vec<PlainWiring>) {
    let layout = fabric.layout();
    let groups = layout.groups.iter().map(|group| {
        let digits = group.digits.iter();
        let digits = digits.map(|digit| (digit.name.clone(), digit.size));
        (digits.collect(), to_plain(&group.domain))
    });
    let bundles = layout.bundles.iter().map(|bundle| {
        let own = layout.groups[bundle.a].digits.len();
        let theirs = layout.groups[bundle.b].digits.len();
        let mut joined: Vec<Option<usize>> = vec![None; theirs];
        let mut ring = None;
        let kind = match &bundle.wiring {
            core::Wiring::Join(pairs) => {
                pairs.iter().for_each(|(a, b)| joined[*b] = Some(*a));
                "join"
            }
            core::Wiring::Within(digits) => {
                digits
                    .iter()
                    .for_each(|digit| joined[*digit] = Some(*digit));
                "within"
            }
            core::Wiring::Ring { axis } => {
                ring = Some(*axis);
                (0..theirs).for_each(|digit| joined[digit] = Some(digit));
                "ring"
            }
            core::Wiring::Listed => {
                return ("listed", None, Vec::new(), Vec::new(), Vec::new());
            }
        };
        let mut axes: Vec<_> = (0..own).map(|digit| Some((bundle.a, digit))).collect();
        let mut ends = Vec::with_capacity(theirs);
        for (digit, joined) in joined.into_iter().enumerate() {
            ends.push(joined.unwrap_or(axes.len()));
            if joined.is_none() {
                axes.push(Some((bundle.b, digit)));
            }
        }
        axes.push(None);
        (kind, ring, axes, ends, to_plain(&bundle.links))
    });
    (groups.collect(), bundles.collect())
}
