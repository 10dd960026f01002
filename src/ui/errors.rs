//! The words in which errors, warnings and notes reach standard error. Writes nothing itself.

use crate::error::{Failure, failure_of};
use crate::render::style::Style;
use crate::report::Role;
use crate::sanitize;
use crate::secrets::Secrets;

/// An error in lines: what, then each cause, then each hint. Secrets in it are masked.
///
/// A cause that the line before already names is not repeated. An error that is no [`Failure`] is
/// a bug and says how to report it.
pub(super) fn explain(error: &anyhow::Error, secrets: Secrets, style: Style) -> String {
    let bug = failure_of(error).is_none();
    let mut out = String::new();
    let mut told = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let text = cause.to_string();
        if depth > 0 && (text.is_empty() || told.contains(&text)) {
            continue;
        }
        let shown = secrets.text(&text);
        out.push_str(&match depth {
            0 if bug => labelled("error", Role::Bad, &format!("internal error: {shown}"), style),
            0 => labelled("error", Role::Bad, &shown, style),
            _ => labelled("  because", Role::Dim, &shown, style),
        });
        told = text;
    }
    for hint in hints(error, bug) {
        out.push_str(&labelled("hint", Role::Command, &secrets.text(&hint), style));
    }
    out
}

fn hints(error: &anyhow::Error, bug: bool) -> Vec<String> {
    if bug {
        return vec![format!(
            "this is a bug in jobctl {}; please report it with the command line and these lines",
            env!("CARGO_PKG_VERSION")
        )];
    }
    let failures = error.chain().filter_map(|cause| cause.downcast_ref::<Failure>());
    let mut hints: Vec<String> = Vec::new();
    for hint in failures.flat_map(Failure::hints) {
        if !hints.contains(hint) {
            hints.push(hint.clone());
        }
    }
    hints
}

/// `label: text` with a newline. Further lines of `text` are indented, so that none can pass for
/// a line of ours.
pub(super) fn labelled(label: &str, role: Role, text: &str, style: Style) -> String {
    let text = sanitize::text(text);
    let text = text.trim_end().replace('\n', "\n  ");
    match label {
        "" => format!("{}\n", style.paint(role, &text)),
        _ => format!("{} {text}\n", style.bold(role, &format!("{label}:"))),
    }
}
