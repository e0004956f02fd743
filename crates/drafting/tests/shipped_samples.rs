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
        }
    }
}
