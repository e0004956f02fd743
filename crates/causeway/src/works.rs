//! What takes files in, works on them, and acts on what people decide, wired once for every command.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use identity::IdSpace;
use jiff::SignedDuration;
use mapping_registry::{Gate, Registry};
use search::Indexer;
use store::{Store, Tenant};
use submission::{
    Decisions, Installed, Intake, IntakeSettings, KnownCodes, Mappings, Pipeline, WorkerSettings,
    Workers, kill_point,
};

use crate::config::{Config, Submissions};
use crate::exit::Failure;
use crate::knowledge::Knowledge;
use crate::locate;

/// The environment variable by which a test system is told where to break off.
const KILL_AT: &str = "CAUSEWAY_KILL_AT";

/// Everything about files that are handed in.
#[derive(Clone)]
pub struct Works {
    /// What reads and stores them.
    pub pipeline: Pipeline,
    /// What takes them in.
    pub intake: Intake,
    /// What people decide.
    pub decisions: Decisions,
}

/// What a deployment decides about them.
pub struct Plan<'p> {
    /// Whether reviews of mappings are asked for.
    pub gate: Gate,
    /// The deployment's ids.
    pub ids: IdSpace,
    /// By which codes the organisations' files may name them.
    pub senders: Vec<(Tenant, KnownCodes)>,
    /// Limits, keys and times.
    pub settings: &'p Submissions,
}

impl Works {
    /// Over a store.
    pub fn new(
        store: Arc<dyn Store>,
        knowledge: &Knowledge,
        plan: Plan<'_>,
    ) -> Result<Self, Failure> {
        let Plan {
            gate,
            ids,
            senders,
            settings,
        } = plan;
        let registry = Registry::new(
            store.clone(),
            knowledge.definitions,
            knowledge.terminology.clone(),
            gate,
        );
        let mut installed = Installed::new(registry);
        if !gate.asks_for_review() {
            let carried = locate::shipped_names()
                .iter()
                .map(|name| locate::mapping(name, knowledge))
                .collect::<Result<_, _>>()?;
            installed = installed.with_carried(carried);
        }
        let mappings: Arc<dyn Mappings> = Arc::new(installed);
        let keys = settings.archive_keys()?;
        let pipeline = Pipeline::new(
            store.clone(),
            Arc::new(knowledge.validator()),
            Arc::new(Indexer::new(knowledge.definitions)),
            ids,
        )
        .with_gate(gate)
        .with_mappings(mappings.clone())
        .with_keys(keys.clone())
        .with_engine(knowledge.engine())
        .with_senders(senders);
        let intake = Intake::new(
            store.clone(),
            mappings.clone(),
            IntakeSettings {
                most_bytes: settings.largest_file,
                most_waiting: settings.most_waiting,
                keep_for: settings
                    .keep_days
                    .map(|days| SignedDuration::from_hours(24 * i64::from(days))),
                keys,
                ..IntakeSettings::default()
            },
        );
        let decisions = Decisions::new(store, mappings);
        Ok(Self {
            pipeline,
            intake,
            decisions,
        })
    }

    /// As a configuration file describes it.
    pub fn configured(
        config: &Config,
        store: Arc<dyn Store>,
        knowledge: &Knowledge,
    ) -> Result<Self, Failure> {
        let senders = config
            .access
            .tenants
            .iter()
            .map(|tenant| {
                let tenant = Tenant::new(tenant.name.as_str());
                let codes = config.identifiers(&tenant);
                (tenant, codes)
            })
            .collect();
        let plan = Plan {
            gate: config.server.mode.gate(),
            ids: IdSpace::with_secret(&config.id_secret()?),
            senders,
            settings: &config.submissions,
        };
        Self::new(store, knowledge, plan)
    }

    /// The way in as the interface offers it.
    pub fn desk(&self, settings: &Submissions, crew: &Crew) -> api::Desk {
        let crew = crew.clone();
        api::Desk {
            intake: self.intake.clone(),
            decisions: self.decisions.clone(),
            pause: Duration::from_secs(settings.pause_seconds),
            longest: Duration::from_secs(settings.upload_seconds),
            queued: Arc::new(move || crew.wake()),
        }
    }
}

/// The workers of this process, from when they are started until they are stopped.
#[derive(Clone)]
pub struct Crew(Arc<Mutex<Option<Workers>>>);

impl Crew {
    /// Nobody yet.
    pub fn none() -> Self {
        Self(Arc::default())
    }

    fn hands(&self) -> MutexGuard<'_, Option<Workers>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts them, where this process is to have any. It must be called within a runtime.
    pub fn start(&self, works: &Works, settings: &Submissions) {
        if settings.workers == 0 {
            return;
        }
        let workers = Workers::start(
            works.pipeline.clone(),
            WorkerSettings {
                workers: settings.workers,
                lease: Duration::from_secs(settings.lease_seconds),
                ..WorkerSettings::default()
            },
        );
        *self.hands() = Some(workers);
    }

    /// Says that there is work.
    pub fn wake(&self) {
        if let Some(workers) = &*self.hands() {
            workers.wake();
        }
    }

    /// Lets them finish what they are committing and put their jobs back.
    pub async fn stop(&self) {
        let workers = self.hands().take();
        if let Some(workers) = workers {
            workers.stop().await;
        }
    }
}

/// On a test system, arms the process for a crash test where the environment says so.
pub fn arm(gate: Gate) -> Result<(), Failure> {
    let Ok(place) = std::env::var(KILL_AT) else {
        return Ok(());
    };
    if gate.asks_for_review() {
        return Err(Failure::usage(format!(
            "{KILL_AT} is for crash tests, and this server is in production"
        )));
    }
    if !kill_point::arm(&place) {
        return Err(Failure::usage(format!(
            "{KILL_AT} names no place: use {}",
            kill_point::POINTS.join(", ")
        )));
    }
    Ok(())
}
