//! What the streams of this process are connected to.

use std::io::{self, IsTerminal};

use crate::env;

/// The width of what is not a terminal, unless `COLUMNS` says otherwise.
const PIPE_WIDTH: usize = 100;

/// What the two streams are connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Standard output is a terminal.
    pub out_terminal: bool,
    /// Standard error is a terminal.
    pub err_terminal: bool,
    /// Columns of a line.
    pub width: usize,
    /// Neither a terminal nor `COLUMNS` says how wide a line may be.
    pub unbounded: bool,
    /// Lines of the terminal, where there is one.
    pub height: Option<usize>,
}

impl Screen {
    /// No terminal at all.
    pub const fn none() -> Self {
        Self {
            out_terminal: false,
            err_terminal: false,
            width: PIPE_WIDTH,
            unbounded: true,
            height: None,
        }
    }

    /// Looks at the streams of this process. Source: `ioctl_tty(2)`, `TIOCGWINSZ`.
    pub(super) fn of_process() -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let size = terminal_size::terminal_size_of(&out).filter(|(width, _)| width.0 > 0);
        let columns = env::read(env::COLUMNS).and_then(|columns| columns.trim().parse().ok());
        let width = size.map(|(width, _)| usize::from(width.0)).or(columns);
        Self {
            out_terminal: out.is_terminal(),
            err_terminal: err.is_terminal(),
            // Less than 20 columns cannot be laid out; more than 1000 nobody has.
            width: width.unwrap_or(PIPE_WIDTH).clamp(20, 1000),
            unbounded: width.is_none(),
            height: size.map(|(_, height)| usize::from(height.0)),
        }
    }
}
