//! Sizes are estimated before anything is allocated.

use std::fs;

use crate::error::{Error, ErrorKind, Result};

/// Estimates up to this are never refused.
const ALWAYS: u64 = 256 << 20;
/// The limit where the machine does not say how much memory it has.
const FALLBACK: u64 = 16 << 30;

/// Refuses what would need more than 80 % of the memory that is available now.
///
/// # Errors
///
/// `SizeLimit`, naming the estimate and the limit.
pub fn check(what: &str, bytes: u64) -> Result<()> {
    if is_small(bytes.into()) {
        return Ok(());
    }
    check_within(what, bytes.into(), available())
}

/// Whether an estimate is never refused, so that nobody needs to ask what is available.
pub fn is_small(bytes: u128) -> bool {
    bytes <= ALWAYS.into()
}

/// The same as [`check`] of what is not small, where so many bytes are available.
///
/// # Errors
///
/// `SizeLimit`, naming the estimate and the limit.
pub fn check_within(what: &str, bytes: u128, available: u64) -> Result<()> {
    let limit = available / 5 * 4;
    if bytes <= limit.into() {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::SizeLimit,
        format!(
            "{what} needs about {:.1} GB of memory; the limit is {:.1} GB",
            bytes as f64 / 1e9,
            limit as f64 / 1e9
        ),
    ))
}

/// Bytes of memory available to new work.
pub fn available() -> u64 {
    reported().unwrap_or(FALLBACK)
}

/// The same, where the system says so.
fn reported() -> Option<u64> {
    let report = fs::read_to_string("/proc/meminfo").ok()?;
    let line = report
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_no_machine_has() {
        assert!(check("a small thing", 1 << 20).is_ok());
        let error = check("a huge thing", 1 << 60).unwrap_err();
        assert_eq!(error.kind, ErrorKind::SizeLimit);
        assert!(
            error
                .message
                .contains("a huge thing needs about 1152921504.6 GB")
        );
    }
}
