//! Metrics and log lines: routes by template, callers by client, never a value of a request.

use std::time::Duration;

use metrics_exporter_prometheus::{
    Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};

/// The recorder of one router. It is its own, not the process's, so that two routers never mix.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let builder = PrometheusBuilder::new();
        let buckets = [
            0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
        ];
        let builder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &buckets)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Self { recorder, handle }
    }

    /// Counts one answered request.
    pub(crate) fn count(
        &self,
        method: &'static str,
        route: &'static str,
        status: u16,
        took: Duration,
    ) {
        metrics::with_local_recorder(&self.recorder, || {
            metrics::counter!(
                "causeway_http_requests_total",
                "method" => method, "route" => route, "status" => status.to_string()
            )
            .increment(1);
            metrics::histogram!("causeway_http_request_duration_seconds", "route" => route)
                .record(took.as_secs_f64());
        });
    }

    /// The metrics in Prometheus' text form.
    pub(crate) fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }
}

/// A method's name from a closed list, so that made-up methods cannot fill the metrics.
pub(crate) fn method_name(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}
