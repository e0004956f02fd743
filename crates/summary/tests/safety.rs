//! The rules that keep people safe, as the summary keeps them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod people;

use identity::{Decision, Known, Record, Ruling};
use people::*;
use summary::{Mode, Refusal, Review, summarise};

#[test]
fn cs_02_only_records_that_agree_are_gathered() {
    let mut other = home("B2", &[&allergy("Latex")]);
    other.patient = patient("p-B2", "SMÏTH", "1935-06-01");
    let both = summary(&[home("A1", &[&allergy("Penicillin")]), other.clone()]);
    assert_eq!(
        entries(&both.bundle, "Allergies and Intolerances"),
        2,
        "case and accents do not count"
    );
    assert_eq!(resources(&both.bundle, "Patient").len(), 1);

    // A third that differs in birth date is left out, and the reader is told whom to ask.
    let mut third = home("C3", &[&allergy("Nuts")]);
    third.patient = patient("p-C3", "Smith", "1936-06-01");
    let made = summary(&[home("A1", &[&allergy("Penicillin")]), other, third.clone()]);
    let text = made.bundle.to_string();
    assert!(!text.contains("Nuts"));
    assert!(words(&made.bundle, "Allergies and Intolerances").contains("Home C3"));
    assert!(words(&made.bundle, "Problems").contains("0113 000 C3"));
    assert_eq!(made.notes.len(), 1);
    assert!(!made.notes[0].contains("Smith"));

    // One against one: nobody can tell, so nothing is gathered.
    let refused = summarise(&[home("A1", &[]), third.clone()], &settings()).unwrap_err();
    assert!(matches!(refused, Refusal::Disagree { .. }));
    assert!(!refused.to_string().contains("1936"));

    // Unless one of them was traced.
    let mut traced = home("D4", &[&allergy("Eggs")]);
    traced.patient = value(&traced.patient.to_string().replace("\"02\"", "\"01\""));
    let made = summary(&[traced, third]);
    assert!(made.bundle.to_string().contains("Eggs"));
    assert!(!made.bundle.to_string().contains("Nuts"));
}

#[test]
fn cs_02_a_record_without_a_key_joins_nobody() {
    let mut vague = home("B2", &[&allergy("Nuts")]);
    vague.patient = patient("p-B2", "Smith", "1935");
    let made = summary(&[home("A1", &[&allergy("Penicillin")]), vague]);
    assert!(!made.bundle.to_string().contains("Nuts"));
    assert!(summarise(&[], &settings()).is_err());
}

#[test]
fn cs_02_the_record_asked_for_by_id_decides_who_is_meant() {
    let mut other = home("B2", &[&allergy("Nuts")]);
    other.patient = patient("p-B2", "Smith", "1936-06-01");
    let both = [home("A1", &[&allergy("Latex")]), other];
    for (id, there, absent) in [("p-A1", "Latex", "Nuts"), ("p-B2", "Nuts", "Latex")] {
        let mut asked = settings();
        asked.subject = Some(id.to_owned());
        let text = summarise(&both, &asked).unwrap().bundle.to_string();
        assert!(text.contains(there) && !text.contains(absent));
    }
}

#[test]
fn cs_02_a_decision_links_or_parts_exactly_two_records() {
    let differing = |tenant: &str, thing: &str, birth: &str| {
        let mut home = home(tenant, &[&allergy(thing)]);
        home.patient = patient(&format!("p-{tenant}"), "Smith", birth);
        home
    };
    let one = home("A1", &[&allergy("Latex")]);
    let other = differing("B2", "Nuts", "1936-06-01");
    let third = differing("C3", "Eggs", "1937-06-01");
    let record = |tenant: &str| Record::new(tenant, format!("p-{tenant}"));
    let decided = |ruling| {
        Known::of([(
            1,
            Decision::Rule {
                one: record("A1"),
                other: record("B2"),
                ruling,
            },
        )])
    };
    let mut asked = settings();
    asked.subject = Some("p-A1".to_owned());

    asked.known = decided(Ruling::Link);
    let made = summarise(&[one.clone(), other.clone(), third.clone()], &asked).unwrap();
    let text = made.bundle.to_string();
    assert!(text.contains("Latex") && text.contains("Nuts"));
    assert!(
        !text.contains("Eggs"),
        "the decision says nothing of a third"
    );
    assert!(words(&made.bundle, "Allergies and Intolerances").contains("0113 000 C3"));

    asked.known = decided(Ruling::KeepApart);
    let made = summarise(&[one.clone(), other.clone(), third], &asked).unwrap();
    let text = made.bundle.to_string();
    assert!(text.contains("Latex") && !text.contains("Nuts"));
    assert!(
        !text.contains("0113 000 B2"),
        "somebody else's record is not missing here"
    );
    assert!(text.contains("0113 000 C3"));

    // Who is asked for by number may still be either.
    asked.subject = None;
    let refused = summarise(&[one, other], &asked).unwrap_err().to_string();
    assert!(refused.contains("0113 000 A1") && refused.contains("0113 000 B2"));
}

#[test]
fn cs_02_a_replaced_number_is_followed_and_not_shown() {
    let old = home("A1", &[&allergy("Latex")]);
    let mut new = home("B2", &[&allergy("Nuts")]);
    new.patient = value(&new.patient.to_string().replace(people::NHS, "9990000026"));
    let both = [old, new];
    let mut asked = settings();
    asked.known = Known::of([(
        1,
        Decision::Supersede {
            tenant: None,
            old: people::NHS.parse().unwrap(),
            new: "9990000026".parse().unwrap(),
        },
    )]);
    let made = summarise(&both, &asked).unwrap();
    let text = made.bundle.to_string();
    assert!(text.contains("Latex") && text.contains("Nuts"));
    let person = resources(&made.bundle, "Patient")[0].to_string();
    assert!(
        person.contains("\"9990000026\"")
            && !person.contains(&format!("\"value\":\"{}\"", people::NHS))
    );
    assert!(summarise(&both, &settings()).is_err());
}

#[test]
fn cs_07_what_the_reader_is_not_granted_is_said() {
    let mut at_home = home("A1", &[&allergy("Latex")]);
    at_home.not_shared = vec!["MedicationStatement".to_owned()];
    let made = summary(&[at_home]);
    assert!(words(&made.bundle, "Medication Summary").contains("outside what may be shared"));
    assert!(!words(&made.bundle, "Problems").contains("outside"));
}

#[test]
fn cs_03_where_an_untraced_person_lives_is_withheld() {
    let encounter = r#"{"resourceType":"Encounter","status":"in-progress","class":{"code":"HH"},"location":[{"location":{"reference":"Location/l1"}}],
        "serviceProvider":{"reference":"Organization/o1"}}"#;
    let location = r#"{"resourceType":"Location","id":"l1","name":"Secret Lane House","address":{"line":["12 Secret Lane"]}}"#;
    let organisation = r#"{"resourceType":"Organization","id":"o1","name":"Rose Care","address":[{"postalCode":"LS1 9ZZ"}]}"#;
    let kin = r#"{"resourceType":"RelatedPerson","name":[{"text":"Bo"}],"address":[{"line":["12 Secret Lane"]}]}"#;
    let at_home = home("A1", &[encounter, location, organisation, kin]);
    let made = summary(std::slice::from_ref(&at_home));
    let text = made.bundle.to_string();
    for secret in ["Secret Lane", "LS1 9ZZ", "020 7946 0999"] {
        assert!(!text.contains(secret), "{secret} is published");
    }
    assert!(text.contains("by policy"));

    let mut silent = settings();
    silent.mention_withheld_location = false;
    let made = summarise(std::slice::from_ref(&at_home), &silent).unwrap();
    assert!(!made.bundle.to_string().contains("by policy"));

    let mut open = settings();
    open.publish_location_of_untraced = true;
    let made = summarise(std::slice::from_ref(&at_home), &open).unwrap();
    assert!(made.bundle.to_string().contains("12 Secret Lane"));
    assert!(made.bundle.to_string().contains("Secret Lane House"));

    // A restricted person is never located, whatever the setting.
    let mut restricted = at_home;
    restricted.patient = value(&restricted.patient.to_string().replacen(
        "\"meta\":{",
        "\"meta\":{\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}],",
        1,
    ));
    let made = summarise(&[restricted], &open).unwrap();
    assert!(!made.bundle.to_string().contains("Secret Lane"));
}

#[test]
fn cs_04_what_is_no_longer_reported_is_not_shown_as_current() {
    let mut at_home = home(
        "A1",
        &[
            &medicine("Aspirin 75mg", "one daily"),
            &medicine("Ramipril", "one daily"),
        ],
    );
    at_home.resources[0].retired = true;
    let made = summary(&[at_home]);
    let said = words(&made.bundle, "Medication Summary");
    assert!(!made.bundle.to_string().contains("Aspirin"));
    assert!(said.contains("no longer reports 1 record"));
}

#[test]
fn cs_06_each_entry_says_who_and_as_of_when_and_old_information_is_marked() {
    let mut old = home("B2", &[&allergy("Latex")]);
    old.as_of = Some("2025-06-01".to_owned());
    let mut undated = home("C3", &[&allergy("Nuts")]);
    undated.as_of = None;
    let made = summary(&[home("A1", &[&allergy("Penicillin")]), old, undated]);
    let said = words(&made.bundle, "Allergies and Intolerances");
    for part in [
        "Home A1",
        "2026-02-20",
        "Home B2",
        "2025-06-01",
        "may be out of date",
        "has not said as of when",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(
        !said.contains("Home A1 (source-A1) is as of"),
        "what is fresh carries no banner"
    );
    assert!(
        !said.contains("2026-03-01"),
        "the time of generation is not the time of the data"
    );

    // The same for machines.
    let provenances = resources(&made.bundle, "Provenance");
    assert_eq!(provenances.len(), 3);
    let dates: Vec<Option<&str>> = provenances
        .iter()
        .map(|p| p.text("occurredDateTime"))
        .collect();
    assert!(dates.contains(&Some("2025-06-01")) && dates.contains(&None));

    // An as-of of one resource's own wins.
    let mut mixed = home("A1", &[&allergy("Penicillin"), &allergy("Latex")]);
    mixed.resources[0].as_of = Some("2024-01-01".to_owned());
    assert!(words(&summary(&[mixed]).bundle, "Allergies and Intolerances").contains("2024-01-01"));
}

#[test]
fn cs_07_the_affected_section_says_that_it_may_be_incomplete_and_whom_to_phone() {
    let mut at_home = home("A1", &[&allergy("Penicillin")]);
    at_home.held_back = vec![
        held("MedicationStatement", 2),
        held("MedicationAdministration", 9),
    ];
    let made = summary(&[at_home.clone()]);
    let medicines = words(&made.bundle, "Medication Summary");
    assert!(medicines.contains("may be incomplete") && medicines.contains("2 record(s)"));
    assert!(medicines.contains("0113 000 A1"));
    assert!(!words(&made.bundle, "Allergies and Intolerances").contains("incomplete"));
    let section = section(&made.bundle, "Medication Summary").unwrap();
    assert!(section.get("emptyReason").is_some() && section.get("entry").is_none());

    // What could not even be typed counts against everything that must be relied on.
    at_home.held_back = vec![held("", 1)];
    at_home.phone = None;
    let made = summary(&[at_home]);
    for title in [
        "Allergies and Intolerances",
        "Medication Summary",
        "Problems",
        "Alerts",
    ] {
        let said = words(&made.bundle, title);
        assert!(
            said.contains("may be incomplete") && said.contains("Ask Home A1"),
            "{title}"
        );
    }
}

#[test]
fn cs_09_silence_is_not_negation() {
    let made = summary(&[home("A1", &[])]);
    for title in [
        "Problems",
        "Allergies and Intolerances",
        "Medication Summary",
    ] {
        let section = section(&made.bundle, title).unwrap();
        assert_eq!(
            section
                .get("emptyReason")
                .unwrap()
                .get("coding")
                .unwrap()
                .item(0)
                .unwrap()
                .text("code"),
            Some("unavailable")
        );
        assert!(words(&made.bundle, title).contains("does not mean"));
    }
    let text = made.bundle.to_string();
    assert!(!text.contains("716186003") && !text.contains("nilknown"));

    // A source that says so by an explicit rule is believed, and only it.
    let none = r#"{"resourceType":"AllergyIntolerance","code":{"coding":[{"system":"http://snomed.info/sct","code":"716186003","display":"No known allergy"}]}}"#;
    let made = summary(&[home("A1", &[none])]);
    assert_eq!(entries(&made.bundle, "Allergies and Intolerances"), 1);
    assert!(
        section(&made.bundle, "Allergies and Intolerances")
            .unwrap()
            .get("emptyReason")
            .is_none()
    );
}

#[test]
fn cs_10_a_denial_beside_a_substance_is_a_conflict() {
    let coded = r#"{"resourceType":"AllergyIntolerance","code":{"coding":[{"system":"http://snomed.info/sct","code":"409137002"}],"text":"No known drug allergy"}}"#;
    for denial in [
        coded.to_owned(),
        allergy("NKDA"),
        allergy("No known allergies"),
        allergy("nil known."),
    ] {
        let made = summary(&[
            home("A1", &[&denial]),
            home("B2", &[&allergy("Penicillin")]),
        ]);
        let said = words(&made.bundle, "Allergies and Intolerances");
        assert!(said.contains("CONFLICT"), "{said}");
        assert_eq!(entries(&made.bundle, "Allergies and Intolerances"), 2);
    }
    // Doubt stays as it was written, and is not called active anywhere else.
    let made = summary(&[home("A1", &[&allergy("?penicillin, family unsure")])]);
    let said = words(&made.bundle, "Allergies and Intolerances");
    assert!(said.contains("?penicillin, family unsure") && said.contains("not confirmed"));
    assert!(!said.contains("CONFLICT"));
}

#[test]
fn cs_11_support_reasons_are_not_problems_and_ticks_are_unconfirmed() {
    let reason = r#"{"resourceType":"Condition","category":[{"text":"Social care support reason"}],"code":{"text":"Physical Support: Personal Care Support"},
        "verificationStatus":{"coding":[{"code":"unconfirmed"}]}}"#;
    let tick = r#"{"resourceType":"Condition","clinicalStatus":{"coding":[{"code":"active"}]},"verificationStatus":{"coding":[{"code":"unconfirmed"}]},"code":{"text":"Dementia"}}"#;
    let made = summary(&[home("503", &[reason, tick])]);
    let problems = words(&made.bundle, "Problems");
    assert!(problems.contains("Dementia") && problems.contains("reported, not confirmed"));
    assert!(problems.contains("Home 503"));
    assert!(!problems.contains("Personal Care"));
    let services = words(&made.bundle, "Social Care services");
    assert!(services.contains("Personal Care") && services.contains("not a diagnosis"));
}

#[test]
fn cs_12_identical_statements_are_one_and_cite_all_sources() {
    let made = summary(&[
        home(
            "A1",
            &[&medicine(
                "Paracetamol 500mg tablets",
                "Two, four times a day",
            )],
        ),
        home(
            "B2",
            &[&medicine(
                "paracetamol  500MG tablets",
                "two, four times a day.",
            )],
        ),
    ]);
    assert_eq!(entries(&made.bundle, "Medication Summary"), 1);
    let said = words(&made.bundle, "Medication Summary");
    assert!(said.contains("Home A1") && said.contains("Home B2"));
    assert!(
        said.contains("as recorded by the home; not the prescription")
            || said.contains("As recorded by the home; not the prescription")
    );
    assert!(!said.contains("CONFLICT"));
    let cited = resources(&made.bundle, "Provenance")
        .iter()
        .filter(|p| {
            p.each("target").any(|t| {
                t.text("reference").unwrap()
                    == section(&made.bundle, "Medication Summary")
                        .unwrap()
                        .get("entry")
                        .unwrap()
                        .item(0)
                        .unwrap()
                        .text("reference")
                        .unwrap()
            })
        })
        .count();
    assert_eq!(cited, 2);
}

#[test]
fn cs_12_differing_doses_are_shown_together_as_a_conflict() {
    let made = summary(&[
        home(
            "A1",
            &[
                &medicine("Warfarin", "5 mg"),
                &medicine("Zopiclone", "one at night"),
            ],
        ),
        home(
            "B2",
            &[
                &medicine("Warfarin", "0.5 mg"),
                &medicine("Amlodipine", "one daily"),
            ],
        ),
    ]);
    assert_eq!(entries(&made.bundle, "Medication Summary"), 4);
    let said = words(&made.bundle, "Medication Summary");
    assert_eq!(said.matches("CONFLICT, see above").count(), 2);
    assert!(said.contains("differ in dose"));

    let made = summary(&[
        home("A1", &[&medicine("Amlodipine 5mg tablets", "one daily")]),
        home("B2", &[&medicine("Amlodipine 10 mg", "one daily")]),
    ]);
    assert!(words(&made.bundle, "Medication Summary").contains("different strengths"));

    // What one has stopped and another gives is shown; what all have stopped is not.
    let stopped = medicine("Aspirin", "75 mg").replace("active", "stopped");
    let made = summary(&[
        home("A1", &[&stopped]),
        home("B2", &[&medicine("Aspirin", "75 mg")]),
    ]);
    assert!(words(&made.bundle, "Medication Summary").contains("has stopped"));
    let made = summary(&[home("A1", &[&stopped])]);
    assert!(!made.bundle.to_string().contains("Aspirin"));
    assert!(words(&made.bundle, "Medication Summary").contains("1 older or ended"));
}

#[test]
fn cs_12_two_codes_are_never_one_however_alike_their_words() {
    let coded = |code: &str| {
        format!(
            r#"{{"resourceType":"AllergyIntolerance","code":{{"coding":[{{"system":"http://snomed.info/sct","code":"{code}"}}],"text":"Penicillin"}}}}"#
        )
    };
    let made = summary(&[
        home("A1", &[&coded("91936005")]),
        home("B2", &[&coded("294505008")]),
    ]);
    assert_eq!(entries(&made.bundle, "Allergies and Intolerances"), 2);
    let made = summary(&[
        home("A1", &[&coded("91936005")]),
        home(
            "B2",
            &[&coded("91936005").replace("\"Penicillin\"", "\"PCN\"")],
        ),
    ]);
    assert_eq!(
        entries(&made.bundle, "Allergies and Intolerances"),
        1,
        "one code is one statement"
    );
    // A differing status or detail keeps them apart.
    let made = summary(&[
        home("A1", &[&allergy("Penicillin")]),
        home(
            "B2",
            &[&allergy("Penicillin").replace("\"active\"", "\"resolved\"")],
        ),
    ]);
    assert_eq!(entries(&made.bundle, "Allergies and Intolerances"), 2);
    assert!(words(&made.bundle, "Allergies and Intolerances").contains("differ on the status"));
}

#[test]
fn cs_12_doses_given_change_nothing() {
    let refused = r#"{"resourceType":"MedicationAdministration","status":"not-done","medicationCodeableConcept":{"text":"Warfarin"}}"#;
    let made = summary(&[home("A1", &[refused, &medicine("Warfarin", "5 mg")])]);
    assert_eq!(entries(&made.bundle, "Medication Summary"), 1);
    assert!(resources(&made.bundle, "MedicationAdministration").is_empty());
}

#[test]
fn cs_13_a_report_of_a_form_is_not_the_decision() {
    let coded = r#"{"resourceType":"Flag","status":"active","code":{"coding":[{"system":"http://snomed.info/sct","code":"450476008"}],"text":"DNACPR: wants comfort only"},"period":{"start":"2026-01-05"}}"#;
    for report in [
        coded.to_owned(),
        flag("DNACPR in place", "Resuscitation"),
        flag("DNACPR", "Clinical"),
        flag("DNACPR: not for CPR", "Clinical"),
    ] {
        let made = summary(&[home("A1", &[&report])]);
        let said = words(&made.bundle, "Alerts");
        assert!(
            said.contains("the home reports a form exists; check the original"),
            "{said}"
        );
        assert!(said.contains("2026-01-05") && !said.contains("comfort"));
        assert!(words(&made.bundle, "Advance Directives").contains("See Alerts"));
    }
    for denial in ["DNACPR: No", "No DNACPR in place", "DNACPR not in place"] {
        let made = summary(&[home("A1", &[&flag(denial, "Resuscitation")])]);
        let said = words(&made.bundle, "Alerts");
        assert!(
            !said.contains("form exists") && said.contains("does not mean"),
            "{denial}: {said}"
        );
    }
    let said = words(
        &summary(&[home(
            "A1",
            &[&flag("ReSPECT form held in office", "Clinical")],
        )])
        .bundle,
        "Alerts",
    );
    assert!(said.contains("not in itself a decision against CPR") && !said.contains("DNACPR"));
    let ended = flag("DNACPR in place", "x").replace("\"active\"", "\"inactive\"");
    let made = summary(&[home("A1", &[&ended])]);
    assert_eq!(entries(&made.bundle, "Alerts"), 0);
    assert!(words(&made.bundle, "Alerts").contains("1 older or ended record(s) are not shown"));
    assert!(!made.bundle.to_string().contains("DNACPR"));

    let respect = r#"{"resourceType":"DocumentReference","status":"current","type":{"coding":[{"system":"http://snomed.info/sct","code":"1382601000000107","display":"ReSPECT form"}]},"content":[{"attachment":{"title":"Kept in the office"}}]}"#;
    let said = words(
        &summary(&[home("A1", &[respect])]).bundle,
        "Advance Directives",
    );
    assert!(
        said.contains("not in itself a decision against CPR")
            && said.contains("Kept in the office")
    );
}

#[test]
fn cs_14_authority_keeps_its_type_and_next_of_kin_is_none() {
    let person = |text: &str| {
        format!(
            r#"{{"resourceType":"RelatedPerson","name":[{{"text":"Bo {}"}}],"relationship":[{{"text":"{text}"}}]}}"#,
            text.len()
        )
    };
    let made = summary(&[home(
        "A1",
        &[
            &person("Next of kin"),
            &person("Lasting power of attorney: health and welfare; registration seen"),
            &person("Lasting power of attorney: property and financial affairs"),
            &person("LPA"),
        ],
    )]);
    assert_eq!(entries(&made.bundle, "Legal information"), 3);
    assert_eq!(
        entries(&made.bundle, "Professional and personal contacts"),
        4
    );
    let legal = words(&made.bundle, "Legal information");
    assert!(
        legal.contains("health and welfare; registration seen")
            && legal.contains("property and financial affairs")
    );
    assert_eq!(
        legal.matches("registration was seen is not stated").count(),
        2
    );
    assert_eq!(legal.matches("type of authority is not stated").count(), 1);
    assert!(!legal.contains("Next of kin"));
    assert!(
        words(&made.bundle, "Professional and personal contacts")
            .contains("Next of kin is not legal authority")
    );
}

#[test]
fn cs_14_legal_flags_are_legal_information_and_dols_an_alert_too() {
    let made = summary(&[home(
        "A1",
        &[
            &flag(
                "The provider reports LPA held by Bo; registration not seen",
                "Legal information",
            ),
            &flag(
                "DoLS: the home reports an authorisation",
                "Legal information",
            ),
        ],
    )]);
    assert_eq!(entries(&made.bundle, "Legal information"), 2);
    assert_eq!(entries(&made.bundle, "Alerts"), 1);
    assert!(words(&made.bundle, "Alerts").contains("DoLS"));
}

#[test]
fn cs_15_safeguarding_never_appears_and_is_never_hinted_at() {
    let bare = summary(&[home("A1", &[&allergy("Penicillin")])]);
    let coded = r#"{"resourceType":"Flag","status":"active","category":[{"coding":[{"system":"x","code":"SGC"}]}],"code":{"text":"See file"}}"#;
    let coded_otherwise = r#"{"resourceType":"Flag","status":"active","code":{"coding":[{"system":"http://snomed.info/sct","code":"761571000000106"}]}}"#;
    let risk = r#"{"resourceType":"Observation","status":"final","category":[{"text":"Risk"}],"code":{"text":"At risk of financial abuse"}}"#;
    let said = r#"{"resourceType":"Observation","status":"final","code":{"text":"Risk: finances"},"valueString":"Nephew may be financially abusive"}"#;
    let marked = r#"{"resourceType":"Flag","meta":{"security":[{"system":"urn:causeway:label","code":"safeguarding"}]},"status":"active","code":{"text":"See file"}}"#;
    let task = r#"{"resourceType":"Task","status":"completed","intent":"plan","code":{"text":"Safeguarding enquiry (Section 42)"}}"#;
    let diagnosis = r#"{"resourceType":"Condition","category":[{"text":"Safeguarding concern"}],"code":{"text":"Bruising"}}"#;
    let withheld = [
        coded.to_owned(),
        coded_otherwise.to_owned(),
        risk.to_owned(),
        said.to_owned(),
        marked.to_owned(),
        task.to_owned(),
        diagnosis.to_owned(),
        flag("Adult safeguarding referral", "Risk"),
        flag("Alleged perpetrator of domestic violence", "Risk"),
        flag("History of being abused: emotional abuse", "Social"),
        flag("At risk of neglect by carer", "Risk"),
        flag("MARAC", "Other"),
    ];
    for one in &withheld {
        let made = summary(&[home("A1", &[&allergy("Penicillin"), one])]);
        assert_eq!(made.bundle.to_string(), bare.bundle.to_string(), "{one}");
    }
    // Nor when it has gone, nor through a reference, nor inside another resource.
    let mut gone = home("A1", &[&allergy("Penicillin"), &withheld[0]]);
    gone.resources[1].retired = true;
    assert_eq!(summary(&[gone]).bundle.to_string(), bare.bundle.to_string());
    let plan = r#"{"resourceType":"CarePlan","status":"active","intent":"plan","title":"Plan","addresses":[{"reference":"Condition/sg","display":"Bruising from abuse"}],
        "contained":[{"resourceType":"Flag","id":"f","status":"active","code":{"text":"Safeguarding"}}]}"#;
    let concern = r#"{"resourceType":"Condition","id":"sg","category":[{"text":"Safeguarding concern"}],"code":{"text":"Bruising"}}"#;
    let text = summary(&[home("A1", &[plan, concern])]).bundle.to_string();
    assert!(!text.to_lowercase().contains("safeguard") && !text.contains("Bruising"));

    // A person's own health is not safeguarding.
    let text = summary(&[home(
        "A1",
        &[
            &flag("Alcohol abuse in remission", "Clinical"),
            &flag("Self-neglect", "Risk"),
        ],
    )])
    .bundle
    .to_string();
    assert!(text.contains("Alcohol abuse in remission") && text.contains("Self-neglect"));
}

#[test]
fn cs_16_numbers_stay_as_they_were_written() {
    let weight = r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"27113001","display":"Body weight"}]},
        "effectiveDateTime":"2026-02-01","valueQuantity":{"value":61.50,"unit":"kg"}}"#;
    let made = summary(&[home("A1", &[weight])]);
    assert!(words(&made.bundle, "Vital Signs").contains("61.50 kg"));
    assert!(made.bundle.to_string().contains("61.50"));
}

#[test]
fn cs_17_times_are_read_in_london() {
    let reading = r#"{"resourceType":"Observation","status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"text":"Pulse"},
        "effectiveDateTime":"2025-10-25T23:30:00Z","valueQuantity":{"value":70,"unit":"/min"}}"#;
    let made = summary(&[home("A1", &[reading])]);
    assert!(words(&made.bundle, "Vital Signs").contains("2025-10-26 00:30"));
}

#[test]
fn cs_18_text_is_verbatim_and_never_markup() {
    let nasty = "<script>alert('x')</script> & 5 < 6 \\\"quoted\\\"";
    let with_narrative = r#"{"resourceType":"Flag","status":"active","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><b onclick='x'>hidden</b></div>"},"code":{"text":"Falls"}}"#;
    let made = summary(&[home("A1", &[&allergy(nasty), with_narrative])]);
    let said = words(&made.bundle, "Allergies and Intolerances");
    assert!(!said.contains("<script>") && said.contains("&lt;script&gt;"));
    fhir::narrative::check(&said).unwrap();
    assert!(!made.bundle.to_string().contains("onclick"));
    let text = summary::render_text(&made.bundle).unwrap();
    assert!(text.contains("<script>alert('x')</script> & 5 < 6 \"quoted\""));
    // The coded record keeps it to the letter.
    let code = resources(&made.bundle, "AllergyIntolerance")[0]
        .get("code")
        .unwrap();
    assert!(code.text("text").unwrap().starts_with("<script>"));
}

#[test]
fn cs_21_a_demonstration_says_what_it_is_and_live_care_takes_only_reviewed_mappings() {
    let made = summary(&[home("A1", &[])]);
    assert!(made.bundle.to_string().contains("HTEST"));
    assert!(
        composition(&made.bundle)
            .text("title")
            .unwrap()
            .contains("demonstration")
    );
    assert!(
        summary::render_text(&made.bundle)
            .unwrap()
            .contains("DEMONSTRATION")
    );

    let mut live = settings();
    live.mode = Mode::Live;
    let mut reviewed = home("A1", &[&allergy("Penicillin")]);
    reviewed.review = Review::Reviewed;
    let made = summarise(&[reviewed, home("B2", &[&allergy("Nuts")])], &live).unwrap();
    let text = made.bundle.to_string();
    assert!(!text.contains("HTEST") && !text.contains("Nuts") && !text.contains("DEMONSTRATION"));
    assert!(words(&made.bundle, "Problems").contains("clinically reviewed"));
    assert!(matches!(
        summarise(&[home("B2", &[])], &live),
        Err(Refusal::NoContribution)
    ));
}

#[test]
fn cs_03_a_placement_does_not_name_the_home() {
    let organisation = |id: &str, name: &str| {
        format!(r#"{{"resourceType":"Organization","id":"{id}","name":"{name}"}}"#)
    };
    let episode = |types: &str, id: &str, name: &str| {
        format!(
            r#"{{"resourceType":"EpisodeOfCare","status":"active","type":[{types}],"managingOrganization":{{"reference":"Organization/{id}","display":"{name}"}},"period":{{"start":"2026-01-02"}}}}"#
        )
    };
    let placement = episode(
        r#"{"coding":[{"system":"x","code":"LTRC"}],"text":"Placed at  hidden HOUSE, ground floor"},{"text":"Residential care"}"#,
        "o1",
        "Hidden House",
    );
    let unsaid = episode("", "o1", "Hidden House").replace("\"type\":[],", "");
    let visits = episode(r#"{"text":"Home care, 4 calls"}"#, "o2", "Rose Homecare");
    let resources = [
        placement,
        unsaid,
        visits,
        organisation("o1", "Hidden House"),
        organisation("o2", "Rose Homecare"),
    ];
    let council = home("A1", &resources.each_ref().map(String::as_str));
    let text = summary(std::slice::from_ref(&council)).bundle.to_string();
    assert!(!text.to_lowercase().contains("hidden house"), "{text}");
    for kept in ["LTRC", "Residential care", "2026-01-02", "Rose Homecare"] {
        assert!(text.contains(kept), "{kept} is lost");
    }
    let mut open = settings();
    open.publish_location_of_untraced = true;
    let made = summarise(&[council], &open).unwrap();
    assert!(
        made.bundle
            .to_string()
            .contains("hidden HOUSE, ground floor")
    );
}

#[test]
fn cs_13_where_the_original_lies_is_said() {
    let form = r#"{"resourceType":"DocumentReference","status":"current","type":{"text":"ReSPECT form"},"description":"Where to find it: yellow folder, main office","content":[{"attachment":{"title":"r.pdf"}}]}"#;
    let made = summary(&[home("A1", &[form])]);
    let said = words(&made.bundle, "Advance Directives");
    assert!(
        said.contains("yellow folder, main office") && said.contains("r.pdf"),
        "{said}"
    );
    let flag = r#"{"resourceType":"Flag","status":"active","code":{"text":"DNACPR: the provider reports a form exists; check the original"}}"#;
    let made = summary(&[home("A1", &[flag])]);
    assert!(words(&made.bundle, "Alerts").contains("the provider reports"));
}

#[test]
fn what_services_record_is_shown_whole() {
    let task = r#"{"resourceType":"Task","status":"completed","intent":"plan","code":{"text":"Review"},
        "input":[{"type":{"text":"Method"},"valueString":"Telephone"}],
        "output":[{"type":{"text":"Outcome"},"valueCodeableConcept":{"text":"No change in package"}},{"type":{"text":"Eligible needs"},"valueString":"Yes"}],
        "restriction":{"period":{"end":"2026-10-31"}}}"#;
    let request = r#"{"resourceType":"ServiceRequest","status":"completed","intent":"plan","category":[{"text":"Request for social care"}],
        "extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-SourceOfServiceRequest","valueCodeableConcept":{"text":"Discharge from hospital"}}]}"#;
    let made = summary(&[home("A1", &[task, request])]);
    let said = words(&made.bundle, "Social Care services");
    for part in [
        "Method: Telephone",
        "Outcome: No change in package",
        "Eligible needs: Yes",
        "Due:",
        "2026-10-31",
        "Request for social care",
        "Source of service request: Discharge from hospital",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("no description"), "{said}");
}

#[test]
fn cs_07_what_is_over_is_counted() {
    let over = [
        r#"{"resourceType":"Flag","status":"inactive","code":{"text":"Key worker away"}}"#,
        r#"{"resourceType":"EpisodeOfCare","status":"cancelled","type":[{"text":"Meals"}]}"#,
        r#"{"resourceType":"RelatedPerson","active":false,"name":[{"text":"Bo"}]}"#,
    ];
    let made = summary(&[home("A1", &over)]);
    for section in [
        "Alerts",
        "Social Care services",
        "Professional and personal contacts",
    ] {
        assert!(
            words(&made.bundle, section).contains("1 older or ended record(s) are not shown"),
            "{section}"
        );
    }
}

#[test]
fn cs_12_two_homes_that_each_give_a_service_give_two() {
    let stay = r#"{"resourceType":"EpisodeOfCare","status":"active","type":[{"text":"Full Time Resident"}],"managingOrganization":{"reference":"Organization/o"}}"#;
    let made = summary(&[home("A1", &[stay]), home("B2", &[stay])]);
    assert_eq!(entries(&made.bundle, "Social Care services"), 2);
}

#[test]
fn cs_06_each_source_keeps_its_own_date() {
    let latex = allergy("Latex");
    let mut homes = ["A1", "B2", "C3"].map(|name| home(name, &[&latex]));
    homes[2].as_of = Some("2026-01-05".to_owned());
    homes[2].resources[0].as_of = homes[2].as_of.clone();
    for home in &mut homes[..2] {
        home.resources[0].as_of = home.as_of.clone();
    }
    let said = words(&summary(&homes).bundle, "Allergies and Intolerances");
    assert!(
        said.contains("2026-02-20; 2026-02-20; 2026-01-05")
            || said.contains("2026-02-20; 2026-01-05; 2026-02-20")
            || said.contains("2026-01-05; 2026-02-20; 2026-02-20"),
        "{said}"
    );
}

#[test]
fn cs_07_a_lost_risk_is_missed_among_the_risks() {
    let mut at_home = home("A1", &[]);
    at_home.held_back = vec![held("Observation", 1), held("Condition", 1)];
    let made = summary(&[at_home]);
    for section in ["Risks", "Functional Status", "Vital Signs", "Problems"] {
        assert!(
            words(&made.bundle, section).contains("may be incomplete"),
            "{section}"
        );
    }
}

#[test]
fn cs_18_text_cannot_turn_what_stands_beside_it() {
    let turned = allergy("Latex \\u202egnihton");
    let made = summary(&[home("A1", &[&turned])]);
    let said = words(&made.bundle, "Allergies and Intolerances");
    assert!(
        said.contains("[U+202E]") && !said.contains('\u{202e}'),
        "{said}"
    );
    assert!(
        made.bundle.to_string().contains('\u{202e}'),
        "the record itself is verbatim"
    );
}
