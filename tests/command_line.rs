//! Every command, run as a user runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use harness::{causeway, copy_folder, first_sample, root};

#[test]
fn help_shows_every_command_with_an_example() {
    let help = causeway(&["--help"]);
    assert_eq!(help.code, 0);
    for command in [
        "convert",
        "check",
        "test",
        "validate",
        "import",
        "serve",
        "demo",
        "packages",
        "revalidate",
    ] {
        assert!(
            help.out.contains(&format!("causeway {command}")),
            "{command}"
        );
        let own = causeway(&[command, "--help"]);
        assert!(own.out.contains("Example"), "{command}");
    }
}

#[test]
fn unusable_arguments_exit_2() {
    assert_eq!(causeway(&["convert"]).code, 2);
    assert_eq!(causeway(&["no-such-command"]).code, 2);
    let unknown = causeway(&["convert", "--mapping", "cld-r9", "x.csv", "--out", "-"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("cld-r1"), "{}", unknown.err);
}

#[test]
fn the_shipped_mappings_check_and_test_clean() {
    let check = causeway(&["check", "mappings/"]);
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    let test = causeway(&["test", "mappings/"]);
    assert_eq!(test.code, 0, "{}{}", test.out, test.err);
}

#[test]
fn a_wrong_mapping_exits_2_with_line_and_caret() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("cld-r1");
    copy_folder(&root().join("mappings").join("cld-r1"), &copy);
    let file = copy.join("mapping.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let (at, _) = text
        .lines()
        .enumerate()
        .find(|(_, line)| line.trim_start().starts_with("birthDate:"))
        .expect("the mapping makes a birth date");
    std::fs::write(&file, text.replace("birthDate:", "brithDate:")).unwrap();
    let check = causeway(&["check", folder.path().to_str().unwrap()]);
    assert_eq!(check.code, 2, "{}", check.out);
    assert!(
        check.out.contains(&format!("mapping.yaml:{}:", at + 1)),
        "{}",
        check.out
    );
    assert!(check.out.contains("^^^^"), "{}", check.out);
    assert!(check.out.contains("birthDate"), "{}", check.out);
    let convert = causeway(&[
        "convert",
        "--mapping",
        copy.to_str().unwrap(),
        "Cargo.toml",
        "--out",
        "-",
    ]);
    assert_eq!(convert.code, 2, "{}", convert.err);
}

#[test]
fn same_in_same_out() {
    let folder = tempfile::tempdir().unwrap();
    let sample = first_sample("cld-r1");
    let run = |name: &str| {
        let out = folder.path().join(name);
        let finished = causeway(&[
            "convert",
            "--mapping",
            "cld-r1",
            sample.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ]);
        assert!([0, 3].contains(&finished.code), "{}", finished.err);
        std::fs::read(out).unwrap()
    };
    let first = run("a.ndjson");
    assert!(!first.is_empty());
    assert_eq!(first, run("b.ndjson"));
}

#[test]
fn a_conversion_never_destroys_the_export_or_an_earlier_result() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let export = path("export.csv");
    std::fs::copy(first_sample("cld-r1"), &export).unwrap();
    let before = std::fs::read(&export).unwrap();
    let convert = |arguments: &[&str]| {
        let mut all = vec!["convert", "--mapping", "cld-r1"];
        all.extend(arguments);
        causeway(&all)
    };
    let roundabout = format!("{}/./export.csv", folder.path().display());
    for arguments in [
        &[export.as_str(), "--out", export.as_str()][..],
        &[export.as_str(), "--out", roundabout.as_str()],
        &[export.as_str(), "--out", "-", "--report", export.as_str()],
        &[
            export.as_str(),
            "--out",
            &path("one"),
            "--report",
            &path("one"),
        ],
    ] {
        let refused = convert(arguments);
        assert_eq!(refused.code, 2, "{arguments:?}");
        assert!(refused.err.contains("overwrite"), "{}", refused.err);
        assert_eq!(std::fs::read(&export).unwrap(), before);
    }
    let out = path("people.ndjson");
    let finished = convert(&[&export, "--out", &out]);
    assert!([0, 3].contains(&finished.code), "{}", finished.err);
    let good = std::fs::read(&out).unwrap();
    assert!(!good.is_empty());
    // A file that cannot be used leaves the last good result, and nothing beside it.
    let wrong = path("wrong.csv");
    std::fs::write(&wrong, "a,b\n1,2\n").unwrap();
    assert_eq!(convert(&[&wrong, "--out", &out]).code, 4);
    assert_eq!(std::fs::read(&out).unwrap(), good);
    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["export.csv", "people.ndjson", "wrong.csv"]);
    // A device takes what comes, both at once.
    let finished = convert(&[&export, "--out", "/dev/null", "--report", "/dev/null"]);
    assert!([0, 3].contains(&finished.code), "{}", finished.err);
}
