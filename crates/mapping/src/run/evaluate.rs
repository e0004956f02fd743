//! Operations to values.

use std::borrow::Cow;
use std::cmp::Ordering;

use diagnostics::Severity;
use source::{DateTime, RawCell, Typed, normalise_label};

use super::cell::Cx;
use super::value::{Val, seconds};
use super::{functions, wording};
use crate::codes;
use crate::expr::Operator;
use crate::loss::Lost;
use crate::program::{Case, CodeOp, Compare, Op, Partner, Policy};
use crate::read::{Read, ReadAs};
use crate::trace::{Asked, Way};
use crate::yaml::Spot;

impl<'a> Cx<'a> {
    /// Evaluates an operation.
    pub fn evaluate(&mut self, op: &'a Op) -> Val<'a> {
        match op {
            Op::Text(text) => Val::Text(Cow::Borrowed(text)),
            Op::Number(text) => match text.parse() {
                Ok(number) => Val::Integer(number),
                Err(_) => Val::Decimal(Cow::Borrowed(text)),
            },
            Op::Boolean(truth) => Val::Boolean(*truth),
            Op::Concept(concept) => Val::Concept {
                codings: &concept.codings,
                text: concept.text.as_deref().map(Cow::Borrowed),
            },
            Op::Absent(reason) => Val::Absent(reason),
            Op::Cell(cell) => self.cell(cell),
            Op::Partner(partner) => self.partner(partner),
            Op::Variable(index) => {
                if let Some(trace) = self.tracer() {
                    trace.variable(*index);
                }
                self.variables
                    .get(*index)
                    .map_or(Val::Nothing, |bound| bound.value.clone())
            }
            Op::Joined(variable, slot, cell) => self.joined_cell(*variable, *slot, cell),
            Op::VariableColumn(index) => {
                if let Some(trace) = self.tracer() {
                    trace.variable(*index);
                }
                self.variables
                    .get(*index)
                    .and_then(|bound| bound.column)
                    .map_or(Val::Nothing, |column| Val::Text(Cow::Borrowed(column)))
            }
            Op::Reference(reference) => self.reference(reference),
            Op::Not(inner) => Val::Boolean(!self.evaluate(inner).truth()),
            Op::And(left, right) => {
                Val::Boolean(self.evaluate(left).truth() && self.evaluate(right).truth())
            }
            Op::Or(left, right) => {
                Val::Boolean(self.evaluate(left).truth() || self.evaluate(right).truth())
            }
            Op::Compare(compare) => Val::Boolean(self.compare(compare)),
            Op::If(parts) => {
                let truth = self.evaluate(&parts.0).truth();
                if let Some(trace) = self.tracer() {
                    trace.branched(op, Asked::If, parts.3, Way::of(truth));
                }
                if truth {
                    self.evaluate(&parts.1)
                } else {
                    self.evaluate(&parts.2)
                }
            }
            Op::Case(case) => self.case(op, case),
            Op::Coalesce(ops, spot) => {
                for (index, choice) in ops.iter().enumerate() {
                    let value = self.evaluate(choice);
                    if !value.is_nothing() {
                        if let Some(trace) = self.tracer() {
                            trace.branched(op, Asked::Coalesce, *spot, Way::Branch(index));
                        }
                        return value;
                    }
                }
                if let Some(trace) = self.tracer() {
                    trace.branched(op, Asked::Coalesce, *spot, Way::Nothing);
                }
                Val::Nothing
            }
            Op::Call(function, arguments) => functions::call(self, *function, arguments),
            Op::Phrases { value, list, whole } => {
                let value = self.evaluate(value);
                let seen = self.shared.seen;
                let phrases = self
                    .shared
                    .program
                    .phrases
                    .get(*list)
                    .map(|list| list.phrases.as_slice())
                    .unwrap_or_default();
                Val::Boolean(functions::any(&value, &|text| {
                    let text = wording::fold(text);
                    let found = phrases.iter().position(|phrase| {
                        if *whole {
                            text == *phrase
                        } else {
                            wording::holds(&text, phrase)
                        }
                    });
                    if let Some(phrase) = found {
                        seen.phrase(*list, phrase);
                    }
                    found.is_some()
                }))
            }
            Op::Code(code) => {
                let value = self.evaluate(&code.value);
                self.each(value, |cx, value| cx.code(code, value))
            }
            Op::Row {
                value,
                table,
                column,
            } => {
                let value = self.evaluate(value);
                let (table, column) = (*table, *column);
                self.each(value, |cx, value| cx.table_cell(table, column, &value))
            }
            Op::Quantity { value, unit } => match self.evaluate(value) {
                Val::Integer(number) => Val::Quantity(Cow::Owned(number.to_string()), unit),
                Val::Decimal(text) => Val::Quantity(text, unit),
                Val::Absent(reason) => Val::Absent(reason),
                _ => Val::Nothing,
            },
            Op::ReadDate {
                value,
                formats,
                time,
                policy,
                spot,
            } => {
                let value = self.evaluate(value);
                self.each(value, |cx, value| {
                    cx.read_date(value, formats, *time, policy, *spot)
                })
            }
            Op::ReadNumber {
                value,
                integer,
                policy,
                spot,
            } => {
                let value = self.evaluate(value);
                let kind = if *integer {
                    source::ColumnType::Integer {
                        min: None,
                        max: None,
                    }
                } else {
                    source::ColumnType::Decimal {
                        min: None,
                        max: None,
                    }
                };
                self.each(value, |cx, value| cx.read_as(value, &kind, policy, *spot))
            }
            Op::Read {
                value,
                kind,
                policy,
                spot,
            } => {
                let value = self.evaluate(value);
                self.each(value, |cx, value| cx.read_text(value, kind, policy, *spot))
            }
            Op::At(parts, spot) => {
                let (date, time) = (self.evaluate(&parts.0), self.evaluate(&parts.1));
                self.at(date, &time, *spot)
            }
            Op::Pair(parts) => {
                let (first, second) = (self.evaluate(&parts.0), self.evaluate(&parts.1));
                if first.is_nothing() && second.is_nothing() {
                    Val::Nothing
                } else {
                    Val::Pair(Box::new((first, second)))
                }
            }
            Op::Matches { value, pattern } => {
                let value = self.evaluate(value);
                Val::Boolean(functions::any(&value, &|text| pattern.is_match(text)))
            }
            Op::ReadNhsNumber {
                value,
                policy,
                spot,
            } => {
                let value = self.evaluate(value);
                self.each(value, |cx, value| {
                    cx.read_as(value, &source::ColumnType::NhsNumber, policy, *spot)
                })
            }
            Op::OnMissing {
                value,
                policy,
                spot,
            } => {
                let value = self.evaluate(value);
                if value.is_nothing() && !self.refused {
                    self.missing(policy, *spot)
                } else {
                    value
                }
            }
        }
    }

    /// Applies a function to a value, or to each item of a list.
    pub fn each(
        &mut self,
        value: Val<'a>,
        mut function: impl FnMut(&mut Self, Val<'a>) -> Val<'a>,
    ) -> Val<'a> {
        match value {
            Val::Nothing => Val::Nothing,
            Val::Absent(reason) => Val::Absent(reason),
            Val::List(items) => Val::List(
                items
                    .into_iter()
                    .map(|item| function(self, item))
                    .filter(|item| !item.is_nothing())
                    .collect(),
            ),
            one => function(self, one),
        }
    }

    fn partner(&mut self, partner: &'a Partner) -> Val<'a> {
        let shared = self.shared;
        let Some(table) = shared.partners.table(partner.table) else {
            return Val::Nothing;
        };
        let found = match &partner.keys {
            None => table.only(partner.slot),
            Some(keys) => {
                let mut parts: Vec<Cow<'a, str>> = Vec::with_capacity(keys.len());
                for (key, is_label) in keys.iter().zip(&partner.labels) {
                    match self.evaluate(key).text() {
                        Some(text) if *is_label => {
                            parts.push(Cow::Owned(normalise_label(&text).into_owned()));
                        }
                        Some(text) => parts.push(text),
                        None => return Val::Nothing,
                    }
                }
                let key = super::content::hash_parts(&parts);
                table.find(key, partner.slot)
            }
        };
        if let Some((value, place)) = found {
            if let (Some(trace), Some(cell)) = (self.tracer(), &place) {
                trace.looked_up(partner, cell);
            }
            return value;
        }
        if !self.quiet && partner.expected {
            let name = shared
                .program
                .tables
                .get(partner.table)
                .map(|table| table.name.to_string())
                .unwrap_or_default();
            let issue = self.issue(
                Severity::Warning,
                codes::NO_PARTNER,
                format!("the table {name} has no record for this one, or more than one"),
                "look for the record in the source system, or for a mistyped key",
                partner.spot,
            );
            self.issues.push(issue);
        }
        Val::Nothing
    }

    fn compare(&mut self, compare: &'a Compare) -> bool {
        let left = self.evaluate(&compare.left);
        if left.is_nothing() {
            return false;
        }
        if let (Some(wanted), Val::Label(_, Some(index))) = (compare.index, &left) {
            return match compare.operator {
                Operator::Equal => *index == wanted,
                Operator::NotEqual => *index != wanted,
                _ => false,
            };
        }
        let right = self.evaluate(&compare.right);
        if right.is_nothing() {
            return false;
        }
        let order = if compare.labels {
            match (left.as_str(), right.as_str()) {
                (Some(left), Some(right)) => {
                    Some(normalise_label(left).cmp(&normalise_label(right)))
                }
                _ => None,
            }
        } else {
            order(&left, &right)
        };
        order.is_some_and(|order| match compare.operator {
            Operator::Equal => order == Ordering::Equal,
            Operator::NotEqual => order != Ordering::Equal,
            Operator::Less => order == Ordering::Less,
            Operator::LessOrEqual => order != Ordering::Greater,
            Operator::Greater => order == Ordering::Greater,
            Operator::GreaterOrEqual => order != Ordering::Less,
        })
    }

    fn case(&mut self, op: &'a Op, case: &'a Case) -> Val<'a> {
        let value = self.evaluate(&case.value);
        for (index, (test, result)) in case.branches.iter().enumerate() {
            let test = self.evaluate(test);
            if same(&value, &test) {
                if let Some(trace) = self.tracer() {
                    trace.branched(op, Asked::Case, case.spot, Way::Branch(index));
                }
                return self.evaluate(result);
            }
        }
        if let Some(trace) = self.tracer() {
            trace.branched(op, Asked::Case, case.spot, Way::Otherwise);
        }
        match &case.otherwise {
            Some(otherwise) => self.evaluate(otherwise),
            None => Val::Nothing,
        }
    }

    fn code(&mut self, code: &'a CodeOp, value: Val<'a>) -> Val<'a> {
        let index = match &value {
            Val::Label(_, index) => *index,
            _ => None,
        };
        let Some(label) = value.text() else {
            return Val::Nothing;
        };
        let program = self.shared.program;
        let Some(table) = program.codes.get(code.table) else {
            return Val::Nothing;
        };
        let known = match (&code.rows, index) {
            (Some(rows), Some(index)) => rows.get(index).copied().flatten(),
            _ => table.find(&label),
        };
        if let Some(trace) = self.tracer() {
            trace.code_row(code.table, known, &label);
        }
        if let Some((index, row)) = known.and_then(|row| Some((row, table.row(row)?))) {
            self.shared.seen.row(code.table, index);
            return Val::Concept {
                codings: &row.codings,
                text: Some(label),
            };
        }
        let lost = Lost::Unmapped(code.table, label.clone().into_owned());
        self.unmapped.push(lost);
        let kept = label.clone();
        let outcome = self.bad(&code.policy, None, |cx| {
            cx.issue(
                Severity::Warning,
                codes::UNMAPPED,
                format!("the code table '{}' has no row for this label", table.name),
                "add a row for it, with a blank code where there is none; the label is in the sender's report",
                code.spot,
            )
            .with_value(kept.into_owned())
        });
        match (&code.policy, outcome) {
            (Policy::Text, _) => Val::Concept {
                codings: &[],
                text: Some(label),
            },
            (_, outcome) => outcome,
        }
    }

    fn table_cell(&mut self, table: usize, column: usize, value: &Val<'a>) -> Val<'a> {
        let program = self.shared.program;
        let row = value.text().and_then(|label| {
            let declared = program.codes.get(table)?;
            let found = declared.find(&label);
            if let Some(trace) = self.tracer() {
                trace.code_row(table, found, &label);
            }
            let found = found?;
            self.shared.seen.row(table, found);
            declared.row(found)
        });
        row.and_then(|row| row.cells.get(column))
            .filter(|cell| !cell.is_empty())
            .map_or(Val::Nothing, |cell| Val::Text(Cow::Borrowed(cell)))
    }

    fn read_date(
        &mut self,
        value: Val<'a>,
        formats: &'a [source::DatePattern],
        time: bool,
        policy: &'a Policy,
        spot: Spot,
    ) -> Val<'a> {
        if !time && let Val::Date(_) = value {
            return value;
        }
        let kind = if time {
            source::ColumnType::DateTime {
                formats: formats.to_vec(),
                zone: None,
            }
        } else {
            source::ColumnType::Date {
                formats: formats.to_vec(),
            }
        };
        self.read_as(value, &kind, policy, spot)
    }

    /// Reads a text as a quantity, a time of day and the like.
    fn read_text(
        &mut self,
        value: Val<'a>,
        kind: &'a ReadAs,
        policy: &'a Policy,
        spot: Spot,
    ) -> Val<'a> {
        let Some(text) = value.text() else {
            return Val::Nothing;
        };
        let read = match kind.read(&text) {
            Ok(Read::Text(read)) => Ok(Val::Text(Cow::Owned(read.into_owned()))),
            Ok(Read::Quantity(number, unit)) => match kind {
                ReadAs::Quantity(units) => {
                    units.known.get(unit).map_or(Ok(Val::Nothing), |known| {
                        Ok(Val::Quantity(Cow::Owned(number), &known.unit))
                    })
                }
                _ => Ok(Val::Nothing),
            },
            Err(message) => Err(message),
        };
        match read {
            Ok(value) => value,
            Err(message) => {
                let kept = text.clone().into_owned();
                let raw = Some(Cow::Owned(text.into_owned()));
                self.bad(policy, raw, |cx| {
                    cx.issue(
                        Severity::Warning,
                        codes::UNREADABLE,
                        message,
                        "mend the value in the source system, or say in the mapping how it is written",
                        spot,
                    )
                    .with_value(kept)
                })
            }
        }
    }

    /// A day at a time of day, in the source's zone. An hour that happened twice or never keeps the
    /// day (CS-17); a day that is not known to the day, or has no time, stays what it is.
    fn at(&mut self, date: Val<'a>, time: &Val<'a>, spot: Spot) -> Val<'a> {
        let (Val::Date(day), Some(clock)) = (&date, time.text()) else {
            return match date {
                Val::Date(date) => Val::DateTime(DateTime { date, time: None }),
                other => other,
            };
        };
        if day.day.is_none() {
            return Val::DateTime(DateTime {
                date: *day,
                time: None,
            });
        }
        let local = Val::Text(Cow::Owned(format!("{day}T{clock}")));
        let kind = source::ColumnType::DateTime {
            formats: self.shared.program.local_time.clone(),
            zone: None,
        };
        self.read_as(local, &kind, &Policy::Drop, spot)
    }

    fn read_as(
        &mut self,
        value: Val<'a>,
        kind: &source::ColumnType,
        policy: &'a Policy,
        spot: Spot,
    ) -> Val<'a> {
        let Some(text) = value.text() else {
            return Val::Nothing;
        };
        let schema = &self.shared.program.schema;
        let read = source::typed(
            kind,
            RawCell::Text(&text),
            &schema.missing,
            &schema.zone,
            false,
        );
        match read {
            Ok(None) => Val::Nothing,
            Ok(Some(reading)) => {
                if let Some(warning) = reading.warning
                    && !self.quiet
                {
                    let issue = self
                        .issue(
                            Severity::Warning,
                            codes::UNREADABLE,
                            warning.message,
                            "mend the value in the source system where more is known",
                            spot,
                        )
                        .with_value(text.clone().into_owned());
                    self.issues.push(issue);
                }
                Val::of_typed(reading.value).owned()
            }
            Err(problem) => {
                let raw = Some(Cow::Owned(text.clone().into_owned()));
                let message = problem.message;
                let kept = text.into_owned();
                self.bad(policy, raw, |cx| {
                    cx.issue(
                        Severity::Warning,
                        codes::UNREADABLE,
                        message,
                        "mend the value in the source system, or the expression in the mapping",
                        spot,
                    )
                    .with_value(kept)
                })
            }
        }
    }
}

/// Whether two values are the same for `case` and `in`.
pub(super) fn same(left: &Val<'_>, right: &Val<'_>) -> bool {
    match (left, right) {
        (Val::Nothing, _) | (_, Val::Nothing) => false,
        (Val::Label(left, _), other) | (other, Val::Label(left, _)) => other
            .as_str()
            .is_some_and(|right| normalise_label(left) == normalise_label(right)),
        _ => order(left, right) == Some(Ordering::Equal),
    }
}

/// How two values of one kind stand to each other, where that is certain.
fn order(left: &Val<'_>, right: &Val<'_>) -> Option<Ordering> {
    match (left, right) {
        (Val::Boolean(left), Val::Boolean(right)) => Some(left.cmp(right)),
        (Val::Integer(left), Val::Integer(right)) => Some(left.cmp(right)),
        (Val::Integer(_) | Val::Decimal(_), Val::Integer(_) | Val::Decimal(_)) => {
            number(left)?.partial_cmp(&number(right)?)
        }
        (Val::Date(_) | Val::DateTime(_), Val::Date(_) | Val::DateTime(_)) => {
            moments(moment(left)?, moment(right)?)
        }
        _ => Some(left.as_str()?.cmp(right.as_str()?)),
    }
}

fn number(value: &Val<'_>) -> Option<f64> {
    value.text()?.parse().ok()
}

fn moment(value: &Val<'_>) -> Option<DateTime> {
    match value {
        Val::Date(date) => Some(DateTime {
            date: *date,
            time: None,
        }),
        Val::DateTime(moment) => Some(*moment),
        _ => None,
    }
}

/// Two moments, each perhaps only a day, a month or a year: only what is certain.
fn moments(left: DateTime, right: DateTime) -> Option<Ordering> {
    if left.time.is_some() && right.time.is_some() {
        return Some(seconds(left).cmp(&seconds(right)));
    }
    let parts = |moment: DateTime| {
        [
            Some(i32::from(moment.date.year)),
            moment.date.month.map(i32::from),
            moment.date.day.map(i32::from),
        ]
    };
    for (left, right) in parts(left).into_iter().zip(parts(right)) {
        match (left, right) {
            (Some(left), Some(right)) if left != right => return Some(left.cmp(&right)),
            (Some(_), Some(_)) => {}
            (None, None) => return Some(Ordering::Equal),
            _ => return None,
        }
    }
    (left.time.is_none() && right.time.is_none()).then_some(Ordering::Equal)
}

/// Whether a typed cell is a list: for what is kept of other tables.
pub(super) fn kept(typed: Typed<'_>) -> Val<'static> {
    Val::of_typed(typed).owned()
}
