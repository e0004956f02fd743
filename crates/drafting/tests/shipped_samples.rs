//! The shipped samples, drafted as if nobody had mapped them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use drafting::Options;

const SAMPLES: [(&str, &str); 3] = [
    (
        "cld.csv",
        "../../mappings/cld-r1/samples/sampleshire-2026-q3.csv",
    ),
    (
        "home.xlsx",
        "../../mappings/generic-carehome-xlsx/samples/pretend-lodge.xlsx",
    ),
    (
        "mods.ndjson",
        "../../mappings/mods-json/samples/pretend-day-support.ndjson",
    ),
];

#[test]
fn each_loads_as_drafted_with_every_rule_and_as_synthetic() {
    for (name, path) in SAMPLES {
        let bytes = std::fs::read(path).unwrap();
        for (synthetic, every_rule) in [(false, false), (false, true), (true, false), (true, true)]
        {
            let options = Options {
                synthetic,
                every_rule,
                ..Options::new("draft")
            };
            let draft = support::draft_with(name, &bytes, &options);
            if std::env::var_os("SHOW").is_some() {
                println!("{}", support::text(&draft, "mapping.yaml"));
                println!("{:#?} {:#?}", draft.made, draft.unsure);
            }
            support::assert_loads(&draft);
            let loaded = support::load(&draft);
            let rules: Vec<&str> = loaded.mapping.as_ref().unwrap().rules().collect();
            assert_eq!(rules[0], "Patient", "{name}");
            assert_eq!(
                rules.len() > 1,
                every_rule && name != "cld.csv",
                "{name}: {rules:?}"
            );
        }
    }
}

/// What the drafts of the samples must have seen, each by the line that says so.
#[test]
fn what_the_samples_hold_is_seen() {
    let expected: [(usize, &[&str]); 3] = [
        (
            0,
            &[
                "        LA Person Unique Identifier: { type: string, required: true }",
                "      identity: [LA Person Unique Identifier, NHS Number]",
                "    group: [LA Person Unique Identifier]",
                "  asOf: =rows.[Reporting Period End Date]",
                "        Unit Cost: { type: decimal, range: \"0..2000\", ignore: how care is paid for is not clinical }",
            ],
        ),
        (
            1,
            &[
                "  missing: [\"\", \"-\", \"N/A\", \"nil\"]",
                "      key: ID",
                "        ID: { type: string, required: true, volatile: true }",
                "      identity: [NHS Number, { weak: [Last Name, DOB] }]",
                "        NHS Number: { type: nhs-number }",
                "        Allergies: { type: list, separator: \";\", ignore: to do }",
                "        Key Safe: { deny: door code }",
                "        Sex: { type: code, values: [Female, Male] }",
                "  # Observation.weight:",
                "  #   subject: =Patient([Resident ID])",
                "  # AllergyIntolerance.unclear:",
                "  # RelatedPerson:",
                "  # MedicationStatement:",
                "  # Flag.dnacpr:",
            ],
        ),
        (
            2,
            &[
                "  format: ndjson",
                "      path: \"alerts[]\"",
                "        family: { type: string, path: \"subjectOfCare.name.family\", required: true }",
                "    birthDate: =[dateOfBirth]",
            ],
        ),
    ];
    for (sample, lines) in expected {
        let (name, path) = SAMPLES[sample];
        let draft = support::draft(name, &std::fs::read(path).unwrap());
        let text = support::text(&draft, "mapping.yaml");
        for line in lines {
            assert!(
                text.lines().any(|it| it == *line),
                "{name}: no line {line:?} in\n{text}"
            );
        }
    }
}
