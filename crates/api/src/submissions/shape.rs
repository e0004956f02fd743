//! In which form a caller wants to read of its submissions.

use axum::http::{HeaderMap, header};

use crate::failure::Failure;

/// A form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Shape {
    /// For programs.
    #[default]
    Json,
    /// For people.
    Text,
    /// For a spreadsheet.
    Csv,
}

impl Shape {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain; charset=utf-8",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// The form that `_format` names, else the one that `Accept` likes best of those that there are.
    /// A browser reads text.
    pub(super) fn wanted(
        format: Option<&str>,
        headers: &HeaderMap,
        there: &[Self],
    ) -> Result<Self, Failure> {
        let found = match format {
            Some(word) => media(word).map(|(shape, _)| shape.unwrap_or_default()),
            None => accepted(headers, there),
        };
        found
            .filter(|shape| there.contains(shape))
            .ok_or_else(|| Failure::no_shape(there.iter().map(|shape| shape.content_type())))
    }
}

fn accepted(headers: &HeaderMap, there: &[Shape]) -> Option<Shape> {
    let mut accepted = headers.get_all(header::ACCEPT).iter().peekable();
    if accepted.peek().is_none() {
        return Some(Shape::default());
    }
    let mut best: Option<(u32, Shape)> = None;
    for (shape, weight) in accepted
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(media)
    {
        let shape = shape.unwrap_or_default();
        if weight > 0 && there.contains(&shape) && best.is_none_or(|(known, _)| weight > known) {
            best = Some((weight, shape));
        }
    }
    best.map(|(_, shape)| shape)
}

/// One media range: its form (`None` for any) and its weight in thousandths.
fn media(range: &str) -> Option<(Option<Shape>, u32)> {
    let mut parts = range.split(';').map(str::trim);
    let shape = match parts.next()?.to_ascii_lowercase().as_str() {
        // Who works with the FHIR interface asks for everything in its type.
        "json" | "application/json" | "application/fhir+json" | "text/json" => Some(Shape::Json),
        "text" | "text/plain" | "text/html" => Some(Shape::Text),
        "csv" | "text/csv" => Some(Shape::Csv),
        "*/*" | "application/*" => None,
        "text/*" => Some(Shape::Text),
        _ => return None,
    };
    let weight = match parts.find_map(|part| part.strip_prefix("q=")) {
        None => 1000,
        Some(q) => crate::format::thousandths(q.trim())?,
    };
    Some((shape, weight))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    const ALL: &[Shape] = &[Shape::Json, Shape::Text, Shape::Csv];

    fn accept(value: &str, there: &[Shape]) -> Option<Shape> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(value).unwrap());
        Shape::wanted(None, &headers, there).ok()
    }

    #[test]
    fn takes_what_clients_send() {
        for (sent, shape) in [
            ("application/fhir+json", Some(Shape::Json)),
            ("application/json", Some(Shape::Json)),
            ("*/*", Some(Shape::Json)),
            ("text/plain", Some(Shape::Text)),
            ("text/csv;q=0.2, text/plain;q=0.9", Some(Shape::Text)),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                Some(Shape::Text),
            ),
            ("application/json;q=0, text/csv", Some(Shape::Csv)),
            ("application/fhir+xml", None),
            ("image/png", None),
        ] {
            assert_eq!(accept(sent, ALL), shape, "{sent}");
        }
        assert_eq!(accept("text/csv", &[Shape::Json, Shape::Text]), None);
        assert_eq!(
            accept("text/csv, */*;q=0.1", &[Shape::Json]),
            Some(Shape::Json)
        );
        assert_eq!(
            Shape::wanted(None, &HeaderMap::new(), ALL).unwrap(),
            Shape::Json
        );
        assert_eq!(
            Shape::wanted(Some("csv"), &HeaderMap::new(), ALL).unwrap(),
            Shape::Csv
        );
        assert!(Shape::wanted(Some("xml"), &HeaderMap::new(), ALL).is_err());
    }
}
