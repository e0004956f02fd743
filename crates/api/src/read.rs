//! Reading one resource: now, at a version, and over time.

use axum::http::HeaderMap;
use json::{Object, Value};
use store::{Status, Stored};

use crate::failure::Failure;
use crate::format::Format;
use crate::respond::{Reply, parsed, test_data};
use crate::route::check_id;
use crate::serve::Inner;
use crate::vault::Reader;

/// The current version.
pub(crate) async fn read(
    inner: &Inner,
    reader: &Reader,
    rtype: &str,
    id: &str,
    format: Format,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    check_id(id)?;
    let stored = reader
        .read(rtype, id)
        .await?
        .ok_or_else(Failure::not_found)?;
    answer(inner, reader, stored, format, headers).await
}

/// One version.
pub(crate) async fn vread(
    inner: &Inner,
    reader: &Reader,
    (rtype, id, version): (&str, &str, &str),
    format: Format,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    check_id(id)?;
    let digits = version.bytes().all(|b| b.is_ascii_digit());
    let version: u64 = match version.parse() {
        Ok(version) if digits => version,
        _ => return Err(Failure::not_found()),
    };
    let stored = reader
        .vread(rtype, id, version)
        .await?
        .ok_or_else(Failure::not_found)?;
    answer(inner, reader, stored, format, headers).await
}

async fn answer(
    inner: &Inner,
    reader: &Reader,
    stored: Stored,
    format: Format,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    if stored.status == Status::Deleted {
        return Err(Failure::gone());
    }
    let stored = reader.served(stored, &inner.config.summary).await?;
    Reply::stored(inner, format, stored, headers)
}

/// Every version, newest first.
pub(crate) async fn history(
    inner: &Inner,
    reader: &Reader,
    rtype: &str,
    id: &str,
    format: Format,
) -> Result<Reply, Failure> {
    check_id(id)?;
    let versions = reader.history(rtype, id).await?;
    if versions.is_empty() {
        return Err(Failure::not_found());
    }
    let url = format!("{}/{rtype}/{id}", inner.config.base);
    let mut entries = Vec::new();
    for version in versions {
        let version = reader.served(version, &inner.config.summary).await?;
        entries.push(history_entry(&url, &version)?);
    }
    let mut bundle = Object::new().with("resourceType", "Bundle");
    if inner.config.summary.mode != summary::Mode::Live {
        bundle.insert("meta", test_data());
    }
    let bundle = bundle
        .with("type", "history")
        .with("total", i64::try_from(entries.len()).unwrap_or(i64::MAX))
        .with(
            "link",
            vec![Value::from(
                Object::new()
                    .with("relation", "self")
                    .with("url", format!("{url}/_history")),
            )],
        )
        .with("entry", entries);
    Reply::value(inner, format, &bundle.into())
}

fn history_entry(url: &str, version: &Stored) -> Result<Value, Failure> {
    let deleted = version.status == Status::Deleted;
    let path = format!("{}/{}", version.rtype, version.id);
    let (method, target, status) = match (deleted, version.version) {
        (true, _) => ("DELETE", path.as_str(), "204"),
        (false, 1) => ("PUT", path.as_str(), "201"),
        (false, _) => ("PUT", path.as_str(), "200"),
    };
    let mut entry = Object::new().with("fullUrl", url);
    if !deleted {
        entry.insert("resource", parsed(&version.body)?);
    }
    entry.insert(
        "request",
        Object::new().with("method", method).with("url", target),
    );
    entry.insert(
        "response",
        Object::new()
            .with("status", status)
            .with("etag", format!("W/\"{}\"", version.version))
            .with(
                "lastModified",
                version
                    .updated
                    .strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
                    .to_string(),
            ),
    );
    Ok(entry.into())
}
