//! Capacities of any kind as exact integers of one unit, a power of two.

use std::any::Any;

use pinchpoint_core::flow::Capacity;

use crate::convert::{NARROW, Numbers};

/// The widest exact integer a capacity may become. Sums of 2^26 of them still fit.
const MAX_BITS: i32 = 100;

/// What one unit of the integers stands for, and what was lost in converting to them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unit {
    /// A unit is 2^exponent.
    pub exponent: i32,
    /// The answers are floats.
    pub float: bool,
    /// The value is at most this far from the exact one, in the caller's unit.
    pub error_bound: f64,
}

/// Mantissa and exponent of a positive finite float: `value == mantissa * 2^exponent`, odd mantissa.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let exponent = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if exponent == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, exponent - 1075)
    };
    let shift = mantissa.trailing_zeros();
    (mantissa >> shift, exponent + shift as i32)
}

impl Unit {
    /// Integers as they are.
    pub const ONE: Unit = Unit {
        exponent: 0,
        float: false,
        error_bound: 0.0,
    };

    /// The unit in which all of `fields` are integers, if it can be; else the finest one in which
    /// they fit, with the bound that rounding costs.
    pub fn of(capacity: &Numbers, fields: &[&Numbers]) -> Unit {
        let Numbers::Float(_) = capacity else {
            return Unit::ONE;
        };
        let (mut low, mut high, mut count) = (i32::MAX, i32::MIN, 0u64);
        let mut last = 0.0;
        for field in fields {
            match field {
                Numbers::Float(values) => {
                    for value in values
                        .iter()
                        .filter(|value| value.is_finite() && **value > 0.0)
                    {
                        count += 1;
                        if *value != last {
                            last = *value;
                            let (mantissa, exponent) = parts(*value);
                            low = low.min(exponent);
                            high = high.max(exponent + 64 - mantissa.leading_zeros() as i32);
                        }
                    }
                }
                Numbers::I32(_) | Numbers::I64(_) | Numbers::Big(_) => {
                    low = low.min(0);
                    high = high.max(64);
                    count += field.len() as u64;
                }
            }
        }
        if count == 0 {
            return Unit {
                exponent: 0,
                float: true,
                error_bound: 0.0,
            };
        }
        let exponent = low.max(high - MAX_BITS);
        // Rounding down by less than a unit each: a cut loses less than one unit per capacity.
        let error_bound = if exponent > low {
            times_power(count as f64, exponent)
        } else {
            0.0
        };
        Unit {
            exponent,
            float: true,
            error_bound,
        }
    }

    /// Bits that the largest of `numbers` takes in this unit, at most; "no limit" takes none.
    pub fn bits(&self, numbers: &Numbers) -> u32 {
        let of_int = |largest: i128| {
            let bits = 128 - largest.leading_zeros() as i32 - self.exponent;
            if largest == 0 { 0 } else { bits.max(1) as u32 }
        };
        match numbers {
            Numbers::I32(_) if self.exponent == 0 => NARROW,
            Numbers::I32(values) => of_int(values.iter().copied().max().unwrap_or(0).into()),
            Numbers::I64(values) => of_int(values.iter().copied().max().unwrap_or(0).into()),
            Numbers::Big(values) => of_int(values.iter().copied().max().unwrap_or(0)),
            Numbers::Float(values) => {
                let finite = values.iter().copied().filter(|value| value.is_finite());
                let largest = finite.fold(0.0, f64::max);
                if largest == 0.0 {
                    return 0;
                }
                let (mantissa, exponent) = parts(largest);
                (exponent + 64 - mantissa.leading_zeros() as i32 - self.exponent).max(1) as u32
            }
        }
    }

    /// How far the float of `amount` may be from the exact answer.
    pub fn error_of(&self, amount: i128) -> f64 {
        if !self.float {
            return 0.0;
        }
        let nearest = amount as f64;
        let lost = (amount - nearest as i128).unsigned_abs() as f64;
        self.error_bound + times_power(lost, self.exponent)
    }

    /// An amount of units as a float, rounded to nearest.
    pub fn float_of(&self, amount: i128) -> f64 {
        times_power(amount as f64, self.exponent)
    }

    /// The values themselves if they are what is asked for: no copy.
    fn unchanged<C: Capacity>(&self, numbers: Numbers) -> Result<Vec<C>, Numbers> {
        if self.exponent != 0 {
            return Err(numbers);
        }
        let same = |values: Box<dyn Any>| values.downcast::<Vec<C>>().map(|values| *values);
        match numbers {
            Numbers::I32(values) => same(Box::new(values))
                .map_err(|values| Numbers::I32(*values.downcast().expect("what went in"))),
            Numbers::I64(values) => same(Box::new(values))
                .map_err(|values| Numbers::I64(*values.downcast().expect("what went in"))),
            other => Err(other),
        }
    }

    /// The values as integers of this unit; infinity is `C::MAX`.
    ///
    /// `None` if one of them does not fit into `C`.
    pub fn integers<C: Capacity>(&self, numbers: Numbers) -> Option<Vec<C>> {
        let numbers = match self.unchanged(numbers) {
            Ok(values) => return Some(values),
            Err(numbers) => numbers,
        };
        let narrow = |wide: i128| (wide < C::MAX.wide()).then(|| C::truncate(wide));
        let shift = |wide: i128| match -self.exponent {
            up @ 0..100 => wide.checked_mul(1 << up),
            up if up < 0 => Some(wide.checked_shr(-up as u32).unwrap_or(0)),
            _ => None,
        };
        match numbers {
            Numbers::I32(values) => values
                .into_iter()
                .map(|v| shift(v.into()).and_then(narrow))
                .collect(),
            Numbers::I64(values) => values
                .into_iter()
                .map(|v| shift(v.into()).and_then(narrow))
                .collect(),
            Numbers::Big(values) => values
                .into_iter()
                .map(|v| shift(v).and_then(narrow))
                .collect(),
            Numbers::Float(values) => values
                .into_iter()
                .map(|value| {
                    if value == f64::INFINITY {
                        return Some(C::MAX);
                    }
                    if value == 0.0 {
                        return Some(C::default());
                    }
                    let (mantissa, exponent) = parts(value);
                    let up = exponent - self.exponent;
                    let wide = i128::from(mantissa);
                    if up >= 0 {
                        narrow(wide.checked_mul(1i128.checked_shl(up as u32)?)?)
                    } else {
                        narrow(wide.checked_shr(-up as u32).unwrap_or(0))
                    }
                })
                .collect(),
        }
    }
}

/// `value * 2^exponent` without leaving the range on the way.
fn times_power(mut value: f64, mut exponent: i32) -> f64 {
    while exponent != 0 {
        let step = exponent.clamp(-1000, 1000);
        value *= 2f64.powi(step);
        exponent -= step;
    }
    value
}
