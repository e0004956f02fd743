//! The paths beside the FHIR base: files that are handed in, and what became of them.

use axum::http::Method;

use crate::route::{Route, decoded};

/// What is asked of the submissions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Desk {
    /// `POST /submissions`.
    Submit,
    /// `GET /submissions`.
    List,
    /// `GET /submissions/{id}`.
    Show { id: String },
    /// `GET /submissions/{id}/file`.
    File { id: String },
    /// `GET /submissions/{id}/quarantine`.
    HeldBack { id: String },
    /// `POST /submissions/{id}/{what}`.
    Decide { id: String, what: Decision },
    /// `GET /quarantine`.
    Quarantine,
    /// `POST /quarantine/{number}/{what}`.
    Settle { number: u64, what: Settling },
    /// `GET /sources`.
    Sources,
}

/// What a person decides about a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Confirm,
    Decline,
    Withdraw,
    Replay,
}

/// What a person decides about something that was held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Settling {
    Replay,
    Discard,
}

impl Desk {
    /// The template for logs and metrics.
    pub(crate) fn template(&self) -> &'static str {
        match self {
            Self::Submit | Self::List => "/submissions",
            Self::Show { .. } => "/submissions/{id}",
            Self::File { .. } => "/submissions/{id}/file",
            Self::HeldBack { .. } => "/submissions/{id}/quarantine",
            Self::Decide { what, .. } => match what {
                Decision::Confirm => "/submissions/{id}/confirm",
                Decision::Decline => "/submissions/{id}/decline",
                Decision::Withdraw => "/submissions/{id}/withdraw",
                Decision::Replay => "/submissions/{id}/replay",
            },
            Self::Quarantine => "/quarantine",
            Self::Settle { what, .. } => match what {
                Settling::Replay => "/quarantine/{number}/replay",
                Settling::Discard => "/quarantine/{number}/discard",
            },
            Self::Sources => "/sources",
        }
    }
}

/// Finds the route. `path` is what follows the root, not decoded.
pub(crate) fn find(method: &Method, path: &str) -> Route {
    let Some(segments) = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(decoded)
        .collect::<Option<Vec<String>>>()
    else {
        return Route::Nothing;
    };
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let get = method == Method::GET || method == Method::HEAD;
    let post = method == Method::POST;
    let read = |desk: Desk| match get {
        true => Route::Desk(desk),
        false => Route::Method { allow: "GET, HEAD" },
    };
    let act = |desk: Desk| match post {
        true => Route::Desk(desk),
        false => Route::Method { allow: "POST" },
    };
    match segments.as_slice() {
        ["submissions"] if post => Route::Desk(Desk::Submit),
        ["submissions"] if get => Route::Desk(Desk::List),
        ["submissions"] => Route::Method {
            allow: "GET, HEAD, POST",
        },
        ["submissions", id] => read(Desk::Show { id: (*id).into() }),
        ["submissions", id, "file"] => read(Desk::File { id: (*id).into() }),
        ["submissions", id, "quarantine"] => read(Desk::HeldBack { id: (*id).into() }),
        ["submissions", id, word] => match decision(word) {
            Some(what) => act(Desk::Decide {
                id: (*id).into(),
                what,
            }),
            None => Route::Nothing,
        },
        ["quarantine"] => read(Desk::Quarantine),
        ["quarantine", number, word] => match (row(number), settling(word)) {
            (Some(number), Some(what)) => act(Desk::Settle { number, what }),
            _ => Route::Nothing,
        },
        ["sources"] => read(Desk::Sources),
        _ => Route::Nothing,
    }
}

fn decision(word: &str) -> Option<Decision> {
    Some(match word {
        "confirm" => Decision::Confirm,
        "decline" => Decision::Decline,
        "withdraw" => Decision::Withdraw,
        "replay" => Decision::Replay,
        _ => return None,
    })
}

fn settling(word: &str) -> Option<Settling> {
    Some(match word {
        "replay" => Settling::Replay,
        "discard" => Settling::Discard,
        _ => return None,
    })
}

/// A row's number as it is written, and in no other way.
fn row(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_what_they_look_like() {
        let post = |path: &str| find(&Method::POST, path);
        let get = |path: &str| find(&Method::GET, path);
        assert_eq!(post("/submissions"), Route::Desk(Desk::Submit));
        assert_eq!(get("/submissions/"), Route::Desk(Desk::List));
        assert_eq!(
            get("/submissions/a-1"),
            Route::Desk(Desk::Show { id: "a-1".into() })
        );
        assert_eq!(
            post("/submissions/a/confirm"),
            Route::Desk(Desk::Decide {
                id: "a".into(),
                what: Decision::Confirm
            })
        );
        assert_eq!(
            get("/submissions/a/confirm"),
            Route::Method { allow: "POST" }
        );
        assert_eq!(
            post("/quarantine/12/discard"),
            Route::Desk(Desk::Settle {
                number: 12,
                what: Settling::Discard
            })
        );
        for nothing in [
            "/quarantine/012/discard",
            "/quarantine/-1/discard",
            "/quarantine/+1/replay",
            "/submissions/a/delete",
            "/submissions/a%2Fb",
            "/",
            "/submission",
        ] {
            assert_eq!(post(nothing), Route::Nothing, "{nothing}");
        }
        assert_eq!(
            find(&Method::DELETE, "/submissions/a"),
            Route::Method { allow: "GET, HEAD" }
        );
    }
}
