//! Which way links within a group are listed, of which orbits know nothing: from the lower node.

use super::model::Model;
use crate::fabric::{Code, Coordinate, Group, Subset};
use crate::symmetry::{LinkOrbit, Plan};

/// How the values of one digit at the two ends of a link stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meet {
    Equal,
    Distinct,
    Any,
}

/// Pairs of values: those that are equal, those with the first one lower, and all.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pairs {
    equal: f64,
    less: f64,
    all: f64,
}

/// Of the links of an orbit between two orbits of one group, of one pattern: the part whose node of
/// a is the lower one.
pub fn ahead(group: &Group, model: &Model, link: &LinkOrbit, plan: &Plan, pattern: usize) -> f64 {
    let orbits = &model.orbits;
    let (a, b) = (&orbits.list[link.a as usize], &orbits.list[link.b as usize]);
    let ends = |digit: usize| -> (Meet, &Subset, &Subset) {
        let values = |cell: u32| &orbits.cells.list[cell as usize].values;
        let cells = (a.cells[digit], b.cells[digit]);
        let meet = meet(plan, digit, pattern, cells.0 == cells.1);
        (meet, values(cells.0), values(cells.1))
    };
    let (mut before, mut found, mut all) = (1.0, 0.0, 1.0);
    for coordinate in &group.coordinates {
        for pairs in in_order(coordinate, &ends) {
            found = found * pairs.all + before * pairs.less;
            before *= pairs.equal;
            all *= pairs.all;
        }
    }
    if all > 0.0 { found / all } else { 0.0 }
}

fn meet(plan: &Plan, digit: usize, pattern: usize, same: bool) -> Meet {
    if plan.joined.iter().any(|pair| pair.0 == digit) {
        return Meet::Equal;
    }
    let Some(place) = plan.both.iter().position(|both| both.a == digit) else {
        return Meet::Any;
    };
    let parents = &plan.both[place].parents;
    match parents.iter().all(|parent| pattern >> parent & 1 == 1) && same {
        true if pattern >> place & 1 == 1 => Meet::Equal,
        true => Meet::Distinct,
        false => Meet::Any,
    }
}

/// The pairs of what decides the order of a coordinate, the most significant first.
fn in_order<'a>(
    coordinate: &Coordinate,
    ends: &impl Fn(usize) -> (Meet, &'a Subset, &'a Subset),
) -> Vec<Pairs> {
    let digits = coordinate.digits.iter().map(|digit| ends(*digit));
    match coordinate.code {
        Code::Radix => digits.map(|(meet, a, b)| pairs(meet, a, b)).collect(),
        Code::Gray => {
            // The lower of the two digits counts backward where the higher one is 1.
            let digits: Vec<_> = digits.collect();
            let [high, low] = digits[..] else {
                unreachable!("a ring of four has two digits");
            };
            let turned =
                |subset: &Subset| Subset::from_values(subset.values().map(|value| 1 - value));
            let (above, below) = (pairs(high.0, high.1, high.2), pairs(low.0, low.1, low.2));
            let back = pairs(low.0, &turned(low.1), &turned(low.2));
            let mut both = Pairs {
                equal: 0.0,
                less: above.less * below.all,
                all: above.all * below.all,
            };
            for (value, low) in [(0, below), (1, back)] {
                let one = Subset::single(value);
                let here = pairs(high.0, &high.1.intersect(&one), &high.2.intersect(&one));
                both.equal += here.equal * low.equal;
                both.less += here.equal * low.less;
            }
            vec![both]
        }
    }
}

fn pairs(meet: Meet, a: &Subset, b: &Subset) -> Pairs {
    let equal = f64::from(a.common_len(b));
    let any = Pairs {
        equal,
        less: lower(a, b),
        all: f64::from(a.len()) * f64::from(b.len()),
    };
    match meet {
        Meet::Any => any,
        Meet::Equal => Pairs {
            equal,
            less: 0.0,
            all: equal,
        },
        Meet::Distinct => Pairs {
            equal: 0.0,
            less: any.less,
            all: any.all - equal,
        },
    }
}

/// Pairs of a value of `a` and a higher one of `b`.
fn lower(a: &Subset, b: &Subset) -> f64 {
    let ends = |(low, high): (u32, u32)| [low, high];
    let mut cuts: Vec<u32> = a.iter_runs().chain(b.iter_runs()).flat_map(ends).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let (mut below, mut found) = (0.0, 0.0);
    for run in cuts.windows(2) {
        let len = f64::from(run[1] - run[0]);
        let own = a.contains(run[0]);
        if b.contains(run[0]) {
            found += len * below + if own { len * (len - 1.0) / 2.0 } else { 0.0 };
        }
        if own {
            below += len;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subset() -> impl Strategy<Value = Subset> {
        prop::collection::btree_set(0u32..12, 0..8).prop_map(Subset::from_values)
    }

    proptest! {
        #[test]
        fn pairs_are_counted(a in subset(), b in subset()) {
            let count = |wanted: fn(u32, u32) -> bool| {
                let own = a.values().flat_map(|x| b.values().map(move |y| (x, y)));
                own.filter(|(x, y)| wanted(*x, *y)).count() as f64
            };
            let (equal, less) = (count(|x, y| x == y), count(|x, y| x < y));
            let all = count(|_, _| true);
            prop_assert_eq!(pairs(Meet::Any, &a, &b), Pairs { equal, less, all });
            let apart = Pairs { equal: 0.0, less, all: all - equal };
            prop_assert_eq!(pairs(Meet::Distinct, &a, &b), apart);
            let same = Pairs { equal, less: 0.0, all: equal };
            prop_assert_eq!(pairs(Meet::Equal, &a, &b), same);
        }
    }
}
