//! A server in this process: a store in a temporary folder, an issuer on loopback, two providers
//! and three callers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use access::{Access, Purpose};
use api::{Api, Config, Provider, Providers, State};
use auth::{Auth, Client};
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request};
use definitions::Definitions;
use demo_issuer::Issuer;
use identity::PersonKey;
use jiff::Timestamp;
use json::Value;
use search::Indexer;
use store::{
    Batch, Options, PersonKeys, SqliteStore, Store, Submission, SubmissionState, Tenant, Write,
};
use tower::ServiceExt;

pub const BASE: &str = "http://causeway.test/fhir/R4";
pub const NHS: &str = "https://fhir.nhs.uk/Id/nhs-number";
const AUDIENCE: &str = "causeway-test";

static INDEXER: LazyLock<Arc<Indexer>> =
    LazyLock::new(|| Arc::new(Indexer::new(Definitions::embedded())));

pub struct Served {
    pub router: axum::Router,
    pub issuer: Issuer,
    pub store: Arc<dyn Store>,
    _folder: tempfile::TempDir,
}

/// What came back.
pub struct Got {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        json::parse(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The code of the first issue of an OperationOutcome, which the answer must be.
    #[track_caller]
    pub fn outcome(&self) -> String {
        let outcome = self.json();
        assert_eq!(
            outcome.text("resourceType"),
            Some("OperationOutcome"),
            "{}",
            self.text()
        );
        let issue = outcome.get("issue").unwrap().item(0).unwrap();
        issue.text("code").unwrap().to_owned()
    }

    /// The ids of the matches of a searchset.
    pub fn ids(&self) -> Vec<String> {
        let bundle = self.json();
        assert_eq!(bundle.text("type"), Some("searchset"), "{}", self.text());
        bundle
            .each("entry")
            .filter(|entry| entry.get("search").unwrap().text("mode") == Some("match"))
            .map(|entry| {
                entry
                    .get("resource")
                    .unwrap()
                    .text("id")
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }

    pub fn link(&self, relation: &str) -> Option<String> {
        self.json()
            .each("link")
            .find(|link| link.text("relation") == Some(relation))
            .map(|link| link.text("url").unwrap().to_owned())
    }
}

pub async fn served() -> Served {
    served_with(|_| {}).await
}

pub async fn served_with(change: impl FnOnce(&mut Config)) -> Served {
    let issuer = Issuer::start(0, AUDIENCE, Vec::new()).await.unwrap();
    let mut auth = auth::Config::new(issuer.url(), AUDIENCE);
    let client = |id: &str, organisation: &str, tenant: Option<&str>| Client {
        id: id.to_owned(),
        organisation: organisation.to_owned(),
        tenant: tenant.map(str::to_owned),
    };
    auth.leeway_seconds = 0;
    auth.clients = vec![
        client("gp", "A81001", None),
        client("hospital", "RXX", None),
        client("rose", "VM1", Some("rose")),
        client("oak", "VM2", Some("oak")),
    ];
    let auth = Auth::discover(auth).await.unwrap();
    let day = |text: &str| text.parse().unwrap();
    let tenant = |name: &str, organisation: &str| access::TenantConfig {
        name: name.to_owned(),
        organisation: organisation.to_owned(),
    };
    // The GP sees both homes; the hospital sees only the first.
    let agreement = |consumer: &str, provider: &str| access::Agreement {
        consumer: consumer.to_owned(),
        provider: provider.to_owned(),
        types: None,
        from: day("2020-01-01"),
        until: None,
    };
    let access = Access::new(access::Config {
        tenants: vec![tenant("rose", "VM1"), tenant("oak", "VM2")],
        agreements: vec![
            agreement("A81001", "VM1"),
            agreement("A81001", "VM2"),
            agreement("RXX", "VM1"),
        ],
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(&folder.path().join("store.db"), Options::default()).unwrap());
    let mut config = Config::new(BASE);
    config.default_purpose = Some(Purpose::DirectCare);
    let mut providers = BTreeMap::new();
    for (name, ods) in [("rose", "VM1"), ("oak", "VM2")] {
        let provider = Provider {
            ods: ods.to_owned(),
            name: format!("{name} care home"),
            phone: Some("0113 496 0000".to_owned()),
        };
        providers.insert(name.to_owned(), provider);
    }
    config.providers = Providers::new(providers);
    change(&mut config);
    let api = Api::new(State {
        store: Arc::clone(&store),
        auth,
        access,
        definitions: Definitions::embedded().clone(),
        indexer: Arc::clone(&INDEXER),
        desk: None,
        config,
    })
    .unwrap();
    Served {
        router: api.router(),
        issuer,
        store,
        _folder: folder,
    }
}

impl Served {
    pub fn token(&self, client: &str, scope: &str) -> String {
        self.issuer.mint(client, scope, Duration::from_secs(300))
    }

    pub async fn send(&self, request: Request<Body>) -> Got {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let got = Got {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: axum::body::to_bytes(body, usize::MAX)
                .await
                .unwrap()
                .to_vec(),
        };
        // What every answer carries.
        assert!(!got.header("x-request-id").is_empty());
        assert_eq!(got.header("cache-control"), "no-store");
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        assert!(
            got.header("content-security-policy")
                .contains("default-src 'none'")
        );
        got
    }

    /// A call with the full read scope of a client.
    pub async fn get(&self, client: &str, path: &str) -> Got {
        self.call(client, Method::GET, path, &[], Vec::new()).await
    }

    pub async fn call(
        &self,
        client: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Got {
        let token = self.token(client, "system/*.rs");
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{BASE}{path}")
        };
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Stores resources of a tenant as the pipeline would.
    pub async fn put(&self, tenant: &str, resources: &[&str]) {
        let batch = batch(tenant, resources);
        self.store.commit(batch).await.unwrap();
    }
}

pub fn batch(tenant: &str, resources: &[&str]) -> Batch {
    let as_of: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
    let id = format!("sub-{tenant}");
    let mut batch = Batch::new(Tenant::new(tenant), &id);
    let received = "2026-02-02T09:00:00Z".parse().unwrap();
    let mut submission =
        Submission::new(Tenant::new(tenant), id, "generic-carehome-xlsx", received);
    submission.file_name = "people.xlsx".to_owned();
    submission.file_hash = "00".to_owned();
    submission.as_of = as_of;
    submission.state = SubmissionState::Reported;
    batch.submission = Some(submission);
    for text in resources {
        let resource = json::parse(text.as_bytes()).unwrap_or_else(|e| panic!("{e}: {text}"));
        let mut write = Write::new(resource.clone(), "generic-carehome-xlsx", as_of);
        write.index = search::index(&INDEXER, &resource);
        write.labels = access::labels_of(&resource);
        if resource.text("resourceType") == Some("Patient") {
            let key = PersonKey::of_patient(&resource);
            write.patient = resource.text("id").map(str::to_owned);
            write.person = Some(PersonKeys {
                nhs_number: key.nhs_number.map(|n| n.as_str().to_owned()),
                birth_date: key.birth_date,
                family: key.family,
            });
        } else {
            let subject = resource.get("subject").or_else(|| resource.get("patient"));
            write.patient = subject
                .and_then(|s| s.text("reference"))
                .and_then(|r| r.strip_prefix("Patient/"))
                .map(str::to_owned);
        }
        batch.writes.push(write);
    }
    batch
}

pub fn patient(id: &str, family: &str, nhs: &str) -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"{id}","meta":{{"profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]}},"identifier":[{{"system":"{NHS}","value":"{nhs}"}},{{"system":"urn:local","value":"L-{id}"}}],"name":[{{"use":"official","family":"{family}","given":["Ada"]}}],"gender":"female","birthDate":"1935-06-01"}}"#
    )
}

pub fn allergy(id: &str, patient: &str, text: &str) -> String {
    format!(
        r#"{{"resourceType":"AllergyIntolerance","id":"{id}","clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}}]}},"code":{{"text":"{text}"}},"patient":{{"reference":"Patient/{patient}"}}}}"#
    )
}

pub fn weight(id: &str, patient: &str, value: &str, date: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"coding":[{{"system":"http://snomed.info/sct","code":"27113001"}}]}},"subject":{{"reference":"Patient/{patient}"}},"effectiveDateTime":"{date}","valueQuantity":{{"value":{value},"unit":"kg"}}}}"#
    )
}
