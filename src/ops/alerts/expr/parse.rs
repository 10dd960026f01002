//! Reads a condition. Names, labels and units are checked here, so that what was read can be
//! evaluated.

use super::lexer::{Placed, Token, tokens};
use super::number::{Dimension, Number, Unit};
use super::vocabulary::{self, Known};
use super::{Aggregate, Bound, Expr, Matcher, Op, Selection, Value};
use crate::error::{Failure, Kind};
use crate::model::health::Severity;
use crate::nearby;
use crate::ops::health;

/// Conditions within conditions: deeper ones are a mistake, and recursion has an end.
const DEEPEST: usize = 64;

/// The longest window, seconds: what `alerts run` remembers.
pub(super) const LONGEST_WINDOW_S: f64 = 86_400.0;

/// What is wrong with a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Where, in bytes from its beginning.
    pub at: usize,
    /// What.
    pub why: String,
    /// What may have been meant.
    pub hints: Vec<String>,
}

impl Wrong {
    pub(super) const fn at(at: usize, why: String) -> Self {
        Self { at, why, hints: Vec::new() }
    }

    /// The same with the known names that are most alike.
    fn meaning<'k>(self, wanted: &str, known: impl Iterator<Item = &'k str>) -> Self {
        let failure = nearby::hint(Failure::new(Kind::Config, ""), wanted, known);
        Self { hints: failure.hints().to_vec(), ..self }
    }
}

/// Reads a condition; `threshold` is that of the rule, where it has one.
///
/// Errors name the place: a syntax that is none, an unknown metric, quantity, label or check, and
/// units that do not go together.
pub fn parse(text: &str, threshold: Option<Number>) -> Result<Expr, Wrong> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, next: 0, end: text.len(), threshold, depth: 0 };
    let expr = parser.or()?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.unexpected("`and`, `or` or the end")),
    }
}

/// Reads a number with its unit, such as a threshold.
pub(in super::super) fn number(text: &str) -> Result<Number, Wrong> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens, next: 0, end: text.len(), threshold: None, depth: 0 };
    let number = parser.number()?;
    match parser.peek() {
        None => Ok(number),
        Some(_) => Err(parser.unexpected("the end")),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    end: usize,
    threshold: Option<Number>,
    depth: usize,
}

type Parsed<T> = Result<T, Wrong>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    /// Where the next piece begins.
    fn place(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |placed| placed.at)
    }

    fn take_sign(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Sign(sign)) if *sign == wanted);
        self.next += usize::from(is_it);
        is_it
    }

    fn take_word(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(word)) if word == wanted);
        self.next += usize::from(is_it);
        is_it
    }

    fn sign(&mut self, wanted: &str) -> Parsed<()> {
        if self.take_sign(wanted) {
            return Ok(());
        }
        Err(self.unexpected(&format!("`{wanted}`")))
    }

    fn word(&mut self, what: &str) -> Parsed<String> {
        match self.peek() {
            Some(Token::Word(word)) => {
                let word = word.clone();
                self.next += 1;
                Ok(word)
            }
            _ => Err(self.unexpected(what)),
        }
    }

    fn text(&mut self, what: &str) -> Parsed<String> {
        match self.peek() {
            Some(Token::Text(text)) => {
                let text = text.clone();
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.unexpected(what)),
        }
    }

    fn unexpected(&self, wanted: &str) -> Wrong {
        let found = match self.peek() {
            None => "the condition ends".to_owned(),
            Some(Token::Word(word)) => format!("`{word}` stands"),
            Some(Token::Number(number)) => format!("`{number}` stands"),
            Some(Token::Text(_)) => "a text stands".to_owned(),
            Some(Token::Sign(sign)) => format!("`{sign}` stands"),
        };
        Wrong::at(self.place(), format!("{found} where {wanted} was expected"))
    }

    fn or(&mut self) -> Parsed<Expr> {
        let mut expr = self.and()?;
        while self.take_word("or") {
            expr = Expr::Or(Box::new(expr), Box::new(self.and()?));
        }
        Ok(expr)
    }

    fn and(&mut self) -> Parsed<Expr> {
        let mut expr = self.term()?;
        while self.take_word("and") {
            expr = Expr::And(Box::new(expr), Box::new(self.term()?));
        }
        Ok(expr)
    }

    fn term(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Wrong::at(self.place(), "it is nested too deeply".to_owned()));
        }
        let term = if self.take_word("not") {
            Expr::Not(Box::new(self.term()?))
        } else if self.take_sign("(") {
            let inner = self.or()?;
            self.sign(")")?;
            inner
        } else if self.take_word("check") {
            self.check()?
        } else {
            self.compare()?
        };
        self.depth -= 1;
        Ok(term)
    }

    fn check(&mut self) -> Parsed<Expr> {
        self.sign("(")?;
        let at = self.place();
        let name = self.text("the name of a check in quotation marks")?;
        let known = health::names();
        if !known.contains(&name.as_str()) {
            let wrong = Wrong::at(at, format!("there is no check `{name}`"));
            return Err(wrong.meaning(&name, known.into_iter()));
        }
        self.sign(")")?;
        let Some(op) = self.op() else {
            let severity = Some(Severity::Warning);
            return Ok(Expr::Check { name, op: Op::GreaterOrEqual, severity });
        };
        let at = self.place();
        let severity = match self.word("a severity")?.as_str() {
            "none" => None,
            "info" => Some(Severity::Info),
            "warning" => Some(Severity::Warning),
            "critical" => Some(Severity::Critical),
            other => {
                let known = "known are none, info, warning and critical";
                return Err(Wrong::at(at, format!("`{other}` is no severity: {known}")));
            }
        };
        Ok(Expr::Check { name, op, severity })
    }

    fn compare(&mut self) -> Parsed<Expr> {
        let (value, known) = self.value()?;
        let Some(op) = self.op() else {
            let example = format!("a comparison, as in `{} > 10`", known.name);
            return Err(self.unexpected(&example));
        };
        let dimension = match value.aggregate {
            Some(Aggregate::Count) => Dimension::Count,
            _ => known.dimension,
        };
        let at = self.place();
        let (bound, number) = if self.take_word("threshold") {
            let Some(number) = self.threshold else {
                return Err(Wrong::at(at, "the rule has no `threshold`".to_owned()));
            };
            (Bound::Threshold, number)
        } else {
            let number = self.number()?;
            (Bound::Number(number), number)
        };
        match number.misfit(dimension, known.name) {
            None => Ok(Expr::Compare { value, op, bound }),
            Some(why) => Err(Wrong::at(at, why)),
        }
    }

    fn op(&mut self) -> Option<Op> {
        let op = match self.peek()? {
            Token::Sign(">") => Op::Greater,
            Token::Sign(">=") => Op::GreaterOrEqual,
            Token::Sign("<") => Op::Less,
            Token::Sign("<=") => Op::LessOrEqual,
            Token::Sign("==") => Op::Equal,
            Token::Sign("!=") => Op::NotEqual,
            _ => return None,
        };
        self.next += 1;
        Some(op)
    }

    fn value(&mut self) -> Parsed<(Value, &'static Known)> {
        let at = self.place();
        let word = self.word("a metric, a quantity or `check`")?;
        let aggregate = Aggregate::ALL.into_iter().find(|aggregate| aggregate.word() == word);
        if aggregate.is_none() {
            let (of, known) = self.selection(at, word)?;
            return Ok((Value { aggregate, of }, known));
        }
        self.sign("(")?;
        let at = self.place();
        let name = self.word("a metric or a quantity")?;
        let (of, known) = self.selection(at, name)?;
        self.sign(")")?;
        Ok((Value { aggregate, of }, known))
    }

    fn selection(&mut self, at: usize, name: String) -> Parsed<(Selection, &'static Known)> {
        let Some(known) = vocabulary::find(&name) else {
            let wrong = Wrong::at(at, format!("there is no metric or quantity `{name}`"));
            return Err(wrong.meaning(&name, vocabulary::names()));
        };
        let mut selection = Selection { name, matchers: Vec::new(), window_s: None };
        if self.take_sign("{") {
            loop {
                selection.matchers.push(self.matcher(known)?);
                if !self.take_sign(",") {
                    break;
                }
            }
            self.sign("}")?;
        }
        if self.take_sign("[") {
            selection.window_s = Some(self.window(&selection.name)?);
            self.sign("]")?;
        }
        Ok((selection, known))
    }

    fn matcher(&mut self, known: &Known) -> Parsed<Matcher> {
        let at = self.place();
        let label = self.word("a label")?;
        if !known.labels.contains(&label.as_str()) {
            let wrong = Wrong::at(at, format!("`{}` has no label `{label}`", known.name));
            return Err(wrong.meaning(&label, known.labels.iter().copied()));
        }
        let negated = self.take_sign("!=");
        if !negated {
            self.sign("=")?;
        }
        Ok(Matcher { label, value: self.text("a text in quotation marks")?, negated })
    }

    fn window(&mut self, name: &str) -> Parsed<u64> {
        let at = self.place();
        if !vocabulary::is_windowed(name) {
            return Err(Wrong::at(at, format!("`{name}` is taken at one moment, not over a time")));
        }
        let number = self.number()?;
        let fits = number.unit.dimension() == Dimension::Seconds || number.unit == Unit::None;
        let seconds = number.value();
        if !fits || !(1.0..=LONGEST_WINDOW_S).contains(&seconds) {
            let why = "a window is a time between 1s and 24h, such as 5m".to_owned();
            return Err(Wrong::at(at, why));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 1 and 86,400"
        )]
        Ok(seconds.round() as u64)
    }

    fn number(&mut self) -> Parsed<Number> {
        let Some(&Token::Number(digits)) = self.peek() else {
            return Err(self.unexpected("a number"));
        };
        self.next += 1;
        Ok(Number { digits, unit: self.unit()? })
    }

    /// The unit behind a number; a word that is none right behind it is a mistake.
    fn unit(&mut self) -> Parsed<Unit> {
        let at = self.place();
        if self.take_sign("%") {
            return Ok(Unit::Percent);
        }
        if self.take_sign("/") {
            return match self.word("`h`")?.as_str() {
                "h" | "hour" => Ok(Unit::PerHour),
                other => Err(Wrong::at(at, format!("`/{other}` is no rate: only `/h` is known"))),
            };
        }
        let behind = self.tokens.get(self.next.wrapping_sub(1)).map(|placed| placed.end);
        let Some(Token::Word(word)) = self.peek() else { return Ok(Unit::None) };
        match Unit::of(word) {
            Some(unit) => {
                self.next += 1;
                Ok(unit)
            }
            None if behind == Some(at) => {
                let known = "known are %, ms, s, m, h, d, K, M, G, T and /h";
                Err(Wrong::at(at, format!("`{word}` is no unit: {known}")))
            }
            None => Ok(Unit::None),
        }
    }
}
