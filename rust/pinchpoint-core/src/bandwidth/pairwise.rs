//! Bandwidth between every two of many selections.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Forwarding, Query, bandwidth};
use crate::error::{Error, ErrorKind, Result};
use crate::fabric::{Fabric, Selection};
use crate::monitor::Monitor;
use crate::threads;

/// Values between every two of `groups`, row-major, in the fabric's units; 0 on the diagonal.
///
/// Queries run side by side; the result does not depend on the number of threads. Where links have
/// one capacity for both directions the matrix is symmetric and each pair is asked once.
///
/// # Errors
/// As [`bandwidth`], for the first pair in row order that fails.
pub fn pairwise(
    fabric: &Fabric,
    groups: &[Vec<Selection>],
    forwarding: Forwarding,
    monitor: &dyn Monitor,
) -> Result<Vec<i128>> {
    let count = groups.len();
    if count > 30_000 {
        let message = format!(
            "{count} selections make {} pairs; 30,000 is the most",
            count * count
        );
        return Err(Error::new(ErrorKind::SizeLimit, message));
    }
    let directed = fabric.arrays().is_some_and(|arrays| arrays.directed);
    let asked = |i: usize, j: usize| if directed { i != j } else { i < j };
    let pairs: Vec<(usize, usize)> = (0..count)
        .flat_map(|i| (0..count).map(move |j| (i, j)))
        .filter(|(i, j)| asked(*i, *j))
        .collect();
    let next = AtomicUsize::new(0);
    let found: Mutex<BTreeMap<usize, Result<i128>>> = Mutex::new(BTreeMap::new());
    let failed = AtomicUsize::new(usize::MAX);
    let work = || {
        let mut own = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some((i, j)) = pairs.get(place) else {
                break;
            };
            // What comes after a failure is not needed; what comes before it still is.
            if place > failed.load(Ordering::Relaxed) {
                break;
            }
            let query = Query {
                sources: groups[*i].clone(),
                sinks: groups[*j].clone(),
                forwarding,
            };
            let answer = bandwidth(fabric, &query, monitor).map(|answer| answer.value);
            if answer.is_err() {
                failed.fetch_min(place, Ordering::Relaxed);
            }
            own.push((place, answer));
        }
        found
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
            .extend(own);
    };
    let workers = threads::count().min(pairs.len().max(1));
    threads::join((0..workers).map(|_| &work));
    let mut matrix = vec![0; count * count];
    for (place, answer) in found
        .into_inner()
        .unwrap_or_else(|broken| broken.into_inner())
    {
        let (i, j) = pairs[place];
        let value = answer?;
        matrix[i * count + j] = value;
        if !directed {
            matrix[j * count + i] = value;
        }
    }
    Ok(matrix)
}
