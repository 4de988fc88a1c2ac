//! What raising a tier buys: the value as a function of the capacity of some bundles.
//!
//! For a factor x on those capacities a cut costs a + b x, so the value is the lower envelope of
//! lines: concave and piecewise linear. Its breakpoints are found by Eisner and Severance's method
//! (J. ACM 23, 1976): where two known lines cross, either the value is there, or a new line is.

use super::{Query, bandwidth};
use crate::certify::crossing::{Crossing, Through};
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::Fabric;
use crate::monitor::Monitor;

/// An exact positive factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    pub numerator: i64,
    pub denominator: i64,
}

/// Where another cut begins to bind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakpoint {
    /// Of the capacity as it is.
    pub factor: Factor,
    /// The value there, times the factor's denominator, in the fabric's units.
    pub scaled_value: i128,
    /// Slope before and after: units gained per unit of factor.
    pub slope_before: i128,
    pub slope_after: i128,
    /// What the cut that binds beyond consists of, at factor 1.
    pub beyond: Vec<Crossing>,
}

/// Factors are searched up to this one.
const LARGEST: i64 = 1 << 20;

/// A cut as a line: `fixed + slope * x`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    fixed: i128,
    slope: i128,
    rows: Vec<Crossing>,
}

/// All breakpoints of the value between the factors `from` and 2^20, in increasing order.
///
/// # Errors
/// As [`bandwidth`]; `Overflow` if a factor that must be tried does not fit the capacities.
///
/// # Complexity
/// At most two bandwidth queries per breakpoint, and two more.
pub fn breakpoints(
    fabric: &Fabric,
    query: &Query,
    bundles: &[usize],
    from: Factor,
    monitor: &dyn Monitor,
) -> Result<Vec<Breakpoint>> {
    let parametric = Parametric {
        fabric,
        query,
        bundles,
        monitor,
    };
    let first = parametric.line(from)?;
    let last = parametric.line(Factor {
        numerator: LARGEST,
        denominator: 1,
    })?;
    let mut found = Vec::new();
    // Pairs of lines of the envelope, the left one first, still to be told apart.
    let mut pending = vec![(first, last)];
    while let Some((left, right)) = pending.pop() {
        if left.slope == right.slope {
            continue;
        }
        let crossing = crossing_of(&left, &right)?;
        let middle = parametric.line(crossing)?;
        let at = |line: &Line| {
            line.fixed * i128::from(crossing.denominator)
                + line.slope * i128::from(crossing.numerator)
        };
        if at(&middle) == at(&left) {
            found.push(Breakpoint {
                factor: crossing,
                scaled_value: at(&left),
                slope_before: left.slope,
                slope_after: right.slope,
                beyond: right.rows,
            });
            continue;
        }
        pending.push((middle.clone(), right));
        pending.push((left, middle));
    }
    found.sort_by(|a, b| {
        let cross = |x: Factor, y: Factor| i128::from(x.numerator) * i128::from(y.denominator);
        cross(a.factor, b.factor).cmp(&cross(b.factor, a.factor))
    });
    Ok(found)
}

/// Where two lines cross, in lowest terms.
fn crossing_of(left: &Line, right: &Line) -> Result<Factor> {
    let (mut rise, mut run) = (right.fixed - left.fixed, left.slope - right.slope);
    let (mut a, mut b) = (rise.abs(), run.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    rise /= a.max(1);
    run /= a.max(1);
    match (i64::try_from(rise), i64::try_from(run)) {
        (Ok(numerator), Ok(denominator)) if numerator > 0 && denominator > 0 => Ok(Factor {
            numerator,
            denominator,
        }),
        _ => Err(Error::new(
            ErrorKind::Overflow,
            "a breakpoint's factor does not fit 64 bits; round the capacities",
        )),
    }
}

struct Parametric<'a> {
    fabric: &'a Fabric,
    query: &'a Query,
    bundles: &'a [usize],
    monitor: &'a dyn Monitor,
}

impl Parametric<'_> {
    /// The source-minimal minimum cut at a factor, as a line.
    fn line(&self, factor: Factor) -> Result<Line> {
        let scaled = self
            .fabric
            .stretched(self.bundles, factor.numerator, factor.denominator)?;
        let answer = bandwidth(&scaled, self.query, self.monitor)?;
        let mut line = Line {
            fixed: 0,
            slope: 0,
            rows: Vec::new(),
        };
        for mut row in answer.crossing(&scaled, 0, self.monitor)? {
            let part = match row.through {
                Through::Bundle(index) if self.bundles.contains(&index) => {
                    row.capacity /= i128::from(factor.numerator);
                    &mut line.slope
                }
                _ => {
                    row.capacity /= i128::from(factor.denominator);
                    &mut line.fixed
                }
            };
            *part += row.capacity;
            line.rows.push(row);
        }
        Ok(line)
    }
}
