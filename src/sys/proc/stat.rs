//! The line in `/proc/PID/stat`.

/// What the kernel says about one process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// The process id.
    pub pid: u32,
    /// The program's name as the process chose it, at most 15 bytes.
    pub name: String,
    /// One letter: `R` running, `S` and `D` asleep, `T` stopped, `Z` zombie.
    pub state: char,
    /// The parent's process id.
    pub parent: u32,
    /// The process group.
    pub group: u32,
    /// The session.
    pub session: u32,
    /// When it started, in clock ticks since boot. Together with `pid` it names a process for
    /// good, as ids are given out again.
    pub start_ticks: u64,
}

impl Stat {
    /// Reads the line; `None` where it is not one.
    ///
    /// The name may hold anything, blanks and brackets included, so it ends at the *last* `)`.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let open = line.iter().position(|&byte| byte == b'(')?;
        let close = line.iter().rposition(|&byte| byte == b')')?;
        let name = String::from_utf8_lossy(line.get(open + 1..close)?).into_owned();
        let pid = std::str::from_utf8(line.get(..open)?).ok()?.trim().parse().ok()?;
        let rest = std::str::from_utf8(line.get(close + 1..)?).ok()?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // proc(5) counts from 1 with the pid; the first field behind the name is number 3.
        let field = |number: usize| fields.get(number - 3).copied();
        Some(Self {
            pid,
            name,
            state: field(3)?.chars().next()?,
            parent: field(4)?.parse().ok()?,
            group: field(5)?.parse().ok()?,
            session: field(6)?.parse().ok()?,
            start_ticks: field(22)?.parse().ok()?,
        })
    }

    /// Whether only the entry in the table is left of the process.
    pub fn is_dead(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}
