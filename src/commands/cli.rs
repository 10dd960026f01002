//! The command line as a whole: global flags and the list of commands. No logic.

use clap::Parser;
use clap::builder::styling::{AnsiColor, Styles};

use super::Command;
use crate::global::Global;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const AFTER_HELP: &str = "\
Exit codes:
  0  done, healthy, ready        64  usage                 74  I/O error
  1  DEGRADED, or the answer     65  unreadable data       75  timed out, try again
     is no, or some failed       66  no such name or file  77  refused
  2  UNHEALTHY                   69  Redis or database     78  wrong configuration
  3  UNKNOWN                         unreachable          130  interrupted
                                 70  internal error       143  terminated

Start with:  jobctl doctor        or, without a bench:  jobctl --redis redis://HOST:PORT doctor";

/// Inspect and operate the background jobs of a Frappe bench, or of any RQ deployment
#[derive(Debug, Parser)]
#[command(name = "jobctl", version, styles = STYLES, after_help = AFTER_HELP)]
#[command(propagate_version = true, disable_help_subcommand = true, subcommand_required = true)]
#[command(arg_required_else_help = true, infer_subcommands = false, max_term_width = 100)]
pub(super) struct Cli {
    /// The flags that every command takes.
    #[command(flatten)]
    pub(super) global: Global,
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn command_line_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn site_that_is_empty_is_refused() {
        assert!(Cli::try_parse_from(["jobctl", "--site", "", "doctor"]).is_err());
        assert!(Cli::try_parse_from(["jobctl", "doctor", "--site", " "]).is_err());
        assert!(Cli::try_parse_from(["jobctl", "doctor", "--site", "erp"]).is_ok());
    }
}
