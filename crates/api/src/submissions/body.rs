//! The file in a request's body: as it is, or as the one file of a form. It is never whole in memory.

use std::time::{Duration, Instant};

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{HeaderMap, header};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::time::timeout;

use crate::failure::Failure;
use crate::request::content_type;

/// How many bytes a form may have around its file.
const AROUND: u64 = 64 * 1024;

/// What a body may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The most bytes of the file, and the most that are read for it.
    pub(super) size: u64,
    /// The longest pause between two pieces.
    pub(super) pause: Duration,
    /// The longest that all of it may take.
    pub(super) whole: Duration,
}

/// A file on its way in.
pub(super) enum Incoming {
    /// The body is the file.
    Raw(Box<Pieces>),
    /// The body is a form with one file.
    Form {
        /// There until it is whole: the form goes on only without it.
        field: Option<Box<multer::Field<'static>>>,
        form: Box<multer::Multipart<'static>>,
        size: u64,
        left: u64,
    },
}

/// A file of which nothing has been taken yet.
pub(super) struct Opened {
    pub(super) incoming: Incoming,
    /// Its name, where the form has one.
    pub(super) name: Option<String>,
    /// Whether it is packed with gzip.
    pub(super) gzip: bool,
}

impl Incoming {
    /// Looks at the headers, and of a form at its first part; nothing of the file is taken yet.
    pub(super) async fn open(
        headers: &HeaderMap,
        body: Body,
        bounds: Bounds,
    ) -> Result<Opened, Failure> {
        let announced = headers
            .get(header::CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let kind = content_type(headers);
        let around = match kind.as_str() {
            "multipart/form-data" => AROUND,
            _ => 0,
        };
        if announced.is_some_and(|length| length > bounds.size.saturating_add(around)) {
            return Err(Failure::file_too_large(bounds.size));
        }
        let gzip = gzip(headers)?;
        let pieces = Pieces {
            body: body.into_data_stream(),
            left: bounds.size.saturating_add(around),
            bounds,
            until: Instant::now() + bounds.whole,
        };
        match kind.as_str() {
            "multipart/form-data" if gzip => Err(Failure::packed_form()),
            "multipart/form-data" => {
                let boundary = headers
                    .get(header::CONTENT_TYPE)
                    .and_then(|value| value.to_str().ok())
                    .and_then(|value| multer::parse_boundary(value).ok())
                    .ok_or_else(|| form_failure("the form has no boundary"))?;
                let mut form = multer::Multipart::new(pieces.stream(), boundary);
                let field = next_field(&mut form)
                    .await?
                    .ok_or_else(|| form_failure("the form holds no file"))?;
                let Some(name) = field.file_name().map(str::to_owned) else {
                    return Err(form_failure("the form's first part is no file"));
                };
                let incoming = Self::Form {
                    field: Some(Box::new(field)),
                    form: Box::new(form),
                    size: bounds.size,
                    left: bounds.size,
                };
                Ok(Opened {
                    incoming,
                    name: Some(name),
                    gzip: false,
                })
            }
            other if other.starts_with("multipart/") => Err(Failure::media_type(
                "the file as it is, or multipart/form-data",
            )),
            // What `curl -d` sends; it has taken the line ends out.
            "application/x-www-form-urlencoded" => Err(Failure::media_type(
                "the file with its own type (`curl --data-binary @FILE -H 'Content-Type: text/csv'`) or in a form (`curl -F file=@FILE`)",
            )),
            _ => Ok(Opened {
                incoming: Self::Raw(Box::new(pieces)),
                name: None,
                gzip,
            }),
        }
    }

    /// The next bytes of the file; `None` when it is whole.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        match self {
            Self::Raw(body) => body.next().await,
            Self::Form {
                field,
                form,
                size,
                left,
            } => {
                let Some(file) = field else {
                    return Ok(None);
                };
                if let Some(bytes) = file.chunk().await.map_err(of_form)? {
                    *left = left
                        .checked_sub(bytes.len() as u64)
                        .ok_or_else(|| Failure::file_too_large(*size))?;
                    return Ok(Some(bytes));
                }
                *field = None;
                match next_field(form).await? {
                    None => Ok(None),
                    Some(_) => Err(form_failure("the form holds more than one part")),
                }
            }
        }
    }
}

async fn next_field(
    form: &mut multer::Multipart<'static>,
) -> Result<Option<multer::Field<'static>>, Failure> {
    form.next_field().await.map_err(of_form)
}

fn form_failure(what: &str) -> Failure {
    Failure::bad_request(
        what,
        "send a form with one file and nothing else: `curl -F file=@FILE`",
    )
}

/// What went wrong with a form: what went wrong below it, where that is it.
fn of_form(error: multer::Error) -> Failure {
    if let multer::Error::StreamReadFailed(inner) = error {
        return match inner.downcast::<Failure>() {
            Ok(failure) => *failure,
            Err(_) => Failure::cut_off(),
        };
    }
    match error {
        multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders
        | multer::Error::IncompleteStream => Failure::cut_off(),
        _ => form_failure("the form cannot be read"),
    }
}

/// Whether the body is packed (RFC 9110, section 8.4).
fn gzip(headers: &HeaderMap) -> Result<bool, Failure> {
    let mut codings = headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity");
    match (codings.next().as_deref(), codings.next()) {
        (None, _) => Ok(false),
        (Some("gzip" | "x-gzip"), None) => Ok(true),
        _ => Err(Failure::content_encoding()),
    }
}

/// A body as it comes in, within its bounds.
pub(super) struct Pieces {
    body: BodyDataStream,
    /// How many bytes may still come.
    left: u64,
    bounds: Bounds,
    until: Instant,
}

impl Pieces {
    async fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let left = self.until.saturating_duration_since(Instant::now());
        let bytes = match timeout(self.bounds.pause.min(left), self.body.next()).await {
            Ok(Some(Ok(bytes))) => bytes,
            Ok(Some(Err(_))) => return Err(Failure::cut_off()),
            Ok(None) => return Ok(None),
            Err(_) => return Err(Failure::slow_body()),
        };
        self.left = self
            .left
            .checked_sub(bytes.len() as u64)
            .ok_or_else(|| Failure::file_too_large(self.bounds.size))?;
        Ok(Some(bytes))
    }

    fn stream(self) -> impl Stream<Item = Result<Bytes, Failure>> + Send {
        stream::try_unfold(self, |mut pieces| async move {
            Ok(pieces.next().await?.map(|bytes| (bytes, pieces)))
        })
    }
}
