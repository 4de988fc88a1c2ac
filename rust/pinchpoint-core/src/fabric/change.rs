//! Failed and degraded links, failed nodes: a new fabric that shares the base.

use super::block::{self, Block};
use super::bundle::Wiring;
use super::explicit::Arrays;
use super::selection::{LinkSelection, Selection};
use super::state::{Fabric, Override, State};
use crate::error::{Error, ErrorKind, Result};

/// What [`Fabric::scaled`] did.
#[derive(Debug, Clone)]
pub struct Scaled {
    pub fabric: Fabric,
    /// Whether some capacity was no whole number of units and was rounded down.
    pub rounded: bool,
}

/// A capacity after a change, and whether the link is up.
type Change<'a> = dyn Fn(i64, bool) -> Result<(i64, bool)> + 'a;

impl Fabric {
    /// The fabric without those links and nodes. A link that failed twice failed once.
    pub fn without(&self, links: &[LinkSelection], nodes: &[Selection]) -> Result<Fabric> {
        let mut state = self.state().clone();
        for selection in links {
            self.change(&mut state, selection, &|_, _| Ok((0, false)))?;
        }
        for selection in nodes {
            let removed = &mut state.removed[self.layout().resolve(selection)?];
            *removed =
                block::disjoint_union(removed.drain(..).chain(selection.blocks.iter().cloned()));
        }
        Ok(self.with_state(state))
    }

    /// The fabric with the capacity of those links multiplied by `factor` and rounded down.
    ///
    /// # Errors
    /// `factor` must be a finite number above zero, and no capacity may overflow.
    pub fn scaled(&self, links: &[LinkSelection], factor: f64) -> Result<Scaled> {
        if !(factor.is_finite() && factor > 0.0) {
            let message = format!("factor is {factor}; it must be a finite number above zero");
            return Err(Error::new(ErrorKind::Capacity, message));
        }
        let rounded = std::cell::Cell::new(false);
        let mut state = self.state().clone();
        for selection in links {
            self.change(&mut state, selection, &|capacity, up| {
                let (scaled, exact) = multiply(capacity, factor).ok_or_else(|| {
                    let message = format!(
                        "a link of bundle {:?} times {factor:e} is more than a capacity can hold",
                        selection.bundle
                    );
                    Error::new(ErrorKind::Overflow, message)
                })?;
                rounded.set(rounded.get() | !exact);
                Ok((scaled, up))
            })?;
        }
        Ok(Scaled {
            fabric: self.with_state(state),
            rounded: rounded.get(),
        })
    }

    /// All capacities times `others`, those of `bundles` times `chosen` instead: the same fabric in
    /// another unit, up to the ratio of the two.
    ///
    /// # Errors
    /// `Overflow` if a capacity gets too large.
    pub fn stretched(&self, bundles: &[usize], chosen: i64, others: i64) -> Result<Fabric> {
        let times = |capacity: i64, index: Option<usize>| {
            let own = index.is_some_and(|index| bundles.contains(&index));
            let product = capacity.checked_mul(if own { chosen } else { others });
            product.filter(|units| *units < 1 << 62).ok_or_else(|| {
                let message = format!("a capacity times {} is too large", chosen.max(others));
                Error::new(ErrorKind::Overflow, message)
            })
        };
        let mut layout = self.layout().clone();
        for (index, bundle) in layout.bundles.iter_mut().enumerate() {
            bundle.capacity = times(bundle.capacity, Some(index))?;
        }
        for group in &mut layout.groups {
            group.capacity = group.capacity.map(|limit| times(limit, None)).transpose()?;
        }
        let mut state = self.state().clone();
        for (index, changes) in state.overrides.iter_mut().enumerate() {
            for change in changes {
                change.capacity = times(change.capacity, Some(index))?;
            }
        }
        let arrays = match self.arrays() {
            None => None,
            Some(arrays) => {
                let mut built = arrays.built.as_ref().clone();
                for index in 0..layout.bundles.len() {
                    let links = arrays.first_link[index]..arrays.first_link[index + 1];
                    for capacity in &mut built[links] {
                        *capacity = times(*capacity, Some(index))?;
                    }
                }
                let own = Arrays {
                    built: built.into(),
                    ..arrays.clone()
                };
                Some(own.changed(&layout, &state))
            }
        };
        Ok(Fabric::assemble(layout.into(), None).derived(state, arrays))
    }

    /// The same build with these changes, which must fit it.
    pub fn with_state(&self, state: State) -> Fabric {
        let arrays = self
            .arrays()
            .map(|arrays| arrays.changed(self.layout(), &state));
        self.derived(state, arrays)
    }

    /// Applies `change` to the selected links: to what is left of earlier changes, and to the rest.
    fn change(
        &self,
        state: &mut State,
        selection: &LinkSelection,
        change: &Change<'_>,
    ) -> Result<()> {
        let index = self.layout().resolve_links(selection)?;
        let bundle = &self.layout().bundles[index];
        let overrides = &mut state.overrides[index];
        if bundle.wiring == Wiring::Listed {
            let arrays = self
                .arrays()
                .expect("a listed bundle belongs to an explicit fabric");
            let built = &arrays.built[arrays.first_link[index]..arrays.first_link[index + 1]];
            return change_listed(built, overrides, selection, change);
        }
        let mut next = Vec::with_capacity(overrides.len() + selection.blocks.len());
        let changed: Vec<Block> = overrides.iter().map(|old| old.links.clone()).collect();
        let fresh = block::subtract(&selection.blocks, &changed);
        let mut touched: Vec<Vec<Block>> = Vec::with_capacity(overrides.len());
        block::for_each_meeting(&changed, &selection.blocks, |_, which| {
            let meeting = which.iter().map(|place| selection.blocks[*place].clone());
            touched.push(meeting.collect());
        });
        for (old, touching) in overrides.drain(..).zip(touched) {
            if touching.is_empty() {
                next.push(old);
                continue;
            }
            let (capacity, up) = change(old.capacity, old.up)?;
            let own = std::slice::from_ref(&old.links);
            for links in block::intersection(own, &touching) {
                next.push(Override {
                    links,
                    capacity,
                    up,
                });
            }
            for links in block::subtract(own, &touching) {
                next.push(Override { links, ..old });
            }
        }
        if !fresh.is_empty() {
            let (capacity, up) = change(bundle.capacity, true)?;
            next.extend(fresh.into_iter().map(|links| Override {
                links,
                capacity,
                up,
            }));
        }
        *overrides = next;
        Ok(())
    }
}

/// Links that follow no rule are changed one by one: each has a capacity of its own.
fn change_listed(
    built: &[i64],
    overrides: &mut Vec<Override>,
    selection: &LinkSelection,
    change: &Change<'_>,
) -> Result<()> {
    let mut current: std::collections::BTreeMap<u32, (i64, bool)> = overrides
        .iter()
        .filter_map(|old| Some((old.links.axis(0).as_single()?, (old.capacity, old.up))))
        .collect();
    for block in &selection.blocks {
        for link in block.axis(0).values() {
            let fresh = (built[link as usize], true);
            let (capacity, up) = current.get(&link).copied().unwrap_or(fresh);
            current.insert(link, change(capacity, up)?);
        }
    }
    let single = |(link, (capacity, up))| Override {
        links: Block::point(&[link]),
        capacity,
        up,
    };
    *overrides = current.into_iter().map(single).collect();
    Ok(())
}

/// `floor(capacity * factor)` in exact arithmetic, and whether nothing was cut off; none if that is
/// more than a capacity can hold.
///
/// The factor stands for the shortest decimal that reads as the same float: 0.7 of 400 Gb/s is
/// 280 Gb/s, although the float 0.7 is a little less than seven tenths.
fn multiply(capacity: i64, factor: f64) -> Option<(i64, bool)> {
    let (digits, exponent) = decimal(factor);
    // Below 2^62 times 10^17: fits.
    let product = i128::from(capacity) * digits;
    if product == 0 {
        return Some((0, true));
    }
    let power = 10i128.checked_pow(exponent.unsigned_abs());
    let (units, exact) = match power {
        Some(power) if exponent >= 0 => (product.checked_mul(power)?, true),
        Some(power) => (product / power, product % power == 0),
        None if exponent >= 0 => return None,
        None => (0, false),
    };
    i64::try_from(units)
        .ok()
        .filter(|units| *units < 1 << 62)
        .map(|units| (units, exact))
}

/// A positive finite float as the shortest decimal that reads as it: digits times a power of ten.
fn decimal(number: f64) -> (i128, i32) {
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').expect("scientific notation has an e");
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}")
        .parse()
        .expect("at most 17 digits");
    let exponent: i32 = exponent.parse().expect("an exponent of a float");
    (digits, exponent - fraction.len() as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_is_exact_and_rounds_down() {
        assert_eq!(multiply(200_000_000, 0.5), Some((100_000_000, true)));
        assert_eq!(multiply(3, 0.5), Some((1, false)));
        assert_eq!(multiply(400_000_000, 0.7), Some((280_000_000, true)));
        assert_eq!(multiply(10, 0.3), Some((3, true)));
        assert_eq!(multiply(1_000, 1.0 / 3.0), Some((333, false)));
        assert_eq!(multiply(7, 1e15), Some((7_000_000_000_000_000, true)));
        assert_eq!(multiply(10, 0.1), Some((1, true)));
        assert_eq!(multiply(1 << 40, f64::MIN_POSITIVE), Some((0, false)));
        assert_eq!(multiply(1 << 40, 1e300), None);
        assert_eq!(multiply(0, 1e300), Some((0, true)));
        assert_eq!(multiply(7, 3.0), Some((21, true)));
    }
}
