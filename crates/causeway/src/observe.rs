//! The log and the metrics of the process.

use std::io::IsTerminal as _;
use std::sync::OnceLock;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Sends log lines to standard error (text, or JSON where `CAUSEWAY_LOG=json`; `RUST_LOG` chooses
/// which), and gathers metrics for `/metrics`.
pub fn start(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let outcome = if std::env::var("CAUSEWAY_LOG").as_deref() == Ok("json") {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    if let Err(error) = outcome {
        eprintln!("causeway: log lines go nowhere: {error}");
    }
    match PrometheusBuilder::new().install_recorder() {
        Ok(handle) => {
            let _ = METRICS.set(handle);
        }
        Err(error) => tracing::warn!(%error, "metrics are not gathered"),
    }
}

/// The metrics of the process in Prometheus' text form.
pub fn metrics() -> String {
    METRICS
        .get()
        .map(PrometheusHandle::render)
        .unwrap_or_default()
}
