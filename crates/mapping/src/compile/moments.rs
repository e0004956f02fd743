//! The functions of time, of two values in one, and of patterns.

use std::sync::Arc;

use super::Compiler;
use super::calls::Call;
use super::expression::Compiled;
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::expr::Operator;
use crate::program::Op;
use crate::read::{ReadAs, TimeFormat};

/// The most that a compiled pattern may take, in bytes.
const MAX_PATTERN: usize = 1 << 18;

impl Compiler<'_> {
    /// `matches(x, "pattern")`: the whole text is of the pattern. Patterns are compiled once, and run
    /// in time that grows with the text alone.
    pub(super) fn matches(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, _) = self.texts(call, 0, scope)?;
        let text = self.literal(call, 1, "a pattern")?;
        let pattern = regex::RegexBuilder::new(&format!("^(?:{text})$"))
            .size_limit(MAX_PATTERN)
            .dfa_size_limit(MAX_PATTERN)
            .nest_limit(32)
            .build();
        match pattern {
            Ok(pattern) => Some((
                Op::Matches {
                    value: Box::new(op),
                    pattern: Arc::new(pattern),
                },
                Typing::new(Type::Boolean),
            )),
            Err(error) => {
                let message = match error {
                    regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
                    other => {
                        let text = other.to_string();
                        let last = text.lines().last().unwrap_or_default();
                        format!(
                            "this is no pattern: {}",
                            last.trim_start_matches("error: ").trim()
                        )
                    }
                };
                self.findings.error(
                    codes::PATTERN,
                    call.spot_of(1),
                    message,
                    "for example \"[A-Z]{2}[0-9]+\"; the whole text is compared",
                );
                None
            }
        }
    }

    /// `time(x, format, …)`
    pub(super) fn time(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.texts(call, 0, scope)?;
        let mut formats = vec![TimeFormat::HourMinuteSecond];
        for index in 1..call.arguments.len() {
            let text = self.literal(call, index, "a format of times")?;
            match TimeFormat::parse(text) {
                Some(format) => formats.push(format),
                None => {
                    self.findings.error(
                        codes::DATE_FORMAT,
                        call.spot_of(index),
                        format!("'{text}' is no format of times"),
                        "one of HH:mm, HH:mm:ss, HHmm, h:mm a, excel",
                    );
                    return None;
                }
            }
        }
        let op = Op::Read {
            value: Box::new(op),
            kind: ReadAs::Time(formats.into()),
            policy: self.call_policy(call),
            spot: call.spot,
        };
        Some((op, Typing::new(Type::Time).list(typing.list).nullable(true)))
    }

    /// `dateTime(date, time)`
    pub(super) fn date_time(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (date, typing) = self.argument(call, 0, scope)?;
        self.wants(call, 0, &typing, &[Type::Date])?;
        let (time, time_typing) = self.argument(call, 1, scope)?;
        self.wants(call, 1, &time_typing, &[Type::Time])?;
        self.single(call, &[&typing, &time_typing])?;
        Some((
            Op::At(Box::new((date, time)), call.spot),
            Typing::new(Type::DateTime).nullable(typing.nullable),
        ))
    }

    /// `between(x, low, high)`: both ends count.
    pub(super) fn between(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let [value, low, high] = call.arguments else {
            return None;
        };
        let least = self.comparison(
            Operator::GreaterOrEqual,
            value,
            low,
            call.base,
            call.spot_of(1),
            scope,
            call.policy,
        );
        let most = self.comparison(
            Operator::LessOrEqual,
            value,
            high,
            call.base,
            call.spot_of(2),
            scope,
            call.policy,
        );
        let (least, most) = (least?.0, most?.0);
        Some((
            Op::And(Box::new(least), Box::new(most)),
            Typing::new(Type::Boolean),
        ))
    }

    /// `period(start, end)`, `range(low, high)`, `ratio(numerator, denominator)`
    pub(super) fn pair(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (of, parts): (Type, &[Type]) = match call.name {
            "period" => (Type::Period, &[Type::Date, Type::DateTime]),
            "range" => (Type::Range, &[Type::Quantity]),
            _ => (Type::Ratio, &[Type::Quantity]),
        };
        let (first, first_typing) = self.argument(call, 0, scope)?;
        self.wants(call, 0, &first_typing, parts)?;
        let (second, second_typing) = self.argument(call, 1, scope)?;
        self.wants(call, 1, &second_typing, parts)?;
        self.single(call, &[&first_typing, &second_typing])?;
        let nullable = first_typing.nullable && second_typing.nullable;
        Some((
            Op::Pair(Box::new((first, second))),
            Typing::new(of).nullable(nullable),
        ))
    }

    fn single(&mut self, call: &Call<'_>, typings: &[&Typing]) -> Option<()> {
        let list = typings.iter().position(|typing| typing.list);
        let Some(index) = list else {
            return Some(());
        };
        self.findings.error(
            codes::ARGUMENTS,
            call.spot_of(index),
            format!("{} wants single values, and this is a list", call.name),
            "use first(…) or last(…)",
        );
        None
    }
}
