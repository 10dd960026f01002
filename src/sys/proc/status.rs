//! What `/proc/PID/status` tells: whose process it is, in which namespaces, and what it does with
//! signals.

use std::collections::HashMap;

use super::ProcTable;

/// One process as `/proc/PID/status` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Its letter: `S` sleeps, `D` waits for a disk, `T` is stopped, `Z` is a zombie.
    pub state: char,
    /// The user that it runs as.
    pub user: u32,
    /// Its ids, from this PID namespace inwards: more than one in a container.
    pub ids: Vec<u32>,
    /// The signals that it has a handler for, signal 1 in the lowest bit.
    caught: u64,
    /// The signals that it passes over.
    ignored: u64,
    /// The signals that its main thread holds back.
    blocked: u64,
}

impl Status {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let field = |label: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(label))?;
            Some(line.trim())
        };
        let mask = |label: &str| u64::from_str_radix(field(label)?, 16).ok();
        // Real, effective, saved, file system.
        let user = field("Uid:")?.split_ascii_whitespace().nth(1)?.parse().ok()?;
        let ids = field("NSpid:")?.split_ascii_whitespace().map(str::parse).collect();
        Some(Self {
            state: field("State:")?.chars().next()?,
            user,
            ids: Result::ok(ids)?,
            caught: mask("SigCgt:")?,
            ignored: mask("SigIgn:")?,
            blocked: mask("SigBlk:")?,
        })
    }

    /// Whether the process has a handler for a signal, so that the signal does not end it.
    pub fn catches(&self, signal: u32) -> bool {
        has(self.caught, signal)
    }

    /// Whether the process passes over a signal.
    pub fn ignores(&self, signal: u32) -> bool {
        has(self.ignored, signal)
    }

    /// Whether its main thread holds a signal back.
    pub fn blocks(&self, signal: u32) -> bool {
        has(self.blocked, signal)
    }

    /// Whether it stands still until somebody continues it: by SIGSTOP, or in a debugger.
    pub fn is_stopped(&self) -> bool {
        matches!(self.state, 'T' | 't')
    }

    /// Whether it is in a PID namespace below this one: in a container, seen from its host.
    pub fn is_in_container(&self) -> bool {
        self.ids.len() > 1
    }
}

fn has(mask: u64, signal: u32) -> bool {
    signal.checked_sub(1).and_then(|bit| mask.checked_shr(bit)).is_some_and(|mask| mask & 1 == 1)
}

impl ProcTable {
    /// What a process does with signals, and whose it is.
    pub fn status(&self, pid: u32) -> Option<Status> {
        Status::parse(&String::from_utf8_lossy(&self.read(pid, "status")?))
    }

    /// The value of a variable with which a process was started; `None` also for processes of
    /// other users.
    pub fn variable(&self, pid: u32, name: &str) -> Option<String> {
        let bytes = self.read(pid, "environ")?;
        let value = bytes
            .split(|&byte| byte == 0)
            .find_map(|variable| variable.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
        Some(String::from_utf8_lossy(value).into_owned())
    }

    /// The variables with which a process was started, cut at 64 KiB; `None` also for processes of
    /// other users.
    pub fn variables(&self, pid: u32) -> Option<HashMap<String, String>> {
        let bytes = self.read(pid, "environ")?;
        let text = String::from_utf8_lossy(&bytes);
        let pairs = text.split('\0').filter_map(|variable| variable.split_once('='));
        Some(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Whether a process has the network of this one, so that an address means the same to both;
    /// `None` also for processes of other users. Source: namespaces(7).
    pub fn shares_network(&self, pid: u32) -> Option<bool> {
        let of = |process: &str| std::fs::read_link(self.root.join(process).join("ns/net")).ok();
        Some(of(&pid.to_string())? == of("self")?)
    }

    /// The service of systemd to which a process belongs; `None` outside of services.
    ///
    /// Source: cgroups(7), `/proc/PID/cgroup`: the last part of the path in systemd's hierarchy.
    pub fn service(&self, pid: u32) -> Option<Service> {
        Service::parse(&String::from_utf8_lossy(&self.read(pid, "cgroup")?))
    }
}

impl ProcTable {
    /// The program that runs the container of a process, and the container's id there; `None` where
    /// its control group tells neither.
    pub fn container(&self, pid: u32) -> Option<(&'static str, String)> {
        container_of(&String::from_utf8_lossy(&self.read(pid, "cgroup")?))
    }
}

/// Docker and podman name a control group after the container: `/docker/ID`, `docker-ID.scope`,
/// `libpod-ID.scope`. Source: cgroups(7) for the lines; docs.docker.com, "Runtime metrics".
fn container_of(cgroups: &str) -> Option<(&'static str, String)> {
    let path = cgroups.lines().filter_map(|line| line.rsplit_once(':')).map(|(_, path)| path);
    path.flat_map(|path| path.split('/')).find_map(|part| {
        let part = part.strip_suffix(".scope").unwrap_or(part);
        let (owner, id) = part.rsplit_once('-').unwrap_or(("docker", part));
        let program = match owner {
            "docker" => "docker",
            "libpod" => "podman",
            _ => return None,
        };
        let is_id = id.len() == 64 && id.chars().all(|c| c.is_ascii_hexdigit());
        is_id.then(|| (program, id.chars().take(12).collect()))
    })
}

/// A service of systemd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The name of its unit.
    pub unit: String,
    /// The user whose own systemd runs it; `None` for the system's.
    pub user: Option<u32>,
}

impl Service {
    fn parse(cgroups: &str) -> Option<Self> {
        // Of a system with both hierarchies either may be the one that systemd uses.
        let mut paths = cgroups.lines().filter_map(|line| {
            line.strip_prefix("0::")
                .or_else(|| line.split_once(":name=systemd:").map(|(_, path)| path))
        });
        paths.find_map(Self::of_path)
    }

    fn of_path(path: &str) -> Option<Self> {
        let unit = path.rsplit('/').next()?;
        // `user@1000.service` is the manager of a user's services, not a service.
        let manager =
            |part: &str| part.strip_prefix("user@")?.strip_suffix(".service")?.parse().ok();
        let is_service = unit.ends_with(".service") && manager(unit).is_none();
        let user = path.split('/').find_map(manager);
        is_service.then(|| Self { unit: unit.to_owned(), user })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PYTHON: &str = "Name:\tpython\nState:\tS (sleeping)\nUid:\t1000\t1001\t1000\t1000\n\
                          NSpid:\t4711\t17\nSigBlk:\t0000000000004000\nSigIgn:\t0000000000001000\nSigCgt:\t0000000100004202\n";

    #[test]
    fn status_of_a_python_with_faulthandler_catches_sigusr1_and_sigterm() {
        let status = Status::parse(PYTHON).unwrap();
        assert_eq!((status.state, status.user), ('S', 1001));
        assert!(status.catches(10) && status.catches(15) && status.catches(2));
        assert!(!status.catches(1) && !status.catches(0) && !status.catches(200));
        assert!(status.blocks(15) && !status.blocks(10));
        assert!(status.ignores(13) && !status.ignores(2));
        assert!(status.is_in_container());
    }

    #[test]
    fn service_of_a_cgroup_path_names_the_unit_and_the_user_whose_it_is() {
        let service = |text: &str| Service::parse(text).map(|s| (s.unit, s.user));
        let of = |unit: &str, user| Some((unit.to_owned(), user));
        assert_eq!(
            service("0::/system.slice/frappe-short-worker@2.service\n"),
            of("frappe-short-worker@2.service", None)
        );
        let user = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/rq.service\n";
        assert_eq!(service(user), of("rq.service", Some(1000)));
        let hybrid = "9:memory:/x.service\n1:name=systemd:/system.slice/rq.service\n0::/\n";
        assert_eq!(service(hybrid), of("rq.service", None));
        for text in [
            "",
            "0::/",
            "0::/user.slice/user-1000.slice/user@1000.service\n",
            "0::/user.slice/user-1000.slice/session-3.scope\n",
            "0::/system.slice/docker-0123.scope\n",
            "4:memory:/system.slice/rq.service\n",
            "0::no path",
        ] {
            assert_eq!(service(text), None, "{text}");
        }
    }

    #[test]
    fn status_cut_short_is_none() {
        for end in 0..PYTHON.len() - 30 {
            assert_eq!(Status::parse(&PYTHON[..end]), None);
        }
    }

    #[test]
    fn container_is_told_by_the_control_group_that_docker_and_podman_make() {
        let id = "0123456789abcdef".repeat(4);
        let short = || "0123456789ab".to_owned();
        for (path, expected) in [
            (format!("12:pids:/docker/{id}\n"), Some(("docker", short()))),
            (format!("0::/system.slice/docker-{id}.scope\n"), Some(("docker", short()))),
            (format!("0::/machine.slice/libpod-{id}.scope/container\n"), Some(("podman", short()))),
            (format!("0::/kubepods.slice/cri-containerd-{id}.scope\n"), None),
            ("0::/docker/x\n0::/\n\n".to_owned(), None),
        ] {
            assert_eq!(container_of(&path), expected, "{path}");
        }
    }
}
