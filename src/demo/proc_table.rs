//! The processes of this machine, as far as the demo needs them: who is whose child, since when.
//!
//! Linux is read from `/proc`; elsewhere `ps` is asked.

/// One process that is not a zombie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Running {
    /// Its id, which the system gives to another process some time after it ended.
    pub(super) pid: i32,
    /// The id of its parent.
    pub(super) parent: i32,
    /// When it was started: with the pid, what identifies it. Only good for comparing.
    pub(super) started: String,
}

pub(super) use system::{carries, read};

#[cfg(target_os = "linux")]
mod system {
    use std::fs;

    use super::Running;

    /// Reads all processes; one that vanishes meanwhile is left out.
    pub(in crate::demo) fn read() -> Vec<Running> {
        // Start times count from the boot, so the same pair may come back after the next one.
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .flatten()
            .filter_map(|entry| {
                let pid = entry.file_name().to_str()?.parse().ok()?;
                let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
                parse_stat(pid, &stat, boot.trim())
            })
            .collect()
    }

    /// Reads `/proc/PID/stat`; `None` for a zombie.
    ///
    /// Source: `proc_pid_stat(5)`: state, ppid and starttime are fields 3, 4 and 22. The name in
    /// field 2 may hold blanks and parentheses, so counting starts after the last one.
    pub(super) fn parse_stat(pid: i32, stat: &str, boot: &str) -> Option<Running> {
        let (_, after_name) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = after_name.split_ascii_whitespace().collect();
        let (state, parent, ticks) = (fields.first()?, fields.get(1)?, fields.get(19)?);
        (!matches!(*state, "Z" | "X")).then_some(())?;
        Some(Running { pid, parent: parent.parse().ok()?, started: format!("{boot}:{ticks}") })
    }

    /// Whether the process was started with `variable` (`NAME=value`) in its environment.
    pub(in crate::demo) fn carries(pid: i32, variable: &[u8]) -> bool {
        fs::read(format!("/proc/{pid}/environ"))
            .is_ok_and(|environ| environ.split(|byte| *byte == 0).any(|entry| entry == variable))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn parse_stat_when_name_holds_parentheses_reads_on_after_the_last() {
            let stat = "7 (a) R (b) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
            let running = parse_stat(7, stat, "boot").unwrap();
            assert_eq!(running, Running { pid: 7, parent: 1, started: "boot:4711".into() });
        }

        #[test]
        fn parse_stat_when_zombie_reports_none() {
            let stat = "7 (a) Z 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
            assert_eq!(parse_stat(7, stat, "boot"), None);
        }

        #[test]
        fn read_when_asked_finds_this_process() {
            let own = i32::try_from(std::process::id()).unwrap();
            assert!(read().iter().any(|running| running.pid == own));
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::process::Command;

    use super::Running;

    /// Reads all processes; none where `ps` cannot be run.
    pub(in crate::demo) fn read() -> Vec<Running> {
        let columns = ["-A", "-o", "pid=", "-o", "ppid=", "-o", "stat=", "-o", "lstart="];
        let Ok(output) = Command::new("ps").args(columns).output() else { return Vec::new() };
        String::from_utf8_lossy(&output.stdout).lines().filter_map(parse_line).collect()
    }

    fn parse_line(line: &str) -> Option<Running> {
        let mut words = line.split_ascii_whitespace();
        let (pid, parent) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        (!words.next()?.starts_with('Z')).then_some(())?;
        Some(Running { pid, parent, started: words.collect::<Vec<_>>().join(" ") })
    }

    /// The environment of another process cannot be read here.
    pub(in crate::demo) fn carries(_pid: i32, _variable: &[u8]) -> bool {
        false
    }
}
