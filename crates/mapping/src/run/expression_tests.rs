//! The `expr` blocks of the language's page, evaluated.

use std::ops::ControlFlow;

use definitions::Definitions;
use source::{Event, Input};
use terminology::Terminology;

use super::cell::{Cx, Record, Shared};
use super::index::Indexes;
use super::survey::Partners;
use super::value::Val;
use crate::program::Item;
use crate::{Embedded, load};

const PAGE: &str = include_str!("../../../../docs/mapping-language.md");

const MAPPING: &str = r#"
mapping: examples
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: changes
  asOf: stated
  tables:
    rows:
      key: Name
      columns:
        Name: { type: string, required: true }
        Blank: string
        Sex: { type: code, values: [Male, Female] }
        Allergies: { type: list, separator: ";" }
        Weight: decimal
        Count: integer
        DOB: { type: date, formats: [iso] }
        Seen: { type: dateTime, formats: [iso] }
        PRN: { type: flag, "true": Y, "false": N }
codes:
  sex: { to: http://hl7.org/fhir/administrative-gender, rows: { Male: male, Female: female } }
phrases:
  none known: [NKDA, no known allergies]
make:
  Basic:
    from: rows
    when: =present(list(text([Blank]), text([Sex]), text([Weight]), text([Count]), text([DOB]), text([Seen]), text([PRN]), join("", [Allergies]))) or EXPRESSION
    code: { text: "=[Name]" }
"#;

const RECORD: &str = "Name,Blank,Sex,Allergies,Weight,Count,DOB,Seen,PRN\n\
    Ada Test,,Male,Penicillin;?latex,61.50,3,1938-02-11,2026-07-01T09:30:00+01:00,Y\n";

/// Evaluates an expression on the record: its value, and whether it was bad.
fn evaluate(expression: &str) -> String {
    let mapping = MAPPING.replace("EXPRESSION", &format!("present({expression})"));
    let mapping = mapping.replace("when: =", "when: '=").replace(
        &format!("present({expression})"),
        &format!("present({})'", expression.replace('\'', "''")),
    );
    let files = Embedded::new("examples").with("mapping.yaml", mapping.into_bytes());
    let definitions = Definitions::embedded();
    let loaded = load(&files, definitions, &Terminology::new(definitions));
    let errors: Vec<String> = loaded
        .issues
        .iter()
        .filter(|issue| issue.is_error())
        .map(ToString::to_string)
        .collect();
    let mapping = loaded
        .mapping
        .unwrap_or_else(|| panic!("{expression}: {errors:#?}"));
    let program = &mapping.program;
    let crate::program::Op::Or(_, wanted) = &program.rules[0].when.as_ref().unwrap().op else {
        panic!("the condition is another");
    };
    let crate::program::Op::Call(_, arguments) = &**wanted else {
        panic!("the condition is another");
    };
    assert!(matches!(
        program.rules[0].body.fields[0].items[0],
        Item::Object(_)
    ));
    let input = Input::bytes("examples.csv", RECORD.as_bytes().to_vec());
    let mut opened = source::open(&input, program.schema.clone()).unwrap();
    let mut out = String::new();
    opened
        .read(&[0], &mut |event| {
            let Event::Row(row) = event else {
                panic!("unreadable")
            };
            let (indexes, partners) = (
                Indexes::new(1, 0, &spill::Budget::unlimited()),
                Partners::default(),
            );
            let shared = Shared {
                program,
                indexes: &indexes,
                partners: &partners,
                local: "",
                seen: &crate::loss::Seen::default(),
            };
            let mut cx = Cx::new(&shared, Some(Record { row, filled: &[] }), false);
            let value = cx.evaluate(&arguments[0]);
            let bad = cx
                .issues
                .iter()
                .any(|issue| issue.code == crate::codes::UNREADABLE);
            out = if bad { "bad".to_owned() } else { show(&value) };
            ControlFlow::Continue(())
        })
        .unwrap();
    out
}

fn show(value: &Val<'_>) -> String {
    match value {
        Val::Nothing => "nothing".to_owned(),
        Val::Text(text) | Val::Label(text, _) => format!("\"{text}\""),
        Val::List(items) => format!(
            "[{}]",
            items.iter().map(show).collect::<Vec<_>>().join(", ")
        ),
        Val::Concept { codings, text } => {
            let text = text.as_deref().unwrap_or_default();
            match codings.first() {
                Some(coding) if coding.system.as_deref() == Some("http://snomed.info/sct") => {
                    format!("snomed|{} \"{text}\"", coding.code)
                }
                Some(coding) => format!("{} \"{text}\"", coding.code),
                None => format!("text \"{text}\""),
            }
        }
        Val::Pair(pair) => format!("{}, {}", show(&pair.0), show(&pair.1)),
        Val::Quantity(number, unit) => format!("{number} {}", unit.code),
        Val::Absent(reason) => format!("absent {reason}"),
        other => other.text().unwrap_or_default().into_owned(),
    }
}

#[test]
fn every_expression_of_the_page_gives_what_the_page_says() {
    let mut inside = false;
    let mut seen = 0;
    for line in PAGE.lines() {
        match line.trim() {
            "```expr" => inside = true,
            "```" => inside = false,
            line if inside => {
                let (expression, wanted) = line.rsplit_once("=>").expect("an example has =>");
                assert_eq!(evaluate(expression.trim()), wanted.trim(), "{expression}");
                seen += 1;
            }
            _ => {}
        }
    }
    assert!(seen > 40, "the page has {seen} examples");
}

#[test]
fn every_function_stands_in_an_example_of_the_page() {
    let mut shown = String::new();
    let mut inside = false;
    for line in PAGE.lines() {
        match line.trim() {
            "```expr" => inside = true,
            "```" => inside = false,
            line if inside => {
                shown.push_str(line);
                shown.push('\n');
            }
            _ => {}
        }
    }
    let lacking: Vec<&str> = crate::compile::calls::FUNCTIONS
        .iter()
        .map(|(name, ..)| *name)
        .filter(|name| {
            !shown.match_indices(name).any(|(at, _)| {
                let before = shown[..at].chars().next_back().unwrap_or(' ');
                let after = shown[at + name.len()..].chars().next().unwrap_or(' ');
                !before.is_alphanumeric() && (after == '(' || shown[..at].ends_with("| "))
            })
        })
        .collect();
    assert!(lacking.is_empty(), "no example of: {}", lacking.join(", "));
}
