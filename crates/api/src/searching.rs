//! Searching: a page of matches, where it goes on, and what was really asked.

use auth::Caller;
use axum::http::HeaderMap;
use fhir::{OutcomeSystem, operation_outcome};
use json::Value;
use search::{Limits, parse};
use summary::Mode;

use crate::cursor;
use crate::failure::Failure;
use crate::format::Format;
use crate::gate::binding;
use crate::request::encode;
use crate::respond::{Reply, test_data};
use crate::serve::Inner;
use crate::vault::Reader;

/// The parameter of a `next` link that holds the place.
const PLACE: &str = "_page";

/// One page.
pub(crate) async fn search(
    inner: &Inner,
    reader: &Reader,
    caller: &Caller,
    rtype: &str,
    parameters: Vec<(String, String)>,
    format: Format,
    headers: &HeaderMap,
) -> Result<Reply, Failure> {
    let (mut places, parameters): (Vec<_>, Vec<_>) = parameters
        .into_iter()
        .filter(|(name, _)| !matches!(name.as_str(), "_format" | "_pretty"))
        .partition(|(name, _)| name == PLACE);
    let limits = Limits {
        base: Some(inner.config.base.clone()),
        lenient: lenient(headers),
        ..Limits::default()
    };
    if !reader.searches_location(&inner.config.summary)
        && let Some((name, _)) = parameters.iter().find(|(name, _)| is_location(rtype, name))
    {
        return Err(Failure::location(name));
    }
    let mut parsed = parse(&inner.indexer, rtype, &parameters, &limits).map_err(Failure::search)?;
    let asked: Vec<String> = parsed
        .applied
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let asked = format!("{rtype}?{}", asked.join("&"));
    let caller = binding(caller);
    let here = match (places.pop(), places.is_empty()) {
        (None, _) => None,
        (Some((_, place)), true) => {
            let key = &inner.config.cursor_key;
            let after = cursor::open(key, &caller, &asked, &place).ok_or_else(Failure::cursor)?;
            parsed.query.after = Some(after);
            Some(place)
        }
        (Some(_), false) => return Err(Failure::cursor()),
    };
    let page = reader.search(&parsed.query).await?;

    let url = |place: Option<&str>| match place {
        Some(place) => format!("{}/{asked}&{PLACE}={place}", inner.config.base),
        None => format!("{}/{asked}", inner.config.base),
    };
    let next = page
        .next
        .map(|next| cursor::seal(&inner.config.cursor_key, &caller, &asked, next));
    // Stored bytes go into the Bundle as they are: only what is around them is written here.
    let mut out = String::from("{\"resourceType\":\"Bundle\"");
    if inner.config.summary.mode != Mode::Live {
        out.push_str(&format!(",\"meta\":{}", test_data()));
    }
    out.push_str(",\"type\":\"searchset\"");
    if let Some(total) = page.total {
        out.push_str(&format!(",\"total\":{total}"));
    }
    out.push_str(&format!(
        ",\"link\":[{{\"relation\":\"self\",\"url\":{}}}",
        Value::from(url(here.as_deref()))
    ));
    if let Some(next) = next {
        out.push_str(&format!(
            ",{{\"relation\":\"next\",\"url\":{}}}",
            Value::from(url(Some(&next)))
        ));
    }
    out.push(']');
    let mut out = out.into_bytes();
    let mut separator: &[u8] = b",\"entry\":[";
    for stored in page.items {
        let stored = reader.served(stored, &inner.config.summary).await?;
        let full_url = format!("{}/{}/{}", inner.config.base, stored.rtype, stored.id);
        out.extend_from_slice(separator);
        out.extend_from_slice(
            format!("{{\"fullUrl\":{},\"resource\":", Value::from(full_url)).as_bytes(),
        );
        out.extend_from_slice(&stored.body);
        out.extend_from_slice(b",\"search\":{\"mode\":\"match\"}}");
        separator = b",";
    }
    if !parsed.warnings.is_empty() {
        let outcome = operation_outcome(&parsed.warnings, OutcomeSystem::Own);
        out.extend_from_slice(separator);
        out.extend_from_slice(
            format!("{{\"resource\":{outcome},\"search\":{{\"mode\":\"outcome\"}}}}").as_bytes(),
        );
        separator = b",";
    }
    if separator == b"," {
        out.push(b']');
    }
    out.push(b'}');
    Reply::json(inner, format, out)
}

/// `Prefer: handling=lenient` (<http://hl7.org/fhir/R4/search.html#errors>). Strict is the default.
fn lenient(headers: &HeaderMap) -> bool {
    headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .any(|part| part.trim().eq_ignore_ascii_case("handling=lenient"))
}

/// Whether a parameter searches by where people live or how they are reached: with it, what is
/// withheld could be guessed (CS-3).
pub(crate) fn is_location(rtype: &str, name: &str) -> bool {
    let code = name.split(':').next().unwrap_or_default();
    let by_home = summary::LOCATING.contains(&rtype)
        && (code.starts_with("address") || matches!(code, "telecom" | "phone" | "email"));
    // A placement is given by the home that the person lives in.
    let by_placement = rtype == "EpisodeOfCare" && code == "organization";
    by_home || by_placement || matches!(code, "location" | "near")
}
