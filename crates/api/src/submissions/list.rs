//! `GET /submissions` and `GET /quarantine`: what was handed in, page by page.

use axum::http::HeaderMap;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use json::{Object, Value};
use store::{QuarantineQuery, SubmissionQuery, SubmissionState};

use super::parameters::Parameters;
use super::shape::Shape;
use super::{ALL, Bench, JSON_OR_TEXT, view};
use crate::failure::Failure;
use crate::respond::Reply;

/// How many are on a page unless the caller says otherwise, and at most.
const PAGE: usize = 50;
const LARGEST_PAGE: usize = 500;

/// The submissions of the caller's organisation, the latest first.
pub(super) async fn submissions(
    bench: &Bench<'_>,
    parameters: Parameters,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    let shape = Shape::wanted(parameters.format(), headers, JSON_OR_TEXT)?;
    let [source, state, from, to, count, cursor] =
        parameters.only(["source", "state", "from", "to", "_count", "cursor"])?;
    let limit = size(count.as_deref())?;
    let asked = asked(
        "submissions",
        &[
            ("source", &source),
            ("state", &state),
            ("from", &from),
            ("to", &to),
            ("_count", &count),
        ],
    );
    let query = SubmissionQuery {
        source,
        states: states(state.as_deref())?,
        received_from: from
            .as_deref()
            .map(|text| moment(text, false))
            .transpose()?,
        received_before: to.as_deref().map(|text| moment(text, true)).transpose()?,
        after: cursor
            .as_deref()
            .map(|sealed| bench.open(&asked, sealed))
            .transpose()?,
        limit: Some(limit + 1),
        ..SubmissionQuery::default()
    };
    let mut found = bench.own.submissions(&query).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let next = match (more, found.last()) {
        (true, Some(last)) => Some(bench.next(&asked, &last.id)),
        _ => None,
    };
    let body = match shape {
        Shape::Text => {
            let mut text = view::list_text(&found);
            if let Some(next) = &next {
                text.push_str(&format!("\nMore: {next}\n"));
            }
            text
        }
        _ => {
            let items: Value = found
                .iter()
                .map(|one| Value::from(view::row(one, &bench.url_of(&one.id))))
                .collect();
            page("submissions", items, next)
        }
    };
    Ok(bench.reply(shape, body))
}

/// What is held back: of one submission, or of all.
pub(super) async fn quarantine(
    bench: &Bench<'_>,
    submission: Option<&str>,
    parameters: Parameters,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    let shape = Shape::wanted(parameters.format(), headers, ALL)?;
    let [source, code, open, count, cursor] =
        parameters.only(["source", "code", "open", "_count", "cursor"])?;
    let path = match submission {
        Some(id) => {
            bench.submission(id).await?;
            format!("submissions/{}/quarantine", crate::request::encode(id))
        }
        None => "quarantine".to_owned(),
    };
    let asked = asked(
        &path,
        &[
            ("source", &source),
            ("code", &code),
            ("open", &open),
            ("_count", &count),
        ],
    );
    // A table is for a spreadsheet: it comes whole.
    let limit = match (shape, &count) {
        (Shape::Csv, None) => None,
        _ => Some(size(count.as_deref())?),
    };
    let query = QuarantineQuery {
        submission: submission.map(str::to_owned),
        source,
        code,
        open: match open.as_deref() {
            None | Some("true") => true,
            Some("false") => false,
            Some(_) => {
                return Err(Failure::bad_request(
                    "`open` is neither true nor false",
                    "leave it out for what nobody has settled, or say open=false for all",
                ));
            }
        },
        numbers: Vec::new(),
        after: cursor
            .as_deref()
            .map(|sealed| bench.open(&asked, sealed))
            .transpose()?
            .and_then(|number| number.parse().ok()),
        limit: limit.map(|limit| limit + 1),
    };
    let mut rows = bench.own.quarantine(&query).await?;
    let more = limit.is_some_and(|limit| rows.len() > limit);
    rows.truncate(limit.unwrap_or(rows.len()));
    let next = match (more, rows.last()) {
        (true, Some(last)) => Some(bench.next(&asked, &last.number.to_string())),
        _ => None,
    };
    let body = match shape {
        Shape::Csv => view::quarantine_csv(&rows),
        Shape::Text => {
            let mut text = view::quarantine_text(&rows);
            if let Some(next) = &next {
                text.push_str(&format!("\nMore: {next}\n"));
            }
            text
        }
        Shape::Json => {
            let items: Value = rows
                .iter()
                .map(|row| Value::from(view::held(row)))
                .collect();
            page("quarantine", items, next)
        }
    };
    Ok(bench.reply(shape, body))
}

fn page(name: &str, items: Value, next: Option<String>) -> String {
    let mut body = Object::new().with(name, items);
    if let Some(next) = next {
        body.insert("next", next);
    }
    Value::from(body).to_string()
}

/// The question as it is bound into a cursor, and as the next page's address has it.
fn asked(path: &str, parameters: &[(&str, &Option<String>)]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .filter_map(|(name, value)| {
            let value = crate::request::encode(value.as_deref()?);
            Some(format!("{name}={value}"))
        })
        .collect();
    format!("{path}?{}", pairs.join("&"))
}

fn size(count: Option<&str>) -> Result<usize, Failure> {
    match count.map(str::parse::<usize>) {
        None => Ok(PAGE),
        Some(Ok(count)) if count > 0 => Ok(count.min(LARGEST_PAGE)),
        Some(_) => Err(Failure::bad_request(
            "`_count` is not a number from 1",
            "ask for up to 500 at once",
        )),
    }
}

fn states(words: Option<&str>) -> Result<Vec<SubmissionState>, Failure> {
    words
        .into_iter()
        .flat_map(|words| words.split(','))
        .map(|word| {
            SubmissionState::from_word(word.trim()).ok_or_else(|| {
                let known: Vec<&str> = SubmissionState::ALL
                    .into_iter()
                    .map(SubmissionState::as_str)
                    .collect();
                Failure::bad_request(
                    "`state` names no state",
                    &format!("use {}", known.join(", ")),
                )
            })
        })
        .collect()
}

/// A moment, or a day in England: its beginning, or its end where it is the last one.
fn moment(text: &str, last: bool) -> Result<Timestamp, Failure> {
    if let Ok(moment) = text.replace(' ', "+").parse::<Timestamp>() {
        return Ok(moment);
    }
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    let day = text.parse::<Date>().ok().and_then(|day| match last {
        true => day.tomorrow().ok(),
        false => Some(day),
    });
    day.and_then(|day| day.to_zoned(zone).ok())
        .map(|start| start.timestamp())
        .ok_or_else(|| {
            Failure::bad_request(
                "`from` or `to` is no day or moment",
                "write 2026-11-01 or 2026-11-01T09:00:00Z",
            )
        })
}
