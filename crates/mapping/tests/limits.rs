//! No mapping makes the checker overflow, hang or grow without bound, and none reads a file that is
//! not its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::path::Path;

use definitions::Definitions;
use mapping::{Folder, Loaded};

const GOOD: &str = r#"mapping: small
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
make:
  Patient:
    from: rows
    identifier: [ { system: local(id), value: "=[ID]" } ]
"#;

fn codes(loaded: &Loaded) -> Vec<&str> {
    loaded.issues.iter().map(|issue| &*issue.code).collect()
}

fn only(loaded: &Loaded, code: &str) {
    assert_eq!(codes(loaded), [code], "{}", support::render(loaded));
    assert!(loaded.mapping.is_none());
}

fn with(line: &str) -> Loaded {
    support::load("small", &format!("{GOOD}{line}\n"), &[])
}

#[test]
fn the_mapping_that_the_cases_change_is_good() {
    assert!(with("").issues.is_empty());
}

#[test]
fn lists_and_maps_nest_only_so_deep() {
    for depth in [49, 200, 100_000] {
        let loaded = with(&format!(
            "description: {}{}",
            "[".repeat(depth),
            "]".repeat(depth)
        ));
        assert!(
            codes(&loaded)
                .iter()
                .all(|code| matches!(*code, "M012" | "M002")),
            "{:?}",
            codes(&loaded)
        );
        assert!(!loaded.issues.is_empty(), "{depth}");
    }
    // Block style nests without brackets.
    let deep: String = (0..1_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth + 1)))
        .collect();
    only(&with(&format!("description:\n{deep}")), "M012");
    let dashes = with(&format!("description:\n{}x", "- ".repeat(20_000)));
    assert!(codes(&dashes).contains(&"M012"), "{:?}", codes(&dashes));
}

#[test]
fn the_deepest_that_is_allowed_is_read_and_compiled() {
    // As deep as the language goes, on the small stack of a test's thread.
    let mut items = String::new();
    for depth in 0..18 {
        let indent = " ".repeat(4 + depth * 2);
        items.push_str(&format!("{indent}item:\n{indent}- linkId: \"{depth}\"\n"));
    }
    let rule = format!(
        "  QuestionnaireResponse:\n    from: rows\n    key: ID\n    status: completed\n    subject: =Patient()\n{items}"
    );
    let loaded = support::load("small", &format!("{GOOD}{rule}"), &[]);
    assert!(loaded.mapping.is_some(), "{}", support::render(&loaded));
}

#[test]
fn aliases_do_not_multiply_without_end() {
    let mut laughs = "description:\n  - &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let before = level - 1;
        let many = vec![format!("*a{before}"); 9].join(", ");
        laughs.push_str(&format!("  - &a{level} [{many}]\n"));
    }
    only(&with(&laughs), "M012");
    let mut chain = "description:\n  - &a0 [x]\n".to_owned();
    for level in 1..5_000 {
        chain.push_str(&format!("  - &a{level} [*a{}]\n", level - 1));
    }
    only(&with(&chain), "M012");
    let own = with("description: &a [*a]");
    assert!(codes(&own).contains(&"M002"), "{:?}", codes(&own));
}

#[test]
fn expressions_nest_only_so_deep_and_are_only_so_long() {
    let expression = |text: &str| with(&format!("    language: '={text}'"));
    only(
        &expression(&format!(
            "{}[ID]{}",
            "upper(".repeat(5_000),
            ")".repeat(5_000)
        )),
        "M007",
    );
    only(
        &expression(&format!("[ID]{}", " | upper".repeat(5_000))),
        "M007",
    );
    only(
        &expression(&format!("{}[ID]{}", "(".repeat(10_000), ")".repeat(10_000))),
        "M007",
    );
    only(
        &expression(&format!("concat([ID]{})", ", 1".repeat(200_000))),
        "M007",
    );
    // Long chains are flat, and denials count two at a time.
    let chain = with(&format!(
        "    when: '={}[ID] = \"x\"'",
        "[ID] = \"y\" or ".repeat(900)
    ));
    assert!(chain.mapping.is_some(), "{}", support::render(&chain));
    let nots = with(&format!(
        "    when: '={}present([ID])'",
        "not ".repeat(3_000)
    ));
    assert!(nots.mapping.is_some(), "{}", support::render(&nots));
    // As deep as is allowed, compiled and run on the small stack of a test's thread.
    let deep = expression(&format!(
        "{}[ID]{}{}",
        "upper(".repeat(30),
        ")".repeat(30),
        " | upper".repeat(31)
    ));
    assert!(deep.mapping.is_some(), "{}", support::render(&deep));
    let (made, _) = support::run(&deep.mapping.unwrap(), "x.csv", b"ID\na\n");
    assert_eq!(made.one("Patient").resource.text("language"), Some("A"));
}

#[test]
fn a_file_holds_only_so_much() {
    only(&with(&format!("# {}", "x".repeat(2 << 20))), "M012");
    let many: String = (0..60_000)
        .map(|number| format!("  - {number}\n"))
        .collect();
    only(&with(&format!("packages:\n{many}")), "M012");
    let table = format!("source,code\n{}", "x".repeat(17 << 20));
    let text = GOOD.replace("make:", "codes:\n  t: { file: t.csv, to: snomed }\nmake:");
    only(&support::load("small", &text, &[("t.csv", &table)]), "M012");
    let rows: String = (0..100_001)
        .map(|number| format!("l{number},{number}\n"))
        .collect();
    let text = text + "    maritalStatus: =[ID] | code(t)\n";
    only(
        &support::load(
            "small",
            &text,
            &[("t.csv", &format!("source,code\n{rows}"))],
        ),
        "M012",
    );
}

#[test]
fn only_so_many_findings_are_listed() {
    let wrong: String = (0..5_000)
        .map(|number| format!("    x{number}: =[Y{number}]\n"))
        .collect();
    let loaded = support::load("small", &format!("{GOOD}{wrong}"), &[]);
    assert_eq!(loaded.issues.len(), 501);
    assert_eq!(&*loaded.issues.last().unwrap().code, "M012");
    assert!(loaded.mapping.is_none());
}

#[test]
fn a_key_is_a_text_and_a_mapping_one_document() {
    let list = with("? [a, b]\n: c");
    assert!(codes(&list).contains(&"M002"), "{:?}", codes(&list));
    let empty = with("~: c");
    assert!(codes(&empty).contains(&"M002"), "{:?}", codes(&empty));
    only(&with("---\nmapping: second"), "M002");
}

/// A mapping on disk whose code table has this path.
fn on_disk(folder: &Path, table: &str) -> Loaded {
    let text = GOOD.replace(
        "make:",
        &format!("codes:\n  t: {{ file: '{table}', to: snomed }}\nmake:"),
    ) + "    maritalStatus: =[ID] | code(t)\n";
    std::fs::create_dir_all(folder.join("codes")).unwrap();
    std::fs::write(folder.join("mapping.yaml"), text).unwrap();
    mapping::load(
        &Folder::open(folder),
        Definitions::embedded(),
        &support::TERMINOLOGY,
    )
}

#[test]
fn a_mapping_reads_its_own_folder_only() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("small");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(outer.path().join("secret.csv"), "source,code\na,1\n").unwrap();
    std::fs::create_dir_all(folder.join("codes")).unwrap();
    std::fs::write(folder.join("codes/t.csv"), "source,code\na,1\n").unwrap();
    assert!(on_disk(&folder, "codes/t.csv").mapping.is_some());
    let absolute = outer.path().join("secret.csv").display().to_string();
    for path in [
        "../secret.csv",
        "codes/../../secret.csv",
        "codes/../codes/t.csv",
        "./codes/t.csv",
        "codes//t.csv",
        "/etc/passwd",
        absolute.as_str(),
        "C:/secret.csv",
        "..\\secret.csv",
        "codes\\t.csv",
        "\\\\server\\share\\t.csv",
        "codes/t.csv.",
        "codes/t.csv ",
        "~/t.csv",
        "",
    ] {
        let loaded = on_disk(&folder, path);
        assert_eq!(
            codes(&loaded),
            ["M013"],
            "{path}: {}",
            support::render(&loaded)
        );
    }
    // A name counts only as it is written.
    let cased = on_disk(&folder, "codes/T.csv");
    only(&cased, "M001");
    assert_eq!(
        cased.issues[0].help.as_deref(),
        Some("did you mean 'codes/t.csv'?")
    );
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_and_nothing_but_a_file_is_read() {
    use std::os::unix::fs::symlink;
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("small");
    std::fs::create_dir_all(folder.join("codes")).unwrap();
    std::fs::write(outer.path().join("secret.csv"), "source,code\na,1\n").unwrap();
    std::fs::write(folder.join("codes/real.csv"), "source,code\na,1\n").unwrap();
    symlink(
        outer.path().join("secret.csv"),
        folder.join("codes/out.csv"),
    )
    .unwrap();
    symlink(outer.path(), folder.join("up")).unwrap();
    symlink(folder.join("codes/real.csv"), folder.join("codes/in.csv")).unwrap();
    symlink("round.csv", folder.join("codes/round.csv")).unwrap();
    symlink("/dev/zero", folder.join("codes/zero.csv")).unwrap();
    let pipe = std::process::Command::new("mkfifo")
        .arg(folder.join("codes/pipe.csv"))
        .status()
        .unwrap();
    assert!(pipe.success());
    only(&on_disk(&folder, "codes/out.csv"), "M013");
    only(&on_disk(&folder, "up/secret.csv"), "M013");
    only(&on_disk(&folder, "codes/zero.csv"), "M013");
    only(&on_disk(&folder, "codes/pipe.csv"), "M001");
    only(&on_disk(&folder, "codes/round.csv"), "M001");
    only(&on_disk(&folder, "codes"), "M001");
    assert!(on_disk(&folder, "codes/in.csv").mapping.is_some());
    // The mapping itself is no exception.
    std::fs::rename(
        folder.join("mapping.yaml"),
        outer.path().join("elsewhere.yaml"),
    )
    .unwrap();
    symlink(
        outer.path().join("elsewhere.yaml"),
        folder.join("mapping.yaml"),
    )
    .unwrap();
    let loaded = mapping::load(
        &Folder::open(&folder),
        Definitions::embedded(),
        &support::TERMINOLOGY,
    );
    only(&loaded, "M013");
    // Folders that lead round in a circle are looked through once.
    symlink(outer.path(), outer.path().join("again")).unwrap();
    assert_eq!(mapping::find_mappings(outer.path()).len(), 1);
}
