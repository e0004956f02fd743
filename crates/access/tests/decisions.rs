//! Who may see what.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeSet;

use access::{Access, Ask, Config, Interaction, Purpose, Refusal, labels_of};
use auth::{Caller, Kind};
use jiff::Timestamp;
use proptest::prelude::*;
use store::{Label, People, Tenant};

const CONFIG: &str = r#"
tenants = [
  { name = "seaview", organisation = "VM123" },
  { name = "hillside", organisation = "VM124" },
  { name = "lakeside", organisation = "VM125" },
]
agreements = [
  { consumer = "A81001", provider = "VM123", from = "2026-01-01" },
  { consumer = "A81001", provider = "VM124", from = "2026-01-01", until = "2026-06-30", types = ["Patient", "Flag"] },
  { consumer = "A81001", provider = "VM124", from = "2026-06-01", types = ["Patient", "Observation"] },
]
"#;

fn access() -> Access {
    Access::new(toml::from_str(CONFIG).unwrap()).unwrap()
}

fn caller(kind: Kind, organisation: &str, scope: &str) -> Caller {
    Caller {
        client_id: "c".into(),
        organisation: organisation.into(),
        kind,
        scope: scope.into(),
        subject: "c".into(),
        token_id: None,
        expires: Timestamp::MAX,
    }
}

fn gp(scope: &str) -> Caller {
    caller(Kind::Consumer, "A81001", scope)
}

fn home(scope: &str) -> Caller {
    let kind = Kind::Provider {
        tenant: "seaview".into(),
    };
    caller(kind, "VM123", scope)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const MARCH: &str = "2026-03-01T12:00:00Z";

fn read(rtype: &str) -> Ask<'_> {
    Ask::Type {
        rtype,
        interaction: Interaction::Read,
    }
}

fn decide(caller: &Caller, ask: Ask<'_>, now: &str) -> Result<access::Granted, Refusal> {
    access().decide(caller, Purpose::DirectCare, ask, at(now))
}

/// Tenants in sight with their types.
fn reach(granted: &access::Granted) -> Vec<(String, Option<BTreeSet<String>>)> {
    granted
        .sight
        .reach()
        .iter()
        .map(|reach| (reach.tenant.to_string(), reach.types.clone()))
        .collect()
}

fn types(names: &[&str]) -> Option<BTreeSet<String>> {
    Some(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn a_provider_sees_its_own_tenant_and_no_other() {
    let granted = decide(&home("system/*.rs"), read("Flag"), MARCH).unwrap();
    assert_eq!(reach(&granted), [("seaview".to_owned(), None)]);
    assert!(granted.sight.reach()[0].own);
    assert_eq!(granted.tenant, Some(Tenant::new("seaview")));
    // A registration that names another organisation's tenant, or none that is configured.
    let mut wrong = home("system/*.rs");
    wrong.organisation = "VM124".into();
    assert_eq!(
        decide(&wrong, read("Flag"), MARCH),
        Err(Refusal::UnknownTenant)
    );
    let nowhere = Kind::Provider {
        tenant: "nowhere".into(),
    };
    let wrong = caller(nowhere, "VM123", "system/*.rs");
    assert_eq!(
        decide(&wrong, read("Flag"), MARCH),
        Err(Refusal::UnknownTenant)
    );
}

#[test]
fn a_consumer_sees_the_tenants_whose_agreement_holds_today() {
    let granted = decide(&gp("system/*.rs"), read("Flag"), MARCH).unwrap();
    assert_eq!(
        reach(&granted),
        [
            ("hillside".to_owned(), types(&["Patient", "Flag"])),
            ("seaview".to_owned(), None)
        ]
    );
    assert!(
        granted
            .sight
            .reach()
            .iter()
            .all(|reach| !reach.own && reach.people == People::All)
    );
    assert_eq!(granted.tenant, None);
    let june = decide(&gp("system/*.rs"), read("Flag"), "2026-06-15T12:00:00Z").unwrap();
    assert_eq!(
        reach(&june)[0].1,
        types(&["Patient", "Flag", "Observation"])
    );
    let july = decide(&gp("system/*.rs"), read("Flag"), "2026-07-15T12:00:00Z").unwrap();
    assert_eq!(reach(&july)[0].1, types(&["Patient", "Observation"]));
    // Before any of them begins, and an organisation that none names.
    let before = decide(&gp("system/*.rs"), read("Flag"), "2025-12-31T12:00:00Z");
    assert_eq!(before, Err(Refusal::NoAgreement));
    let stranger = caller(Kind::Consumer, "B82002", "system/*.rs");
    assert_eq!(
        decide(&stranger, read("Flag"), MARCH),
        Err(Refusal::NoAgreement)
    );
    // A provider's code gives a consumer nothing.
    let provider = caller(Kind::Consumer, "VM123", "system/*.rs");
    assert_eq!(
        decide(&provider, read("Flag"), MARCH),
        Err(Refusal::NoAgreement)
    );
}

#[test]
fn agreements_begin_and_end_with_the_day_in_england() {
    let flags = |now: &str| {
        let granted = decide(&gp("system/*.rs"), read("Flag"), now).unwrap();
        reach(&granted)[0].1.as_ref().unwrap().contains("Flag")
    };
    // The 30th of June ends at 23:00 UTC, in summer time.
    assert!(flags("2026-06-30T22:59:59Z"));
    assert!(!flags("2026-06-30T23:00:00Z"));
}

#[test]
fn a_consumer_cannot_write_and_a_provider_needs_the_scope() {
    for interaction in [
        Interaction::Create,
        Interaction::Update,
        Interaction::Delete,
    ] {
        let ask = Ask::Type {
            rtype: "Flag",
            interaction,
        };
        assert_eq!(
            decide(&gp("system/*.cruds"), ask, MARCH),
            Err(Refusal::ReadOnly)
        );
        assert!(decide(&home("system/*.cruds"), ask, MARCH).is_ok());
        assert_eq!(
            decide(&home("system/*.rs"), ask, MARCH),
            Err(Refusal::Scope)
        );
    }
    assert_eq!(
        decide(&gp("system/*.cruds"), Ask::Submit, MARCH),
        Err(Refusal::ReadOnly)
    );
    assert!(decide(&home("system/*.c"), Ask::Submit, MARCH).is_ok());
    assert_eq!(
        decide(&home("system/Patient.c"), Ask::Submit, MARCH),
        Err(Refusal::Scope)
    );
}

#[test]
fn the_sight_holds_only_types_that_the_scopes_grant() {
    let scope = "system/Observation.rs system/Patient.r";
    let granted = decide(&home(scope), read("Observation"), MARCH).unwrap();
    assert_eq!(reach(&granted)[0].1, types(&["Observation", "Patient"]));
    let search = Ask::Type {
        rtype: "Observation",
        interaction: Interaction::Search,
    };
    let granted = decide(&home(scope), search, MARCH).unwrap();
    assert_eq!(
        reach(&granted)[0].1,
        types(&["Observation"]),
        "Patient is not granted for search"
    );
    let summary = decide(&gp(scope), Ask::Summary, MARCH).unwrap();
    assert_eq!(
        reach(&summary),
        [
            ("hillside".to_owned(), types(&["Patient"])),
            ("seaview".to_owned(), types(&["Observation", "Patient"]))
        ]
    );
    assert_eq!(
        decide(&gp("system/Observation.rs"), Ask::Summary, MARCH),
        Err(Refusal::Scope)
    );
}

#[test]
fn no_scope_and_no_purpose_let_nobody_in() {
    for scope in [
        "",
        "openid profile",
        "patient/*.rs",
        "system/Flag.rs?category=x",
    ] {
        assert_eq!(
            decide(&gp(scope), read("Flag"), MARCH),
            Err(Refusal::NoScope),
            "{scope}"
        );
    }
    assert_eq!(
        decide(&gp("system/Patient.rs"), read("Flag"), MARCH),
        Err(Refusal::Scope)
    );
    for code in ["", "treat", "HRESCH", "HPAYMT", "ETREAT", "TREAT "] {
        let purpose = Purpose::from_code(code);
        let result = access().decide(&gp("system/*.rs"), purpose, read("Flag"), at(MARCH));
        assert_eq!(result, Err(Refusal::Purpose), "{code:?}");
    }
    assert_eq!(Purpose::from_code("TREAT"), Purpose::DirectCare);
}

#[test]
fn cs_15_safeguarding_is_withheld_from_every_caller() {
    for caller in [gp("system/*.cruds"), home("system/*.cruds")] {
        let granted = decide(&caller, read("Flag"), MARCH).unwrap();
        assert!(
            granted
                .sight
                .withheld()
                .contains(&Label::new("", "safeguarding"))
        );
    }
    let restricted = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
    let granted = decide(&gp("system/*.rs"), read("Flag"), MARCH).unwrap();
    for code in ["R", "V"] {
        assert!(
            granted
                .sight
                .withheld()
                .contains(&Label::new(restricted, code))
        );
    }
}

#[test]
fn cs_15_safeguarding_is_known_by_its_content() {
    let labelled = |text: &str| !labels_of(&json::parse(text.as_bytes()).unwrap()).is_empty();
    for hidden in [
        r#"{"resourceType":"Flag","category":[{"coding":[{"system":"x","code":"SGC"}]}]}"#,
        r#"{"resourceType":"Flag","category":[{"text":"Adult Safeguarding"}]}"#,
        r#"{"resourceType":"Flag","code":{"text":"At risk of financial abuse"}}"#,
        r#"{"resourceType":"Flag","code":{"coding":[{"code":"761571000000106"}]}}"#,
        r#"{"resourceType":"Flag","code":{"coding":[{"code":"x","display":"Domestic-violence victim"}]}}"#,
        r#"{"resourceType":"Flag","code":{"text":"Neglect by carer; self-neglect"}}"#,
        r#"{"resourceType":"Observation","category":[{"text":"safeguarding concern"}]}"#,
        r#"{"resourceType":"Task","code":{"text":"MARAC referral"}}"#,
        r#"{"resourceType":"Flag","meta":{"security":[{"code":"safeguarding"}]}}"#,
    ] {
        assert!(labelled(hidden), "{hidden}");
    }
    for shown in [
        r#"{"resourceType":"Flag","code":{"text":"Deprivation of Liberty Safeguards in force"}}"#,
        r#"{"resourceType":"Flag","code":{"text":"At risk for self-neglect"}}"#,
        r#"{"resourceType":"Flag","code":{"text":"Alcohol abuse"}}"#,
        r#"{"resourceType":"Condition","code":{"text":"Drug abuse"}}"#,
        r#"{"resourceType":"Flag","code":{"text":"At risk for falls"}}"#,
        r#"{"resourceType":"Flag"}"#,
    ] {
        assert!(!labelled(shown), "{shown}");
    }
}

#[test]
fn a_configuration_that_is_not_safe_is_refused() {
    let refused = |text: &str, setting: &str| {
        let config: Config = toml::from_str(text).unwrap();
        assert_eq!(Access::new(config).unwrap_err().setting, setting);
    };
    let tenants = "tenants = [{ name = \"a\", organisation = \"VM1\" }]\n";
    let agreement =
        |fields: &str| format!("{tenants}agreements = [{{ from = \"2026-01-01\", {fields} }}]");
    refused(
        "tenants = [{ name = \"\", organisation = \"VM1\" }]",
        "access.tenants[0].name",
    );
    refused(
        "tenants = [{ name = \"a\", organisation = \"V M\" }]",
        "access.tenants[0].organisation",
    );
    refused(
        "tenants = [{ name = \"a\", organisation = \"VM1\" }, { name = \"a\", organisation = \"VM2\" }]",
        "access.tenants[1].name",
    );
    refused(
        &agreement("consumer = \"*\", provider = \"VM1\""),
        "access.agreements[0].consumer",
    );
    refused(
        &agreement("consumer = \"A1\", provider = \"VM2\""),
        "access.agreements[0].provider",
    );
    refused(
        &agreement("consumer = \"A1\", provider = \"VM1\", types = []"),
        "access.agreements[0].types",
    );
    refused(
        &agreement("consumer = \"A1\", provider = \"VM1\", until = \"2025-01-01\""),
        "access.agreements[0].until",
    );
    assert!(
        toml::from_str::<Config>("tenant = []").is_err(),
        "an unknown setting"
    );
    let day = toml::from_str::<Config>(&agreement(
        "consumer = \"A1\", provider = \"VM1\", until = \"soon\"",
    ));
    assert!(
        day.unwrap_err().to_string().contains("2026-04-01"),
        "it says how a day is written"
    );
}

mod scopes {
    use access::{Interaction, Scopes};

    use super::*;

    const ALL: [(char, Interaction); 5] = [
        ('c', Interaction::Create),
        ('r', Interaction::Read),
        ('u', Interaction::Update),
        ('d', Interaction::Delete),
        ('s', Interaction::Search),
    ];

    fn granted(scope: &str, rtype: &str) -> String {
        let scopes = Scopes::parse(scope);
        ALL.iter()
            .filter(|(_, interaction)| scopes.allows(rtype, *interaction))
            .map(|(letter, _)| letter)
            .collect()
    }

    #[test]
    fn versions_one_and_two_grant_what_they_say() {
        for (scope, flag) in [
            ("system/Flag.rs", "rs"),
            ("user/Flag.cruds", "cruds"),
            ("system/*.r", "r"),
            ("system/Flag.read", "rs"),
            ("system/Flag.write", "cud"),
            ("system/*.*", "cruds"),
            ("system/Flag.r system/Flag.s", "rs"),
            ("openid system/Flag.s launch", "s"),
            ("system/Patient.cruds", ""),
            ("system/Flag.sr", ""),
            ("system/Flag.rr", ""),
            ("system/Flag.rsx", ""),
            ("system/Flag.", ""),
            ("system/Flag", ""),
            ("system/flag.rs", ""),
            ("system/Fl*.rs", ""),
            ("system/.rs", ""),
            ("System/Flag.rs", ""),
            ("patient/Flag.rs", ""),
            ("launch/Flag.rs", ""),
            ("system/Flag.rs?category=x", ""),
            ("system/Flag.READ", ""),
            ("system//Flag.rs", ""),
            ("Flag.rs", ""),
        ] {
            assert_eq!(granted(scope, "Flag"), flag, "{scope}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_a_scope_grants_anything(text in "[a-zA-Z/.*?= ]{0,40}") {
            for one in text.split_ascii_whitespace() {
                if !granted(one, "Flag").is_empty() {
                    let shape = one.starts_with("system/") || one.starts_with("user/");
                    prop_assert!(shape && !one.contains('?'));
                }
            }
        }

        #[test]
        fn the_letters_in_order_grant_exactly_themselves(chosen in proptest::collection::vec(any::<bool>(), 5)) {
            let letters: String = ALL.iter().zip(&chosen).filter(|(_, on)| **on).map(|((letter, _), _)| *letter).collect();
            prop_assert_eq!(granted(&format!("system/Flag.{letters}"), "Flag"), letters);
        }
    }
}

#[test]
fn a_restricted_document_is_labelled_so() {
    let labels = |text: &str| {
        let document = format!(
            r#"{{"resourceType":"DocumentReference","type":{{"text":"Letter"}},"securityLabel":[{text}]}}"#
        );
        labels_of(&json::parse(document.as_bytes()).unwrap())
    };
    let restricted = Label::new(
        "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
        "R",
    );
    for text in [
        r#"{"text":"Restricted"}"#,
        r#"{"text":"Very restricted"}"#,
        r#"{"text":"Confidential"}"#,
        r#"{"coding":[{"code":"V"}]}"#,
    ] {
        assert_eq!(labels(text), std::slice::from_ref(&restricted), "{text}");
    }
    for text in [
        r#"{"text":"Normal"}"#,
        r#"{"text":"Unrestricted"}"#,
        r#"{"coding":[{"code":"N"}]}"#,
    ] {
        assert_eq!(labels(text), [], "{text}");
    }
}

#[test]
fn cs_19_an_agreement_that_ends_is_over_with_the_next_decision() {
    let access = access();
    let everywhere = access.clone();
    let ask = || {
        everywhere.decide(
            &gp("system/*.rs"),
            Purpose::DirectCare,
            read("Patient"),
            at(MARCH),
        )
    };
    assert!(ask().is_ok());
    let mut config: Config = toml::from_str(CONFIG).unwrap();
    config.agreements.clear();
    access.replace(config).unwrap();
    assert_eq!(ask().unwrap_err(), Refusal::NoAgreement);

    // What cannot be used changes nothing.
    let mut wrong: Config = toml::from_str(CONFIG).unwrap();
    wrong.agreements[0].provider = "NOBODY".to_owned();
    assert!(access.replace(wrong).is_err());
    assert_eq!(ask().unwrap_err(), Refusal::NoAgreement);
}
