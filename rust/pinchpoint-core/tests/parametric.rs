//! Breakpoints against values asked one by one; pairs against single queries.

mod common;

use pinchpoint_core::bandwidth::{Breakpoint, Factor, Query, bandwidth, breakpoints, pairwise};
use pinchpoint_core::{ErrorKind, NoMonitor};
use proptest::prelude::*;

/// The value at a factor, times its denominator.
fn value_at(
    fabric: &pinchpoint_core::fabric::Fabric,
    query: &Query,
    bundle: usize,
    factor: Factor,
) -> i128 {
    let stretched = fabric
        .stretched(&[bundle], factor.numerator, factor.denominator)
        .unwrap();
    bandwidth(&stretched, query, &NoMonitor).unwrap().value
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn breakpoints_are_all_there_are(seed in any::<u64>(), which in 0usize..4) {
        let Some((fabric, query)) = common::fabric_and_query(seed) else { return Ok(()) };
        if fabric.layout().bundles.is_empty() {
            return Ok(());
        }
        let bundle = which % fabric.layout().bundles.len();
        let from = Factor { numerator: 1, denominator: 1 };
        let points = match breakpoints(&fabric, &query, &[bundle], from, &NoMonitor) {
            Ok(points) => points,
            Err(error) => {
                prop_assert_eq!(error.kind, ErrorKind::Selection, "{}", error);
                return Ok(());
            }
        };
        let plain = fabric.materialize(1 << 30, &NoMonitor).unwrap();
        let other = breakpoints(&plain, &query, &[bundle], from, &NoMonitor).unwrap();
        let short = |points: &[Breakpoint]| -> Vec<_> {
            points.iter().map(|p| (p.factor, p.scaled_value, p.slope_after)).collect()
        };
        prop_assert_eq!(short(&points), short(&other));
        // Between two breakpoints the value is a line: check it at the ends and in the middle.
        let mut knots = vec![from];
        for point in &points {
            prop_assert_eq!(value_at(&fabric, &query, bundle, point.factor), point.scaled_value);
            prop_assert!(point.slope_before > point.slope_after, "concave");
            knots.push(point.factor);
        }
        let last = knots[knots.len() - 1];
        knots.push(Factor { numerator: last.numerator * 3, denominator: last.denominator });
        for pair in knots.windows(2) {
            let common = i128::from(pair[0].denominator) * i128::from(pair[1].denominator);
            let at = |factor: Factor| value_at(&fabric, &query, bundle, factor) * (common / i128::from(factor.denominator));
            let middle = Factor {
                numerator: pair[0].numerator * pair[1].denominator + pair[1].numerator * pair[0].denominator,
                denominator: 2 * pair[0].denominator * pair[1].denominator,
            };
            prop_assert_eq!(at(pair[0]) + at(pair[1]), value_at(&fabric, &query, bundle, middle));
        }
    }

    #[test]
    fn pairs_equal_single_queries(seed in any::<u64>()) {
        let Some((fabric, query)) = common::fabric_and_query(seed) else { return Ok(()) };
        let groups = [query.sources.clone(), query.sinks.clone()];
        let single = bandwidth(&fabric, &query, &NoMonitor);
        match pairwise(&fabric, &groups, query.forwarding, &NoMonitor) {
            Ok(matrix) => {
                let back = Query { sources: query.sinks.clone(), sinks: query.sources.clone(), ..query };
                let back = bandwidth(&fabric, &back, &NoMonitor).unwrap().value;
                prop_assert_eq!(matrix, vec![0, single.unwrap().value, back, 0]);
            }
            Err(error) => prop_assert_eq!(error, single.unwrap_err()),
        }
    }
}
