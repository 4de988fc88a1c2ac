//! Sizes are estimated before anything is allocated.

use std::fs;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Estimates up to this are never refused.
const ALWAYS: u64 = 64 << 20;
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

/// Bytes of memory available to new work: the least of what the machine has, and of what limits of
/// this process (`ulimit`) and of its control groups (containers, batch systems) leave.
pub fn available() -> u64 {
    let machine = of_machine().unwrap_or(FALLBACK);
    let limits = [of_process(), of_groups(Path::new(GROUPS))];
    limits.into_iter().flatten().fold(machine, u64::min)
}

/// What the machine has, where the system says so.
fn of_machine() -> Option<u64> {
    field(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// What the limits of this process leave, if there are any.
fn of_process() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let status = fs::read_to_string("/proc/self/status").ok()?;
    left_by_limits(&limits, &status)
}

/// The same from the two reports.
fn left_by_limits(limits: &str, status: &str) -> Option<u64> {
    let left = |limit: &str, used: &str| -> Option<u64> {
        let line = limits.lines().find_map(|line| line.strip_prefix(limit))?;
        let soft: u64 = line.split_whitespace().next()?.parse().ok()?;
        Some(soft.saturating_sub(field(status, used)?))
    };
    let both = [
        left("Max address space", "VmSize:"),
        left("Max data size", "VmData:"),
    ];
    both.into_iter().flatten().min()
}

/// Where control groups are mounted.
const GROUPS: &str = "/sys/fs/cgroup";

/// What the limits of the control groups that this process is in leave, if there are any.
fn of_groups(mounted: &Path) -> Option<u64> {
    let report = fs::read_to_string("/proc/self/cgroup").ok()?;
    left_by_groups(&report, mounted)
}

/// The same from the report of this process's groups: a line `id:controllers:path` each.
fn left_by_groups(report: &str, mounted: &Path) -> Option<u64> {
    let groups = report.lines().filter_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (parts.next()?, parts.next()?);
        let (base, files) = if controllers.is_empty() {
            let files = ["memory.max", "memory.current", "inactive_file "];
            (mounted.to_owned(), files)
        } else if controllers.split(',').any(|name| name == "memory") {
            let files = [
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_inactive_file ",
            ];
            (mounted.join("memory"), files)
        } else {
            return None;
        };
        let inside = Path::new(path.trim_start_matches('/'));
        let each = inside.ancestors().filter_map(move |group| {
            // Within a container the own group may be mounted as the root.
            left_in_group(&base.join(group), files)
        });
        each.min()
    });
    groups.min()
}

/// What the limit of one group leaves; what files could be dropped for does not count as used.
fn left_in_group(folder: &Path, [limit, used, files]: [&str; 3]) -> Option<u64> {
    let number = |name: &str| -> Option<u64> {
        let text = fs::read_to_string(folder.join(name)).ok()?;
        text.trim().parse().ok()
    };
    let (limit, used) = (number(limit)?, number(used)?);
    let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let dropped = stat
        .lines()
        .find_map(|line| line.strip_prefix(files)?.trim().parse().ok());
    Some(limit.saturating_sub(used.saturating_sub(dropped.unwrap_or(0))))
}

/// The bytes of a field that is given in kilobytes.
fn field(report: &str, name: &str) -> Option<u64> {
    let line = report.lines().find_map(|line| line.strip_prefix(name))?;
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

    #[test]
    fn limits_of_the_process_count() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
            Max data size             unlimited            unlimited            bytes\n\
            Max address space         4096000              unlimited            bytes\n";
        let status = "VmSize:\t    1000 kB\nVmData:\t     424 kB\n";
        assert_eq!(
            left_by_limits(limits, status),
            Some(4_096_000 - (1000 << 10))
        );
        let data = limits.replace("size             unlimited", "size             500000   ");
        assert_eq!(left_by_limits(&data, status), Some(500_000 - (424 << 10)));
        let none = limits.replace("4096000  ", "unlimited");
        assert_eq!(left_by_limits(&none, status), None);
        assert_eq!(left_by_limits(limits, "VmSize:\t 9000 kB\n"), Some(0));
    }

    #[test]
    fn limits_of_control_groups_count() {
        let mounted =
            std::env::temp_dir().join(format!("pinchpoint-groups-{}", std::process::id()));
        let write = |group: &str, files: &[(&str, &str)]| {
            let folder = mounted.join(group);
            fs::create_dir_all(&folder).unwrap();
            for (name, text) in files {
                fs::write(folder.join(name), text).unwrap();
            }
        };
        let report = "12:cpu,cpuacct:/batch\n4:memory:/batch/job:7\n0::/batch/job:7\n";
        assert_eq!(left_by_groups(report, &mounted), None);
        // The second version: the least of the group and those it is in.
        write(
            "batch/job:7",
            &[("memory.max", "max\n"), ("memory.current", "5\n")],
        );
        assert_eq!(left_by_groups(report, &mounted), None);
        let stat = "anon 300\ninactive_file 100\nactive_file 7\n";
        let files = [
            ("memory.max", "1000\n"),
            ("memory.current", "400\n"),
            ("memory.stat", stat),
        ];
        write("batch", &files);
        assert_eq!(left_by_groups(report, &mounted), Some(700));
        // The first version.
        let limits = [
            ("memory.limit_in_bytes", "600"),
            ("memory.usage_in_bytes", "200"),
        ];
        write("memory/batch/job:7", &limits);
        assert_eq!(left_by_groups(report, &mounted), Some(400));
        write("memory/batch/job:7", &[("memory.usage_in_bytes", "900")]);
        assert_eq!(left_by_groups(report, &mounted), Some(0));
        fs::remove_dir_all(&mounted).unwrap();
    }
}
