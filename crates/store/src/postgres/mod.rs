//! The store on PostgreSQL: several gateways may share one.
//!
//! The tables and the rules are those of the embedded store. What is particular here: the
//! transactions of one tenant come one after the other (each holds the tenant's clock), whichever
//! process they come from, so that numbers are given out in the order of committing, the moment of
//! the last update never goes back, and the places in lists stay right as they do in the embedded
//! store; those of different tenants go on side by side.

mod apply;
mod ddl;
mod directory;
mod failure;
mod identity;
mod options;
mod outbox;
mod plan;
mod run;
mod schema;
mod serve;
mod session;

#[cfg(test)]
mod plans;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection, Row as _};

pub use self::options::PostgresOptions;
use self::run::Runner;
use self::session::Pg;
use crate::sql::prepared::Prepared;
use crate::{Batch, Committed, Error, Outcome};

/// The store on a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    runner: Runner,
}

impl PostgresStore {
    /// Connects, makes the tables where they are missing, and brings older ones up to date.
    ///
    /// # Errors
    /// [`Error::Open`] when the database is not reached, or the gateway's role could look past
    /// row-level security; [`Error::TooNew`] when a later program made the tables; the store's
    /// failures.
    pub async fn connect(options: PostgresOptions) -> Result<Self, Error> {
        let gateway = options.driver(&options.url)?;
        let place = options::place(&gateway);
        let closed = |reason: String| Error::Open {
            path: place.clone().into(),
            reason,
        };
        let mut connection = PgConnection::connect_with(&gateway)
            .await
            .map_err(|error| closed(reason(&error)))?;
        let row = sqlx::query(
            "SELECT CAST(current_user AS TEXT), rolsuper OR rolbypassrls
             FROM pg_roles WHERE rolname = current_user",
        )
        .fetch_one(&mut connection)
        .await
        .map_err(|error| closed(reason(&error)))?;
        let role: String = row.try_get(0).map_err(failure::of)?;
        if row.try_get(1).map_err(failure::of)? {
            return Err(closed(format!(
                "the role {role} is a superuser or skips row-level security, which keeps tenants \
                 apart: connect as another role, and name this one as the owner"
            )));
        }
        let mut owner = match &options.owner_url {
            Some(url) => PgConnection::connect_with(&options.driver(url)?)
                .await
                .map_err(|error| closed(reason(&error)))?,
            None => connection,
        };
        let mut tries = run::Tries::new(options.patience);
        while let Err(failed) = schema::prepare(&mut owner, &place, &role).await {
            tries.again(failed).await?;
        }
        let _ = owner.close().await;
        let pool = PgPoolOptions::new()
            .max_connections(options.connections.max(2))
            .acquire_timeout(options.acquire)
            .connect_lazy_with(gateway);
        Ok(Self {
            runner: Runner {
                pool,
                known: Arc::default(),
                created: AtomicU64::new(0),
                patience: options.patience,
                reading: options.acquire.min(options.patience),
                longest: options.statement.saturating_mul(4),
            },
        })
    }
}

impl PostgresStore {
    /// Applies a batch that is ready.
    async fn apply(&self, batch: Batch, writes: Vec<Prepared>) -> Result<Committed, Error> {
        let words = self.runner.words(apply::words(&batch, &writes)).await?;
        let tenant = batch.tenant.clone();
        let rehearse = batch.rehearse;
        let (batch, writes, words) = (&batch, &writes, &words);
        let work = |mut s: Pg| async move {
            let committed = apply::apply(&mut s, batch, writes, words).await;
            (s, committed)
        };
        let committed = self.runner.write(tenant.as_str(), rehearse, work).await?;
        if !rehearse {
            let new = |outcome: &&Outcome| matches!(outcome, Outcome::Created { .. });
            let created = committed.writes.iter().filter(new).count();
            self.runner.grown(created as u64).await;
        }
        Ok(committed)
    }
}

/// Why the database was not reached; the driver names no password.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(database) => database.message().to_owned(),
        other => other.to_string(),
    }
}
