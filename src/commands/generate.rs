//! `completions`, `man`, and the hidden `generate` that writes the committed files.
//!
//! Uses the `clap_complete` and `clap_mangen` crates.

use std::io;
use std::path::PathBuf;

use clap_complete::Shell;

use super::command_line;
use crate::context::Context;
use crate::error::{Failure, Kind, Outcome, Result};

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl completions bash > /etc/bash_completion.d/jobctl
  jobctl completions zsh > ~/.zfunc/_jobctl")]
pub struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Print a man page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  jobctl man | man -l -
  jobctl man jobs-list | man -l -")]
pub struct ManArgs {
    /// The command, its words joined with `-`; the program's own page without one
    command: Option<String>,
}

/// Write the completion scripts and man pages that are kept in the repository
#[derive(Debug, clap::Args)]
pub struct GenerateArgs {
    /// The folder that gets `completions/` and `man/`
    folder: PathBuf,
}

/// Prints a completion script.
pub(super) fn completions(args: &CompletionsArgs, context: &mut Context) -> Result<Outcome> {
    context.ui.raw(&completion_script(args.shell))?;
    Ok(Outcome::Done)
}

/// Prints a man page.
pub(super) fn man(args: &ManArgs, context: &mut Context) -> Result<Outcome> {
    let name = args.command.as_ref().map_or("jobctl".to_owned(), |words| format!("jobctl-{words}"));
    let pages = man_pages()?;
    let Some((_, page)) = pages.iter().find(|(page, _)| *page == name) else {
        let failure = Failure::new(Kind::NotFound, format!("there is no page `{name}`"));
        let known = pages.iter().filter_map(|(name, _)| name.strip_prefix("jobctl-"));
        return Err(
            crate::nearby::hint(failure, args.command.as_deref().unwrap_or(""), known).into()
        );
    };
    context.ui.raw(page)?;
    Ok(Outcome::Done)
}

/// Writes the generated files.
pub(super) fn generate(args: &GenerateArgs) -> Result<Outcome> {
    let cannot = |path: &PathBuf, error: io::Error| {
        Failure::new(Kind::CannotCreate, format!("cannot write `{}`", path.display()))
            .because(error)
    };
    for (path, content) in generated_files()? {
        let path = args.folder.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| cannot(&path, error))?;
        }
        std::fs::write(&path, content).map_err(|error| cannot(&path, error))?;
    }
    Ok(Outcome::Done)
}

/// The files that are generated from the definition of the command line, by their paths in the
/// repository.
pub(crate) fn generated_files() -> Result<Vec<(String, Vec<u8>)>> {
    let shells = [
        (Shell::Bash, "completions/jobctl.bash"),
        (Shell::Zsh, "completions/_jobctl"),
        (Shell::Fish, "completions/jobctl.fish"),
    ];
    let scripts = shells.map(|(shell, path)| (path.to_owned(), completion_script(shell)));
    let pages = man_pages()?.into_iter().map(|(name, page)| (format!("man/{name}.1"), page));
    Ok(scripts.into_iter().chain(pages).collect())
}

fn completion_script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command_line(), "jobctl", &mut script);
    script
}

/// Every man page: the program's, then each command's.
fn man_pages() -> Result<Vec<(String, Vec<u8>)>> {
    let mut root = command_line().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    add_pages(&root, "jobctl", &mut pages)?;
    Ok(pages)
}

fn add_pages(
    command: &clap::Command,
    name: &str,
    pages: &mut Vec<(String, Vec<u8>)>,
) -> Result<()> {
    // Without a date the pages depend on nothing but the command line; the version dates them.
    let page = clap_mangen::Man::new(command.clone().name(name.to_owned()).display_name(name))
        .section("1")
        .source(concat!("jobctl ", env!("CARGO_PKG_VERSION")))
        .manual("jobctl manual");
    let mut text = Vec::new();
    page.render(&mut text)?;
    pages.push((name.to_owned(), text));
    for subcommand in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        add_pages(subcommand, &format!("{name}-{}", subcommand.get_name()), pages)?;
    }
    Ok(())
}
