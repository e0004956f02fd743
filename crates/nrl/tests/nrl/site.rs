//! A store with one provider whose people are pointed to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use access::{Access, Agreement, Config, TenantConfig};
use identity::VerificationStatus;
use jiff::Timestamp;
use nrl::NrlSettings;
use outbox::{Delivery, DeliveryOptions};
use store::{
    Batch, Options, OutboxKey, PersonKeys, Reach, Sight, SqliteStore, Store, Tenant, Traced, Write,
};
use summary::Settings;

use crate::stand_in::StandIn;

pub const PEOPLE: [(&str, &str); 3] = [
    ("p1", "9990000018"),
    ("p2", "9990000026"),
    ("p3", "9990000034"),
];

pub struct Site {
    pub store: Arc<dyn Store>,
    pub locator: StandIn,
    pub access: Access,
    pub text: String,
    _folder: tempfile::TempDir,
}

pub fn tenant() -> Tenant {
    Tenant::new("home")
}

pub fn key() -> OutboxKey {
    OutboxKey {
        tenant: tenant(),
        destination: "nrl".to_owned(),
    }
}

pub fn own() -> Sight {
    Sight::new(vec![Reach::own(tenant())], Default::default())
}

pub fn agreements(until: Option<&str>) -> Config {
    Config {
        tenants: vec![TenantConfig {
            name: "home".to_owned(),
            organisation: "VNHOM".to_owned(),
        }],
        agreements: vec![Agreement {
            consumer: "X26".to_owned(),
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
        let locator = StandIn::start().await;
        let text = format!(
            r#"
            base = "{}"
            retrieval-base = "https://causeway.example.nhs.uk/fhir/R4"
            practice-setting = "1127531000000102"
            practice-setting-display = "Adult social care service"
            timeout-seconds = 2
            "#,
            locator.base
        );
        Self {
            store: Arc::new(store),
            locator,
            access: Access::new(agreements(None)).unwrap(),
            text,
            _folder: folder,
        }
    }

    pub async fn start(&self) -> Delivery {
        let settings: NrlSettings = toml::from_str(&self.text).unwrap();
        let route = nrl::route(
            &settings,
            Arc::clone(&self.store),
            (&tenant(), "VNHOM"),
            &self.access,
            &Settings::new(Timestamp::now()),
        )
        .unwrap()
        .unwrap();
        let options = DeliveryOptions {
            pause: Duration::from_millis(10),
            first_wait: Duration::from_millis(10),
            longest_wait: Duration::from_millis(50),
            tidy_every: Duration::from_millis(20),
            ..DeliveryOptions::default()
        };
        let delivery = Delivery::start(Arc::clone(&self.store), vec![route], options)
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

    pub async fn trace(&self, id: &str, number: &str, change: impl FnOnce(&mut Traced)) {
        let mut traced = Traced {
            tenant: tenant(),
            patient: id.to_owned(),
            keys: keys(number),
            status: VerificationStatus::Verified,
            restricted: false,
            deceased: false,
            superseded_by: None,
            at: Timestamp::now(),
            again: Timestamp::MAX,
        };
        change(&mut traced);
        self.store.put_traces(&[traced]).await.unwrap();
    }

    pub async fn everyone(&self) {
        for (id, number) in PEOPLE {
            self.commit(vec![patient(id, number, "", "2026-01-01")])
                .await;
            self.trace(id, number, |_| {}).await;
        }
    }

    pub async fn settled(&self) {
        let start = Instant::now();
        loop {
            let backlog = self.store.outbox_backlog(&key()).await.unwrap();
            if backlog.waiting == 0 {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{backlog:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let start = Instant::now();
        while !holds() {
            assert!(start.elapsed() < Duration::from_secs(60), "in vain: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.settled().await;
    }
}

pub async fn stop(delivery: Delivery) {
    delivery.stop(Duration::from_secs(20)).await;
}

pub fn keys(number: &str) -> PersonKeys {
    PersonKeys {
        nhs_number: Some(number.to_owned()),
        birth_date: Some("1940-02-03".to_owned()),
        family: Some("smith".to_owned()),
    }
}

pub fn day(text: &str) -> Timestamp {
    format!("{text}T00:00:00Z").parse().unwrap()
}

/// `more` is JSON members, each with a comma before it.
pub fn patient(id: &str, number: &str, more: &str, as_of: &str) -> Write {
    let text = format!(
        r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{number}"}}],"name":[{{"family":"Smith"}}],"birthDate":"1940-02-03"{more}}}"#
    );
    let mut write = Write::new(json::parse(text.as_bytes()).unwrap(), "homes", day(as_of));
    write.patient = Some(id.to_owned());
    write.person = Some(keys(number));
    write
}
