//! The functions that only look at their arguments.

use std::borrow::Cow;

use source::Typed;

use super::cell::Cx;
use super::evaluate::same;
use super::value::Val;
use super::wording;
use crate::program::{Function, Op};

/// Calls a function.
pub(super) fn call<'a>(cx: &mut Cx<'a>, function: Function, arguments: &'a [Op]) -> Val<'a> {
    let mut values = arguments
        .iter()
        .map(|argument| cx.evaluate(argument))
        .collect::<Vec<_>>()
        .into_iter();
    let first = values.next().unwrap_or(Val::Nothing);
    match function {
        Function::Upper => texts(first, |text| text.to_uppercase()),
        Function::Lower => texts(first, |text| text.to_lowercase()),
        Function::Trim => texts(first, |text| text.trim().to_owned()),
        Function::Text => texts(first, str::to_owned),
        Function::Concat => concat(std::iter::once(first).chain(values)),
        Function::Join => join(&first, values),
        Function::Replace => {
            let (from, to) = (values.next(), values.next());
            let (from, to) = (
                from.and_then(|value| value.text()).unwrap_or_default(),
                to.and_then(|value| value.text()).unwrap_or_default(),
            );
            if from.is_empty() {
                return first;
            }
            texts(first, |text| text.replace(from.as_ref(), &to))
        }
        Function::Contains => {
            let part = values.next().and_then(|value| value.text());
            Val::Boolean(part.is_some_and(|part| any(&first, &|text| text.contains(part.as_ref()))))
        }
        Function::StartsWith => {
            let part = values.next().and_then(|value| value.text());
            Val::Boolean(
                part.is_some_and(|part| any(&first, &|text| text.starts_with(part.as_ref()))),
            )
        }
        Function::EndsWith => {
            let part = values.next().and_then(|value| value.text());
            Val::Boolean(
                part.is_some_and(|part| any(&first, &|text| text.ends_with(part.as_ref()))),
            )
        }
        Function::Before | Function::After => {
            let separator = values
                .next()
                .and_then(|value| value.text())
                .unwrap_or_default();
            texts(first, |text| match text.split_once(separator.as_ref()) {
                _ if separator.is_empty() => text.to_owned(),
                Some((before, _)) if function == Function::Before => before.trim().to_owned(),
                Some((_, after)) => after.trim().to_owned(),
                None if function == Function::Before => text.to_owned(),
                None => String::new(),
            })
        }
        Function::Split => {
            let separator = values
                .next()
                .and_then(|value| value.text())
                .unwrap_or_default();
            let mut out = Vec::new();
            for value in first.items() {
                let Some(text) = value.text() else { continue };
                if separator.is_empty() {
                    out.push(Val::Text(Cow::Owned(text.into_owned())));
                    continue;
                }
                out.extend(
                    text.split(separator.as_ref())
                        .map(str::trim)
                        .filter(|part| !part.is_empty())
                        .map(|part| Val::Text(Cow::Owned(part.to_owned()))),
                );
            }
            list(out)
        }
        Function::List => list(
            std::iter::once(first)
                .chain(values)
                .flat_map(Val::items)
                .collect(),
        ),
        Function::First => first.items().into_iter().next().unwrap_or(Val::Nothing),
        Function::Last => first
            .items()
            .into_iter()
            .next_back()
            .unwrap_or(Val::Nothing),
        Function::Count => Val::Integer(i64::try_from(first.items().len()).unwrap_or(i64::MAX)),
        Function::Distinct => {
            let mut kept: Vec<Val<'a>> = Vec::new();
            for item in first.items() {
                if !kept.iter().any(|known| known.text() == item.text()) {
                    kept.push(item);
                }
            }
            list(kept)
        }
        Function::Present => Val::Boolean(!first.is_nothing() && !matches!(first, Val::Absent(_))),
        Function::Missing => Val::Boolean(first.is_nothing() || matches!(first, Val::Absent(_))),
        Function::In => {
            let options: Vec<Val<'a>> = values.collect();
            let found = first
                .items()
                .iter()
                .any(|item| options.iter().any(|option| same(item, option)));
            Val::Boolean(found)
        }
        Function::TextOnly => cx.each(first, |_, value| match value.text() {
            Some(text) => Val::Concept {
                codings: &[],
                text: Some(text),
            },
            None => Val::Nothing,
        }),
        Function::DateOf => cx.each(first, |_, value| match value {
            Val::DateTime(moment) => Val::of_typed(Typed::Date(moment.date)),
            other => other,
        }),
        Function::Negates => Val::Boolean(any(&first, &wording::negates)),
        Function::Doubts => Val::Boolean(any(&first, &wording::doubts)),
    }
}

/// Whether a test holds of a text, or of any item of a list.
pub(super) fn any(value: &Val<'_>, test: &dyn Fn(&str) -> bool) -> bool {
    match value {
        Val::List(items) => items.iter().any(|item| any(item, test)),
        other => other.text().is_some_and(|text| test(&text)),
    }
}

fn texts<'a>(value: Val<'a>, change: impl Fn(&str) -> String) -> Val<'a> {
    match value {
        Val::List(items) => list(
            items
                .iter()
                .filter_map(Val::text)
                .map(|text| text_or_nothing(change(&text)))
                .filter(|text| !text.is_nothing())
                .collect(),
        ),
        Val::Absent(reason) => Val::Absent(reason),
        other => match other.text() {
            Some(text) => text_or_nothing(change(&text)),
            None => Val::Nothing,
        },
    }
}

fn text_or_nothing<'a>(text: String) -> Val<'a> {
    if text.is_empty() {
        Val::Nothing
    } else {
        Val::Text(Cow::Owned(text))
    }
}

fn concat<'a>(values: impl Iterator<Item = Val<'a>>) -> Val<'a> {
    let mut out = String::new();
    for value in values {
        match value.text() {
            Some(text) => out.push_str(&text),
            None => return Val::Nothing,
        }
    }
    text_or_nothing(out)
}

fn join<'a>(separator: &Val<'a>, values: impl Iterator<Item = Val<'a>>) -> Val<'a> {
    let separator = separator.text().unwrap_or_default();
    let parts: Vec<String> = values
        .flat_map(Val::items)
        .filter_map(|value| value.text().map(Cow::into_owned))
        .collect();
    text_or_nothing(parts.join(&separator))
}

fn list(items: Vec<Val<'_>>) -> Val<'_> {
    if items.is_empty() {
        Val::Nothing
    } else {
        Val::List(items)
    }
}
