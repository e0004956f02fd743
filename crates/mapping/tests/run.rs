//! What a mapping makes of records: identity, duplicates, references, policies, grouping.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::{good, run, run_refusing};

const HOME: &str = r#"mapping: home
version: 1.2.0
fhir: 4.0.1
source:
  format: csv
  extent: snapshot
  asOf: stated
  missing: ["", "N/A"]
  tables:
    rows:
      key: ID
      identity: [NHS Number, { weak: [Last Name, DOB] }]
      columns:
        ID: { type: string, required: true, volatile: true }
        Last Name: { type: string, required: true }
        DOB: { type: date, formats: [dd/MM/yyyy], required: true }
        NHS Number: nhs-number
        Sex: { type: code, values: [Male, Female] }
        Allergies: { type: list, separator: ";" }
        Weight: { type: decimal, range: 20..300 }
        Room: string
        Key Safe: { deny: door code }
        Colour: { ignore: not clinical }
codes:
  sex: { to: http://hl7.org/fhir/administrative-gender, rows: { Male: male, Female: female } }
  allergies: { to: snomed, rows: { Penicillin: "764146007" } }
phrases:
  none known: [NKDA, no known drug allergies]
make:
  Patient:
    from: rows
    profile: UKCore-Patient
    identifier:
      - slice: nhsNumber
        value: =[NHS Number]
        extension: { nhsNumberVerificationStatus: nhs-number-status|02 }
    name:
      - { use: official, family: "=[Last Name]" }
    gender: =[Sex] | code(sex)
    birthDate: =[DOB]
  AllergyIntolerance:
    from: rows
    each: =[Allergies] as substance
    when: =not (is(substance, "none known") or negates(substance) or doubts(substance))
    key: =substance
    profile: UKCore-AllergyIntolerance
    patient: =Patient()
    code: =substance | code(allergies)
    clinicalStatus: active
    verificationStatus: unconfirmed
  AllergyIntolerance.unclear:
    from: rows
    each: =[Allergies] as substance
    when: =negates(substance) or doubts(substance)
    warn: the text denies or doubts
    key: =substance
    profile: UKCore-AllergyIntolerance
    patient: =Patient()
    code: { text: =substance }
    clinicalStatus: =absent("unknown")
  Observation.weight:
    from: rows
    when: =present([Weight])
    profile: UKCore-Observation-VitalSigns-BodyWeight
    status: final
    code:
      coding: [ { slice: snomedCT, code: "27113001", display: Body weight } ]
      text: Weight
    subject: =Patient()
    effective: "2026-07-01"
    value: =quantity([Weight], "kg")
"#;

const HEADER: &str = "ID,Last Name,DOB,NHS Number,Sex,Allergies,Weight,Room,Key Safe,Colour\n";

fn home() -> mapping::Mapping {
    let text = HOME
        .replace(
            "        Room: string\n",
            "        Room: { ignore: not wanted here }\n",
        )
        .replace(
            "code: { text: =substance }",
            "code: { text: \"=substance\" }",
        );
    good("home", &text, &[])
}

fn csv(rows: &[&str]) -> Vec<u8> {
    format!("{HEADER}{}\n", rows.join("\n")).into_bytes()
}

const ADA: &str = "1,Test,11/02/1938,9990000018,Female,Penicillin;?latex,61.50,3,1234,red";
const BEN: &str = "2,Sample,01/01/1940,9990000026,Male,,,,,";
const NO_NUMBER: &str = "3,Weak,05/05/1950,,Male,,,,,";

#[test]
fn a_record_becomes_its_resources() {
    let (made, report) = run(&home(), "home.csv", &csv(&[ADA]));
    assert_eq!(made.quarantined.len(), 0, "{:#?}", made.quarantined);
    let lines: Vec<String> = made.text().lines().map(str::to_owned).collect();
    insta::assert_snapshot!("a_record_becomes_its_resources", lines.join("\n"));
    assert_eq!(report.counts.resources["AllergyIntolerance"], 2);
    assert_eq!(report.as_of.text, "2026-11-01");
    for made in &made.made {
        let invalid = validation::Validator::embedded().validate(&made.resource, &[]);
        assert!(
            !diagnostics::has_errors(&invalid),
            "{invalid:#?}\n{}",
            made.resource
        );
    }
}

#[test]
fn cs_01_inserting_and_reordering_rows_changes_nobody() {
    let mapping = home();
    let (first, _) = run(&mapping, "home.csv", &csv(&[ADA, BEN, NO_NUMBER]));
    let renumbered = [
        "9,New,02/02/1950,9990000034,Male,,,,,",
        "5,Weak,05/05/1950,,Male,,,,,",
        "6,Sample,01/01/1940,9990000026,Male,,,,,",
        "7,Test,11/02/1938,9990000018,Female,Penicillin;?latex,61.50,3,1234,red",
    ];
    let (second, _) = run(&mapping, "home.csv", &csv(&renumbered));
    for made in &first.made {
        assert!(
            second
                .made
                .iter()
                .any(|other| other.resource == made.resource),
            "{} changed",
            made.id
        );
    }
    assert_eq!(second.made.len(), first.made.len() + 1);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let mapping = home();
    let input = csv(&[ADA, BEN, NO_NUMBER]);
    assert_eq!(
        run(&mapping, "a.csv", &input).0.text(),
        run(&mapping, "a.csv", &input).0.text()
    );
}

#[test]
fn cs_01_a_weak_identity_is_made_and_said() {
    let (made, _) = run(&home(), "home.csv", &csv(&[NO_NUMBER]));
    assert!(made.one("Patient").weak_identity);
    assert!(made.codes().contains(&"M114".to_owned()));
    assert!(made.one("Patient").resource.get("identifier").is_none());
}

#[test]
fn cs_12_two_records_that_say_the_same_are_one_and_a_word_is_said() {
    let again = ADA.replacen('1', "8", 1);
    let (made, _) = run(&home(), "home.csv", &csv(&[ADA, &again]));
    assert_eq!(made.of("Patient").len(), 1);
    assert_eq!(made.of("AllergyIntolerance").len(), 1);
    assert!(made.codes().contains(&"M110".to_owned()));
    assert!(made.quarantined.is_empty());
}

#[test]
fn cs_12_two_records_that_differ_are_both_quarantined_with_what_depends_on_them() {
    let other = "8,Other,11/02/1938,9990000018,Female,Latex,,,,";
    let (made, report) = run(&home(), "home.csv", &csv(&[ADA, other, BEN]));
    assert_eq!(made.of("Patient").len(), 1, "only Ben is left");
    assert!(made.of("AllergyIntolerance").is_empty());
    let refusals = made.refusals();
    assert_eq!(refusals.iter().filter(|code| *code == "M111").count(), 2);
    assert!(refusals.contains(&"M107".to_owned()), "{refusals:?}");
    assert_eq!(report.counts.quarantined["Patient"], 2);
    let ada = made
        .quarantined
        .iter()
        .find(|one| one.resource_type.as_deref() == Some("Patient"))
        .unwrap();
    assert_eq!(ada.person.as_deref(), ada.id.as_deref());
    for held_back in &made.quarantined {
        assert_eq!(
            held_back.person, ada.person,
            "CS-7: whom it is about is known"
        );
    }
    assert_eq!(ada.nhs_number.as_deref(), Some("9990000018"));
}

#[test]
fn what_the_sink_refuses_holds_back_what_refers_to_it() {
    let (made, _) = run_refusing(&home(), "home.csv", &csv(&[ADA, BEN]), &["Patient"]);
    assert!(made.made.is_empty());
    let patient = &made.quarantined[0];
    assert_eq!(patient.issues[0].code, "V000");
    assert!(patient.raw.contains("Penicillin"));
    assert!(!patient.raw.contains("1234"), "a denied cell stays in");
    assert!(made.refusals().contains(&"M107".to_owned()));
}

#[test]
fn cs_10_doubt_makes_no_coded_or_active_resource() {
    let (made, _) = run(&home(), "home.csv", &csv(&[ADA]));
    let unclear = made.one("AllergyIntolerance.unclear");
    assert_eq!(
        unclear.resource.get("code").unwrap().to_string(),
        r#"{"text":"?latex"}"#
    );
    assert!(
        unclear
            .resource
            .get("clinicalStatus")
            .unwrap()
            .get("coding")
            .is_none()
    );
    assert!(unclear.issues.iter().any(|issue| issue.code == "M115"));
}

#[test]
fn cs_09_a_blank_list_says_nothing() {
    let (made, _) = run(&home(), "home.csv", &csv(&[BEN]));
    assert!(
        made.made
            .iter()
            .all(|made| &*made.resource_type == "Patient")
    );
}

#[test]
fn cs_16_an_implausible_value_is_an_issue_and_no_fact() {
    let (made, _) = run(
        &home(),
        "home.csv",
        &csv(&["1,Test,11/02/1938,9990000018,Female,,650,,,"]),
    );
    assert!(made.of("Observation.weight").is_empty());
    assert!(
        made.codes().iter().any(|code| code == "S103"),
        "{:?}",
        made.codes()
    );
    assert_eq!(made.of("Patient").len(), 1);
}

#[test]
fn cs_16_decimals_stay_as_written() {
    let (made, _) = run(&home(), "home.csv", &csv(&[ADA]));
    let text = made.one("Observation.weight").resource.to_string();
    assert!(text.contains(r#""valueQuantity":{"value":61.50,"unit":"kilogram","system":"http://unitsofmeasure.org","code":"kg"}"#), "{text}");
}

#[test]
fn a_bad_nhs_number_quarantines_that_person_and_nobody_else() {
    let (made, _) = run(
        &home(),
        "home.csv",
        &csv(&["1,Test,11/02/1938,9990000019,Female,Latex,,,,", BEN]),
    );
    assert_eq!(made.of("Patient").len(), 1);
    assert!(made.of("AllergyIntolerance").is_empty());
    assert!(
        made.quarantined
            .iter()
            .any(|one| one.resource_type.as_deref() == Some("Patient"))
    );
    assert!(
        made.quarantined
            .iter()
            .any(|one| one.resource_type.as_deref() == Some("AllergyIntolerance"))
    );
}

#[test]
fn a_record_without_a_required_cell_is_quarantined_once() {
    let (made, _) = run(
        &home(),
        "home.csv",
        &csv(&["1,,11/02/1938,9990000018,Female,Latex,,,,", BEN]),
    );
    assert_eq!(made.quarantined.len(), 1);
    let place = made.quarantined[0].issues[0].input.clone().unwrap();
    assert_eq!(
        (place.row, place.column.as_deref()),
        (Some(2), Some("Last Name"))
    );
    assert_eq!(made.of("Patient").len(), 1);
}

#[test]
fn the_loss_report_counts_what_was_left() {
    let with_more = String::from_utf8(csv(&[ADA]))
        .unwrap()
        .replace("Colour\n", "Colour,Shoe\n")
        .replace("red\n", "red,7\n");
    let (_, report) = run(&home(), "home.csv", with_more.as_bytes());
    assert_eq!(report.loss.unknown[0].column.as_deref(), Some("Shoe"));
    assert_eq!(report.loss.denied[0].cells, 1);
    assert_eq!(report.loss.denied[0].reason.as_deref(), Some("door code"));
    assert!(
        report
            .loss
            .ignored
            .iter()
            .any(|one| one.column == "Colour" && one.cells == 1)
    );
    assert!(report.loss.unused.is_empty(), "{:?}", report.loss.unused);
}

#[test]
fn labels_without_a_code_are_text_and_counted() {
    let (made, report) = run(
        &home(),
        "home.csv",
        &csv(&["1,Test,11/02/1938,9990000018,Female,Strawberries,,,,"]),
    );
    let code = made
        .one("AllergyIntolerance")
        .resource
        .get("code")
        .unwrap()
        .to_string();
    assert_eq!(code, r#"{"text":"Strawberries"}"#);
    assert_eq!(
        report.loss.unmapped[0].label.as_deref(),
        Some("Strawberries")
    );
    assert!(made.codes().contains(&"M102".to_owned()));
}

#[test]
fn no_message_holds_a_value() {
    let (made, _) = run(
        &home(),
        "home.csv",
        &csv(&["1,Secretname,31/02/1938,9990000019,Femail,?Zanzibar,650,,,"]),
    );
    let issues = made
        .issues
        .iter()
        .chain(made.made.iter().flat_map(|one| &one.issues))
        .chain(made.quarantined.iter().flat_map(|one| &one.issues));
    for issue in issues {
        let text = issue.to_string();
        for secret in [
            "Secretname",
            "31/02/1938",
            "9990000019",
            "Femail",
            "Zanzibar",
            "650",
        ] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

const COUNCIL: &str = r#"mapping: council
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: snapshot
  asOf: =rows.[Date]
  tables:
    rows:
      only: =in([Kind], "Service", "Review")
      key: [Person, Event]
      identity: [Person]
      columns:
        Person: { type: string, required: true }
        Name: { type: string, required: true }
        GP: string
        GP Name: string
        Dementia: { type: flag, "true": "Yes", "false": "No", unknown: Unknown }
        Autism: { type: flag, "true": "Yes", "false": "No", unknown: Unknown }
        Kind: { type: code, values: [Service, Review, Safeguarding] }
        Event: { type: string, required: true }
        Date: { type: date, formats: [dd/MM/yyyy], required: true }
make:
  Organization.gp:
    from: rows
    group: GP
    when: =present([GP Name])
    name: =[GP Name]
  Patient:
    from: rows
    group: identity
    latest: =[Date]
    name: [ { family: "=[Name]" } ]
    generalPractitioner: =Organization.gp([GP])
  Condition:
    from: rows
    group: identity
    latest: =[Date]
    each: { columns: [Dementia, Autism], as: tick }
    when: =tick
    key: =tick.column
    code: { text: "=tick.column" }
    subject: =Patient()
  EpisodeOfCare:
    from: rows
    when: =[Kind] = "Service"
    status: active
    patient: =Patient()
"#;

fn council(rows: &[&str]) -> (support::Gathered, mapping::RunReport) {
    let mapping = good("council", COUNCIL, &[]);
    let text = format!(
        "Person,Name,GP,GP Name,Dementia,Autism,Kind,Event,Date\n{}\n",
        rows.join("\n")
    );
    run(&mapping, "council.csv", text.as_bytes())
}

#[test]
fn cs_04_the_latest_record_of_a_group_speaks_and_blanks_are_filled() {
    let rows = [
        "P1,Old,G1,Surgery,Yes,,Service,E1,01/01/2026",
        "P1,New,,,No,Yes,Service,E2,01/02/2026",
        "P1,New,,,,,Review,E3,01/03/2026",
    ];
    let (made, report) = council(&rows);
    assert!(made.quarantined.is_empty(), "{:#?}", made.quarantined);
    let patient = made.one("Patient");
    assert!(patient.resource.to_string().contains(r#""family":"New""#));
    assert!(
        patient.resource.get("generalPractitioner").is_some(),
        "the blank is filled from an older record"
    );
    assert!(patient.issues.iter().any(|issue| issue.code == "M112"));
    let conditions = made.of("Condition");
    assert_eq!(
        conditions.len(),
        1,
        "dementia was Yes once, and is No since"
    );
    assert!(conditions[0].resource.to_string().contains("Autism"));
    assert_eq!(made.of("EpisodeOfCare").len(), 2);
    assert_eq!(report.as_of.text, "2026-03-01");
    let mut turned = rows;
    turned.reverse();
    let (again, _) = council(&turned);
    assert_eq!(again.one("Patient").resource, patient.resource);
    assert_eq!(again.one("Condition").resource, conditions[0].resource);
}

#[test]
fn cs_12_a_group_without_a_latest_whose_records_differ_makes_nothing() {
    let (made, _) = council(&[
        "P1,A,G1,Surgery,,,Service,E1,01/01/2026",
        "P2,B,G1,Other Surgery,,,Service,E2,01/01/2026",
    ]);
    assert!(made.of("Organization.gp").is_empty());
    assert!(made.refusals().contains(&"M111".to_owned()));
    assert_eq!(
        made.of("Patient").len(),
        2,
        "a practice is no mandatory element"
    );
    assert!(
        made.codes().contains(&"M107".to_owned()),
        "{:?}",
        made.codes()
    );
}

#[test]
fn cs_15_records_of_a_kind_that_the_mapping_does_not_read_lend_nothing() {
    let (made, _) = council(&[
        "P1,A,,,,,Service,E1,01/01/2026",
        "P1,Hidden,G9,Hidden,Yes,,Safeguarding,E2,01/06/2026",
    ]);
    assert!(!made.text().contains("Hidden"));
    assert!(made.of("Condition").is_empty());
    assert!(made.refusals().contains(&"M121".to_owned()));
}

#[test]
fn cs_11_labels_in_a_variable_compare_as_labels() {
    let text = COUNCIL
        .replace(
            r#"Dementia: { type: flag, "true": "Yes", "false": "No", unknown: Unknown }"#,
            "Dementia: { type: code, values: [\"Yes\", \"No\"] }",
        )
        .replace(
            r#"Autism: { type: flag, "true": "Yes", "false": "No", unknown: Unknown }"#,
            "Autism: { type: code, values: [\"Yes\", \"No\"] }",
        )
        .replace("when: =tick\n", "when: =tick = \"Yes\"\n");
    let mapping = good("council", &text, &[]);
    let rows = "Person,Name,GP,GP Name,Dementia,Autism,Kind,Event,Date\nP1,A,,,YES,possibly,Service,E1,01/01/2026\n";
    let (made, _) = run(&mapping, "council.csv", rows.as_bytes());
    assert_eq!(made.of("Condition").len(), 1);
    assert!(
        made.codes().contains(&"S111".to_owned()),
        "{:?}",
        made.codes()
    );
}

#[test]
fn a_look_up_that_may_fail_warns_unless_the_mapping_says_what_then() {
    let with = |end: &str| {
        let text = COUNCIL.replace(
            "    status: active\n    patient: =Patient()",
            &format!("    status: active\n    patient: =Patient()\n    type: '=rows(\"X\", \"Y\").[GP Name] | textOnly{end}'"),
        );
        let mapping = good("council", &text, &[]);
        let rows = "Person,Name,GP,GP Name,Dementia,Autism,Kind,Event,Date\nP1,A,,,,,Service,E1,01/01/2026\n";
        run(&mapping, "council.csv", rows.as_bytes()).0.codes()
    };
    assert!(with("").contains(&"M109".to_owned()));
    assert!(!with(" | onMissing(drop)").contains(&"M109".to_owned()));
}

const BOOK: &str = r#"mapping: book
version: 1.0.0
fhir: 4.0.1
source:
  format: json
  extent: changes
  asOf: =document.[exported] | dateOf
  tables:
    document:
      path: ""
      key: recordUid
      identity: [recordUid]
      latest: { of: recordUid, by: versionNumber }
      columns:
        recordUid: { type: string, required: true }
        versionNumber: { type: integer, required: true }
        exported: { type: dateTime, formats: [iso], required: true }
        family: { path: name.family, type: string, required: true }
    alerts:
      path: alerts[]
      key: text
      columns:
        text: { type: string, required: true }
        unused: { ignore: nothing }
make:
  Patient:
    from: document
    name: [ { family: "=[family]" } ]
  Flag:
    from: alerts
    status: active
    code: { text: "=concat([text], ' of ', document.[family])" }
    subject: =Patient()
"#;

#[test]
fn cs_04_a_later_version_of_a_document_overtakes_the_older_with_all_its_records() {
    let mapping = good("book", BOOK, &[]);
    let input = br#"[
      {"recordUid":"a","versionNumber":1,"exported":"2026-01-01T10:00:00Z","name":{"family":"Old"},"alerts":[{"text":"Falls"}]},
      {"recordUid":"a","versionNumber":2,"exported":"2026-02-01T10:00:00Z","name":{"family":"New"},"alerts":[{"text":"Dogs"}]}
    ]"#;
    let (made, report) = run(&mapping, "book.json", input);
    assert!(made.quarantined.is_empty(), "{:#?}", made.quarantined);
    assert!(made.one("Patient").resource.to_string().contains("New"));
    assert!(
        made.one("Flag")
            .resource
            .to_string()
            .contains("Dogs of New")
    );
    assert_eq!(report.loss.overtaken["document"], 1);
    assert_eq!(report.as_of.text, "2026-02-01");
}

#[test]
fn a_file_of_another_kind_is_unusable_and_nothing_is_made() {
    let mut sink = support::Gathered::default();
    let input = source::Input::bytes("x.csv", b"Quite,Another,File\n1,2,3\n".to_vec());
    let issues = home()
        .run(
            &input,
            &support::context(),
            mapping::RunOptions::default(),
            &mapping::TakeAll,
            &mut sink,
        )
        .unwrap_err();
    assert!(!issues.is_empty());
    assert!(sink.made.is_empty() && sink.quarantined.is_empty());
}

#[test]
fn cs_04_a_file_that_nobody_dates_is_unusable() {
    let mut sink = support::Gathered::default();
    let mut context = support::context();
    context.as_of = None;
    let input = source::Input::bytes("home.csv", csv(&[ADA]));
    let issues = home()
        .run(
            &input,
            &context,
            mapping::RunOptions::default(),
            &mapping::TakeAll,
            &mut sink,
        )
        .unwrap_err();
    assert_eq!(issues[0].code, "M117");
    assert!(sink.made.is_empty());
}

#[test]
fn cs_04_what_a_later_record_overtakes_leaves_a_trace() {
    let (made, report) = council(&[
        "P1,A,,,Yes,,Service,E1,01/01/2026",
        "P1,A,,,No,,Service,E2,01/02/2026",
    ]);
    assert!(made.of("Condition").is_empty());
    let said = made
        .issues
        .iter()
        .find(|issue| issue.code == "M112")
        .expect("a word about the contradiction");
    assert!(said.message.contains("'Dementia'"), "{said}");
    let overtaken = &report.loss.overtaken_cells;
    assert!(
        overtaken
            .iter()
            .any(|one| one.column == "Dementia" && one.cells == 1),
        "{overtaken:?}"
    );
}

#[test]
fn cs_04_records_that_disagree_about_the_as_of_date_are_named() {
    let (made, report) = council(&[
        "P1,A,,,,,Service,E1,01/01/2026",
        "P2,B,,,,,Service,E2,01/01/2062",
    ]);
    assert_eq!(report.as_of.text, "2062-01-01");
    let said = made
        .issues
        .iter()
        .find(|issue| issue.code == "M123")
        .expect("a word about the dates");
    assert_eq!(said.input.as_ref().and_then(|place| place.row), Some(3));
}

#[test]
fn a_file_without_a_readable_record_says_why() {
    let mapping = good("council", COUNCIL, &[]);
    let mut sink = support::Gathered::default();
    let text = "Person,Name,GP,GP Name,Dementia,Autism,Kind,Event,Date\nP1,A\n";
    let mut context = support::context();
    context.as_of = None;
    let input = source::Input::bytes("council.csv", text.as_bytes().to_vec());
    let issues = mapping
        .run(
            &input,
            &context,
            mapping::RunOptions::default(),
            &mapping::TakeAll,
            &mut sink,
        )
        .unwrap_err();
    let codes: Vec<&str> = issues.iter().map(|issue| &*issue.code).collect();
    assert!(
        codes.contains(&"M122") || codes.contains(&"S008"),
        "{codes:?}"
    );
    assert!(
        codes.iter().any(|code| code.starts_with('S')),
        "the row's own issue is there: {codes:?}"
    );
}

#[test]
fn a_failed_reference_names_the_column_and_keeps_the_value_for_the_sender() {
    let text = COUNCIL.replace(
        "  EpisodeOfCare:",
        "  RelatedPerson:\n    from: rows\n    each: { columns: [GP, GP Name], as: other }\n    key: =other.column\n    patient: =Patient.by(other)\n  Patient.by:\n    from: rows\n    group: Person\n    latest: =[Date]\n    name: [ { family: \"=[Name]\" } ]\n  EpisodeOfCare:",
    );
    let mapping = good("council", &text, &[]);
    let rows = "Person,Name,GP,GP Name,Dementia,Autism,Kind,Event,Date\nP1,A,P1,P9,,,Service,E1,01/01/2026\n";
    let (made, _) = run(&mapping, "council.csv", rows.as_bytes());
    assert_eq!(made.of("RelatedPerson").len(), 1);
    let held_back = made
        .quarantined
        .iter()
        .find(|one| one.rule.as_deref() == Some("RelatedPerson"))
        .unwrap();
    let issue = &held_back.issues[0];
    assert_eq!(issue.code, "M106");
    assert_eq!(
        issue.input.as_ref().unwrap().column.as_deref(),
        Some("GP Name")
    );
    assert_eq!(issue.value.as_deref(), Some("P9"));
}

#[test]
fn a_resource_that_a_missing_value_quarantines_keeps_its_warning_and_its_element() {
    let text = COUNCIL.replace(
        "    status: active\n    patient: =Patient()",
        "    warn: the list is not named\n    status: active\n    type: '=[GP] | textOnly | onMissing(quarantine)'\n    patient: =Patient()",
    );
    let mapping = good("council", &text, &[]);
    let rows =
        "Person,Name,GP,GP Name,Dementia,Autism,Kind,Event,Date\nP1,A,,,,,Service,E1,01/01/2026\n";
    let (made, _) = run(&mapping, "council.csv", rows.as_bytes());
    let issues = &made.quarantined[0].issues;
    assert_eq!(issues[0].code, "M105");
    assert_eq!(issues[0].element.as_deref(), Some("EpisodeOfCare.type"));
    assert!(
        issues
            .iter()
            .any(|issue| issue.code == "M115" && issue.message.contains("not named"))
    );
}

#[test]
fn cs_12_two_documents_of_one_version_that_differ_are_both_quarantined() {
    let mapping = good("book", BOOK, &[]);
    let document = |alert: &str, version: &str| {
        format!(
            r#"{{"recordUid":"a","versionNumber":{version},"exported":"2026-01-01T10:00:00Z","name":{{"family":"F"}},"alerts":[{{"text":"{alert}"}}]}}"#
        )
    };
    let both = format!("[{},{}]", document("Falls", "1"), document("Dogs", "1"));
    let (made, _) = run(&mapping, "book.json", both.as_bytes());
    assert!(made.made.is_empty(), "{}", made.text());
    assert_eq!(made.refusals(), ["M111", "M111"]);
    let same = format!("[{},{}]", document("Falls", "1"), document("Falls", "1"));
    let (made, _) = run(&mapping, "book.json", same.as_bytes());
    assert_eq!(
        (made.made.len(), made.quarantined.len()),
        (2, 0),
        "{:#?}",
        made.quarantined
    );
    let broken = format!("[{}]", document("Falls", "1.5"));
    let (made, _) = run(&mapping, "book.json", broken.as_bytes());
    assert!(made.made.is_empty());
    assert_eq!(made.quarantined.len(), 1);
    assert!(made.refusals()[0].starts_with('S'), "{:?}", made.refusals());
}

#[test]
fn a_label_as_a_key_is_looked_up_as_a_label() {
    let text = COUNCIL
        .replace("Kind: { type: code, values: [Service, Review, Safeguarding] }", "Kind: { type: code, values: [Service, Review, Safeguarding] }\n")
        .replace("key: [Person, Event]", "key: Kind")
        .replace("    status: active\n    patient: =Patient()", "    key: =[Event]\n    status: active\n    type: '=rows(\"REVIEW\").[GP Name] | textOnly'\n    patient: =Patient()");
    let mapping = good("council", &text, &[]);
    let rows = "Person,Name,GP,GP Name,Dementia,Autism,Kind,Event,Date\nP1,A,,,,,Service,E1,01/01/2026\nP1,A,,Found,,, review ,E2,01/01/2026\n";
    let (made, _) = run(&mapping, "council.csv", rows.as_bytes());
    assert!(
        made.one("EpisodeOfCare")
            .resource
            .to_string()
            .contains("Found")
    );
}

#[test]
fn an_object_that_has_nothing_in_it_is_not_made() {
    let text = r#"mapping: bare
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: changes
  asOf: stated
  tables:
    rows:
      key: ID
      columns:
        ID: { type: string, required: true }
        Name: { type: string, required: true }
        Phone: string
make:
  Organization:
    from: rows
    name: =[Name]
    telecom:
      - when: =present([Name])
        value: =[Phone]
"#;
    let (made, _) = run(
        &good("bare", text, &[]),
        "bare.csv",
        b"ID,Name,Phone\n1,A home,\n2,Another,01632 960001\n",
    );
    assert_eq!(made.made.len(), 2);
    assert!(
        made.made[0].resource.get("telecom").is_none(),
        "{}",
        made.made[0].resource
    );
    assert!(made.made[1].resource.get("telecom").is_some());
}
