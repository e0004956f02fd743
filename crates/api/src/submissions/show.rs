//! One submission: what became of it, and its bytes.

use archive::ReadError;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::stream;
use json::{Object, Value};
use store::JobQuery;

use super::parameters::Parameters;
use super::shape::Shape;
use super::view::{self, Whole};
use super::{ALL, Bench, JSON_OR_TEXT};
use crate::failure::Failure;
use crate::respond::Reply;

/// What became of it.
pub(super) async fn show(
    bench: &Bench<'_>,
    id: &str,
    parameters: Parameters,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    let shape = Shape::wanted(parameters.format(), headers, ALL)?;
    parameters.none()?;
    let whole = whole(bench, id).await?;
    let body = match shape {
        Shape::Json => Value::from(view::status(&whole)).to_string(),
        Shape::Text => view::status_text(&whole),
        Shape::Csv => view::issues_csv(&whole.submission),
    };
    Ok(bench.reply(shape, body))
}

/// A submission with what is beside it.
pub(super) async fn whole(bench: &Bench<'_>, id: &str) -> Result<Whole, Failure> {
    // Jobs first: a job that ends in between is then shown as under way with what it made, and never
    // as over without.
    let jobs = JobQuery {
        submission: Some(id.to_owned()),
        ..JobQuery::default()
    };
    crate::route::check_id(id)?;
    let jobs = bench.own.jobs(&jobs).await?;
    let submission = bench.submission(id).await?;
    Ok(Whole {
        jobs,
        pending: bench.own.pending(id).await?,
        deeds: bench.own.deeds(id).await?,
        location: bench.url_of(&submission.id),
        submission,
    })
}

/// How much of a file is read at once, in bytes.
const PART: u64 = 4 * 1024 * 1024;

/// The bytes as they were sent, to be saved.
pub(super) async fn file(
    bench: &Bench<'_>,
    id: &str,
    parameters: Parameters,
) -> Result<Reply, Failure> {
    parameters.none()?;
    let submission = bench.submission(id).await?;
    let keys = &bench.desk.intake.settings().keys;
    let reader = match bench.own.file(&submission.file_hash, keys).await {
        Ok(reader) => reader,
        Err(ReadError::NotKept) => return Err(Failure::not_found()),
        Err(ReadError::Erased) => return Err(Failure::erased()),
        Err(ReadError::Store(error)) => return Err(error.into()),
        Err(error) => {
            tracing::error!(%error, "a file of the archive cannot be read");
            return Err(Failure::internal());
        }
    };
    let size = reader.blob().size;
    let parts = stream::try_unfold((reader, 0), move |(reader, at)| async move {
        if at >= size {
            return Ok::<_, ReadError>(None);
        }
        let end = size.min(at + PART);
        // An error in the middle ends the connection, so that half a file does not pass for one.
        let bytes = reader.bytes(at..end).await.inspect_err(|error| {
            tracing::error!(%error, "a file of the archive cannot be read to its end");
        })?;
        Ok(Some((Bytes::from(bytes), (reader, end))))
    });
    let reply = Reply::streamed(
        StatusCode::OK,
        "application/octet-stream",
        Body::from_stream(parts),
    );
    Ok(reply
        .header(header::CONTENT_LENGTH, &size.to_string())
        .header(
            header::CONTENT_DISPOSITION,
            &attachment(&submission.file_name),
        ))
}

/// A `Content-Disposition` (RFC 6266) by which a file is saved and never shown.
fn attachment(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|letter| match letter {
            letter if letter.is_ascii_alphanumeric() => letter,
            '.' | '-' | '_' | ' ' => letter,
            _ => '_',
        })
        .collect();
    format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        crate::request::encode(name)
    )
}

/// Every source of the organisation: what came last, and whether it has gone silent.
pub(super) async fn sources(
    bench: &Bench<'_>,
    parameters: Parameters,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    let shape = Shape::wanted(parameters.format(), headers, JSON_OR_TEXT)?;
    parameters.none()?;
    let found = bench.own.sources(jiff::Timestamp::now()).await?;
    let body = match shape {
        Shape::Text => view::sources_text(&found),
        _ => {
            let items: Value = found
                .iter()
                .map(|one| Value::from(view::source(one, |id| bench.url_of(id))))
                .collect();
            Value::from(Object::new().with("sources", items)).to_string()
        }
    };
    Ok(bench.reply(shape, body))
}
