//! Colours: which role has which, and whether there are any. No other file knows an escape code.

use std::borrow::Cow;

use crate::report::Role;

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`
    #[default]
    Auto,
    /// Always, also into pipes
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// Decides for one stream. `no_color` and `term` are the values of those variables.
    ///
    /// Source: no-color.org; an empty `NO_COLOR` says nothing.
    pub fn resolve(self, terminal: bool, no_color: Option<&str>, term: Option<&str>) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => {
                terminal && no_color.is_none_or(str::is_empty) && term.is_none_or(|t| t != "dumb")
            }
        }
    }
}

/// Paints text, or leaves it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Style {
    color: bool,
}

/// Ends whatever [`codes`] began.
pub(crate) const RESET: &str = "\x1b[0m";

impl Style {
    /// A style with or without colour.
    pub const fn new(color: bool) -> Self {
        Self { color }
    }

    /// Whether anything is painted at all.
    pub const fn colors(self) -> bool {
        self.color
    }

    /// `text`, which must be sanitized, in the look of `role`.
    pub fn paint(self, role: Role, text: &str) -> Cow<'_, str> {
        match codes(role) {
            Some(codes) if self.color && !text.is_empty() => {
                Cow::Owned(format!("\x1b[{codes}m{text}{RESET}"))
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// The same, and bold.
    pub fn bold(self, role: Role, text: &str) -> Cow<'_, str> {
        match codes(role) {
            _ if !self.color || text.is_empty() => Cow::Borrowed(text),
            Some(codes) if role != Role::Strong => {
                Cow::Owned(format!("\x1b[1;{codes}m{text}{RESET}"))
            }
            _ => Cow::Owned(format!("\x1b[1m{text}{RESET}")),
        }
    }
}

/// The parameters of the escape sequence that a role begins with.
///
/// Only the sixteen colours that every terminal has, which follow the user's own palette; orange
/// is not among them and is number 208 of the 256.
pub(crate) const fn codes(role: Role) -> Option<&'static str> {
    match role {
        Role::Plain => None,
        Role::Strong => Some("1"),
        Role::Dim => Some("2"),
        Role::Good => Some("32"),
        Role::Warn | Role::Queued => Some("33"),
        Role::Bad => Some("31"),
        Role::Started => Some("34"),
        Role::Waiting => Some("38;5;208"),
        Role::Command => Some("36"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_auto_needs_a_terminal_that_wants_it() {
        let auto = ColorChoice::Auto;
        assert!(auto.resolve(true, None, Some("xterm")));
        assert!(auto.resolve(true, Some(""), None));
        assert!(!auto.resolve(false, None, Some("xterm")));
        assert!(!auto.resolve(true, Some("0"), Some("xterm")));
        assert!(!auto.resolve(true, None, Some("dumb")));
        assert!(ColorChoice::Always.resolve(false, Some("1"), Some("dumb")));
        assert!(!ColorChoice::Never.resolve(true, None, None));
    }

    #[test]
    fn paint_without_color_borrows() {
        assert!(matches!(Style::new(false).paint(Role::Bad, "x"), Cow::Borrowed("x")));
        assert_eq!(Style::new(true).paint(Role::Waiting, "x"), "\x1b[38;5;208mx\x1b[0m");
        assert_eq!(Style::new(true).bold(Role::Bad, "x"), "\x1b[1;31mx\x1b[0m");
    }
}
