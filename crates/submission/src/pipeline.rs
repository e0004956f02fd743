//! A delivery through the whole road into the store.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read as _;
use std::sync::{Arc, PoisonError, RwLock};

use archive::{Keys, WriteError, Writer};
use identity::IdSpace;
use mapping_registry::{Gate, RegistryError};
use search::Indexer;
use store::{Arrival, MappingStamp, Store, Submission, SubmissionState, Tenant};
use tokio::runtime::Handle;
use validation::Validator;

use crate::ending::Reason;
use crate::file_run::{Ended, FileRun, NO_ROOM, RunError};
use crate::journal::Past;
use crate::mappings::Only;
use crate::sender::{KnownCodes, Senders};
use crate::storing::{BATCH, Terms};
use crate::{Delivery, Mappings, Report};

/// Takes deliveries in and does the jobs. Cheap to clone.
#[derive(Clone)]
pub struct Pipeline {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) validator: Arc<Validator>,
    pub(crate) indexer: Arc<Indexer>,
    pub(crate) ids: IdSpace,
    pub(crate) gate: Gate,
    pub(crate) mappings: Option<Arc<dyn Mappings>>,
    pub(crate) keys: Keys,
    pub(crate) engine: Arc<str>,
    /// Replaced whole, so that a file is held against one state of it.
    pub(crate) senders: Arc<RwLock<Arc<BTreeMap<Tenant, Senders>>>>,
    pub(crate) batch: usize,
}

/// Why a delivery could not be taken in at all. What is wrong with its content is in the report.
#[derive(Debug)]
pub enum SubmitError {
    /// The file cannot be read from where it lies.
    Unreadable(std::io::Error),
    /// The store failed; what was committed before stays, and sending the file again completes it.
    Store(store::Error),
    /// No clinician has reviewed this content of the mapping, and this is production (CS-21).
    Unreviewed(MappingStamp),
    /// The temporary folder is full or failed; sending the file again completes it.
    NoRoom,
    /// The work was interrupted.
    Interrupted,
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "the file cannot be read: {error}"),
            Self::Store(error) => write!(
                f,
                "{error}; send the file again, what was stored of it already stays as it is"
            ),
            Self::Unreviewed(stamp) => RegistryError::NotReviewed(stamp.clone()).fmt(f),
            Self::NoRoom => write!(f, "{NO_ROOM}, and send the file again"),
            Self::Interrupted => f.write_str("the work was interrupted; send the file again"),
        }
    }
}

impl std::error::Error for SubmitError {}

impl From<store::Error> for SubmitError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<WriteError> for SubmitError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Store(error) => Self::Store(error),
            error => Self::Unreadable(std::io::Error::other(error)),
        }
    }
}

impl Pipeline {
    /// A pipeline into a store. `ids` is the deployment's id space: it must never change. It takes
    /// only what reviewed mappings read, unless [`Pipeline::with_gate`] opens it.
    pub fn new(
        store: Arc<dyn Store>,
        validator: Arc<Validator>,
        indexer: Arc<Indexer>,
        ids: IdSpace,
    ) -> Self {
        Self {
            store,
            validator,
            indexer,
            ids,
            gate: Gate::default(),
            mappings: None,
            keys: Keys::none(),
            engine: env!("CARGO_PKG_VERSION").into(),
            senders: Arc::default(),
            batch: BATCH,
        }
    }

    /// The same, asking for reviews of mappings or not (CS-21).
    #[must_use]
    pub fn with_gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// The same, finding the mappings of its jobs there. Without it jobs fail.
    #[must_use]
    pub fn with_mappings(mut self, mappings: Arc<dyn Mappings>) -> Self {
        self.mappings = Some(mappings);
        self
    }

    /// The same, reading the archive with these keys.
    #[must_use]
    pub fn with_keys(mut self, keys: Keys) -> Self {
        self.keys = keys;
        self
    }

    /// The same, with a text that stands for everything besides bytes and mapping that decides what
    /// becomes of a file: the program's version and the packages in force. Bytes that come again are
    /// read again when it has changed.
    #[must_use]
    pub fn with_engine(mut self, engine: impl Into<Arc<str>>) -> Self {
        self.engine = engine.into();
        self
    }

    /// The same, knowing by which codes each organisation's files may call their sender. A file that
    /// carries another code of a kind that is known is refused.
    #[must_use]
    pub fn with_senders(mut self, senders: impl IntoIterator<Item = (Tenant, KnownCodes)>) -> Self {
        self.senders = Arc::default();
        self.replace_senders(senders);
        self
    }

    /// Takes other codes in place of those that are known: the next file of every clone of this
    /// pipeline is held against them.
    pub fn replace_senders(&self, senders: impl IntoIterator<Item = (Tenant, KnownCodes)>) {
        let senders = senders
            .into_iter()
            .map(|(tenant, known)| (tenant, Senders::new(known)))
            .collect();
        *self.senders.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(senders);
    }

    fn senders_of(&self, tenant: &Tenant) -> Senders {
        let senders = self.senders.read().unwrap_or_else(PoisonError::into_inner);
        senders.get(tenant).cloned().unwrap_or_default()
    }

    /// The same, with so many resources in one commit. A smaller number loses less work when a worker
    /// dies, and waits more often for the disk.
    #[must_use]
    pub fn with_batch(mut self, resources: usize) -> Self {
        self.batch = resources.max(1);
        self
    }

    /// Where everything is kept.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Reads, maps, validates and stores a file at once, and says what became of it: kept in the
    /// archive like any other, and without the queue. Nothing else may work on the source meanwhile.
    ///
    /// # Errors
    /// When the file cannot be read at all, the mapping may not publish here, or the store fails. A file that is not what the mapping
    /// expects is no error here: its report says `refused`.
    pub async fn submit(&self, delivery: Delivery) -> Result<Report, SubmitError> {
        let mapping = delivery.mapping.clone();
        if self.gate.asks_for_review() && self.store.reviews(mapping.hash()).await?.is_empty() {
            return Err(SubmitError::Unreviewed(stamp_of(&mapping)));
        }
        let pipeline = self.clone().with_mappings(Arc::new(Only(mapping.clone())));
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || {
            let mut submission = Submission::new(
                delivery.tenant.clone(),
                uuid::Uuid::new_v4().to_string(),
                delivery.source.clone(),
                delivery.received,
            );
            submission.file_name = delivery.input.name().to_string();
            submission.way = "command".to_owned();
            submission.stated_as_of = delivery.as_of;
            pipeline.keep(&mut submission, &delivery.input, &runtime)?;
            let run = FileRun {
                submission,
                mapping,
                input: delivery.input,
                reason: Reason::Arrived,
                terms: pipeline.terms(&delivery.tenant),
            };
            let ended = run.run(&pipeline, runtime).map_err(|error| match error {
                RunError::Store(error) => SubmitError::Store(error),
                RunError::NoRoom => SubmitError::NoRoom,
            })?;
            match ended {
                Ended::Reported(report) => Ok(*report),
                Ended::Stopped => Err(SubmitError::Interrupted),
            }
        })
        .await
        .map_err(|_| SubmitError::Interrupted)?
    }

    /// Puts a delivery's bytes into the archive, so that it can be read again, with its submission's
    /// row.
    fn keep(
        &self,
        submission: &mut Submission,
        input: &source::Input,
        runtime: &Handle,
    ) -> Result<(), SubmitError> {
        let mut reader = input.open().map_err(SubmitError::Unreadable)?;
        let mut writer = Writer::new(
            self.store.clone(),
            submission.tenant.clone(),
            &self.keys,
            u64::MAX,
        )?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = reader.read(&mut buffer).map_err(SubmitError::Unreadable)?;
            if read == 0 {
                break;
            }
            runtime.block_on(writer.push(buffer.get(..read).unwrap_or_default()))?;
        }
        let upload = runtime.block_on(writer.finish(submission.received, None))?;
        submission.file_hash.clone_from(&upload.blob.hash);
        submission.size = upload.blob.size;
        // Of an empty file there is nothing to keep.
        if upload.blob.size == 0 {
            return Ok(());
        }
        submission.state = SubmissionState::Archived;
        let arrival = Arrival {
            submission: submission.clone(),
            upload: Some(upload),
            idempotency: None,
            job: None,
            deeds: Vec::new(),
            most_waiting: None,
        };
        runtime.block_on(self.store.accept(arrival))?;
        Ok(())
    }

    /// The terms of a run without a job.
    pub(crate) fn terms(&self, tenant: &Tenant) -> Terms {
        Terms {
            hold: None,
            past: Past::default(),
            wanted: None,
            rehearse: false,
            senders: self.senders_of(tenant),
            engine: self.engine.to_string(),
            batch: self.batch,
        }
    }
}

pub(crate) fn stamp_of(mapping: &mapping::Mapping) -> MappingStamp {
    MappingStamp {
        name: mapping.name().to_owned(),
        version: mapping.version().to_owned(),
        hash: mapping.hash().to_owned(),
    }
}
