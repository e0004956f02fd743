//! The one way in: whatever brings a file, this takes it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use archive::{Gunzip, Keys, Shelf, WriteError, Writer};
use jiff::{SignedDuration, Timestamp};
use mapping_registry::RegistryError;
use sha2::{Digest as _, Sha256};
use store::{
    Accepted, Arrival, Idempotency, JobQuery, JobState, Store, Submission, SubmissionState,
};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::arrival_info::{is_fhir_moment, safe_name};
use crate::kill_point;
use crate::task::Task;
use crate::{ArrivalInfo, Mappings};

/// What a deployment decides about what comes in.
#[derive(Debug, Clone)]
pub struct IntakeSettings {
    /// The most bytes that a file may have, unpacked.
    pub most_bytes: u64,
    /// How many jobs of one organisation may wait.
    pub most_waiting: u32,
    /// When a sender who is turned away may come again.
    pub retry_after: Duration,
    /// How long the bytes are kept; `None` is until somebody says otherwise.
    pub keep_for: Option<SignedDuration>,
    /// The archive's keys.
    pub keys: Keys,
}

impl Default for IntakeSettings {
    fn default() -> Self {
        Self {
            most_bytes: 4 * 1024 * 1024 * 1024,
            most_waiting: 1000,
            retry_after: Duration::from_secs(60),
            keep_for: None,
            keys: Keys::none(),
        }
    }
}

/// A file that was accepted: it is on disk, and its job waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The submission's id.
    pub submission: String,
    /// Whether the very same request was accepted before: nothing new was begun.
    pub again: bool,
}

/// Why a file was not accepted. Nothing of it is kept then.
#[derive(Debug)]
pub enum NotTaken {
    /// It cannot be used, for this reason.
    Refused(Refusal),
    /// The request's key was used before for another file: the sender has mixed something up.
    KeyReused,
    /// Too much of this organisation waits already.
    Busy {
        /// When to come again.
        retry_after: Duration,
    },
    /// The store failed; the sender keeps the file and sends it again.
    Store(store::Error),
    /// The file could not be read from where it came.
    Unreadable(std::io::Error),
}

/// Why a file is refused before it is read.
#[derive(Debug)]
pub enum Refusal {
    /// It has no bytes.
    Empty,
    /// It has too many.
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// It was said to be packed with gzip, and is not, or not to its end.
    NotGzip,
    /// The as-of that its sender states is no moment.
    AsOf,
    /// There is no mapping for the source, or none that may be used here.
    Source(RegistryError),
    /// The source has no usable name.
    SourceName,
    /// The file cannot be kept encrypted.
    NoRandomness,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty: export it again and send that"),
            Self::TooLarge { limit } => WriteError::TooLarge { limit: *limit }.fmt(f),
            Self::NotGzip => WriteError::NotGzip.fmt(f),
            Self::AsOf => f.write_str(
                "the as-of date that was stated is no FHIR date, dateTime or instant: state it as 2026-11-01 or 2026-11-01T09:00:00Z",
            ),
            Self::Source(error) => write!(f, "files of this source cannot be read: {error}"),
            Self::SourceName => f.write_str(
                "the source's name is empty, longer than 100 characters or has control characters: name one of your sources",
            ),
            Self::NoRandomness => WriteError::NoRandomness.fmt(f),
        }
    }
}

impl fmt::Display for NotTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::KeyReused => f.write_str(
                "this request's id was used before for another file: send each file with an id of its own",
            ),
            Self::Busy { retry_after } => write!(
                f,
                "too many files of this organisation wait: send it again in {} seconds",
                retry_after.as_secs()
            ),
            Self::Store(error) => error.fmt(f),
            Self::Unreadable(error) => write!(f, "the file cannot be read: {error}"),
        }
    }
}

impl std::error::Error for NotTaken {}

impl From<store::Error> for NotTaken {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<Refusal> for NotTaken {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<WriteError> for NotTaken {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::TooLarge { limit } => Refusal::TooLarge { limit }.into(),
            WriteError::NotGzip => Refusal::NotGzip.into(),
            WriteError::NoRandomness => Refusal::NoRandomness.into(),
            WriteError::Interrupted => Self::Store(store::Error::Closed),
            WriteError::Store(error) => Self::Store(error),
        }
    }
}

/// Takes files in. Cheap to clone.
#[derive(Clone)]
pub struct Intake {
    store: Arc<dyn Store>,
    mappings: Arc<dyn Mappings>,
    settings: IntakeSettings,
}

impl Intake {
    /// The way into a store.
    pub fn new(
        store: Arc<dyn Store>,
        mappings: Arc<dyn Mappings>,
        settings: IntakeSettings,
    ) -> Self {
        Self {
            store,
            mappings,
            settings,
        }
    }

    /// What the deployment decided.
    pub fn settings(&self) -> &IntakeSettings {
        &self.settings
    }

    /// Begins to take a file: what can be refused without its bytes is refused here.
    ///
    /// # Errors
    /// When it will not be taken.
    pub async fn begin(&self, info: ArrivalInfo) -> Result<Receiving, NotTaken> {
        let name = info.source.trim();
        if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
            return Err(Refusal::SourceName.into());
        }
        if let Some(stated) = &info.stated_as_of
            && !is_fhir_moment(stated)
        {
            return Err(Refusal::AsOf.into());
        }
        match self.mappings.active(&info.tenant, &info.source).await {
            Ok(_) => {}
            Err(RegistryError::Store(error)) => return Err(error.into()),
            Err(error) => return Err(Refusal::Source(error).into()),
        }
        let sight = access::Access::pipeline(&info.tenant);
        let waiting = JobQuery {
            states: vec![JobState::Waiting],
            ..JobQuery::default()
        };
        let waiting = self.store.jobs(&sight, &info.tenant, &waiting).await?;
        if waiting.len() as u64 >= u64::from(self.settings.most_waiting) {
            return Err(self.busy());
        }
        let shelf: Shelf = self.store.clone();
        let writer = Writer::new(
            shelf,
            info.tenant.clone(),
            &self.settings.keys,
            self.settings.most_bytes,
        )?;
        Ok(Receiving {
            intake: self.clone(),
            gunzip: info.gzip.then(Gunzip::new),
            info,
            writer,
        })
    }

    /// Takes a file from where it can be read.
    ///
    /// # Errors
    /// When it is not taken.
    pub async fn take(
        &self,
        info: ArrivalInfo,
        from: &mut (dyn AsyncRead + Unpin + Send),
    ) -> Result<Taken, NotTaken> {
        let mut receiving = self.begin(info).await?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = match from.read(&mut buffer).await {
                Ok(read) => read,
                Err(error) => {
                    receiving.abandon().await;
                    return Err(NotTaken::Unreadable(error));
                }
            };
            if read == 0 {
                return receiving.finish().await;
            }
            if let Err(error) = receiving.push(buffer.get(..read).unwrap_or_default()).await {
                receiving.abandon().await;
                return Err(error);
            }
        }
    }

    fn busy(&self) -> NotTaken {
        NotTaken::Busy {
            retry_after: self.settings.retry_after,
        }
    }
}

/// A file that is coming in. Dropping it takes nothing: its sender was not answered.
pub struct Receiving {
    intake: Intake,
    info: ArrivalInfo,
    writer: Writer,
    gunzip: Option<Gunzip>,
}

impl Receiving {
    /// Sets the key by which a repeated request is known, for a way in that knows it only when all
    /// bytes have come.
    pub fn set_key(&mut self, key: impl Into<String>) {
        self.info.key = Some(key.into());
    }

    /// Takes bytes of it.
    ///
    /// # Errors
    /// When it will not be taken: [`Receiving::abandon`] it then.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), NotTaken> {
        match &mut self.gunzip {
            None => self.writer.push(bytes).await?,
            Some(gunzip) => gunzip.push(bytes, &mut self.writer).await?,
        }
        Ok(())
    }

    /// All bytes were pushed: it becomes durable, and its job is queued.
    ///
    /// # Errors
    /// When it is not taken. After [`store::Error::Unknown`] it may have been: the same request with
    /// the same key finds out.
    pub async fn finish(mut self) -> Result<Taken, NotTaken> {
        if let Some(gunzip) = self.gunzip.take()
            && let Err(error) = gunzip.finish(&mut self.writer).await
        {
            self.abandon().await;
            return Err(error.into());
        }
        if self.writer.size() == 0 {
            self.abandon().await;
            return Err(Refusal::Empty.into());
        }
        let Self {
            intake,
            info,
            writer,
            ..
        } = self;
        let now = Timestamp::now();
        let keep_until = intake
            .settings
            .keep_for
            .and_then(|time| now.checked_add(time).ok());
        let upload = writer.finish(now, keep_until).await?;
        let id = uuid::Uuid::new_v4().to_string();
        let mut submission = Submission::new(info.tenant, id.clone(), info.source, now);
        submission.file_name = safe_name(&info.file_name);
        submission.file_hash.clone_from(&upload.blob.hash);
        submission.size = upload.blob.size;
        submission.way = info.way;
        submission.sender = info.sender;
        submission.reply_to = info.reply_to;
        submission.stated_as_of = info.stated_as_of;
        submission.state = SubmissionState::Archived;
        let idempotency = info.key.map(|key| Idempotency {
            client: submission.sender.clone(),
            key,
            request: request_of(&submission),
        });
        let arrival = Arrival {
            job: Some(Task::Run.queued(&submission.id, &submission.source)),
            submission,
            upload: Some(upload),
            idempotency,
            deeds: Vec::new(),
            most_waiting: Some(intake.settings.most_waiting),
        };
        kill_point::at(kill_point::ACCEPT_BEFORE);
        let accepted = intake.store.accept(arrival).await?;
        kill_point::at(kill_point::ACCEPT_AFTER);
        match accepted {
            Accepted::New => Ok(Taken {
                submission: id,
                again: false,
            }),
            Accepted::Again { submission } => Ok(Taken {
                submission,
                again: true,
            }),
            Accepted::KeyInUse => Err(NotTaken::KeyReused),
            Accepted::Busy => Err(intake.busy()),
        }
    }

    /// Takes nothing of it, and forgets what came.
    pub async fn abandon(self) {
        if let Err(error) = self.writer.abandon().await {
            // Nobody was answered, and what is left is swept away later.
            tracing::warn!(%error, "the pieces of an upload stay until they are swept away");
        }
    }
}

/// What makes two requests the same: the source, what is said of the moment, and the bytes.
fn request_of(submission: &Submission) -> String {
    let mut hash = Sha256::new();
    for part in [
        submission.tenant.as_str(),
        &submission.source,
        submission.stated_as_of.as_deref().unwrap_or_default(),
        &submission.file_hash,
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        use fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
    }
    text
}
