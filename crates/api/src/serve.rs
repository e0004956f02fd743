//! The one way through for every request: ids, route, representation, caller, decision, answer.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use access::{Access, Ask, Interaction};
use auth::{Auth, Caller, Kind};
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, Response, StatusCode};
use axum::routing::any;
use definitions::Definitions;
use search::Indexer;
use store::Store;
use tokio::time::timeout;
use validation::Model;

use crate::config::Config;
use crate::failure::Failure;
use crate::format::{Format, of_request};
use crate::observe::{Metrics, method_name};
use crate::respond::Reply;
use crate::route::{Route, find};
use crate::submissions::{self, Asked, Bench, Desk};
use crate::summarising::{self, Whom};
use crate::vault::{Reader, Vault};
use crate::{capability, gate, open, read, request, searching};

/// What the interface needs.
pub struct State {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The gate that verifies tokens.
    pub auth: Auth,
    /// The policy.
    pub access: Access,
    /// The definitions, for search parameters and XML.
    pub definitions: Definitions,
    /// The same search parameters that resources are indexed with.
    pub indexer: Arc<Indexer>,
    /// What takes files in; without it the paths for that are not served.
    pub desk: Option<Desk>,
    /// The settings.
    pub config: Config,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable(pub(crate) String);

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

/// The FHIR interface.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

/// What every request shares.
pub(crate) struct Inner {
    pub(crate) vault: Vault,
    pub(crate) auth: Auth,
    access: Access,
    pub(crate) indexer: Arc<Indexer>,
    pub(crate) model: Model,
    pub(crate) config: Config,
    pub(crate) desk: Option<Desk>,
    capability: Vec<u8>,
    metrics: Metrics,
    /// The path of the base, without a final slash.
    path: String,
}

/// The path of the FHIR interface below the server's own.
const FHIR_PATH: &str = "/fhir/R4";

/// Types that no caller may use over this interface, whatever its scopes.
const CLOSED: &[&str] = &["AuditEvent"];

impl Api {
    /// The interface over a store.
    ///
    /// # Errors
    /// When the base is not an HTTP address, or a type that is to be served is none of FHIR R4.
    pub fn new(state: State) -> Result<Self, Unusable> {
        let config = state.config;
        let after_scheme = config
            .base
            .strip_prefix("https://")
            .or_else(|| config.base.strip_prefix("http://"))
            .ok_or_else(|| Unusable("the base must begin with http:// or https://".to_owned()))?;
        let path = match after_scheme.find('/') {
            Some(at) => after_scheme.get(at..).unwrap_or_default().to_owned(),
            None => String::new(),
        };
        if path.contains(['{', '}', '*', '?', '#']) {
            return Err(Unusable("the base must be a plain path".to_owned()));
        }
        let capability = capability::statement(&config, &state.indexer)?;
        Ok(Self(Arc::new(Inner {
            vault: Vault::new(state.store),
            auth: state.auth,
            access: state.access,
            indexer: state.indexer,
            model: Model::new(&state.definitions),
            config,
            desk: state.desk,
            capability,
            metrics: Metrics::new(),
            path,
        })))
    }

    /// The router: the base and everything below it, `/_ping`, `/_status` and `/metrics`.
    pub fn router(&self) -> Router {
        let handler =
            |api: Self| move |request: Request<Body>| async move { api.serve(request).await };
        let path = &self.0.path;
        let mut router = Router::new()
            .route("/_ping", any(handler(self.clone())))
            .route("/_status", any(handler(self.clone())))
            .route("/metrics", any(handler(self.clone())));
        if !path.is_empty() {
            router = router
                .route(path, any(handler(self.clone())))
                .route(&format!("{path}/"), any(handler(self.clone())))
                .route(&format!("{path}/{{*rest}}"), any(handler(self.clone())));
        }
        router.fallback(handler(self.clone()))
    }

    async fn serve(&self, request: Request<Body>) -> Response<Body> {
        let inner = &*self.0;
        let started = Instant::now();
        let method = request.method().clone();
        let path = request.uri().path();
        if path == "/metrics" {
            let mut text = inner.metrics.render();
            if let Some(others) = inner.config.process_metrics {
                text.push_str(&others());
            }
            let body = text.into_bytes();
            let (ids, _) = request::ids(request.headers(), false);
            return Reply::of(StatusCode::OK, "text/plain; version=0.0.4", body)
                .finish(&ids, inner.config.summary.mode);
        }
        let route = match path.strip_prefix(inner.path.as_str()) {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => find(&method, rest),
            _ => match path {
                "/_ping" | "/_status" => find(&method, path),
                _ => inner.beside(&method, path),
            },
        };
        let template = route.template();
        let (ids, ids_outcome) = request::ids(
            request.headers(),
            inner.config.strict_request_id && !is_open(&route),
        );
        // An error before the representation is known is told in what the caller would have got.
        let pairs = request::query(request.uri());
        let wanted = pairs
            .as_ref()
            .ok()
            .and_then(|pairs| pairs.iter().find(|(name, _)| name == "_format"))
            .map(|(_, value)| value.clone());
        let format = of_request(wanted.as_deref(), request.headers());
        let shown = format.as_ref().copied().unwrap_or_default();
        let mut client = String::new();
        let longest = inner.longest(&route);
        let outcome = match ids_outcome.and(pairs) {
            Err(failure) => Err(failure),
            Ok(pairs) => {
                let work = inner.answer(route, request, pairs, format, &mut client);
                timeout(longest, work)
                    .await
                    .unwrap_or_else(|_| Err(Failure::timeout()))
            }
        };
        let (reply, code) = match outcome {
            Ok(reply) => (reply, String::new()),
            Err(failure) => (
                Reply::failure(inner, shown, &failure),
                failure.code().to_owned(),
            ),
        };
        let took = started.elapsed();
        let status = reply.status.as_u16();
        let method = method_name(&method);
        inner.metrics.count(method, template, status, took);
        tracing::info!(
            method,
            route = template,
            status,
            code,
            client,
            milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            request_id = ids.request.to_str().unwrap_or_default(),
            "answered"
        );
        reply.finish(&ids, inner.config.summary.mode)
    }
}

fn is_open(route: &Route) -> bool {
    matches!(
        route,
        Route::Metadata | Route::SmartConfiguration | Route::Ping | Route::Status
    )
}

impl Inner {
    async fn answer(
        &self,
        route: Route,
        request: Request<Body>,
        pairs: Vec<(String, String)>,
        format: Result<Format, Failure>,
        client: &mut String,
    ) -> Result<Reply, Failure> {
        match route {
            Route::Ping => return Ok(open::ping(self)),
            Route::Status => return Ok(open::status(self).await),
            Route::SmartConfiguration => return Ok(open::smart(self)),
            Route::Metadata => return Reply::json(self, format?, self.capability.clone()),
            _ => {}
        }
        let (parts, body) = request.into_parts();
        let headers = &parts.headers;
        let caller = gate::caller(&self.auth, headers).await?;
        client.clone_from(&caller.client_id);
        match &route {
            Route::Read { rtype, id } => {
                let reader = self.enter(&caller, headers, rtype, Interaction::Read)?;
                only_format(&pairs)?;
                read::read(self, &reader, rtype, id, format?, headers).await
            }
            Route::Vread { rtype, id, version } => {
                let reader = self.enter(&caller, headers, rtype, Interaction::Read)?;
                only_format(&pairs)?;
                let which = (rtype.as_str(), id.as_str(), version.as_str());
                read::vread(self, &reader, which, format?, headers).await
            }
            Route::History { rtype, id } => {
                let reader = self.enter(&caller, headers, rtype, Interaction::Read)?;
                only_format(&pairs)?;
                read::history(self, &reader, rtype, id, format?).await
            }
            Route::Search { rtype, form } => {
                let reader = self.enter(&caller, headers, rtype, Interaction::Search)?;
                let mut pairs = pairs;
                if *form {
                    pairs.extend(self.form(headers, body).await?);
                }
                let format = match pairs.iter().find(|(name, _)| name == "_format") {
                    Some((_, wanted)) if *form => of_request(Some(wanted), headers)?,
                    _ => format?,
                };
                searching::search(self, &reader, &caller, rtype, pairs, format, headers).await
            }
            Route::SummaryOfType { body: posted } => {
                let reader = self.summary(&caller, headers)?;
                let whom = match posted {
                    true => summarising::posted(self, headers, body, &pairs).await?,
                    false => summarising::parameters(&pairs)?,
                };
                summarising::by_identifier(self, &reader, whom, format?).await
            }
            Route::SummaryOf { id, body: posted } => {
                let reader = self.summary(&caller, headers)?;
                let whom = match posted {
                    true => summarising::posted(self, headers, body, &pairs).await?,
                    false => summarising::parameters(&pairs)?,
                };
                if whom != Whom::Unsaid {
                    return Err(Failure::bad_request(
                        "a Patient and an `identifier` are both given",
                        "ask for one of them",
                    ));
                }
                summarising::by_id(self, &reader, id, format?).await
            }
            Route::Desk(asked) => {
                let desk = self.desk.as_ref().ok_or_else(Failure::no_route)?;
                let purpose = self.config.default_purpose;
                let granted = gate::decide(&self.access, &caller, purpose, headers, Ask::Submit)?;
                // Whoever may hand in files has a tenant of its own.
                let own = self.vault.own(granted).ok_or_else(Failure::not_found)?;
                let bench = Bench::new(self, desk, &caller, own);
                submissions::answer(bench, asked, pairs, headers, body).await
            }
            Route::Write {
                rtype,
                interaction,
                allow,
            } => {
                self.enter(&caller, headers, rtype, *interaction)?;
                Err(Failure::method(allow))
            }
            Route::Method { allow } => Err(Failure::method(allow)),
            _ => Err(Failure::no_route()),
        }
    }

    /// The address of the server without the path of its FHIR interface.
    pub(crate) fn root(&self) -> &str {
        let base = self.config.base.as_str();
        base.strip_suffix(FHIR_PATH).unwrap_or(base)
    }

    /// What a path beside the FHIR base asks for.
    fn beside(&self, method: &Method, path: &str) -> Route {
        let root = self.path.strip_suffix(FHIR_PATH).unwrap_or(&self.path);
        match (&self.desk, path.strip_prefix(root)) {
            (Some(_), Some(rest)) => submissions::find(method, rest),
            _ => Route::Nothing,
        }
    }

    /// How long a request may take: a file that comes in has its own time.
    fn longest(&self, route: &Route) -> Duration {
        match (route, &self.desk) {
            (Route::Desk(Asked::Submit), Some(desk)) => {
                desk.longest.saturating_add(self.config.timeout)
            }
            _ => self.config.timeout,
        }
    }

    /// The store, as far as this caller may go for this interaction with this type.
    fn enter(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
        rtype: &str,
        interaction: Interaction,
    ) -> Result<Reader, Failure> {
        if CLOSED.contains(&rtype) {
            return Err(Failure::closed(rtype));
        }
        let ask = Ask::Type { rtype, interaction };
        let purpose = self.config.default_purpose;
        let granted = gate::decide(&self.access, caller, purpose, headers, ask)?;
        if !self.config.types.contains(rtype) {
            return Err(Failure::no_route());
        }
        Ok(self.vault.open(granted, caller.kind == Kind::Consumer))
    }

    fn summary(&self, caller: &Caller, headers: &HeaderMap) -> Result<Reader, Failure> {
        let purpose = self.config.default_purpose;
        let granted = gate::decide(&self.access, caller, purpose, headers, Ask::Summary)?;
        Ok(self.vault.open(granted, caller.kind == Kind::Consumer))
    }

    async fn form(
        &self,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Vec<(String, String)>, Failure> {
        let bytes = request::body(headers, body, &self.config).await?;
        if !bytes.is_empty()
            && request::content_type(headers) != "application/x-www-form-urlencoded"
        {
            return Err(Failure::media_type("application/x-www-form-urlencoded"));
        }
        request::form(&bytes)
    }
}

/// A read takes no parameters but those of the representation.
fn only_format(pairs: &[(String, String)]) -> Result<(), Failure> {
    if pairs
        .iter()
        .all(|(name, _)| matches!(name.as_str(), "_format" | "_pretty"))
    {
        return Ok(());
    }
    Err(Failure::bad_request(
        "reading a resource takes no parameter but `_format`",
        "search for it by `_id` to give others",
    ))
}
