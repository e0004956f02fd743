//! `POST /submissions`: a file comes in.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use diagnostics::{Issue, IssueType};
use json::Object;
use mapping_registry::RegistryError;
use submission::{ArrivalInfo, NotTaken, Receiving, Refusal, Taken};

use super::body::{Incoming, Opened};
use super::parameters::Parameters;
use super::shape::Shape;
use super::{Bench, JSON_OR_TEXT};
use crate::codes;
use crate::failure::Failure;
use crate::request::REQUEST_ID;
use crate::respond::Reply;

/// Takes the file: what can be refused without its bytes is, before they are asked for.
pub(super) async fn receive(
    bench: &Bench<'_>,
    parameters: Parameters,
    headers: &HeaderMap,
    body: Body,
) -> Result<Reply, Failure> {
    let shape = Shape::wanted(parameters.format(), headers, JSON_OR_TEXT)?;
    let [source, as_of, file] = parameters.only(["source", "asOf", "file"])?;
    let source = source.ok_or_else(|| {
        Failure::bad_request(
            "the request does not say which source the file is of",
            "name it: POST /submissions?source=NAME",
        )
    })?;
    let Opened {
        incoming,
        name,
        gzip,
    } = Incoming::open(headers, body, bench.bounds()).await?;
    let name = file.or(name).unwrap_or_else(|| source.clone());
    let mut info = ArrivalInfo::new(
        bench.own.tenant().clone(),
        source,
        name,
        "https",
        bench.caller.client_id.as_str(),
    );
    // A plus sign that was not escaped in a URL has become a space.
    info.stated_as_of = as_of.map(|as_of| as_of.replace(' ', "+"));
    // An id that was made here is no key: the caller has not seen it.
    info.key = headers
        .get(REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .map(str::to_owned);
    info.gzip = gzip;
    let keyed = info.key.is_some();
    let receiving = bench.desk.intake.begin(info).await.map_err(refused)?;
    let taken = take(receiving, incoming).await?;
    (bench.desk.queued)();
    Ok(accepted(bench, shape, &taken, keyed))
}

async fn take(mut receiving: Receiving, mut incoming: Incoming) -> Result<Taken, Failure> {
    loop {
        let outcome = match incoming.next().await {
            Ok(Some(bytes)) => receiving.push(&bytes).await.map_err(refused),
            Ok(None) => return receiving.finish().await.map_err(refused),
            Err(failure) => Err(failure),
        };
        if let Err(failure) = outcome {
            receiving.abandon().await;
            return Err(failure);
        }
    }
}

fn accepted(bench: &Bench<'_>, shape: Shape, taken: &Taken, keyed: bool) -> Reply {
    let location = bench.url_of(&taken.submission);
    let note = match (keyed, taken.again) {
        (true, false) => {
            "The file is kept and waits to be read. The same request with the same X-Request-ID is this submission."
        }
        (true, true) => "This request was accepted before; nothing new was begun.",
        (false, _) => {
            "The file is kept and waits to be read. No X-Request-ID was sent: sent again, it is another submission, which changes nothing where the file is the same."
        }
    };
    let body = match shape {
        Shape::Text => format!("{note}\nIts report: {location}\n"),
        _ => json::Value::from(
            Object::new()
                .with("id", taken.submission.as_str())
                .with("location", location.as_str())
                .with("again", taken.again)
                .with("note", note),
        )
        .to_string(),
    };
    Reply::of(
        StatusCode::ACCEPTED,
        shape.content_type(),
        body.into_bytes(),
    )
    .header(header::LOCATION, &location)
}

/// Why a file was not taken, as the caller is told.
fn refused(reason: NotTaken) -> Failure {
    let issue = |code, kind, text: String| Issue::error(code, kind, text);
    match reason {
        NotTaken::KeyReused => Failure::key_in_use(),
        NotTaken::Busy { retry_after } => Failure::busy(retry_after),
        NotTaken::Store(error) => error.into(),
        NotTaken::Unreadable(_) => Failure::cut_off(),
        NotTaken::Refused(refusal) => match refusal {
            Refusal::TooLarge { limit } => Failure::file_too_large(limit),
            Refusal::NotGzip => Failure::not_gzip(),
            Refusal::Source(RegistryError::Store(error)) => error.into(),
            Refusal::NoRandomness => {
                tracing::error!("the system gives no random numbers, so nothing can be encrypted");
                Failure::internal()
            }
            Refusal::Source(_) => Failure::unprocessable(
                issue(
                    codes::NO_SOURCE,
                    IssueType::NotFound,
                    "there is no such source of this organisation, or no mapping is active for it".to_owned(),
                )
                .help("name a source as the operator of this server gave it, or ask the operator to activate its mapping"),
            ),
            other @ (Refusal::Empty | Refusal::AsOf | Refusal::SourceName) => {
                Failure::unprocessable(issue(
                    codes::UNUSABLE,
                    IssueType::Value,
                    other.to_string(),
                ))
            }
        },
    }
}
