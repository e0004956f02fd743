//! What counts when the configuration file and the operators both say something.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;

use directory::{Agreement, Client, Entry, Kind, Known, Organisation};
use jiff::civil::date;
use proptest::prelude::*;
use store::{DirectoryChange, DirectoryRow};

fn home(tenant: &str, ods: &str) -> Organisation {
    Organisation {
        tenant: tenant.to_owned(),
        ods: ods.to_owned(),
        name: format!("The {tenant}"),
        phone: Some("01632 960001".to_owned()),
        identifiers: BTreeMap::new(),
    }
}

fn agreement(provider: &str) -> Agreement {
    Agreement {
        consumer: "A81001".to_owned(),
        provider: provider.to_owned(),
        types: None,
        from: date(2026, 4, 1),
        until: None,
    }
}

fn file() -> Known {
    let mut known = Known::default();
    for (tenant, ods) in [("willow", "VM001"), ("oak", "VM002")] {
        known.put(Entry::Tenant(home(tenant, ods)));
        known.put(Entry::Agreement(agreement(ods)));
        known.put(Entry::Client(Client {
            id: format!("{tenant}-system"),
            organisation: ods.to_owned(),
            tenant: Some(tenant.to_owned()),
        }));
    }
    known
}

fn row(number: u64, kind: Kind, key: &str, content: Option<String>) -> DirectoryRow {
    DirectoryRow {
        number,
        change: DirectoryChange {
            at: "2026-11-01T09:00:00Z".parse().unwrap(),
            by: "pat".to_owned(),
            kind: kind.as_str().to_owned(),
            key: key.to_owned(),
            content,
        },
    }
}

#[test]
fn cs_19_an_agreement_that_was_ended_stays_ended_though_the_file_has_it() {
    let known = file()
        .with(&[row(1, Kind::Agreement, "A81001/VM001", None)])
        .unwrap();
    known.check().unwrap();
    let left: Vec<String> = known
        .access()
        .agreements
        .iter()
        .map(|agreement| agreement.provider.clone())
        .collect();
    assert_eq!(left, ["VM002"]);
}

#[test]
fn with_a_tenant_end_its_clients_and_agreements() {
    let known = file().with(&[row(1, Kind::Tenant, "oak", None)]).unwrap();
    known.check().unwrap();
    assert_eq!(known.auth().len(), 1);
    assert_eq!(known.access().tenants.len(), 1);
    assert_eq!(known.access().agreements.len(), 1);
}

#[test]
fn what_cannot_be_used_is_found() {
    let spoilt = |entry: Entry| {
        let mut known = file();
        known.put(entry);
        known.check().unwrap_err().to_string()
    };
    let client = |organisation: &str, tenant: &str| {
        Entry::Client(Client {
            id: "new".to_owned(),
            organisation: organisation.to_owned(),
            tenant: Some(tenant.to_owned()),
        })
    };
    assert!(spoilt(client("VM001", "elm")).contains("no tenant elm"));
    assert!(spoilt(client("VM002", "willow")).contains("no tenant willow"));
    assert!(spoilt(Entry::Agreement(agreement("VM009"))).contains("provider"));
    let mut nameless = home("willow", "VM001");
    nameless.name = " ".to_owned();
    assert!(spoilt(Entry::Tenant(nameless)).contains("needs a name"));
    let mut odd = home("willow", "VM001");
    odd.identifiers
        .insert("postcode".to_owned(), ["x".to_owned()].into());
    assert!(spoilt(Entry::Tenant(odd)).contains("no kind of identifier postcode"));
}

#[test]
fn a_record_of_a_later_program_is_not_passed_over() {
    let later = row(
        7,
        Kind::Client,
        "x",
        Some(r#"{"id":"x","organisation":"VM001","role":"?"}"#.to_owned()),
    );
    assert!(
        file()
            .with(&[later])
            .unwrap_err()
            .to_string()
            .contains("record 7")
    );
}

#[test]
fn an_ods_code_names_its_organisation_without_being_said() {
    let mut known = file();
    let mut council = home("willow", "VM001");
    council
        .identifiers
        .insert("council".to_owned(), ["999".to_owned()].into());
    known.put(Entry::Tenant(council));
    let identifiers = known.identifiers("willow");
    assert!(identifiers["ods"].contains("VM001"));
    assert!(identifiers["council"].contains("999"));
    assert!(known.identifiers("nobody").is_empty());
}

proptest! {
    #[test]
    fn an_entry_comes_back_as_it_was_kept(
        tenant in "[a-z]{1,8}",
        ods in "[A-Z0-9]{3,6}",
        name in ".{0,20}",
        phone in proptest::option::of(".{0,12}"),
        until in proptest::option::of(1i16..9999),
        types in proptest::option::of(proptest::collection::btree_set("[A-Z][a-z]{1,6}", 0..3)),
    ) {
        let mut organisation = home(&tenant, &ods);
        organisation.name = name;
        organisation.phone = phone;
        let entry = Entry::Tenant(organisation);
        prop_assert_eq!(Entry::of_json(Kind::Tenant, &entry.to_json()), Some(entry));
        let mut one = agreement(&ods);
        one.until = until.map(|year| date(year, 2, 28));
        one.types = types;
        let entry = Entry::Agreement(one);
        prop_assert_eq!(Entry::of_json(Kind::Agreement, &entry.to_json()), Some(entry));
    }
}
