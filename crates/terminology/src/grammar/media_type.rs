//! Media types: RFC 6838 section 4.2, with parameters as RFC 2045 section 5.1, and the three words that
//! R4 takes beside them where a capability statement lists its formats
//! (<http://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.format>).

use crate::Membership;

/// A type, a subtype and parameters, or FHIR's word for a format; no register is looked into.
pub fn accepts(code: &str) -> Membership {
    if is_media_type(code) || matches!(code, "xml" | "json" | "ttl") {
        Membership::In
    } else {
        Membership::Out
    }
}

fn is_media_type(code: &str) -> bool {
    let (name, parameters) = match code.split_once(';') {
        Some((name, parameters)) => (name.trim_end_matches(' '), Some(parameters)),
        None => (code, None),
    };
    let Some((kind, subtype)) = name.split_once('/') else {
        return false;
    };
    is_restricted_name(kind)
        && is_restricted_name(subtype)
        && parameters.is_none_or(|all| quoted_split(all).all(is_parameter))
}

fn is_restricted_name(name: &str) -> bool {
    name.len() <= 127
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
}

/// Splits at semicolons that are not between quotation marks.
fn quoted_split(text: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        if c == '"' {
            quoted = !quoted;
        }
        c == ';' && !quoted
    })
}

fn is_parameter(parameter: &str) -> bool {
    let Some((name, value)) = parameter.trim_matches(' ').split_once('=') else {
        return false;
    };
    let is_token = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(c))
    };
    let is_quoted = value.len() >= 2
        && value.starts_with('"')
        && value.ends_with('"')
        && !value.contains(char::is_control);
    is_token(name) && (is_token(value) || is_quoted)
}

#[cfg(test)]
mod tests {
    use super::is_media_type;

    #[test]
    fn form() {
        for good in [
            "text/plain",
            "application/fhir+json; fhirVersion=4.0",
            "text/plain;charset=\"utf-8; x\"",
            "application/vnd.ms-excel",
        ] {
            assert!(is_media_type(good), "{good}");
        }
        for bad in [
            "",
            "text",
            "text/",
            "/plain",
            "text/pl ain",
            "text/plain;",
            "text/plain; x",
            "a/b/c",
        ] {
            assert!(!is_media_type(bad), "{bad}");
        }
    }
}
