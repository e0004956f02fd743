//! A FHIR client written by others: fhir-sdk's, with R4B types, reads what Causeway serves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use fhir_sdk::HttpClient;
use fhir_sdk::client::r4b::TokenSearch;
use fhir_sdk::client::{Client, RequestSettings, SearchParameters};
use fhir_sdk::r4b::resources::{AllergyIntolerance, Patient};
use fhir_sdk::version::FhirR4B;
use harness::Demo;

fn connect(demo: &Demo) -> Client<FhirR4B> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let token = format!("Bearer {}", demo.token("gp"));
    let settings =
        RequestSettings::default().header("authorization".parse().unwrap(), token.parse().unwrap());
    let http = HttpClient::builder().no_proxy().build().unwrap();
    Client::builder()
        .client(http)
        .base_url(demo.base().parse().unwrap())
        .request_settings(settings)
        .build()
        .unwrap()
}

#[test]
fn fhir_sdk_reads_searches_and_pages() {
    let demo = Demo::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = connect(&demo);
        let capabilities = client.capabilities().await.unwrap();
        assert!(!capabilities.rest.is_empty());

        let by_number = SearchParameters::empty().and(TokenSearch::Standard {
            name: "identifier",
            system: Some("https://fhir.nhs.uk/Id/nhs-number"),
            code: Some(demo.nhs_number()),
            not: false,
        });
        let page = client.search::<Patient>(by_number).await.unwrap();
        let patients: Vec<&Patient> = page.matches().collect();
        assert_eq!(patients.len(), 3, "one in each source");
        let id = patients[0].id.clone().unwrap();
        let read: Patient = client
            .read(&id)
            .await
            .unwrap()
            .expect("the patient is there");
        assert_eq!(&read, patients[0]);

        let mut page = client
            .search::<AllergyIntolerance>(SearchParameters::empty().and_raw("_count", "1"))
            .await
            .unwrap();
        let mut ids = std::collections::BTreeSet::new();
        for _ in 0..500 {
            for allergy in page.matches() {
                assert!(
                    ids.insert(allergy.id.clone().unwrap()),
                    "an entry came twice"
                );
            }
            match page.next_page().await {
                Some(next) => page = next.unwrap(),
                None => break,
            }
        }
        assert!(ids.len() > 1, "more than one page was read");
    });
}
