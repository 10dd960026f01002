//! Tables for people, with comfy-table (imported nowhere else).
//!
//! A table on a terminal never is wider than it: flexible columns are cut and those that wrap are
//! folded first, then other names are cut; where that does not do, each row becomes a small card.
//! Numbers are never cut.

use std::borrow::Cow;

use comfy_table::{CellAlignment, ContentArrangement, presets};

use super::{Page, style, width};
use crate::human;
use crate::report::{Align, Column, Role, Table};
use crate::sanitize;

/// Blanks between two columns.
const GAP: usize = 2;
/// What a flexible column keeps at least, what one that wraps and what another column of names keeps.
const LEAST_FLEXIBLE: usize = 8;
const LEAST_WRAPPED: usize = 18;
/// A word up to this length is not broken.
const LONGEST_WORD: usize = 24;
const LEAST_NAME: usize = 10;
/// comfy-table counts columns in 16 bits.
const WIDEST_CELL: usize = 60_000;

/// One cell, ready to be drawn.
struct Shown<'a> {
    text: Cow<'a, str>,
    role: Role,
}

/// `table` in lines that each end in a newline; only its `when_empty` if it has no rows.
pub fn render(table: &Table, page: &Page) -> String {
    if table.rows.is_empty() {
        return match table.when_empty {
            "" => String::new(),
            sentence => format!("{}\n", page.style.paint(Role::Dim, sentence)),
        };
    }
    let shown = |at: &usize| table.columns.get(*at).is_some_and(|c| page.wide || !c.wide);
    let columns: Vec<usize> = (0..table.columns.len()).filter(shown).collect();
    let titles: Vec<&Column> = columns.iter().filter_map(|&at| table.columns.get(at)).collect();
    // A line that says that one more is left out would take that one's place.
    let most = table.most.filter(|most| !page.wide && !page.whole && table.rows.len() > most + 1);
    let rows: Vec<Vec<Shown<'_>>> = table
        .rows
        .iter()
        .take(most.unwrap_or(usize::MAX))
        .map(|row| {
            columns
                .iter()
                .map(|&at| match row.get(at) {
                    Some(cell) => Shown { text: sanitize::line(&cell.text), role: cell.role },
                    None => Shown { text: Cow::Borrowed(""), role: Role::Plain },
                })
                .collect()
        })
        .collect();
    let natural = natural_widths(&titles, &rows);
    let uncut = page.wide || page.whole;
    let widths = if uncut { Some(natural) } else { fit(&titles, &rows, natural, page.width) };
    let mut out = match widths {
        Some(widths) => grid(&titles, &rows, &widths, page),
        None => cards(&titles, &rows, page),
    };
    let left_out = table.rows.len() - rows.len();
    if left_out > 0 {
        let line = format!("… and {} more: -o wide shows all", human::count(left_out as u64));
        out.push_str(&page.style.paint(Role::Dim, &line));
        out.push('\n');
    }
    out
}

fn natural_widths(titles: &[&Column], rows: &[Vec<Shown<'_>>]) -> Vec<usize> {
    let mut widths: Vec<usize> = titles.iter().map(|c| width::of(c.title)).collect();
    for row in rows {
        for (widest, cell) in widths.iter_mut().zip(row) {
            *widest = width::of(&cell.text).clamp(*widest, WIDEST_CELL.max(*widest));
        }
    }
    widths
}

/// The widths at which the columns fit into `page` columns; `None` if they cannot.
fn fit(
    titles: &[&Column],
    rows: &[Vec<Shown<'_>>],
    mut widths: Vec<usize>,
    page: usize,
) -> Option<Vec<usize>> {
    let room = page.saturating_sub(GAP * titles.len().saturating_sub(1));
    // No column can use more than the page, and shrinking then takes few steps.
    for (width, column) in widths.iter_mut().zip(titles) {
        if column.align == Align::Left {
            *width = (*width).min(page);
        }
    }
    let giving = |(at, column): (usize, &&Column)| match (column.flexible, column.wraps) {
        (_, true) => Some(longest_word(at, rows).clamp(LEAST_WRAPPED, LONGEST_WORD)),
        (true, false) => Some(LEAST_FLEXIBLE),
        (false, false) => None,
    };
    let first: Vec<Option<usize>> = titles.iter().enumerate().map(giving).collect();
    shrink(&mut widths, &first, room);
    // What must not be cut is better read as cards than beside names that are.
    if !titles.iter().any(|column| column.wraps) {
        let is_name = |column: &Column| column.align == Align::Left && !column.flexible;
        let names: Vec<Option<usize>> =
            titles.iter().map(|column| is_name(column).then_some(LEAST_NAME)).collect();
        shrink(&mut widths, &names, room);
    }
    (widths.iter().sum::<usize>() <= room).then_some(widths)
}

/// The columns that the longest word of a column takes.
fn longest_word(at: usize, rows: &[Vec<Shown<'_>>]) -> usize {
    let words = rows.iter().filter_map(|row| row.get(at)).flat_map(|c| c.text.split_whitespace());
    words.map(width::of).max().unwrap_or(0)
}

/// Takes from the widest of the columns that have a least width, one by one, until all fit or none
/// can give.
fn shrink(widths: &mut [usize], least: &[Option<usize>], room: usize) {
    let mut over = widths.iter().sum::<usize>().saturating_sub(room);
    while over > 0 {
        let givers =
            widths.iter_mut().zip(least).filter(|(w, least)| least.is_some_and(|l| **w > l));
        let Some(width) = givers.map(|(width, _)| width).max() else { return };
        *width -= 1;
        over -= 1;
    }
}

fn grid(titles: &[&Column], rows: &[Vec<Shown<'_>>], widths: &[usize], page: &Page) -> String {
    let mut drawn = comfy_table::Table::new();
    drawn.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let heading = titles.iter().zip(widths);
    drawn.set_header(heading.map(|(column, &width)| {
        comfy_table::Cell::new(marked(column.title, width, Role::Strong, page))
    }));
    for row in rows {
        drawn.add_row(row.iter().zip(titles).zip(widths).map(|((cell, column), &width)| {
            let lines = lines(&cell.text, column, width);
            let lines = lines.iter().map(|line| marked(line, width, cell.role, page));
            comfy_table::Cell::new(lines.collect::<Vec<_>>().join("\n"))
        }));
    }
    let last = titles.len().saturating_sub(1);
    for (at, column) in titles.iter().enumerate() {
        let Some(drawn) = drawn.column_mut(at) else { continue };
        drawn.set_padding((0, if at == last { 0 } else { u16::try_from(GAP).unwrap_or(2) }));
        drawn.set_cell_alignment(match column.align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
    let mut out = String::new();
    for line in drawn.lines() {
        unmark(&mut out, line.trim_end());
        out.push('\n');
    }
    out
}

/// The lines of a cell; more than one only in a column that wraps.
fn lines(text: &str, column: &Column, width: usize) -> Vec<String> {
    if column.wraps { width::fold(text, width) } else { vec![text.to_owned()] }
}

/// Stands for the beginning of a role's colour while comfy-table measures: the sanitizer lets none
/// of these characters through, and none has a width. `MARKS` itself ends a colour.
const MARKS: u32 = 0xE_0000;
const PAINTED: [Role; 9] = [
    Role::Strong,
    Role::Dim,
    Role::Good,
    Role::Warn,
    Role::Bad,
    Role::Queued,
    Role::Started,
    Role::Waiting,
    Role::Command,
];

fn marked(text: &str, width: usize, role: Role, page: &Page) -> String {
    let text = width::cut(text, width);
    let position = PAINTED.iter().position(|painted| *painted == role);
    let mark = position.and_then(|at| char::from_u32(MARKS + 1 + u32::try_from(at).ok()?));
    // Blanks at the end stay outside, so that the end of a line can be trimmed.
    let (text, blanks) = text.split_at(text.trim_end().len());
    match (mark, char::from_u32(MARKS)) {
        (Some(mark), Some(end)) if page.style.colors() && !text.is_empty() => {
            format!("{mark}{text}{end}{blanks}")
        }
        _ => format!("{text}{blanks}"),
    }
}

fn unmark(out: &mut String, line: &str) {
    for c in line.chars() {
        match u32::from(c).checked_sub(MARKS) {
            Some(0) => out.push_str(style::RESET),
            Some(n) if n as usize <= PAINTED.len() => {
                let codes = PAINTED.get(n as usize - 1).and_then(|role| style::codes(*role));
                out.extend(["\x1b[", codes.unwrap_or("0"), "m"]);
            }
            _ => out.push(c),
        }
    }
}

/// Each row as its first cell, then a line per further one.
fn cards(titles: &[&Column], rows: &[Vec<Shown<'_>>], page: &Page) -> String {
    let labels = titles.iter().skip(1).map(|c| width::of(c.title)).max().unwrap_or(0);
    let labels = labels.min(page.width / 2);
    let mut out = String::new();
    for row in rows {
        for (at, (cell, column)) in row.iter().zip(titles).enumerate() {
            if at == 0 {
                let name = width::cut(&cell.text, page.width);
                out.push_str(&page.style.bold(cell.role, &name));
            } else if cell.text.is_empty() {
                continue;
            } else {
                let label = width::cut(column.title, labels);
                let room = page.width.saturating_sub(labels + 4);
                let blanks = labels + 2 - width::of(&label);
                out.push_str("  ");
                out.push_str(&page.style.paint(Role::Dim, &label));
                out.extend(std::iter::repeat_n(' ', blanks));
                for (at, line) in lines(&cell.text, column, room.max(1)).iter().enumerate() {
                    if at > 0 {
                        out.push('\n');
                        out.extend(std::iter::repeat_n(' ', labels + 4));
                    }
                    out.push_str(&page.style.paint(cell.role, &width::cut(line, room)));
                }
            }
            out.push('\n');
        }
    }
    out
}
