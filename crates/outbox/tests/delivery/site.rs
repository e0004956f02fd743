//! A store with one provider, an agreement with one receiver, and delivery to it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use access::{Access, Agreement, Config, TenantConfig};
use jiff::Timestamp;
use outbox::{Delivery, DeliveryOptions, Fhir, FhirSettings, NoLonger, Route};
use store::{
    Batch, Options, OutboxKey, OutboxQuery, OutboxRow, OutboxState, Reach, Retire, Sight,
    SqliteStore, Store, Tenant, Write,
};
use summary::Settings;

use crate::receiver::Receiver;

pub struct Site {
    pub store: Arc<dyn Store>,
    pub access: Access,
    pub receiver: Receiver,
    pub settings: FhirSettings,
    pub no_longer: NoLonger,
    pub location: Settings,
    pub types: Option<Vec<&'static str>>,
    pub options: DeliveryOptions,
    _folder: tempfile::TempDir,
}

pub fn tenant() -> Tenant {
    Tenant::new("home")
}

pub fn key() -> OutboxKey {
    OutboxKey {
        tenant: tenant(),
        destination: "hospital".to_owned(),
    }
}

pub fn agreements(until: Option<&str>) -> Config {
    Config {
        tenants: vec![TenantConfig {
            name: "home".to_owned(),
            organisation: "VNHOM".to_owned(),
        }],
        agreements: vec![Agreement {
            consumer: "RXX01".to_owned(),
            provider: "VNHOM".to_owned(),
            types: None,
            from: "2020-01-01".parse().unwrap(),
            until: until.map(|day| day.parse().unwrap()),
        }],
    }
}

impl Site {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store.db"), Options::default()).unwrap();
        let receiver = Receiver::start().await;
        let mut settings = FhirSettings::new(receiver.base.clone());
        settings.timeout = Duration::from_secs(2);
        Self {
            store: Arc::new(store),
            access: Access::new(agreements(None)).unwrap(),
            settings,
            receiver,
            no_longer: NoLonger::Delete,
            location: Settings::new(Timestamp::now()),
            types: None,
            options: DeliveryOptions {
                workers: 2,
                pause: Duration::from_millis(10),
                first_wait: Duration::from_millis(10),
                longest_wait: Duration::from_millis(80),
                most_attempts: 4,
                most_failures: 3,
                tidy_every: Duration::from_millis(30),
                lease_slack: Duration::from_millis(300),
                ..DeliveryOptions::default()
            },
            _folder: folder,
        }
    }

    pub fn route(&self) -> Route {
        let settings = outbox::DestinationSettings {
            name: "hospital".to_owned(),
            tenants: None,
            organisation: "RXX01".to_owned(),
            types: self
                .types
                .as_ref()
                .map(|types| types.iter().map(|t| (*t).to_owned()).collect()),
            no_longer: self.no_longer,
            base: self.settings.base.clone(),
            matching: self.settings.matching,
            identifier_system: self.settings.identifier_system.clone(),
            if_match: self.settings.if_match,
            conflict: self.settings.conflict,
            transactions: self.settings.transactions,
            token_file: self.settings.token_file.clone(),
            oauth: self.settings.oauth.clone(),
            timeout_seconds: 2,
        };
        let mut routes =
            outbox::routes(&[settings], &[tenant()], &self.access, &self.location).unwrap();
        let mut route = routes.remove(0);
        // A second is the least that the configuration offers; a test has less time.
        route.destination = Arc::new(Fhir::new(self.settings.clone()).unwrap());
        route
    }

    /// Delivery that has everything queued that is there.
    pub async fn start(&self) -> Delivery {
        let (store, routes) = (Arc::clone(&self.store), vec![self.route()]);
        let delivery = Delivery::start(store, routes, self.options.clone())
            .await
            .unwrap();
        while self.store.queue_more(&key(), 500).await.unwrap() {}
        delivery
    }

    pub async fn commit(&self, writes: Vec<Write>) {
        let mut batch = Batch::new(tenant(), "");
        batch.writes = writes;
        self.store.commit(batch).await.unwrap();
    }

    pub async fn retire(&self, resources: &[(&str, &str)], as_of: &str) {
        let mut batch = Batch::new(tenant(), "");
        batch.retire.push(Retire {
            source: "homes".to_owned(),
            as_of: day(as_of),
            ids: resources
                .iter()
                .map(|(rtype, id)| ((*rtype).to_owned(), (*id).to_owned()))
                .collect(),
            tag: Some(json::parse(br#"{"system":"s","code":"no-longer-reported"}"#).unwrap()),
            only_said_by: None,
        });
        self.store.commit(batch).await.unwrap();
    }

    /// The bytes that are stored.
    pub async fn stored(&self, place: &str) -> Vec<u8> {
        let (rtype, id) = place.split_once('/').unwrap();
        let sight = Sight::new(vec![Reach::own(tenant())], Default::default()).with_retired();
        let stored = self.store.read(&sight, rtype, id).await.unwrap();
        stored.unwrap().body
    }

    pub async fn rows(&self, state: OutboxState) -> Vec<OutboxRow> {
        let query = OutboxQuery {
            state: Some(state),
            ..OutboxQuery::default()
        };
        let own = Sight::new(vec![Reach::own(tenant())], Default::default());
        self.store.outbox(&own, &tenant(), &query).await.unwrap()
    }

    /// Waits until nothing waits any more.
    pub async fn settled(&self) {
        self.until("nothing waits", async || {
            let backlog = self.store.outbox_backlog(&key()).await.unwrap();
            backlog.waiting == 0
        })
        .await;
    }

    /// Waits until something holds, for at most a good while.
    pub async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let start = Instant::now();
        while !holds().await {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "in vain: {what}; waiting: {:?}",
                self.rows(OutboxState::Waiting).await
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

pub async fn stop(delivery: Delivery) {
    delivery.stop(Duration::from_secs(20)).await;
}

pub fn day(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

pub fn write(text: &str, patient: Option<&str>, as_of: &str) -> Write {
    let resource = json::parse(text.as_bytes()).unwrap();
    let mut write = Write::new(resource, "homes", day(as_of));
    write.patient = patient.map(str::to_owned);
    write
}

pub fn patient(id: &str, family: &str, as_of: &str) -> Write {
    write(
        &format!(
            r#"{{"resourceType":"Patient","id":"{id}","meta":{{"profile":["p"]}},"name":[{{"family":"{family}"}}],"managingOrganization":{{"reference":"Organization/o"}}}}"#
        ),
        Some(id),
        as_of,
    )
}

pub fn observation(id: &str, patient: &str, value: &str, as_of: &str) -> Write {
    write(
        &format!(
            r#"{{"resourceType":"Observation","id":"{id}","status":"final","code":{{"text":"Weight"}},"subject":{{"reference":"Patient/{patient}"}},"encounter":{{"reference":"Encounter/e-{patient}"}},"valueQuantity":{{"value":{value}}}}}"#
        ),
        Some(patient),
        as_of,
    )
}

pub fn encounter(patient: &str, as_of: &str) -> Write {
    write(
        &format!(
            r#"{{"resourceType":"Encounter","id":"e-{patient}","status":"finished","class":{{"code":"HH"}},"subject":{{"reference":"Patient/{patient}"}}}}"#
        ),
        Some(patient),
        as_of,
    )
}

pub fn organisation(as_of: &str) -> Write {
    write(
        r#"{"resourceType":"Organization","id":"o","name":"Sunny Home"}"#,
        None,
        as_of,
    )
}

/// A person with everything, in an order in which it must not be sent.
pub fn record(patient_id: &str, value: &str, as_of: &str) -> Vec<Write> {
    vec![
        observation(&format!("w-{patient_id}"), patient_id, value, as_of),
        encounter(patient_id, as_of),
        patient(patient_id, &format!("Family {value}"), as_of),
        organisation(as_of),
    ]
}
