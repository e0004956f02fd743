//! Mappings as strangers write them, and inputs that mappings are run over.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::LazyLock;

use definitions::Definitions;
use diagnostics::Issue;
use mapping::{
    Beginning, Embedded, Folder, Loaded, Made, Mapping, Quarantined, Retired, RunContext,
    RunOptions, Sink, TakeAll, Verdict,
};
use source::Input;
use terminology::Terminology;

static TERMINOLOGY: LazyLock<Terminology> =
    LazyLock::new(|| Terminology::new(Definitions::embedded()));

/// Any bytes as `mapping.yaml` are compiled or refused with a place and a way to mend it.
pub fn mapping_file(bytes: &[u8]) {
    let files = Embedded::new("fuzz")
        .with("mapping.yaml", bytes.to_vec())
        .with("codes/table.csv", &b"source,code\nA,1\n"[..]);
    sound(&mapping::load(
        &files,
        Definitions::embedded(),
        &TERMINOLOGY,
    ));
}

fn sound(loaded: &Loaded) {
    let refused = diagnostics::has_errors(&loaded.issues);
    assert_eq!(
        loaded.mapping.is_none(),
        refused,
        "an error refuses, nothing else does"
    );
    for issue in &loaded.issues {
        let place = issue.mapping.as_ref().expect("a finding has a place");
        assert!(
            place.line > 0 && place.column > 0 && place.length > 0,
            "{issue}"
        );
        assert!(
            issue.help.is_some(),
            "a finding says how to mend it: {issue}"
        );
        let source = loaded.source(&place.file);
        let _ = diagnostics::render_with_source(issue, source);
    }
}

/// Any text as an expression is compiled or refused, and what is compiled ends.
pub fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if text.contains(|c: char| c.is_control()) {
        return;
    }
    let text = text.replace('\'', "''");
    // As a text, a truth, a concept and a condition: one of them may fit its type.
    for element in [
        "name: { text: '=text(EXPRESSION)' }",
        "deceasedBoolean: '=EXPRESSION'",
        "maritalStatus: '=EXPRESSION'",
        "when: '=EXPRESSION'",
    ] {
        let mapping = format!("{TEMPLATE}    {}\n", element.replace("EXPRESSION", &text));
        let files = Embedded::new("fuzz").with("mapping.yaml", mapping.into_bytes());
        let loaded = mapping::load(&files, Definitions::embedded(), &TERMINOLOGY);
        sound(&loaded);
        if let Some(mapping) = &loaded.mapping {
            let row = b"ID,Name,Blank,Sex,Allergies,Weight,Count,DOB,Seen,PRN\n1,Ada Test,,Male,Penicillin;?latex,61.50,3,11/02/1938,01/07/2026 09:30,Y\n";
            run(mapping, "input.csv", row, 1);
        }
    }
}

const TEMPLATE: &str = r"mapping: fuzz
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: snapshot
  asOf: stated
  tables:
    rows:
      key: ID
      identity: [ID]
      columns:
        ID: { type: string, required: true }
        Name: string
        Blank: string
        Sex: { type: code, values: [Male, Female] }
        Allergies: { type: list, separator: ';' }
        Weight: decimal
        Count: integer
        DOB: { type: date, formats: [dd/MM/yyyy] }
        Seen: { type: dateTime, formats: ['dd/MM/yyyy HH:mm'] }
        PRN: { type: flag, 'true': Y, 'false': N }
codes:
  sex: { to: http://hl7.org/fhir/administrative-gender, rows: { Male: male, Female: female } }
phrases:
  none known: [NKDA, no known allergies]
make:
  Patient:
    from: rows
    gender: =[Sex] | code(sex)
    birthDate: =[DOB]
    active: =[PRN]
    identifier:
      - { value: '=[ID]' }
      - { value: '=text([Weight])' }
      - { value: '=text([Count])' }
      - { value: '=text([Seen])' }
      - { value: '=text([Name])' }
      - { value: '=text([Blank])' }
      - { value: '=join([Name], [Allergies])' }
";

/// The mappings that are shipped, each by its name.
static SHIPPED: LazyLock<Vec<Mapping>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("mappings"))
        .find(|folder| folder.is_dir())
        .expect("the mappings are there");
    mapping::find_mappings(&folder)
        .iter()
        .filter_map(|path| {
            mapping::load(&Folder::open(path), Definitions::embedded(), &TERMINOLOGY).mapping
        })
        .collect()
});

/// Any input is mapped or refused by every shipped mapping, and the number of threads changes
/// nothing of what comes out.
pub fn mapping_run(bytes: &[u8]) {
    assert!(SHIPPED.len() > 2, "the shipped mappings load");
    for mapping in SHIPPED.iter() {
        let one = run(mapping, "input", bytes, 1);
        let three = run(mapping, "input", bytes, 3);
        assert_eq!(one, three, "{}: threads change nothing", mapping.name());
    }
}

/// Everything that a run gives, in words.
fn run(mapping: &Mapping, name: &str, bytes: &[u8], threads: usize) -> Vec<String> {
    let context = RunContext {
        tenant: "A1001".to_owned(),
        source: "fuzz".to_owned(),
        ids: identity::IdSpace::published(),
        as_of: Some("2026-11-01".to_owned()),
    };
    let options = RunOptions {
        threads,
        ..RunOptions::default()
    };
    let mut sink = Gathered::default();
    let input = Input::bytes(name, bytes.to_vec());
    if let Err(issues) = mapping.run(&input, &context, options, &TakeAll, &mut sink) {
        assert!(!issues.is_empty(), "a refusal says why");
        sink.0.extend(issues.iter().map(Issue::to_string));
    }
    sink.0
}

#[derive(Default)]
struct Gathered(Vec<String>);

impl Sink for Gathered {
    fn begin(&mut self, beginning: &Beginning) -> ControlFlow<()> {
        self.0.push(beginning.as_of.text.clone());
        ControlFlow::Continue(())
    }

    fn resource(&mut self, made: Made, _judged: ()) -> Verdict {
        let text = made.resource.to_string();
        let read = json::parse(text.as_bytes()).expect("what is made is JSON");
        assert_eq!(read, made.resource, "what is written is what was made");
        self.0.push(text);
        Verdict::Accepted
    }

    fn retired(&mut self, retired: Retired) {
        self.0
            .push(format!("gone: {} {}", retired.id, retired.issue));
    }

    fn quarantined(&mut self, quarantined: Quarantined) {
        assert!(!quarantined.issues.is_empty(), "a quarantine has a reason");
        self.0
            .extend(quarantined.issues.iter().map(Issue::to_string));
    }

    fn issue(&mut self, issue: Issue) {
        self.0.push(issue.to_string());
    }
}
