//! What a person decides: each decision is written down with who took it, in the same step as what
//! follows from it.

use axum::http::{HeaderMap, StatusCode, header};
use json::{Object, Value};
use store::QuarantineQuery;
use submission::{By, ReplayOf, Undecided};

use super::parameters::Parameters;
use super::route::{Decision, Settling};
use super::shape::Shape;
use super::{Bench, JSON_OR_TEXT};
use crate::failure::Failure;
use crate::respond::Reply;

/// The longest reason that is written down, in characters.
const LONGEST_NOTE: usize = 500;

/// A decision about a submission.
pub(super) async fn submission(
    bench: &Bench<'_>,
    id: &str,
    what: Decision,
    parameters: Parameters,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    let shape = Shape::wanted(parameters.format(), headers, JSON_OR_TEXT)?;
    let [note, code] = parameters.only(["note", "code"])?;
    if code.is_some() && what != Decision::Replay {
        return Err(Failure::bad_request(
            "`code` is not a parameter of this",
            "only a replay takes it: it chooses what was held back with that issue",
        ));
    }
    let by = by(bench, note)?;
    // Another organisation's submission is not there, whatever is decided about it.
    let submission = bench.submission(id).await?;
    let (tenant, decisions) = (bench.own.tenant(), &bench.desk.decisions);
    let begun = match what {
        Decision::Confirm => decisions.confirm(tenant, id, &by).await.map(|()| None),
        Decision::Decline => decisions.decline(tenant, id, &by).await.map(|()| None),
        Decision::Withdraw => decisions.withdraw(tenant, id, &by).await.map(|()| None),
        Decision::Replay => {
            let of = match code {
                None => ReplayOf::Submission(id.to_owned()),
                Some(code) => ReplayOf::Code {
                    source: submission.source,
                    code,
                },
            };
            decisions.replay(tenant, &of, &by).await.map(Some)
        }
    };
    let begun = begun.map_err(|reason| match reason {
        // The submission is there; what is not is something of it that is held back.
        Undecided::NotFound => Failure::conflict(
            "nothing of it is held back that fits",
            "GET /quarantine lists what is",
        ),
        other => undecided(other),
    })?;
    Ok(queued(bench, shape, id, begun))
}

/// A decision about something that was held back.
pub(super) async fn held(
    bench: &Bench<'_>,
    number: u64,
    what: Settling,
    parameters: Parameters,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    let shape = Shape::wanted(parameters.format(), headers, JSON_OR_TEXT)?;
    let [note] = parameters.only(["note"])?;
    let by = by(bench, note)?;
    let query = QuarantineQuery {
        numbers: vec![number],
        ..QuarantineQuery::default()
    };
    let rows = bench.own.quarantine(&query).await?;
    let row = rows.first().ok_or_else(Failure::not_found)?;
    if row.settled {
        return Err(Failure::conflict(
            "it is settled already",
            "GET /quarantine lists what is not",
        ));
    }
    let (tenant, decisions) = (bench.own.tenant(), &bench.desk.decisions);
    match what {
        Settling::Replay => {
            let begun = decisions
                .replay(tenant, &ReplayOf::Rows(vec![number]), &by)
                .await
                .map_err(undecided)?;
            Ok(queued(bench, shape, &row.submission, Some(begun)))
        }
        Settling::Discard => {
            let discarded = decisions
                .discard(tenant, &[number], &by)
                .await
                .map_err(undecided)?;
            let body = match shape {
                Shape::Text => format!("{discarded} discarded.\n"),
                _ => Value::from(
                    Object::new().with("discarded", i64::try_from(discarded).unwrap_or(i64::MAX)),
                )
                .to_string(),
            };
            Ok(bench.reply(shape, body))
        }
    }
}

fn by(bench: &Bench<'_>, note: Option<String>) -> Result<By, Failure> {
    if note.as_ref().is_some_and(|note| {
        note.chars().count() > LONGEST_NOTE || note.chars().any(char::is_control)
    }) {
        return Err(Failure::bad_request(
            "the note is too long, or has control characters",
            "give the reason in at most 500 characters, and no personal data",
        ));
    }
    Ok(By {
        who: bench.caller.client_id.clone(),
        note,
    })
}

/// What was decided is durable, and what follows from it is queued.
fn queued(bench: &Bench<'_>, shape: Shape, id: &str, begun: Option<Vec<String>>) -> Reply {
    (bench.desk.queued)();
    let follow: Vec<String> = match &begun {
        None => vec![bench.url_of(id)],
        Some(begun) => begun.iter().map(|id| bench.url_of(id)).collect(),
    };
    let body = match shape {
        Shape::Text => format!(
            "Decided and queued. What becomes of it:\n  {}\n",
            follow.join("\n  ")
        ),
        _ => {
            let submissions: Value = follow.iter().map(|url| Value::from(url.as_str())).collect();
            Value::from(Object::new().with("id", id).with("follow", submissions)).to_string()
        }
    };
    let reply = Reply::of(
        StatusCode::ACCEPTED,
        shape.content_type(),
        body.into_bytes(),
    );
    match follow.first() {
        Some(first) => reply.header(header::LOCATION, first),
        None => reply,
    }
}

/// Why a decision was not taken, as the caller is told.
fn undecided(reason: Undecided) -> Failure {
    match reason {
        Undecided::NotFound => Failure::not_found(),
        Undecided::WrongState(why) => {
            Failure::conflict(why, "look at the submission's state, and at what waits")
        }
        Undecided::Unreadable(why) => Failure::conflict(why, "send the file again"),
        Undecided::Busy => Failure::busy(std::time::Duration::from_secs(60)),
        Undecided::Mapping(mapping_registry::RegistryError::Store(error))
        | Undecided::Store(error) => error.into(),
        Undecided::Mapping(_) => Failure::conflict(
            "no mapping is active that it could be read with",
            "ask the operator of this server to activate one",
        ),
    }
}
