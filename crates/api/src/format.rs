//! Which representation a caller wants (<http://hl7.org/fhir/R4/http.html#mime-type>).

use axum::http::{HeaderMap, header};

use crate::failure::Failure;

/// A representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    /// `application/fhir+json`.
    #[default]
    Json,
    /// `application/fhir+xml`.
    Xml,
}

impl Format {
    /// The content type that it is served as.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/fhir+json; charset=utf-8",
            Self::Xml => "application/fhir+xml; charset=utf-8",
        }
    }
}

/// The representation of the answer: `_format` first, then `Accept`; a GET without either may name
/// it by its `Content-Type`, as NHS England's summary guidance has it.
pub(crate) fn of_request(format: Option<&str>, headers: &HeaderMap) -> Result<Format, Failure> {
    if let Some(format) = format {
        // A plus sign that was not escaped in a URL has become a space.
        return match media(&format.replace(' ', "+")) {
            Some((Some(format), _)) => Ok(format),
            Some((None, _)) => Ok(Format::Json),
            None => Err(Failure::not_acceptable()),
        };
    }
    let mut accepted = headers.get_all(header::ACCEPT).iter().peekable();
    if accepted.peek().is_none() {
        return Ok(headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(media)
            .and_then(|(format, _)| format)
            .unwrap_or_default());
    }
    let mut best: Option<(u32, Format)> = None;
    for range in accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
    {
        let Some((format, weight)) = media(range) else {
            continue;
        };
        // Anything goes: then JSON.
        let format = format.unwrap_or_default();
        if weight > 0 && best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, format));
        }
    }
    best.map(|(_, format)| format)
        .ok_or_else(Failure::not_acceptable)
}

/// One media range: its format (`None` for any) and its weight in thousandths; `None` when it is
/// nothing that is served, or another version of FHIR.
fn media(range: &str) -> Option<(Option<Format>, u32)> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let format = match name.as_str() {
        "application/fhir+json"
        | "application/json"
        | "text/json"
        | "json"
        | "application/json+fhir" => Some(Format::Json),
        "application/fhir+xml"
        | "application/xml"
        | "text/xml"
        | "xml"
        | "application/xml+fhir" => Some(Format::Xml),
        "*/*" | "application/*" => None,
        _ => return None,
    };
    let mut weight = 1000;
    for part in parts.filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        let value = value.trim().trim_matches('"');
        match name.trim().to_ascii_lowercase().as_str() {
            "q" => weight = thousandths(value)?,
            // R4 and R4B: what is served reads the same in both.
            "fhirversion"
                if !matches!(
                    value,
                    "4.0" | "4.0.0" | "4.0.1" | "4.3" | "4.3.0" | "r4" | "4"
                ) =>
            {
                return None;
            }
            "version" if value != "1" => return None,
            "charset" if !value.eq_ignore_ascii_case("utf-8") => return None,
            _ => {}
        }
    }
    Some((format, weight))
}

/// A weight (RFC 9110, section 12.4.2) in thousandths.
pub(crate) fn thousandths(value: &str) -> Option<u32> {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = |text: &str| text.len() <= 3 && text.bytes().all(|b| b.is_ascii_digit());
    if !matches!(whole, "0" | "1") || !digits(fraction) {
        return None;
    }
    let whole: u32 = whole.parse().ok()?;
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    Some((whole * 1000 + fraction).min(1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn accept(value: &str) -> Option<Format> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(value).unwrap());
        of_request(None, &headers).ok()
    }

    #[test]
    fn takes_what_clients_send() {
        for json in [
            "application/fhir+json",
            "application/json",
            "application/fhir+json; fhirVersion=4.0",
            "application/fhir+json; fhirVersion=4.3",
            "application/fhir+json; version=1",
            "application/fhir+json;charset=UTF-8",
            "*/*",
            "text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.95",
            "application/fhir+xml;q=0, application/fhir+json;q=0.1",
        ] {
            assert_eq!(accept(json), Some(Format::Json), "{json}");
        }
        for xml in [
            "application/fhir+xml",
            "text/xml",
            "application/fhir+json;q=0.5, application/fhir+xml",
        ] {
            assert_eq!(accept(xml), Some(Format::Xml), "{xml}");
        }
        for none in [
            "text/html",
            "application/fhir+json; fhirVersion=5.0",
            "application/fhir+json; version=2",
            "application/fhir+json;q=0",
            "",
            "application/fhir+json;q=2",
        ] {
            assert_eq!(accept(none), None, "{none}");
        }
        assert_eq!(
            of_request(Some("xml"), &HeaderMap::new()).unwrap(),
            Format::Xml
        );
        assert_eq!(
            of_request(Some("application/fhir xml"), &HeaderMap::new()).unwrap(),
            Format::Xml
        );
        assert!(of_request(Some("html"), &HeaderMap::new()).is_err());
    }
}
