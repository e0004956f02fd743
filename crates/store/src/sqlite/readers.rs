//! The connections that read.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::schema;
use crate::Error;

/// A few connections that only read, each lent to one reader at a time.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    places: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn open(path: &Path, count: usize) -> Result<Self, Error> {
        let count = count.max(1);
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            let connection = Connection::open(path)?;
            schema::settle_connection(&connection)?;
            connection.execute_batch("PRAGMA query_only = ON")?;
            connections.push(connection);
        }
        Ok(Self {
            idle: Arc::new(Mutex::new(connections)),
            places: Arc::new(Semaphore::new(count)),
        })
    }

    /// Runs a reader on a thread that may block. What it reads is one state of the store: a commit
    /// meanwhile is seen by the next reader.
    pub(super) async fn with<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let place = Arc::clone(&self.places)
            .acquire_owned()
            .await
            .map_err(|_| Error::Closed)?;
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let _place = place;
            let lent = Lent {
                connection: idle.lock().unwrap_or_else(PoisonError::into_inner).pop(),
                idle: &idle,
            };
            let connection = lent.connection.as_ref().ok_or(Error::Closed)?;
            let transaction = connection.unchecked_transaction()?;
            let answer = read(&transaction);
            // Nothing was written; ending the transaction only lets the log be folded in.
            transaction.finish()?;
            answer
        });
        task.await
            .map_err(|_| Error::Database("a reader ended by a fault".to_owned()))?
    }
}

/// A connection that goes back to the others whatever happens.
struct Lent<'a> {
    connection: Option<Connection>,
    idle: &'a Mutex<Vec<Connection>>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.idle
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}
