//! What the tests of this crate share: loading mappings from text and gathering what a run makes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

use std::sync::LazyLock;

use definitions::Definitions;
use diagnostics::Issue;
use mapping::{
    Embedded, Loaded, Made, Mapping, Quarantined, Retired, RunContext, RunOptions, RunReport, Sink,
    TakeAll, Verdict,
};
use source::Input;
use terminology::Terminology;

pub static TERMINOLOGY: LazyLock<Terminology> =
    LazyLock::new(|| Terminology::new(Definitions::embedded()));

pub fn load(name: &str, mapping: &str, files: &[(&str, &str)]) -> Loaded {
    let mut folder = Embedded::new(name).with("mapping.yaml", mapping.to_owned().into_bytes());
    for (path, text) in files {
        folder = folder.with(*path, (*text).to_owned().into_bytes());
    }
    mapping::load(&folder, Definitions::embedded(), &TERMINOLOGY)
}

pub fn render(loaded: &Loaded) -> String {
    loaded
        .issues
        .iter()
        .map(|issue| {
            let file = issue.mapping.as_ref().map(|place| place.file.to_string());
            let source = file.as_deref().and_then(|file| loaded.source(file));
            diagnostics::render_with_source(issue, source)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

pub fn good(name: &str, mapping: &str, files: &[(&str, &str)]) -> Mapping {
    let loaded = load(name, mapping, files);
    let text = render(&loaded);
    loaded
        .mapping
        .unwrap_or_else(|| panic!("the mapping has errors:\n{text}"))
}

#[derive(Default)]
pub struct Gathered {
    pub made: Vec<Made>,
    pub quarantined: Vec<Quarantined>,
    pub retired: Vec<Retired>,
    pub issues: Vec<Issue>,
    /// Types and rules to refuse.
    pub refuse: Vec<String>,
}

impl Sink for Gathered {
    fn resource(&mut self, made: Made, _judged: ()) -> Verdict {
        if self.refuse.iter().any(|rule| *rule == *made.rule) {
            return Verdict::Refused(vec![Issue::error(
                "V000",
                diagnostics::IssueType::Value,
                "refused by the test",
            )]);
        }
        self.made.push(made);
        Verdict::Accepted
    }

    fn quarantined(&mut self, quarantined: Quarantined) {
        self.quarantined.push(quarantined);
    }

    fn retired(&mut self, retired: Retired) {
        self.retired.push(retired);
    }

    fn issue(&mut self, issue: Issue) {
        self.issues.push(issue);
    }
}

impl Gathered {
    /// Everything that it was given.
    pub fn said(&self) -> String {
        let Self {
            made,
            quarantined,
            retired,
            issues,
            ..
        } = self;
        format!("{made:#?}\n{quarantined:#?}\n{retired:#?}\n{issues:#?}")
    }

    pub fn text(&self) -> String {
        self.made
            .iter()
            .map(|made| made.resource.to_string() + "\n")
            .collect()
    }

    pub fn of(&self, rule: &str) -> Vec<&Made> {
        self.made
            .iter()
            .filter(|made| *made.rule == *rule)
            .collect()
    }

    pub fn one(&self, rule: &str) -> &Made {
        let all = self.of(rule);
        assert_eq!(
            all.len(),
            1,
            "one {rule} is wanted:\n{}\n{:#?}",
            self.text(),
            self.quarantined
        );
        all[0]
    }

    /// The codes of all issues of what was quarantined.
    pub fn refusals(&self) -> Vec<String> {
        self.quarantined
            .iter()
            .flat_map(|quarantined| &quarantined.issues)
            .map(|issue| issue.code.to_string())
            .collect()
    }

    pub fn codes(&self) -> Vec<String> {
        self.issues
            .iter()
            .chain(self.made.iter().flat_map(|made| &made.issues))
            .map(|issue| issue.code.to_string())
            .collect()
    }
}

pub fn context() -> RunContext {
    RunContext {
        tenant: "A1001".to_owned(),
        source: "test".to_owned(),
        ids: identity::IdSpace::published(),
        as_of: Some("2026-11-01".to_owned()),
    }
}

pub fn run_refusing(
    mapping: &Mapping,
    name: &str,
    input: &[u8],
    refuse: &[&str],
) -> (Gathered, RunReport) {
    let run = |options: RunOptions| {
        let mut sink = Gathered {
            refuse: refuse.iter().map(|rule| (*rule).to_owned()).collect(),
            ..Gathered::default()
        };
        let report = mapping
            .run(
                &Input::bytes(name, input.to_vec()),
                &context(),
                options,
                &TakeAll,
                &mut sink,
            )
            .unwrap_or_else(|issues| panic!("unusable: {issues:#?}"));
        (sink, report)
    };
    let (sink, report) = run(RunOptions::default());
    // What is made never hangs on how much of what is remembered is in memory.
    let (spilled, same_report) = run(RunOptions {
        memory: Some(0),
        ..RunOptions::one_thread()
    });
    assert_eq!(sink.said(), spilled.said());
    assert_eq!(format!("{report:?}"), format!("{same_report:?}"));
    (sink, report)
}

pub fn run(mapping: &Mapping, name: &str, input: &[u8]) -> (Gathered, RunReport) {
    run_refusing(mapping, name, input, &[])
}
