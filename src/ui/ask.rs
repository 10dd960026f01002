//! Questions, asked only where somebody can answer: standard input and standard error are
//! terminals.

use std::io::{self, BufRead, IsTerminal};

use super::Ui;
use super::errors::labelled;
use crate::error::{Failure, Kind, Result};
use crate::report::Role;

/// A question that is longer in coming than this is no answer.
const LONGEST_ANSWER: u64 = 4096;

impl Ui {
    /// Whether a question can be asked.
    pub fn can_ask(&self) -> bool {
        self.screen.err_terminal && io::stdin().is_terminal()
    }

    /// Asks a question and returns the answer without blanks around it; the end of input is an
    /// empty answer.
    ///
    /// The caller has made sure with [`Ui::can_ask`] that somebody is there.
    pub fn ask(&mut self, question: &str) -> Result<String> {
        let question = self.options.secrets.text(question).into_owned();
        let mut line = labelled("", Role::Strong, &question, self.err_style);
        line.truncate(line.trim_end().len());
        line.push(' ');
        self.say(&line);
        let mut answer = Vec::new();
        let mut input = io::Read::take(io::stdin().lock(), LONGEST_ANSWER);
        input
            .read_until(b'\n', &mut answer)
            .map_err(|error| Failure::new(Kind::Io, "cannot read the answer").because(error))?;
        Ok(String::from_utf8_lossy(&answer).trim().to_owned())
    }
}
