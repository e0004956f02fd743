//! Files that are handed in, and what became of them: the paths beside the FHIR base.

mod body;
mod decide;
mod list;
mod parameters;
mod receive;
mod route;
mod shape;
mod show;
pub mod view;

use std::sync::Arc;
use std::time::Duration;

use auth::Caller;
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use store::Submission;

use crate::cursor;
use crate::failure::Failure;
use crate::gate::binding;
use crate::respond::Reply;
use crate::serve::Inner;
use crate::vault::Own;
use body::Bounds;
use parameters::Parameters;
use shape::Shape;

pub(crate) use route::{Desk as Asked, find};

/// The forms of most answers.
const JSON_OR_TEXT: &[Shape] = &[Shape::Json, Shape::Text];
/// The forms of what is a table.
const ALL: &[Shape] = &[Shape::Json, Shape::Text, Shape::Csv];

/// What takes files in and acts on them.
#[derive(Clone)]
pub struct Desk {
    /// The way in.
    pub intake: submission::Intake,
    /// What people decide.
    pub decisions: submission::Decisions,
    /// The longest pause within a file that comes in.
    pub pause: Duration,
    /// The longest that a file may take to come in.
    pub longest: Duration,
    /// Called when something was queued, so that nobody has to look for it.
    pub queued: Arc<dyn Fn() + Send + Sync>,
}

/// One caller at the desk: nothing of another organisation is in reach.
pub(crate) struct Bench<'b> {
    inner: &'b Inner,
    desk: &'b Desk,
    caller: &'b Caller,
    own: Own,
}

/// Answers a request of a caller who may hand in files.
pub(crate) async fn answer(
    bench: Bench<'_>,
    asked: &Asked,
    pairs: Vec<(String, String)>,
    headers: &HeaderMap,
    body: Body,
) -> Result<Reply, Failure> {
    let parameters = Parameters::new(pairs);
    match asked {
        Asked::Submit => receive::receive(&bench, parameters, headers, body).await,
        Asked::List => list::submissions(&bench, parameters, headers).await,
        Asked::Show { id } => show::show(&bench, id, parameters, headers).await,
        Asked::File { id } => show::file(&bench, id, parameters).await,
        Asked::HeldBack { id } => list::quarantine(&bench, Some(id), parameters, headers).await,
        Asked::Quarantine => list::quarantine(&bench, None, parameters, headers).await,
        Asked::Decide { id, what } => {
            decide::submission(&bench, id, *what, parameters, headers).await
        }
        Asked::Settle { number, what } => {
            decide::held(&bench, *number, *what, parameters, headers).await
        }
        Asked::Sources => show::sources(&bench, parameters, headers).await,
    }
}

impl<'b> Bench<'b> {
    pub(crate) fn new(inner: &'b Inner, desk: &'b Desk, caller: &'b Caller, own: Own) -> Self {
        Self {
            inner,
            desk,
            caller,
            own,
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            size: self.desk.intake.settings().most_bytes,
            pause: self.desk.pause,
            whole: self.desk.longest,
        }
    }

    /// A submission of the caller's own organisation. Another's is not there.
    async fn submission(&self, id: &str) -> Result<Submission, Failure> {
        crate::route::check_id(id)?;
        self.own
            .submission(id)
            .await?
            .ok_or_else(Failure::not_found)
    }

    fn url_of(&self, id: &str) -> String {
        format!(
            "{}/submissions/{}",
            self.inner.root(),
            crate::request::encode(id)
        )
    }

    fn next(&self, asked: &str, place: &str) -> String {
        let key = &self.inner.config.cursor_key;
        let sealed = cursor::seal_text(key, &binding(self.caller), asked, place);
        let joint = if asked.ends_with('?') { "" } else { "&" };
        format!("{}/{asked}{joint}cursor={sealed}", self.inner.root())
    }

    fn open(&self, asked: &str, sealed: &str) -> Result<String, Failure> {
        let key = &self.inner.config.cursor_key;
        cursor::open_text(key, &binding(self.caller), asked, sealed).ok_or_else(Failure::cursor)
    }

    fn reply(&self, shape: Shape, body: String) -> Reply {
        Reply::of(StatusCode::OK, shape.content_type(), body.into_bytes())
    }
}
