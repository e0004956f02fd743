//! The configuration: the documented example, the environment over it, and what is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use std::path::Path;
use std::process::{Command, Stdio};

use harness::{Finished, binary, root};
use serde_json::Value;

fn check(config: &Path, environment: &[(&str, &str)]) -> Finished {
    Command::new(binary())
        .args(["config", "check", "--format", "json", "--config"])
        .arg(config)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
        .into()
}

/// The documented example, with a secret beside it.
fn example() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("docs/causeway.toml")).unwrap();
    std::fs::write(folder.path().join("causeway.toml"), text).unwrap();
    std::fs::write(folder.path().join("id-secret"), [1; 32]).unwrap();
    std::fs::create_dir(folder.path().join("releases")).unwrap();
    folder
}

#[test]
fn the_documented_example_can_be_used() {
    let folder = example();
    let checked = check(&folder.path().join("causeway.toml"), &[]);
    assert_eq!(checked.code, 0, "{}", checked.err);
    let told: Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!(told["mode"], "production");
    assert_eq!(told["remarks"], Value::Array(Vec::new()), "{told}");
}

#[test]
fn what_the_example_leaves_out_is_right_too() {
    // Each setting that is shown and switched off is switched on.
    let folder = example();
    let path = folder.path().join("causeway.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        folder.path().join("archive-keys"),
        format!("first={}\n", "ab".repeat(32)),
    )
    .unwrap();
    let on = text
        .replace("# keep-days ", "keep-days ")
        .replace("# archive-keys-file", "archive-keys-file");
    assert_ne!(on, text);
    std::fs::write(&path, on).unwrap();
    let checked = check(&path, &[]);
    assert_eq!(checked.code, 0, "{}", checked.err);
    let told: Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!(told["archiveKeys"][0], "first");
    // An empty file of keys must not pass for "not encrypted".
    std::fs::write(folder.path().join("archive-keys"), "# none yet\n").unwrap();
    assert_eq!(check(&path, &[]).code, 2);
}

#[test]
fn the_environment_goes_before_the_file() {
    let folder = example();
    let path = folder.path().join("causeway.toml");
    let checked = check(
        &path,
        &[
            ("CAUSEWAY__SERVER__LISTEN", "0.0.0.0:9000"),
            ("CAUSEWAY__SERVER__MODE", "test"),
            ("CAUSEWAY__SUBMISSIONS__WORKERS", "7"),
        ],
    );
    assert_eq!(checked.code, 0, "{}", checked.err);
    let told: Value = serde_json::from_str(&checked.out).unwrap();
    assert_eq!(told["listen"], "0.0.0.0:9000");
    assert_eq!(told["mode"], "test");
    assert_eq!(told["environment"].as_array().unwrap().len(), 3);
}

#[test]
fn what_is_mistyped_is_refused_and_no_secret_is_shown() {
    let folder = example();
    let path = folder.path().join("causeway.toml");
    for (name, value) in [
        ("CAUSEWAY__SERVER__LISTEM", "0.0.0.0:9000"),
        ("CAUSEWAY__SUBMISSIONS__WORKERS", "many"),
        ("CAUSEWAY__SUBMISSIONS__LARGEST_FILE", "0"),
        ("CAUSEWAY__STORE__URL", "mysql://user:hunter2@db/x"),
        ("CAUSEWAY__AUTH__CLIENTS__1__TENANT", "nobody"),
        ("CAUSEWAY__AUTH__CLIENTS__1__ORGANISATION", "ZZ999"),
        (
            "CAUSEWAY__SUBMISSIONS__ARCHIVE_KEYS_ENV",
            "NOT_SET_ANYWHERE",
        ),
        (
            "CAUSEWAY__ORGANISATIONS__0__IDENTIFIERS",
            "{ shoe = [\"9\"] }",
        ),
        ("CAUSEWAY__", "x"),
    ] {
        let checked = check(&path, &[(name, value)]);
        assert_eq!(checked.code, 2, "{name}: {}", checked.out);
        assert!(!checked.err.is_empty(), "{name}");
        assert!(!checked.err.contains("hunter2"), "{}", checked.err);
    }
    let text = std::fs::read_to_string(&path).unwrap();
    for (right, wrong) in [
        ("listen = ", "listem = "),
        ("[summary]", "[sumary]"),
        ("pause-seconds     = 30", "pause-seconds = 0"),
        (
            "id-secret-file = \"id-secret\"",
            "id-secret-file = \"none\"",
        ),
    ] {
        assert!(text.contains(right), "{right}");
        std::fs::write(&path, text.replacen(right, wrong, 1)).unwrap();
        assert_eq!(check(&path, &[]).code, 2, "{wrong}");
    }
}
