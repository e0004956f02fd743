//! Comparing with what the locator has.

use std::sync::Arc;
use std::time::Duration;

use store::{OutboxKey, Store};

/// Lets every person of these routes be looked at anew, over and over: what the locator has lost is
/// registered again, and what it has and should not is deleted. The outbox's workers do it, in the
/// order and with the patience with which they do everything.
pub async fn compare_every(store: Arc<dyn Store>, keys: Vec<OutboxKey>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        for key in &keys {
            match store.look_anew(key).await {
                Ok(()) => tracing::info!(
                    destination = key.destination,
                    "every pointer is compared with the locator's"
                ),
                Err(error) => tracing::warn!(
                    destination = key.destination,
                    %error,
                    "the pointers cannot be compared; it is tried again the next time"
                ),
            }
        }
    }
}
