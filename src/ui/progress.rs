//! Progress bars, with indicatif (imported nowhere else).

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, WeakProgressBar};

use crate::render::style::Style;
use crate::sanitize;

/// What is done sooner shows no bar.
const QUIET_FOR: Duration = Duration::from_millis(300);

/// How far something got. Shared by reference between threads; disappears when dropped.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    began: Instant,
    drawn: AtomicBool,
}

/// The bar that may be on the screen, so that other lines do not run into it.
#[derive(Default)]
pub(super) struct Shown(Option<WeakProgressBar>);

impl Shown {
    /// Writes something while no bar is on the screen.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        match self.0.as_ref().and_then(WeakProgressBar::upgrade) {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Progress {
    pub(super) fn new(what: &str, total: Option<u64>, visible: bool, style: Style) -> Self {
        let bar = visible.then(|| {
            let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
            bar.set_style(look(total.is_some(), style));
            bar.set_message(sanitize::line(what).into_owned());
            bar
        });
        Self { bar, began: Instant::now(), drawn: AtomicBool::new(false) }
    }

    pub(super) fn shown(&self) -> Shown {
        Shown(self.bar.as_ref().map(ProgressBar::downgrade))
    }

    /// So many more are done.
    pub fn add(&self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.inc(done);
            self.reveal(bar);
        }
    }

    /// So many of `total` are done; both may go up and down. `what` is shown in front.
    pub fn at(&self, done: u64, total: u64, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(sanitize::line(what).into_owned());
            self.reveal(bar);
        }
    }

    /// The total became known, or changed.
    pub fn set_total(&self, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
        }
    }

    fn reveal(&self, bar: &ProgressBar) {
        if !self.drawn.load(Ordering::Relaxed)
            && self.began.elapsed() >= QUIET_FOR
            && !self.drawn.swap(true, Ordering::Relaxed)
        {
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Whether the bar has come onto the screen.
    pub fn is_drawn(&self) -> bool {
        self.drawn.load(Ordering::Relaxed)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn look(bounded: bool, style: Style) -> ProgressStyle {
    let template = match (bounded, style.colors()) {
        (true, true) => "{msg} {bar:30.blue/dim} {human_pos} of {human_len}, {eta} left",
        (true, false) => "{msg} {bar:30} {human_pos} of {human_len}, {eta} left",
        (false, _) => "{msg} {human_pos}",
    };
    // The templates are constant and a test draws each; the default look stands in otherwise.
    let look = ProgressStyle::with_template(template);
    look.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("━━─")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_every_template_is_valid() {
        for template in [
            "{msg} {bar:30.blue/dim} {human_pos} of {human_len}, {eta} left",
            "{msg} {bar:30} {human_pos} of {human_len}, {eta} left",
            "{msg} {human_pos}",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok());
        }
    }

    #[test]
    fn progress_hidden_never_draws() {
        let progress = Progress::new("reading jobs", Some(10), false, Style::default());
        progress.add(10);
        assert!(!progress.is_drawn());
    }

    #[test]
    fn progress_draws_only_after_its_delay() {
        let mut progress = Progress::new("reading jobs", None, true, Style::default());
        progress.add(1);
        assert!(!progress.is_drawn());
        let Some(earlier) = Instant::now().checked_sub(QUIET_FOR) else { return };
        progress.began = earlier;
        progress.add(1);
        assert!(progress.is_drawn());
    }
}
