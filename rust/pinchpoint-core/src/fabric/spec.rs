//! How groups and bundles are described to a [`Builder`](super::Builder).

use super::group::{Code, Digit, Forwards, Role};
use super::values::Values;
use crate::error::{Error, ErrorKind, Result};

/// A capacity in kbit/s, exactly: `mantissa / 2^shift`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub mantissa: i64,
    pub shift: u32,
}

impl Rate {
    /// A whole number of kbit/s.
    pub fn kbit(mantissa: i64) -> Self {
        Rate { mantissa, shift: 0 }
    }
}

/// One user coordinate of a [`NodeSpec`].
#[derive(Debug, Clone)]
pub struct CoordinateSpec {
    pub name: String,
    /// Number of values; the product of the digit sizes if not given.
    pub size: Option<u32>,
    pub code: Code,
    pub digits: Vec<Digit>,
}

/// A group to build.
#[derive(Debug, Clone)]
pub struct NodeSpec {
    pub name: String,
    pub role: Role,
    pub forwards: Forwards,
    pub capacity: Option<Rate>,
    pub coordinates: Vec<CoordinateSpec>,
}

/// A group, or the part of it that the conditions leave.
#[derive(Debug, Clone)]
pub struct PartSpec {
    pub group: String,
    pub conditions: Vec<(String, Values)>,
}

/// How a [`LinkSpec`] joins.
#[derive(Debug, Clone)]
pub enum JoinSpec {
    /// Every coordinate of the same name.
    SameName,
    /// (name in a, name in b).
    Pairs(Vec<(String, String)>),
    /// To the next value along one coordinate, and from the last to the first if it wraps.
    Ring { axis: String, wrap: bool },
}

/// A bundle to build.
#[derive(Debug, Clone)]
pub struct LinkSpec {
    pub a: PartSpec,
    pub b: PartSpec,
    pub capacity: Rate,
    pub join: JoinSpec,
    pub multiplicity: u32,
    pub name: Option<String>,
}

pub(super) fn check_rate(rate: Rate, owner: &str) -> Result<()> {
    if rate.mantissa < 0 {
        let message = format!(
            "{owner} has capacity {} kbit/s; it must not be negative",
            rate.mantissa
        );
        return Err(Error::new(ErrorKind::Capacity, message));
    }
    Ok(())
}

pub(super) fn to_units(rate: Rate, unit_shift: u32, owner: &str) -> Result<i64> {
    let up = unit_shift - rate.shift;
    let scaled = if up < 63 {
        rate.mantissa.checked_mul(1 << up)
    } else {
        None
    };
    // Totals over links are formed in 128 bits; one link must leave room for that.
    match scaled.filter(|units| *units < 1 << 62) {
        Some(units) => Ok(units),
        None if rate.mantissa == 0 => Ok(0),
        None => {
            let message = format!(
                "{owner}: its capacity and the finest one of the fabric (a fraction of 2^-{unit_shift} \
                 kbit/s) do not fit one integer scale; round the capacities to whole kbit/s"
            );
            Err(Error::new(ErrorKind::Capacity, message))
        }
    }
}
