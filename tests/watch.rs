//! `causeway check --watch`, as somebody who writes a mapping uses it; and `--explain`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use harness::{binary, causeway, copy_folder, root};

/// A running watch, with all that it has said.
struct Watch {
    process: Child,
    said: Arc<Mutex<String>>,
    read: usize,
}

impl Watch {
    fn start(folder: &Path) -> Self {
        let mut process = Command::new(binary())
            .args(["check", "--watch"])
            .arg(folder)
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let said = Arc::new(Mutex::new(String::new()));
        let mut out = process.stdout.take().unwrap();
        let heard = Arc::clone(&said);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut bytes) {
                let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
                heard.lock().unwrap().push_str(&text);
            }
        });
        Self {
            process,
            said,
            read: 0,
        }
    }

    /// Waits for the end of the next round, and gives it.
    fn round(&mut self) -> String {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let said = self.said.lock().unwrap().clone();
            let fresh = &said[self.read..];
            if let Some(at) = fresh.find("Ctrl-C ends\n") {
                let length = at + "Ctrl-C ends\n".len();
                let round = fresh[..length].to_owned();
                self.read += length;
                return round;
            }
            assert!(Instant::now() < end, "nothing more is said after:\n{said}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Writes as many editors do: a new file beside it, renamed over the old one.
fn save(file: &Path, text: &str) {
    let beside = file.with_extension("tmp~");
    std::fs::write(&beside, text).unwrap();
    std::fs::rename(&beside, file).unwrap();
}

#[test]
fn a_mapping_is_checked_and_tested_on_every_save() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("cld-r1");
    copy_folder(&root().join("mappings/cld-r1"), &copy);
    let common = root().join("mappings/common");
    if common.is_dir() {
        copy_folder(&common, &folder.path().join("common"));
    }
    let file = copy.join("mapping.yaml");
    let good = std::fs::read_to_string(&file).unwrap();
    let mut watch = Watch::start(&copy);
    let round = watch.round();
    assert!(round.contains("is right"), "{round}");
    assert!(round.contains(" passed, 0 failed"), "{round}");

    let wrong = good.replacen("fhir: 4.0.1", "fhir: 5.0.0", 1);
    assert_ne!(wrong, good);
    save(&file, &wrong);
    let round = watch.round();
    assert!(round.contains("error[M011]"), "{round}");
    assert!(round.contains("--explain M011"), "{round}");
    assert!(
        !round.contains("passed"),
        "a wrong mapping is not tested: {round}"
    );

    // Written in place.
    std::fs::write(&file, &good).unwrap();
    let round = watch.round();
    assert!(round.contains("is right"), "{round}");

    // A file that goes, and comes again.
    let codes = std::fs::read_dir(copy.join("codes")).unwrap();
    let table = codes.map(|entry| entry.unwrap().path()).next().unwrap();
    let text = std::fs::read_to_string(&table).unwrap();
    std::fs::remove_file(&table).unwrap();
    let round = watch.round();
    assert!(round.contains("error[M001]"), "{round}");
    save(&table, &text);
    let round = watch.round();
    assert!(round.contains("is right"), "{round}");

    // A test case that no longer expects what is made.
    let case = std::fs::read_dir(copy.join("tests")).unwrap();
    let case = case.map(|entry| entry.unwrap().path()).next().unwrap();
    save(&case.join("expected.ndjson"), "");
    let round = watch.round();
    assert!(round.contains("FAILED"), "{round}");

    #[cfg(unix)]
    {
        let id = watch.process.id().to_string();
        let sent = Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(sent.success());
        let ended = watch.process.wait().unwrap();
        assert_eq!(ended.code(), Some(0), "Ctrl-C ends it cleanly");
    }
}

#[test]
fn a_number_is_explained() {
    let explained = causeway(&["check", "--explain", "m051"]);
    assert_eq!(explained.code, 0, "{}", explained.err);
    assert!(explained.out.starts_with("## M051 "), "{}", explained.out);
    assert!(!explained.out.contains("## M052"), "{}", explained.out);
    let unknown = causeway(&["check", "--explain", "M999"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("M001"), "{}", unknown.err);
}
