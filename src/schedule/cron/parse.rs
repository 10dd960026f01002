//! Reads a cron expression as croniter's `_expand` does.
//!
//! Bounded: the expression's length is, and a part of it expands to 2100 values at most, which
//! are collected as a set.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::{Allowed, Cron, CronError, CronFault, Dialect, Field, MAX_LENGTH, Nth};

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Field {
    /// The values that a field takes, as croniter has them: `*/2` steps through just these.
    const fn range(self, dialect: Dialect) -> (u16, u16) {
        match self {
            Self::Minute | Self::Second => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => match dialect {
                Dialect::V1_0 | Dialect::V1_3 | Dialect::V2_0 => (0, 7),
                Dialect::V6_0 => (0, 6),
            },
            Self::Year => (1970, 2099),
        }
    }

    /// How many different values count as `*`.
    const fn full_count(self) -> usize {
        match self {
            Self::Minute | Self::Second => 60,
            Self::Hour => 24,
            Self::DayOfMonth => 31,
            Self::Month => 12,
            Self::DayOfWeek => 7,
            Self::Year => 130,
        }
    }

    /// A number, or what its name stands for.
    fn number(self, text: &str) -> Result<u64, CronFault> {
        let (names, first): (&[&str], u64) = match self {
            Self::Month => (&MONTHS, 1),
            Self::DayOfWeek => (&WEEKDAYS, 0),
            _ => (&[], 0),
        };
        let named = || names.iter().zip(first..).find(|(name, _)| **name == text).map(|(_, n)| n);
        digits(text).or_else(named).ok_or(CronFault::Unreadable)
    }
}

/// What the fields of one expression have in common.
struct Reading<'a> {
    dialect: Dialect,
    fields: &'a [&'a str],
}

/// What one field allows, while its parts are read.
#[derive(Default)]
struct Collected {
    /// `*`.
    any: bool,
    /// `l`.
    last: bool,
    values: BTreeSet<u16>,
    nth: Vec<(u8, Nth)>,
    random: bool,
}

impl Collected {
    fn add(&mut self, value: u16, nth: Option<Nth>) {
        self.values.insert(value);
        if let (Some(nth), Ok(day)) = (nth, u8::try_from(value))
            && !self.nth.contains(&(day, nth))
        {
            self.nth.push((day, nth));
        }
    }

    /// How many different values there are, as croniter counts them: `*` and `l` are one each.
    fn count(&self) -> usize {
        self.values.len() + usize::from(self.any) + usize::from(self.last)
    }

    fn allowed(&self) -> Allowed {
        let bits = self.values.iter().fold(0, |bits, value| bits | 1 << value);
        Allowed { any: self.any, last: self.last, bits }
    }
}

pub(super) fn parse(expression: &str, dialect: Dialect) -> Result<Cron, CronError> {
    if expression.len() > MAX_LENGTH {
        return Err(CronError::whole(CronFault::TooLong(expression.len())));
    }
    let lower = expression.to_lowercase();
    let text = alias(&lower).unwrap_or(&lower);
    // The separators 0x1c to 0x1f are blanks for Python, and Unicode does not count them.
    let is_blank = |c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c);
    let fields: Vec<&str> = text.split(is_blank).filter(|field| !field.is_empty()).collect();
    if !(5..=dialect.max_fields()).contains(&fields.len()) {
        let fault = match fields[..] {
            [word] if word.starts_with('@') => CronFault::UnknownAlias,
            _ => CronFault::FieldCount { found: fields.len(), most: dialect.max_fields() },
        };
        return Err(CronError::whole(fault));
    }
    if fields.iter().any(|field| !field.is_ascii()) {
        return Err(CronError::whole(CronFault::NotAscii));
    }
    Reading { dialect, fields: &fields }.read()
}

/// Only the bare word is an alias: a blank beside it makes it a field.
fn alias(lower: &str) -> Option<&'static str> {
    Some(match lower {
        "@midnight" | "@daily" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        _ => return None,
    })
}

impl Reading<'_> {
    fn read(&self) -> Result<Cron, CronError> {
        let mut cron = Cron {
            dialect: self.dialect,
            width: self.fields.len(),
            minute: Allowed::default(),
            hour: Allowed::default(),
            day_of_month: Allowed::default(),
            month: Allowed::default(),
            day_of_week: Allowed::default(),
            second: Allowed::default(),
            years: None,
            nth: Vec::new(),
            random: None,
        };
        for (field, text) in Field::ALL.into_iter().zip(self.fields) {
            let collected = self.field(field, text)?;
            if collected.random {
                cron.random = cron.random.or(Some(field));
            }
            match field {
                Field::Minute => cron.minute = collected.allowed(),
                Field::Hour => cron.hour = collected.allowed(),
                Field::DayOfMonth => cron.day_of_month = collected.allowed(),
                Field::Month => cron.month = collected.allowed(),
                Field::DayOfWeek => {
                    cron.day_of_week = collected.allowed();
                    cron.nth = collected.nth;
                }
                Field::Second => cron.second = collected.allowed(),
                Field::Year if collected.any => {}
                Field::Year => cron.years = Some(collected.values.into_iter().collect()),
            }
        }
        Ok(cron)
    }

    fn field(&self, field: Field, text: &str) -> Result<Collected, CronError> {
        let mut collected = Collected::default();
        if let Some(taken) = self.random(field, text) {
            taken.map_err(|fault| CronError::at(field, text, fault))?;
            collected.any = true;
            collected.random = true;
            return Ok(collected);
        }
        let text = self.question_mark(field, text)?;
        for part in text.split(',') {
            self.part(field, part, &mut collected)
                .map_err(|fault| CronError::at(field, part, fault))?;
        }
        if collected.count() == field.full_count() && self.collapses(field) {
            collected.values.clear();
            (collected.any, collected.last) = (true, false);
        }
        if field == Field::DayOfWeek && self.mixes(&collected) {
            return Err(CronError::at(field, text, CronFault::MixedOccurrence));
        }
        Ok(collected)
    }

    /// `r` alone, with a range or with a step; `None` where the field has nothing of the kind.
    ///
    /// Whether croniter takes it can depend on the draw; what some draw makes valid is taken.
    fn random(&self, field: Field, text: &str) -> Option<Result<(), CronFault>> {
        let mut rest = text.strip_prefix(['h', 'r'])?;
        let mut bounds = None;
        if let Some(inner) = rest.strip_prefix('(') {
            let (range, after) = inner.split_once(')')?;
            let (low, high) = range.split_once('-')?;
            bounds = Some((digits(low)?, digits(high)?));
            rest = after;
        }
        let step = match rest {
            "" => None,
            _ => Some(digits(rest.strip_prefix('/')?)?),
        };
        if text.starts_with('h') {
            return Some(Err(CronFault::Hash));
        }
        let (min, max) = field.range(self.dialect);
        Some(match (bounds, step) {
            (Some((low, high)), _) if low >= high => Err(CronFault::Backwards),
            (_, Some(0)) => Err(CronFault::ZeroStep),
            (Some((low, high)), step)
                if low > max.into() || (step.is_some() && high > max.into()) =>
            {
                Err(CronFault::OutOfRange { min, max })
            }
            _ => Ok(()),
        })
    }

    /// From 2.0 on, `?` stands for `*` where a day is meant.
    fn question_mark<'t>(&self, field: Field, text: &'t str) -> Result<&'t str, CronError> {
        if !text.contains('?') {
            return Ok(text);
        }
        let fault = match field {
            _ if self.dialect < Dialect::V2_0 => CronFault::QuestionMark,
            Field::DayOfMonth | Field::DayOfWeek if text == "?" => return Ok("*"),
            _ => CronFault::MisplacedQuestionMark,
        };
        Err(CronError::at(field, text, fault))
    }

    /// One part of a list.
    fn part(&self, field: Field, part: &str, into: &mut Collected) -> Result<(), CronFault> {
        let (part, nth) = match field {
            Field::DayOfWeek => self.occurrence(part)?,
            _ => (part, None),
        };
        match Range::of(part, field.range(self.dialect)) {
            Some(range) => self.range(field, &range, |value| self.value(field, value, nth, into)),
            None => self.single(field, part, nth, into),
        }
    }

    /// Takes `#2` from `fri#2` or `mon-fri#2`, and `l` from `l5`.
    fn occurrence<'t>(&self, part: &'t str) -> Result<(&'t str, Option<Nth>), CronFault> {
        if let Some((days, which)) = part.split_once('#') {
            let which = match self.dialect {
                // This one does not mind what comes after the number.
                Dialect::V1_0 => leading_digits(which),
                _ => which,
            };
            let which = digits(which).filter(|_| self.takes_occurrence(days));
            let nth = u8::try_from(which.ok_or(CronFault::Unreadable)?).ok();
            let nth = nth.filter(|nth| (1..=5).contains(nth)).ok_or(CronFault::Occurrence)?;
            return Ok((days, Some(Nth::From1(nth))));
        }
        match part.strip_prefix('l') {
            Some(day) if digits(day).is_some() => Ok((day, Some(Nth::Last))),
            _ => Ok((part, None)),
        }
    }

    fn takes_occurrence(&self, days: &str) -> bool {
        let is_word = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        };
        let is_day = |text: &str| self.dialect > Dialect::V1_0 && WEEKDAYS.contains(&text);
        match days.split_once('-') {
            None => is_word(days),
            Some((from, to)) => is_day(from) && is_day(to),
        }
    }

    /// Gives every value of a range to `take`.
    fn range(
        &self,
        field: Field,
        range: &Range<'_>,
        take: impl FnMut(u64) -> Result<(), CronFault>,
    ) -> Result<(), CronFault> {
        let (min, max) = field.range(self.dialect);
        let (mut low, mut high) = range.ends(field)?;
        if self.dialect >= Dialect::V6_0 {
            (low, high) = (self.smallest(field, low), self.smallest(field, high));
        } else if low > high {
            if !range.ends_on_sunday(field) {
                return Err(CronFault::Backwards);
            }
            high = 7;
        }
        if low.max(high) > max.into() {
            return Err(CronFault::OutOfRange { min, max });
        }
        if range.step == 0 {
            return Err(CronFault::ZeroStep);
        }
        if self.dialect < Dialect::V6_0 || low < high {
            return each(low..=high, range.step, take);
        }
        self.wrap(field, low, high, range.step, take)
    }

    /// A range of 6.0 that ends where it starts, which is the whole field, or before.
    ///
    /// Keeps in step over the field's end only where croniter does.
    fn wrap(
        &self,
        field: Field,
        low: u64,
        high: u64,
        step: u64,
        mut take: impl FnMut(u64) -> Result<(), CronFault>,
    ) -> Result<(), CronFault> {
        let (min, max) = field.range(self.dialect);
        let (first, last) = (u64::from(min), u64::from(max));
        if low == high {
            return each(first..=last, step, take);
        }
        each(low..=last, step, &mut take)?;
        let reached = low + (last - low) / step * step;
        let left = last - reached;
        let is_short = reached.saturating_sub(first).saturating_add(step) > last - first + 1;
        let skip = if is_short && left < step { step - left } else { 0 };
        each(first.saturating_add(skip)..=high, step, take)
    }

    fn single(
        &self,
        field: Field,
        part: &str,
        nth: Option<Nth>,
        into: &mut Collected,
    ) -> Result<(), CronFault> {
        match part {
            "*" => into.any = true,
            "l" if field == Field::DayOfMonth => into.last = true,
            "" => return Err(CronFault::Empty),
            _ if part.starts_with('-') => return Err(CronFault::Negative),
            _ => self.value(field, field.number(part)?, nth, into)?,
        }
        Ok(())
    }

    /// One number, after ranges and names are resolved.
    fn value(
        &self,
        field: Field,
        value: u64,
        nth: Option<Nth>,
        into: &mut Collected,
    ) -> Result<(), CronFault> {
        let (min, max) = field.range(self.dialect);
        let value = self.smallest(field, value);
        let value = u16::try_from(value)
            .ok()
            .filter(|value| (min..=max).contains(value))
            .ok_or(CronFault::OutOfRange { min, max })?;
        into.add(value, nth);
        Ok(())
    }

    /// Turns 7 into Sunday, and a day or month 0 into 1, in the fields where croniter does so:
    /// which these are depends on how many fields there are. Source: `value_alias`, `LOWMAP`.
    fn smallest(&self, field: Field, value: u64) -> u64 {
        let mapped = match (field, value) {
            (Field::DayOfMonth | Field::Month, 0) => 1,
            (Field::DayOfWeek, 7) => 0,
            _ => return value,
        };
        let is_kept = match self.fields.len() {
            _ if self.dialect == Dialect::V1_0 => false,
            5 => matches!(field, Field::DayOfMonth | Field::Month),
            6 => matches!(field, Field::Month | Field::DayOfWeek),
            _ => true,
        };
        if is_kept { value } else { mapped }
    }

    /// Whether a field that allows every value becomes `*`, which decides how the days combine.
    /// From 2.0 on, one kind of day only does so beside a `*` in the other.
    fn collapses(&self, field: Field) -> bool {
        let other = match field {
            Field::DayOfMonth => self.fields.get(4),
            Field::DayOfWeek => self.fields.get(2),
            _ => return true,
        };
        self.dialect < Dialect::V2_0 || other.is_some_and(|other| other.contains('*'))
    }

    /// Whether plain weekdays stand beside `#` and `l`.
    fn mixes(&self, days: &Collected) -> bool {
        if days.nth.is_empty() {
            return false;
        }
        let is_plain = |value: &u16| !days.nth.iter().any(|(day, _)| u16::from(*day) == *value);
        let is_full =
            self.dialect >= Dialect::V2_0 && days.count() == Field::DayOfWeek.full_count();
        days.values.iter().any(is_plain) && !is_full
    }
}

/// `low-high/step`, or what croniter makes into one.
struct Range<'t> {
    low: End<'t>,
    high: End<'t>,
    step: u64,
}

/// One end of a range.
#[derive(Clone, Copy)]
enum End<'t> {
    Text(&'t str),
    /// The end of the field.
    Value(u16),
}

impl<'t> Range<'t> {
    /// `*/5` runs through the whole field, `7/5` from 7 to its end. `None` for what is no range.
    fn of(part: &'t str, (min, max): (u16, u16)) -> Option<Self> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(digits(step)?)),
            None => (part, None),
        };
        let (low, high) = match (range.split_once('-'), step) {
            (Some((low, high)), _) if low.is_empty() || high.is_empty() || high.contains('-') => {
                return None;
            }
            (Some((low, high)), _) => (End::Text(low), End::Text(high)),
            (None, None) => return None,
            (None, Some(_)) if range.is_empty() => return None,
            (None, Some(_)) if range == "*" => (End::Value(min), End::Value(max)),
            (None, Some(_)) => (End::Text(range), End::Value(max)),
        };
        Some(Self { low, high, step: step.unwrap_or(1) })
    }

    fn ends(&self, field: Field) -> Result<(u64, u64), CronFault> {
        let high = match self.high {
            End::Text("l") if field == Field::DayOfMonth => 31,
            high => high.number(field)?,
        };
        Ok((self.low.number(field)?, high))
    }

    /// The name and `0` may end a range before 6.0, `00` may not.
    fn ends_on_sunday(&self, field: Field) -> bool {
        field == Field::DayOfWeek && matches!(self.high, End::Text("0" | "sun"))
    }
}

impl End<'_> {
    fn number(self, field: Field) -> Result<u64, CronFault> {
        match self {
            Self::Value(value) => Ok(value.into()),
            Self::Text(text) => field.number(text),
        }
    }
}

/// Gives every `step`th value to `take`.
fn each(
    values: RangeInclusive<u64>,
    step: u64,
    take: impl FnMut(u64) -> Result<(), CronFault>,
) -> Result<(), CronFault> {
    values.step_by(usize::try_from(step).unwrap_or(usize::MAX)).try_for_each(take)
}

/// Only digits; a number that is too large becomes the largest, which no field allows.
fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(u64::MAX))
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}
