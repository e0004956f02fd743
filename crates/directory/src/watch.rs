//! Following what is recorded while a server runs.

use std::sync::Arc;
use std::time::Duration;

use store::Store;

use crate::Known;
use crate::known::Problem;
use crate::record::RecordError;

/// What counts now: the file's word with what is recorded.
///
/// # Errors
/// When the store fails, or a record cannot be read.
pub async fn read(store: &dyn Store, file: Known) -> Result<Known, RecordError> {
    let rows = store.directory().await?;
    Ok(file.with(&rows)?)
}

/// Looks again and again whether something new was recorded, by whichever process, and hands what
/// counts then to `apply`. Where what is recorded cannot be used, what was in force stays, and the
/// log says so. It never ends: the task that runs it is to be aborted.
pub async fn watch(
    store: Arc<dyn Store>,
    file: Known,
    every: Duration,
    apply: impl Fn(&Known) -> Result<(), Problem> + Send,
) {
    let mut seen = None;
    loop {
        match store.directory_number().await {
            Ok(number) if seen != Some(number) => {
                let outcome = match read(store.as_ref(), file.clone()).await {
                    Ok(known) => known
                        .check()
                        .and_then(|()| apply(&known))
                        .map_err(RecordError::from),
                    Err(error) => Err(error),
                };
                match outcome {
                    Ok(()) => {
                        if seen.is_some() {
                            tracing::info!(number, "who is known has changed");
                        }
                        seen = Some(number);
                    }
                    Err(error) => {
                        tracing::error!(%error, number, "what was recorded of who is known cannot be used; what was in force stays");
                    }
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "who is known could not be read"),
        }
        tokio::time::sleep(every).await;
    }
}
