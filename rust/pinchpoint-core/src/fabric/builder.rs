//! Building a layout group by group and bundle by bundle.

use super::block::{self, Block};
use super::bundle::{Bundle, Wiring};
use super::group::{Code, Coordinate, Digit, Group};
use super::layout::{Layout, narrowed};
use super::names::{no_such, quoted};
use super::spec::{JoinSpec, LinkSpec, NodeSpec, PartSpec, Rate, check_rate, to_units};
use super::subset::Subset;
use crate::error::{Error, ErrorKind, Result};

/// More digits than any wiring needs; bounds what is recursive in their number.
const MAX_DIGITS: usize = 16;
/// Node ids and totals stay far inside 64 bits.
const MAX_NODES: u64 = 1 << 48;

/// Describes a structured fabric group by group and bundle by bundle.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    name: String,
    groups: Vec<Group>,
    bundles: Vec<Bundle>,
    /// Of each bundle and of each group with a limit: capacities wait for the common unit.
    bundle_rates: Vec<Rate>,
    group_rates: Vec<Option<Rate>>,
}

pub(super) fn build_error<T>(message: String) -> Result<T> {
    Err(Error::new(ErrorKind::Build, message))
}

impl Builder {
    /// An empty fabric of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Builder {
            name: name.into(),
            ..Builder::default()
        }
    }

    /// Adds a group.
    pub fn nodes(&mut self, spec: NodeSpec) -> Result<()> {
        let owner = format!("group {}", quoted(&spec.name));
        check_name(&spec.name, "group")?;
        if self.groups.iter().any(|group| group.name == spec.name) {
            return build_error(format!("{owner} exists already"));
        }
        if let Some(rate) = spec.capacity {
            check_rate(rate, &owner)?;
        }
        let mut digits: Vec<Digit> = Vec::new();
        let mut coordinates: Vec<Coordinate> = Vec::new();
        for coordinate in spec.coordinates {
            let what = format!("coordinate {} of {owner}", quoted(&coordinate.name));
            check_name(&coordinate.name, "coordinate")?;
            if coordinates
                .iter()
                .any(|other| other.name == coordinate.name)
            {
                return build_error(format!("{what} is given twice"));
            }
            let mut product = 1u64;
            let mut positions = Vec::new();
            for digit in coordinate.digits {
                check_name(&digit.name, "coordinate")?;
                if digits.iter().any(|other| other.name == digit.name) {
                    return build_error(format!(
                        "{what}: digit {} is given twice in this group",
                        quoted(&digit.name)
                    ));
                }
                if digit.size == 0 {
                    return build_error(format!("{what}: {} has size 0", quoted(&digit.name)));
                }
                product = product.saturating_mul(u64::from(digit.size));
                positions.push(digits.len());
                digits.push(digit);
            }
            if product > u64::from(u32::MAX) {
                return build_error(format!(
                    "{what}: its digits have {product} values together; 2^32 - 1 is the most"
                ));
            }
            let size = coordinate.size.map_or(product, u64::from);
            if size == 0 || size > product {
                return build_error(format!(
                    "{what} has size {size}; it must be from 1 to the product of its digits, \
                     {product}"
                ));
            }
            let gray = coordinate.code == Code::Gray;
            if gray && (size != 4 || positions.iter().any(|digit| digits[*digit].size != 2)) {
                return build_error(format!(
                    "{what}: a Gray-code view needs two digits of size 2"
                ));
            }
            coordinates.push(Coordinate {
                name: coordinate.name,
                size: size as u32,
                code: coordinate.code,
                digits: positions,
            });
        }
        if digits.len() > MAX_DIGITS {
            return build_error(format!(
                "{owner} has {} coordinates; {MAX_DIGITS} is the most",
                digits.len()
            ));
        }
        let sizes = coordinates.iter().map(|c| u64::from(c.size));
        let num_nodes = sizes.fold(1u64, u64::saturating_mul);
        let first_node = self.groups.last().map_or(0, |g| g.first_node + g.num_nodes);
        if num_nodes > MAX_NODES || first_node + num_nodes > MAX_NODES {
            return build_error(format!("{owner} has {num_nodes} nodes; 2^48 is the most"));
        }
        let places = digits.iter().map(|digit| u64::from(digit.size));
        if places.fold(1u64, u64::saturating_mul) > MAX_NODES {
            return build_error(format!(
                "{owner}: the digits of its coordinates have more than 2^48 values together"
            ));
        }
        let mut group = Group {
            name: spec.name,
            role: spec.role,
            forwards: spec.forwards,
            capacity: None,
            digits,
            coordinates,
            num_nodes,
            first_node,
            domain: Vec::new(),
        };
        group.domain = group.compute_domain();
        self.groups.push(group);
        self.group_rates.push(spec.capacity);
        Ok(())
    }

    /// Adds a bundle.
    pub fn links(&mut self, spec: LinkSpec) -> Result<()> {
        let (a, a_part) = self.part(&spec.a)?;
        let (b, b_part) = self.part(&spec.b)?;
        let default_name = format!("{}-{}", self.groups[a].name, self.groups[b].name);
        let name = spec.name.unwrap_or(default_name);
        let owner = format!("bundle {}", quoted(&name));
        check_name(&name, "bundle")?;
        if self.bundles.iter().any(|bundle| bundle.name == name) {
            return build_error(format!("{owner} exists already; give this one a name="));
        }
        check_rate(spec.capacity, &owner)?;
        if spec.multiplicity == 0 {
            return build_error(format!("{owner} has multiplicity 0; it must be 1 or more"));
        }
        let (wiring, a_part, b_part) = match spec.join {
            JoinSpec::Ring { axis, wrap } => {
                let part = self.ring_part(&owner, a, b, &axis, wrap, a_part, b_part)?;
                let digit = self.groups[a]
                    .digits_of(&axis)
                    .map_or(0, |digits| digits[0]);
                (
                    Wiring::Ring { axis: digit },
                    part,
                    self.groups[b].domain.clone(),
                )
            }
            JoinSpec::SameName if a == b => {
                return build_error(format!(
                    "{owner} joins group {} to itself: say on which coordinates with join=",
                    quoted(&self.groups[a].name)
                ));
            }
            JoinSpec::SameName => {
                let pairs = self.same_name(a, b);
                (self.join(&owner, a, b, &pairs)?, a_part, b_part)
            }
            JoinSpec::Pairs(pairs) => (self.join(&owner, a, b, &pairs)?, a_part, b_part),
        };
        let pairs = |digits: usize, group: &Group| -> u128 {
            group.digits[..digits]
                .iter()
                .map(|digit| u128::from(digit.size))
                .product()
        };
        let (whole_a, whole_b) = (&self.groups[a], &self.groups[b]);
        let joined: u128 = match &wiring {
            Wiring::Join(joined) => joined
                .iter()
                .map(|(i, _)| u128::from(whole_a.digits[*i].size))
                .product(),
            Wiring::Within(joined) => joined
                .iter()
                .map(|i| u128::from(whole_a.digits[*i].size))
                .product(),
            _ => pairs(whole_b.digits.len(), whole_b),
        };
        let most = pairs(whole_a.digits.len(), whole_a) * pairs(whole_b.digits.len(), whole_b)
            / joined
            * u128::from(spec.multiplicity);
        if most >= 1 << 62 {
            return build_error(format!(
                "{owner} would have about {most} links; 2^62 is the most"
            ));
        }
        let bundle = Bundle::new(
            name,
            (a, &self.groups[a], &a_part),
            (b, &self.groups[b], &b_part),
            wiring,
            0,
            spec.multiplicity,
        );
        if bundle.num_links == 0 {
            return build_error(format!(
                "{owner} links nothing: no two nodes of its ends agree on the joined coordinates; \
                 if that is meant, leave it out, else check join= and give it a name="
            ));
        }
        self.bundles.push(bundle);
        self.bundle_rates.push(spec.capacity);
        Ok(())
    }

    /// The finished fabric, all capacities in one unit.
    pub fn build(self) -> Result<Layout> {
        if self.groups.is_empty() {
            return build_error(format!("fabric {} has no nodes", quoted(&self.name)));
        }
        let shifts = self.bundle_rates.iter().map(|rate| rate.shift);
        let limits = self.group_rates.iter().flatten().map(|rate| rate.shift);
        let unit_shift = shifts.chain(limits).max().unwrap_or(0);
        let (mut groups, mut bundles) = (self.groups, self.bundles);
        for (bundle, rate) in bundles.iter_mut().zip(self.bundle_rates) {
            let owner = format!("bundle {}", quoted(&bundle.name));
            bundle.capacity = to_units(rate, unit_shift, &owner)?;
        }
        for (group, rate) in groups.iter_mut().zip(self.group_rates) {
            let owner = format!("group {}", quoted(&group.name));
            group.capacity = rate
                .map(|rate| to_units(rate, unit_shift, &owner))
                .transpose()?;
        }
        Ok(Layout {
            name: self.name,
            groups,
            bundles,
            unit_shift,
        })
    }

    fn part(&self, spec: &PartSpec) -> Result<(usize, Vec<Block>)> {
        let Some(index) = self
            .groups
            .iter()
            .position(|group| group.name == spec.group)
        else {
            let known: Vec<&str> = self
                .groups
                .iter()
                .map(|group| group.name.as_str())
                .collect();
            return Err(no_such(ErrorKind::Build, "group", &spec.group, &known));
        };
        let group = &self.groups[index];
        Ok((index, narrowed(group, &spec.conditions)?))
    }

    /// User coordinates of equal names, then digits of equal names that those do not cover.
    fn same_name(&self, a: usize, b: usize) -> Vec<(String, String)> {
        let (from, to) = (&self.groups[a], &self.groups[b]);
        let mut names: Vec<String> = Vec::new();
        let (mut left, mut right) = (Vec::new(), Vec::new());
        for coordinate in &from.coordinates {
            if let Some(other) = to.coordinates.iter().find(|c| c.name == coordinate.name) {
                names.push(coordinate.name.clone());
                left.extend(&coordinate.digits);
                right.extend(&other.digits);
            }
        }
        for (position, digit) in from.digits.iter().enumerate() {
            let other = to.digits.iter().position(|other| other.name == digit.name);
            if other.is_some_and(|other| !left.contains(&position) && !right.contains(&other)) {
                names.push(digit.name.clone());
            }
        }
        names.into_iter().map(|name| (name.clone(), name)).collect()
    }

    fn join(&self, owner: &str, a: usize, b: usize, pairs: &[(String, String)]) -> Result<Wiring> {
        let (from, to) = (&self.groups[a], &self.groups[b]);
        let mut joined: Vec<(usize, usize)> = Vec::new();
        for (x, y) in pairs {
            let missing = |group: &Group, name: &str| {
                let error = group.no_coordinate(name);
                Error::new(ErrorKind::Build, format!("{owner}: {}", error.message))
            };
            let left = from.digits_of(x).ok_or_else(|| missing(from, x))?;
            let right = to.digits_of(y).ok_or_else(|| missing(to, y))?;
            let sizes = |group: &Group, digits: &[usize]| -> Vec<u32> {
                digits
                    .iter()
                    .map(|digit| group.digits[*digit].size)
                    .collect()
            };
            let code = |group: &Group, name: &str| {
                let coordinate = group.coordinates.iter().find(|c| c.name == name);
                coordinate.map_or(Code::Radix, |c| c.code)
            };
            let whole = |group: &Group, name: &str| group.size_of(name).unwrap_or(0);
            if sizes(from, &left) != sizes(to, &right)
                || code(from, x) != code(to, y)
                || whole(from, x) != whole(to, y)
            {
                return build_error(format!(
                    "{owner} joins {}.{x} of size {} to {}.{y} of size {}; joined coordinates must \
                     have equal sizes, digit by digit",
                    from.name,
                    whole(from, x),
                    to.name,
                    whole(to, y)
                ));
            }
            joined.extend(left.into_iter().zip(right));
        }
        for (place, (x, y)) in joined.iter().enumerate() {
            if joined[..place].iter().any(|(i, j)| i == x || j == y) {
                return build_error(format!(
                    "{owner} joins {}.{} to {}.{} although one of them is joined already",
                    from.name, from.digits[*x].name, to.name, to.digits[*y].name
                ));
            }
        }
        if a != b {
            return Ok(Wiring::Join(joined));
        }
        if let Some((x, y)) = joined.iter().find(|(x, y)| x != y) {
            return build_error(format!(
                "{owner} is within group {} and joins {} to {}; a bundle within a group joins \
                 coordinates to themselves",
                quoted(&from.name),
                from.digits[*x].name,
                to.digits[*y].name
            ));
        }
        Ok(Wiring::Within(joined.into_iter().map(|(x, _)| x).collect()))
    }

    #[allow(clippy::too_many_arguments)]
    fn ring_part(
        &self,
        owner: &str,
        a: usize,
        b: usize,
        axis: &str,
        wrap: bool,
        a_part: Vec<Block>,
        b_part: Vec<Block>,
    ) -> Result<Vec<Block>> {
        let group = &self.groups[a];
        if a != b || a_part != b_part || block::total_len(&a_part) != group.num_nodes {
            return build_error(format!("{owner} is a ring: it takes one whole group"));
        }
        let digit = match group.digits_of(axis).as_deref() {
            Some([digit]) => *digit,
            Some(_) => {
                return build_error(format!(
                    "{owner}: a ring runs along one wiring coordinate, and {axis} has several"
                ));
            }
            None => return Err(group.no_coordinate(axis)),
        };
        let size = group.digits[digit].size;
        // A partial last block elsewhere leaves whole rings out; along the axis it would cut one.
        let whole = Subset::full(size);
        if group.domain.iter().any(|block| *block.axis(digit) != whole) {
            return build_error(format!(
                "{owner} is a ring along {axis}, whose last block is partial"
            ));
        }
        // A ring of two is one link, not two; without wrap the last value starts none.
        let starts = Subset::range(0, if wrap && size > 2 { size } else { size - 1 });
        let blocks = group.domain.iter();
        Ok(blocks
            .map(|block| block.with_axis(digit, starts.clone()))
            .collect())
    }
}
fn check_name(name: &str, what: &str) -> Result<()> {
    let fits = !name.is_empty()
        && name.chars().count() <= 100
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "[]=,:;\"'".contains(c));
    if fits {
        return Ok(());
    }
    build_error(format!(
        "{} cannot name a {what}: 1 to 100 characters without spaces, brackets, quotes or =,:;",
        quoted(name)
    ))
}
