//! What a path and a method ask for.

use axum::http::Method;

use crate::failure::Failure;
use crate::submissions::Asked;

/// A question, or why it is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Metadata,
    SmartConfiguration,
    Ping,
    Status,
    /// Below: only with a token.
    Read {
        rtype: String,
        id: String,
    },
    Vread {
        rtype: String,
        id: String,
        version: String,
    },
    History {
        rtype: String,
        id: String,
    },
    Search {
        rtype: String,
        form: bool,
    },
    SummaryOfType {
        body: bool,
    },
    SummaryOf {
        id: String,
        body: bool,
    },
    /// A write, which scopes are asked about before it is refused.
    Write {
        rtype: String,
        interaction: access::Interaction,
        allow: &'static str,
    },
    /// Something of submissions, beside the base.
    Desk(Asked),
    /// A method that the path does not have.
    Method {
        allow: &'static str,
    },
    Nothing,
}

impl Route {
    /// The template for logs and metrics: never a path.
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::Metadata => "/metadata",
            Self::SmartConfiguration => "/.well-known/smart-configuration",
            Self::Ping => "/_ping",
            Self::Status => "/_status",
            Self::Read { .. } => "/{type}/{id}",
            Self::Vread { .. } => "/{type}/{id}/_history/{version}",
            Self::History { .. } => "/{type}/{id}/_history",
            Self::Search { form: false, .. } => "/{type}",
            Self::Search { form: true, .. } => "/{type}/_search",
            Self::SummaryOfType { .. } => "/Patient/$summary",
            Self::SummaryOf { .. } => "/Patient/{id}/$summary",
            Self::Write { .. } => "write",
            Self::Desk(asked) => asked.template(),
            Self::Method { .. } => "method",
            Self::Nothing => "none",
        }
    }
}

/// Finds the route. `path` is what follows the base, not decoded.
pub(crate) fn find(method: &Method, path: &str) -> Route {
    let segments: Vec<String> = match path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(decoded)
        .collect()
    {
        Some(segments) => segments,
        None => return Route::Nothing,
    };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let get = method == Method::GET || method == Method::HEAD;
    let post = method == Method::POST;
    let open = |route: Route| match get {
        true => route,
        false => Route::Method { allow: "GET, HEAD" },
    };
    match segments.as_slice() {
        ["metadata"] => open(Route::Metadata),
        [".well-known", "smart-configuration"] => open(Route::SmartConfiguration),
        ["_ping"] => open(Route::Ping),
        ["_status"] => open(Route::Status),
        ["Patient", "$summary"] if get || post => Route::SummaryOfType { body: post },
        ["Patient", id, "$summary"] if get || post => Route::SummaryOf {
            id: (*id).to_owned(),
            body: post,
        },
        ["Patient", "$summary"] | ["Patient", _, "$summary"] => Route::Method {
            allow: "GET, HEAD, POST",
        },
        [rtype] if is_type(rtype) => match () {
            () if get => Route::Search {
                rtype: (*rtype).to_owned(),
                form: false,
            },
            () => write(method, rtype, "GET, HEAD"),
        },
        [rtype, "_search"] if is_type(rtype) => match () {
            () if post => Route::Search {
                rtype: (*rtype).to_owned(),
                form: true,
            },
            () => Route::Method { allow: "POST" },
        },
        [rtype, id] if is_type(rtype) && !id.starts_with(['$', '_']) => match () {
            () if get => Route::Read {
                rtype: (*rtype).to_owned(),
                id: (*id).to_owned(),
            },
            () => write(method, rtype, "GET, HEAD"),
        },
        [rtype, id, "_history"] if is_type(rtype) => match () {
            () if get => Route::History {
                rtype: (*rtype).to_owned(),
                id: (*id).to_owned(),
            },
            () => Route::Method { allow: "GET, HEAD" },
        },
        [rtype, id, "_history", version] if is_type(rtype) => match () {
            () if get => Route::Vread {
                rtype: (*rtype).to_owned(),
                id: (*id).to_owned(),
                version: (*version).to_owned(),
            },
            () => Route::Method { allow: "GET, HEAD" },
        },
        _ => Route::Nothing,
    }
}

fn write(method: &Method, rtype: &str, allow: &'static str) -> Route {
    let interaction = match *method {
        Method::POST => access::Interaction::Create,
        Method::PUT | Method::PATCH => access::Interaction::Update,
        Method::DELETE => access::Interaction::Delete,
        _ => return Route::Method { allow },
    };
    Route::Write {
        rtype: rtype.to_owned(),
        interaction,
        allow,
    }
}

/// Whether a segment has the shape of a type's name.
fn is_type(segment: &str) -> bool {
    segment.starts_with(|c: char| c.is_ascii_uppercase())
        && segment.len() <= 64
        && segment.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A segment of a path, decoded; `None` when it is not one.
pub(crate) fn decoded(segment: &str) -> Option<String> {
    // In a path a plus sign is itself.
    let text = segment.replace('+', "%2B");
    let mut pairs = crate::request::form(text.as_bytes()).ok()?.into_iter();
    let (name, value) = pairs.next()?;
    (value.is_empty() && !name.contains('/') && pairs.next().is_none()).then_some(name)
}

/// Whether an id has the form of one (FHIR R4 datatypes, `id`).
pub(crate) fn check_id(id: &str) -> Result<(), Failure> {
    let fine = !id.is_empty()
        && id.len() <= 64
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    // What cannot be an id cannot be there: the answer is that of a resource that is not.
    if fine {
        Ok(())
    } else {
        Err(Failure::not_found())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_what_they_look_like() {
        let get = |path: &str| find(&Method::GET, path);
        assert_eq!(get("metadata"), Route::Metadata);
        assert!(matches!(
            get("Patient/%24summary"),
            Route::SummaryOfType { body: false }
        ));
        assert!(matches!(get("Patient/a/$summary"), Route::SummaryOf { .. }));
        assert!(matches!(get("Patient/a.b-1"), Route::Read { .. }));
        assert_eq!(get("Patient/a%2Fb"), Route::Nothing);
        assert_eq!(get("Patient/$everything"), Route::Nothing);
        assert_eq!(get("patient/a"), Route::Nothing);
        assert_eq!(get(""), Route::Nothing);
        assert!(matches!(
            find(&Method::POST, "Patient"),
            Route::Write { .. }
        ));
        assert!(matches!(
            find(&Method::PUT, "Patient/a"),
            Route::Write { .. }
        ));
        assert!(matches!(
            find(&Method::POST, "Patient/_search"),
            Route::Search { form: true, .. }
        ));
        assert!(matches!(
            find(&Method::POST, "metadata"),
            Route::Method { .. }
        ));
        assert!(matches!(
            find(&Method::OPTIONS, "Patient"),
            Route::Method { .. }
        ));
    }
}
