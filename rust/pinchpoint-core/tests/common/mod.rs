//! Random small structured fabrics and queries on them.

use pinchpoint_core::NoMonitor;
use pinchpoint_core::bandwidth::{Forwarding, Query};
use pinchpoint_core::fabric::{
    Builder, Code, CoordinateSpec, Digit, Fabric, Forwards, JoinSpec, LinkSpec, NodeSpec, PartSpec,
    Rate, Role, Selection, Values,
};

/// A small deterministic source of choices, seeded by proptest.
pub struct Choices(u64);

impl Choices {
    pub fn new(seed: u64) -> Self {
        Choices(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

struct Shape {
    name: String,
    /// User coordinates: name and size.
    coordinates: Vec<(String, u32)>,
    digits: Vec<(String, u32)>,
}

fn values(random: &mut Choices, size: u32) -> Values {
    match random.below(3) {
        0 => Values::One(random.below(size.into()) as i64),
        1 => {
            let low = random.below(size.into()) as i64;
            let high = low + 1 + random.below(u64::from(size) - low as u64) as i64;
            Values::Slice {
                start: Some(low),
                stop: Some(high),
                step: None,
            }
        }
        _ => Values::List(
            (0..size as i64)
                .filter(|v| *v == 0 || random.chance(50))
                .collect(),
        ),
    }
}

fn conditions(
    random: &mut Choices,
    names: &[(String, u32)],
    percent: u64,
) -> Vec<(String, Values)> {
    let mut out = Vec::new();
    for (name, size) in names {
        if random.chance(percent) {
            out.push((name.clone(), values(random, *size)));
        }
    }
    out
}

fn add_group(
    random: &mut Choices,
    builder: &mut Builder,
    index: usize,
    pool: &[(&str, u32)],
) -> Shape {
    let mut shape = Shape {
        name: format!("g{index}"),
        coordinates: Vec::new(),
        digits: Vec::new(),
    };
    let mut specs = Vec::new();
    let mut remaining: Vec<(String, u32)> = pool
        .iter()
        .filter(|_| random.chance(60))
        .map(|(name, size)| (name.to_string(), *size))
        .collect();
    if random.chance(50) {
        remaining.push((format!("own{index}"), 1 + random.below(3) as u32));
    }
    // Two digits may be one mixed-radix coordinate, perhaps with a partial last block.
    if remaining.len() >= 2 && random.chance(35) {
        let digits: Vec<(String, u32)> = remaining.drain(..2).collect();
        let product = digits[0].1 * digits[1].1;
        let size = if random.chance(60) {
            1 + random.below(product.into()) as u32
        } else {
            product
        };
        let name = "both".to_owned();
        shape.coordinates.push((name.clone(), size));
        shape.digits.extend(digits.clone());
        specs.push(CoordinateSpec {
            name,
            size: Some(size),
            code: Code::Radix,
            digits: digits
                .into_iter()
                .map(|(name, size)| Digit { name, size })
                .collect(),
        });
    }
    for (name, size) in remaining {
        shape.coordinates.push((name.clone(), size));
        shape.digits.push((name.clone(), size));
        specs.push(CoordinateSpec {
            name: name.clone(),
            size: None,
            code: Code::Radix,
            digits: vec![Digit { name, size }],
        });
    }
    if random.chance(10) {
        let digits = ["x1", "x0"].map(|name| Digit {
            name: format!("{name}{index}"),
            size: 2,
        });
        shape.coordinates.push((format!("x{index}"), 4));
        shape
            .digits
            .extend(digits.iter().map(|digit| (digit.name.clone(), 2)));
        specs.push(CoordinateSpec {
            name: format!("x{index}"),
            size: None,
            code: Code::Gray,
            digits: digits.to_vec(),
        });
    }
    let role = [Role::Chip, Role::Nic, Role::Switch, Role::Switch][random.below(4) as usize];
    let forwards = match random.below(6) {
        0 => Forwards::Never,
        1 => Forwards::ScaleUp,
        _ => Forwards::Always,
    };
    let capacity = random
        .chance(20)
        .then(|| Rate::kbit(1 + random.below(9) as i64));
    builder
        .nodes(NodeSpec {
            name: shape.name.clone(),
            role,
            forwards,
            capacity,
            coordinates: specs,
        })
        .expect("a valid group");
    shape
}

/// A random fabric of a few dozen nodes, perhaps with failures, and a random query on it.
pub fn fabric_and_query(seed: u64) -> Option<(Fabric, Query)> {
    let mut random = Choices::new(seed);
    let mut builder = Builder::new("random");
    let pool = [
        ("p", 1 + random.below(3) as u32),
        ("q", 1 + random.below(3) as u32),
        ("r", 1 + random.below(3) as u32),
    ];
    let count = 2 + random.below(3) as usize;
    let shapes: Vec<Shape> = (0..count)
        .map(|index| add_group(&mut random, &mut builder, index, &pool))
        .collect();
    let bundles = count + random.below(3) as usize;
    let mut names = Vec::new();
    for bundle in 0..bundles {
        let a = &shapes[if bundle + 1 < count {
            bundle
        } else {
            random.below(count as u64) as usize
        }];
        let b = &shapes[if bundle + 1 < count {
            bundle + 1
        } else {
            random.below(count as u64) as usize
        }];
        let shared: Vec<&(String, u32)> = a
            .digits
            .iter()
            .filter(|digit| b.digits.contains(digit))
            .collect();
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (name, _) in &shared {
            if random.chance(70) {
                pairs.push((name.clone(), name.clone()));
            }
        }
        let ring = a.name == b.name && random.chance(30) && !a.digits.is_empty();
        let join = if ring {
            let axis = a.digits[random.below(a.digits.len() as u64) as usize]
                .0
                .clone();
            JoinSpec::Ring {
                axis,
                wrap: random.chance(70),
            }
        } else {
            JoinSpec::Pairs(pairs)
        };
        let mut part = |shape: &Shape| PartSpec {
            group: shape.name.clone(),
            conditions: if ring {
                Vec::new()
            } else {
                conditions(&mut random, &shape.coordinates, 20)
            },
        };
        let (a, b) = (part(a), part(b));
        let name = format!("b{bundle}");
        let spec = LinkSpec {
            a,
            b,
            capacity: Rate::kbit(random.below(7) as i64),
            join,
            multiplicity: 1 + random.below(3) as u32,
            name: Some(name.clone()),
        };
        if builder.links(spec).is_ok() {
            names.push(name);
        }
    }
    let mut fabric = Fabric::structured(builder.build().ok()?);
    if fabric.layout().num_nodes() > 90 {
        return None;
    }
    for _ in 0..random.below(4) {
        let Some(name) = names.get(random.below(names.len().max(1) as u64) as usize) else {
            break;
        };
        let next = match random.below(4) {
            0 => fabric
                .sample_links(name, 1 + random.below(4), random.next(), &NoMonitor)
                .and_then(|bad| fabric.without(&[bad], &[])),
            1 => fabric
                .sample_links(name, 1 + random.below(6), random.next(), &NoMonitor)
                .and_then(|slow| {
                    let factor = [0.5, 0.25, 3.0][random.below(3) as usize];
                    Ok(fabric.scaled(&[slow], factor)?.fabric)
                }),
            2 => {
                let bundle = &fabric.layout().bundles[fabric.layout().bundle(name).ok()?];
                let group = shapes
                    .iter()
                    .find(|shape| shape.name == fabric.layout().groups[bundle.a].name)?;
                let asked = conditions(&mut random, &group.coordinates, 60);
                fabric.layout().select_links(name, &asked).and_then(|some| {
                    if random.chance(50) {
                        fabric.without(&[some], &[])
                    } else {
                        Ok(fabric.scaled(&[some], 0.5)?.fabric)
                    }
                })
            }
            _ => {
                let group = &shapes[random.below(count as u64) as usize];
                let asked = conditions(&mut random, &group.coordinates, 70);
                fabric
                    .layout()
                    .select(&group.name, &asked)
                    .and_then(|nodes| fabric.without(&[], &[nodes]))
            }
        };
        if let Ok(next) = next {
            fabric = next;
        }
    }
    let mut pick = |from: u64| -> Option<Selection> {
        let group = &shapes[(from % count as u64) as usize];
        let asked = conditions(&mut random, &group.coordinates, 60);
        fabric.layout().select(&group.name, &asked).ok()
    };
    let (a, b) = (seed >> 3, seed >> 7);
    let (sources, sinks) = (pick(a)?, pick(b)?);
    let forwarding =
        [Forwarding::Hardware, Forwarding::All, Forwarding::None][(seed % 5).min(2) as usize];
    Some((
        fabric,
        Query {
            sources: vec![sources],
            sinks: vec![sinks],
            forwarding,
        },
    ))
}
