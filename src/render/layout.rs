//! The layout for people: verdict, findings, tables, fields, from the blocks of a view.
//!
//! Words wrap at the page's width, commands to paste never do: a terminal joins a line that it
//! broke itself when it is copied, not one that we broke.

use super::{Page, table, width};
use crate::human;
use crate::report::{Block, Cell, Role, View};
use crate::sanitize;

/// What is set to the right of a verdict goes no further right than this, so that the eye finds it.
const RIGHT_EDGE: usize = 110;
/// The same for a finding; one that is longer goes to the edge of the verdict.
const FINDING_EDGE: usize = 80;
/// Blanks that must fit between a line and what is set to its right.
const GAP_BESIDE: usize = 2;
/// Labels of fields are padded to a common width up to this one.
const WIDEST_LABEL: usize = 24;

/// All of `view`, then its notes, in lines that each end in a newline.
pub fn render(view: &View, notes: &[String], page: &Page) -> String {
    let mut out = String::new();
    let mut previous: Option<&Block> = None;
    for block in &view.blocks {
        match (previous, block) {
            (None | Some(Block::Heading(_)), _)
            | (Some(Block::Finding { .. }), Block::Finding { .. }) => {}
            _ => out.push('\n'),
        }
        self::block(block, page, &mut out);
        previous = Some(block);
    }
    if previous.is_some() && !notes.is_empty() {
        out.push('\n');
    }
    for note in notes {
        out.push_str(&self::note(note, page));
    }
    out
}

/// One note, wrapped: how the numbers above are to be read.
pub(crate) fn note(text: &str, page: &Page) -> String {
    let text = format!("note: {}", sanitize::line(text));
    let lines = width::wrap(&text, page.width, page.width.saturating_sub(6));
    indented(&lines, 0, 6, Role::Dim, page)
}

fn block(block: &Block, page: &Page, out: &mut String) {
    match block {
        Block::Headline { verdict, text, aside } => headline(verdict, text, aside, page, out),
        Block::Finding { role, mark, what, aside, evidence, fixes } => {
            finding(*role, *mark, what, aside.as_deref(), page, out);
            for line in evidence {
                let line = sanitize::line(line);
                let room = page.width.saturating_sub(2);
                let lines = width::wrap(&line, room, room.saturating_sub(2));
                out.push_str(&indented(&lines, 2, 4, Role::Dim, page));
            }
            for fix in fixes {
                let fix = sanitize::line(fix);
                let arrow = page.style.paint(Role::Dim, "→");
                out.extend(["  ", &arrow, " ", &page.style.paint(Role::Command, &fix), "\n"]);
            }
        }
        Block::Table(table) => out.push_str(&table::render(table, page)),
        Block::Fields(fields) => self::fields(fields, page, out),
        Block::Heading(text) => {
            out.push_str(&page.style.bold(Role::Plain, &sanitize::line(text)));
            out.push('\n');
        }
        Block::Text(cell) => kept(cell, 0, page, out),
    }
}

fn headline(verdict: &Cell, text: &str, aside: &str, page: &Page, out: &mut String) {
    let word = sanitize::line(&verdict.text);
    let text = sanitize::line(text);
    let aside = sanitize::line(aside);
    let line = match (word.is_empty(), text.is_empty()) {
        (false, false) => format!("{}  {text}", page.style.bold(verdict.role, &word)),
        _ => format!("{}{text}", page.style.bold(verdict.role, &word)),
    };
    let used = width::of(&word) + width::of(&text) + 2;
    out.push_str(&line);
    beside(used, &aside, Aside { role: Role::Dim, edge: RIGHT_EDGE, below: 0 }, page, out);
}

fn finding(role: Role, mark: char, what: &str, aside: Option<&str>, page: &Page, out: &mut String) {
    let what = sanitize::line(what);
    let room = page.width.saturating_sub(2);
    let lines = width::wrap(&what, room, room);
    out.push_str(&page.style.bold(role, &mark.to_string()));
    out.push(' ');
    let used = 2 + lines.last().map_or(0, |line| width::of(line));
    out.push_str(&lines.join("\n  "));
    let place = Aside { role: Role::Plain, edge: FINDING_EDGE, below: 2 };
    beside(used, &sanitize::line(aside.unwrap_or("")), place, page, out);
}

/// How a text to the right is set.
#[derive(Clone, Copy)]
struct Aside {
    role: Role,
    /// The column at which it ends if it can.
    edge: usize,
    /// How far it is indented if it must go below.
    below: usize,
}

/// Ends a line of `used` columns with `text` at the right, or below it where there is no room.
fn beside(used: usize, text: &str, aside: Aside, page: &Page, out: &mut String) {
    if text.is_empty() {
        out.push('\n');
        return;
    }
    let wide = width::of(text);
    let fits = |edge: &usize| used + GAP_BESIDE + wide <= *edge;
    let edges = [aside.edge.min(page.width), RIGHT_EDGE.min(page.width)];
    if let Some(edge) = edges.into_iter().find(fits) {
        out.extend(std::iter::repeat_n(' ', edge - used - wide));
        out.push_str(&page.style.paint(aside.role, text));
        out.push('\n');
    } else {
        let room = page.width.saturating_sub(aside.below);
        let lines = width::wrap(text, room, room);
        out.push('\n');
        out.push_str(&indented(&lines, aside.below, aside.below, aside.role, page));
    }
}

fn fields(fields: &[(String, Cell)], page: &Page, out: &mut String) {
    let labels = fields.iter().map(|(label, _)| width::of(&sanitize::line(label))).max();
    let labels = labels.unwrap_or(0).min(WIDEST_LABEL);
    for (label, value) in fields {
        let label = sanitize::line(label);
        out.push_str(&page.style.paint(Role::Dim, &label));
        if value.text.contains('\n') {
            out.push('\n');
            kept(value, 2, page, out);
            continue;
        }
        if value.text.is_empty() {
            out.push('\n');
            continue;
        }
        let start = labels.max(width::of(&label)) + 2;
        out.extend(std::iter::repeat_n(' ', start - width::of(&label)));
        let value_text = sanitize::line(&value.text);
        let room = page.width.saturating_sub(start);
        let lines = width::wrap(&value_text, room, room);
        out.push_str(&indented(&lines, 0, start, value.role, page));
    }
}

/// Text whose lines stay as they are.
fn kept(cell: &Cell, indent: usize, page: &Page, out: &mut String) {
    for line in sanitize::text(&cell.text).trim_end_matches('\n').split('\n') {
        let line = line.trim_end();
        if !line.is_empty() {
            out.extend(std::iter::repeat_n(' ', indent));
            out.push_str(&page.style.paint(cell.role, line));
        }
        out.push('\n');
    }
}

fn indented(lines: &[String], first: usize, rest: usize, role: Role, page: &Page) -> String {
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        out.extend(std::iter::repeat_n(' ', if at == 0 { first } else { rest }));
        out.push_str(&page.style.paint(role, line));
        out.push('\n');
    }
    out
}

/// Lines that `text`, as laid out here, takes on a terminal of `width` columns; at most `most`
/// are kept, and what is left out is counted in a last line. For a screen that is redrawn.
pub(crate) fn first_lines(text: &str, width: usize, most: usize) -> String {
    let rows = |line: &str| visible_width(line).div_ceil(width.max(1)).max(1);
    if text.lines().map(rows).sum::<usize>() <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub(1);
    let mut out = String::new();
    let mut lines = text.lines();
    for line in lines.by_ref() {
        let Some(rest) = left.checked_sub(rows(line)) else { break };
        left = rest;
        out.push_str(line);
        out.push('\n');
    }
    let missing = text.lines().count() - out.lines().count();
    out.extend(["… ", &human::count(missing as u64), " more lines\n"]);
    out
}

/// The columns of a line with the colours of `style` in it.
fn visible_width(line: &str) -> usize {
    let mut parts = line.split('\x1b');
    let plain = parts.next().map_or(0, width::of);
    plain + parts.map(|p| width::of(p.split_once('m').map_or("", |(_, text)| text))).sum::<usize>()
}
