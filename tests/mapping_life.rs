//! A mapping's life through the real binary: reviewed, installed, activated, used, rolled back, and
//! its change shown before it happens.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Finished, OpenIdProvider, Server, binary, client, copy_folder, free_port};
use serde_json::Value;
use tempfile::TempDir;

const MAPPING: &str = r#"
mapping: homes
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: snapshot
  asOf: =rows.[As Of]
  tables:
    rows:
      identity: [NHS Number]
      key: NHS Number
      columns:
        As Of: { type: date, formats: [yyyy-MM-dd], required: true }
        NHS Number: { type: nhs-number, required: true }
        Surname: { type: string, required: true }
        Born: { type: date, formats: [yyyy-MM-dd], required: true }
        Allergies: { type: list, separator: ";" }
        Alert: string
make:
  Patient:
    from: rows
    profile: UKCore-Patient
    identifier:
      - slice: nhsNumber
        value: =[NHS Number]
        extension: { nhsNumberVerificationStatus: "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland|02" }
    name:
      - { use: official, family: "=[Surname]" }
    birthDate: =[Born]
  AllergyIntolerance:
    from: rows
    each: =[Allergies] as substance
    when: =not (negates(substance) or doubts(substance))
    key: =substance
    profile: UKCore-AllergyIntolerance
    patient: =Patient()
    code: =textOnly(substance)
    clinicalStatus: active
    verificationStatus: unconfirmed
  Flag:
    from: rows
    when: =present([Alert])
    key: =[Alert]
    profile: UKCore-Flag
    status: active
    code: =textOnly([Alert])
    subject: =Patient()
"#;

const EXPORT: &str = "\
As Of,NHS Number,Surname,Born,Allergies,Alert
2026-11-01,9990000018,Testone,1940-02-03,Penicillin;Latex,Falls risk
2026-11-01,9990000026,Testtwo,1941-02-03,,
2026-11-01,9990000034,Testthree,1942-02-03,Nuts,Wanders
";

/// A folder with a mapping, an export and a server's configuration.
struct Site {
    folder: TempDir,
}

impl Site {
    fn new() -> Self {
        let site = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let case = site.mapping().join("tests/one");
        std::fs::create_dir_all(&case).unwrap();
        std::fs::write(site.mapping().join("mapping.yaml"), MAPPING).unwrap();
        std::fs::write(case.join("input.csv"), EXPORT).unwrap();
        std::fs::write(site.path("export.csv"), EXPORT).unwrap();
        std::fs::write(site.path("id-secret"), [7; 32]).unwrap();
        site.accept();
        site.configure("", "https://issuer.example.org", 0);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn mapping(&self) -> PathBuf {
        self.path("homes")
    }

    fn configure(&self, mode: &str, issuer: &str, port: u16) {
        let base = format!("http://127.0.0.1:{port}/fhir/R4");
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:{port}\"\nbase = \"{base}\"\n{mode}\n\
             [store]\nfolder = \"data\"\nid-secret-file = \"id-secret\"\n\
             [auth]\nissuer = \"{issuer}\"\naudience = \"{base}\"\n\
             [[auth.clients]]\nid = \"gp-system\"\norganisation = \"Y12345\"\n\
             [[access.tenants]]\nname = \"willow\"\norganisation = \"VM001\"\n\
             [[access.tenants]]\nname = \"rose\"\norganisation = \"VM002\"\n\
             [[access.agreements]]\nconsumer = \"Y12345\"\nprovider = \"VM001\"\nfrom = \"2026-01-01\"\n"
        );
        std::fs::write(self.path("causeway.toml"), text).unwrap();
    }

    fn run(&self, arguments: &[&str]) -> Finished {
        Command::new(binary())
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("CAUSEWAY_PACKAGES")
            .output()
            .unwrap()
            .into()
    }

    #[track_caller]
    fn fine(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}{}", done.out, done.err);
        done.out
    }

    #[track_caller]
    fn refused(&self, arguments: &[&str], code: i32, words: &str) -> String {
        let done = self.run(arguments);
        assert_eq!(done.code, code, "{arguments:?}: {}{}", done.out, done.err);
        assert!(done.err.contains(words), "{arguments:?}: {}", done.err);
        done.err
    }

    fn accept(&self) {
        self.fine(&["test", "homes", "--accept"]);
    }

    fn review(&self, who: &str) {
        self.fine(&[
            "mappings",
            "review",
            "homes",
            "--reviewer",
            who,
            "--role",
            "Clinical safety officer",
            "--registration",
            "GMC 1234567",
        ]);
    }

    fn install(&self) -> String {
        self.fine(&[
            "mappings",
            "install",
            "homes",
            "--config",
            "causeway.toml",
            "--by",
            "Pat",
        ])
    }

    fn activate<'a>(&self, mapping: &'a str) -> [&'a str; 9] {
        [
            "mappings",
            "activate",
            mapping,
            "--config",
            "causeway.toml",
            "--organisation",
            "VM001",
            "--by",
            "Pat",
        ]
    }

    fn import(&self) -> Vec<&'static str> {
        vec![
            "import",
            "--config",
            "causeway.toml",
            "--organisation",
            "VM001",
            "--mapping",
            "homes",
            "export.csv",
        ]
    }

    fn edit(&self, from: &str, to: &str) {
        let path = self.mapping().join("mapping.yaml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "the mapping has no {from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    fn list(&self) -> Value {
        let out = self.fine(&[
            "mappings",
            "list",
            "--config",
            "causeway.toml",
            "--format",
            "json",
        ]);
        serde_json::from_str(&out).unwrap()
    }
}

#[test]
fn cs_21_in_production_nothing_unreviewed_stores_and_what_is_active_is_what_was_reviewed() {
    let site = Site::new();
    // Production is what a configuration without a mode means.
    let by_folder = [
        "import",
        "--config",
        "causeway.toml",
        "--organisation",
        "VM001",
        "--mapping",
        "homes",
        "export.csv",
    ];
    let told = site.refused(&by_folder, 2, "no clinical review");
    assert!(told.contains("causeway mappings review"), "{told}");
    site.install();
    site.refused(&site.activate("homes@1.0.0"), 2, "no clinical review");
    assert_eq!(site.list()["active"], serde_json::json!([]));

    site.review("Dr A Example");
    assert!(site.install().contains("its review was added"));
    site.fine(&site.activate("homes@1.0.0"));
    let active = &site.list()["active"][0];
    assert_eq!(active["organisation"], "VM001");
    assert_eq!(active["version"], "1.0.0");
    assert_eq!(active["by"], "Pat");
    assert_eq!(active["reviewed"], true);
    assert_eq!(active["reviews"][0]["reviewer"], "Dr A Example");

    // The folder changes: the review is void, and the file is still read with what was reviewed.
    site.edit("clinicalStatus: active", "clinicalStatus: resolved");
    let status = site.fine(&["mappings", "status", "homes"]);
    assert!(status.contains("by Dr A Example"), "{status}");
    assert!(status.contains("mapping.yaml changed since"), "{status}");
    let checked = site.run(&["check", "homes"]);
    assert!(
        checked.out.contains("mapping.yaml changed since"),
        "{}",
        checked.out
    );
    let imported = site.run(&site.import());
    assert_eq!(imported.code, 0, "{}{}", imported.out, imported.err);
    assert!(
        imported.err.contains("is active for this organisation"),
        "{}",
        imported.err
    );
    assert!(imported.out.contains("3 new") || imported.out.contains("new"));

    // The same version with other bytes is refused, in a test system too.
    site.accept();
    site.refused(
        &[
            "mappings",
            "install",
            "homes",
            "--config",
            "causeway.toml",
            "--by",
            "Pat",
        ],
        2,
        "a version never changes",
    );
}

#[test]
fn a_version_is_activated_and_rolled_back_and_every_step_stays_on_record() {
    let site = Site::new();
    site.configure("mode = \"test\"", "https://issuer.example.org", 0);
    site.install();
    site.fine(&site.activate("homes@1.0.0"));
    site.edit("version: 1.0.0", "version: 1.1.0");
    site.install();
    assert!(
        site.fine(&site.activate("homes@1.1.0"))
            .contains("instead of 1.0.0")
    );
    let roll_back = [
        "mappings",
        "rollback",
        "homes",
        "--config",
        "causeway.toml",
        "--organisation",
        "VM001",
        "--by",
        "Sam",
    ];
    assert!(site.fine(&roll_back).contains("homes@1.0.0 is active"));
    site.refused(&roll_back, 2, "nothing to go back to");
    assert_eq!(site.list()["active"][0]["by"], "Sam");
    assert!(site.fine(&site.import()).contains("homes 1.0.0"));

    let history = site.fine(&[
        "mappings",
        "history",
        "--config",
        "causeway.toml",
        "--format",
        "json",
    ]);
    let steps: Vec<String> = history
        .lines()
        .map(|line| {
            let event: Value = serde_json::from_str(line).unwrap();
            format!(
                "{} {}",
                event["step"].as_str().unwrap(),
                event["version"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        steps,
        [
            "installed 1.0.0",
            "activated 1.0.0",
            "installed 1.1.0",
            "activated 1.1.0",
            "rolled-back 1.0.0"
        ]
    );
    // Another organisation is untouched, and one that the server does not know is refused.
    let mut other = site.activate("homes@1.1.0");
    other[6] = "VM009";
    site.refused(&other, 2, "is no organisation of this server");
    site.refused(&site.activate("homes"), 2, "names no version");
    site.refused(&site.activate("homes@7.0.0"), 2, "is not installed");
    assert_eq!(site.list()["active"].as_array().unwrap().len(), 1);
}

/// A process that is ended in the middle leaves the old version active or the new one.
#[test]
fn an_activation_that_is_cut_short_leaves_one_of_the_two_active() {
    let site = Site::new();
    site.configure("mode = \"test\"", "https://issuer.example.org", 0);
    site.install();
    site.fine(&site.activate("homes@1.0.0"));
    site.edit("version: 1.0.0", "version: 1.1.0");
    site.install();
    for wait in [0, 20, 60, 150, 400] {
        let mut process = Command::new(binary())
            .args(site.activate("homes@1.1.0"))
            .current_dir(site.folder.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        let _ = process.kill();
        let _ = process.wait();
        let list = site.list();
        let active = list["active"].as_array().unwrap();
        assert_eq!(active.len(), 1, "{list}");
        let version = active[0]["version"].as_str().unwrap();
        assert!(["1.0.0", "1.1.0"].contains(&version), "{version}");
        site.run(&[
            "mappings",
            "rollback",
            "homes",
            "--config",
            "causeway.toml",
            "--organisation",
            "VM001",
            "--by",
            "Pat",
        ]);
    }
}

#[test]
fn cs_21_a_production_server_does_not_start_over_what_an_unreviewed_mapping_made() {
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}/fhir/R4");
    let Some(provider) = OpenIdProvider::start(&base) else {
        return;
    };
    let site = Site::new();
    site.configure("mode = \"test\"", provider.issuer(), port);
    site.fine(&site.import());

    site.configure("", provider.issuer(), port);
    let told = site.refused(
        &["serve", "--config", "causeway.toml"],
        2,
        "no clinician has reviewed",
    );
    assert!(
        told.contains("VM001") && told.contains("homes@1.0.0"),
        "{told}"
    );

    // A review of that very content, installed, is what it takes.
    site.review("Dr A Example");
    site.install();
    let patients = |server: &Server| {
        client()
            .get(format!("{}/Patient", server.base))
            .header("Accept", "application/fhir+json")
            .bearer_auth(provider.token("gp"))
            .send()
            .unwrap()
    };
    let server = Server::start(&site.path("causeway.toml"), port);
    let answer = patients(&server);
    assert!(answer.headers().get("causeway-mode").is_none());
    assert_eq!(answer.status(), 200);
    // A mapping is activated while it runs.
    site.fine(&site.activate("homes@1.0.0"));
    drop(server);

    // A test system says what it is in every answer.
    site.configure("mode = \"test\"", provider.issuer(), port);
    let server = Server::start(&site.path("causeway.toml"), port);
    let answer = patients(&server);
    let mode = answer.headers()["causeway-mode"].to_str().unwrap();
    assert!(mode.contains("TEST SYSTEM"), "{mode}");
}

#[test]
fn cs_21_no_shipped_mapping_pretends_to_a_review() {
    let out = harness::causeway(&["mappings", "status", "mappings", "--format", "json"]);
    let lines: Vec<Value> = out
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() >= 3, "{}{}", out.out, out.err);
    for line in lines {
        assert_eq!(line["review"]["state"], "unreviewed", "{line}");
    }
}

/// A copy of the site's mapping under another folder, changed.
fn changed(site: &Site, change: impl FnOnce(String) -> String) -> PathBuf {
    let other = site.path("next/homes");
    copy_folder(&site.mapping(), &other);
    let file = other.join("mapping.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    let next = change(text.clone());
    assert_ne!(next, text);
    std::fs::write(file, next).unwrap();
    other
}

fn diff(site: &Site, old: &str, new: &Path, more: &[&str]) -> Finished {
    let mut arguments = vec!["diff-mapping", old, new.to_str().unwrap(), "export.csv"];
    arguments.extend(more);
    site.run(&arguments)
}

#[test]
fn a_change_is_shown_by_person_in_clinical_words() {
    let site = Site::new();
    let next = changed(&site, |text| {
        text.replace("version: 1.0.0", "version: 2.0.0")
            .replace(
                "each: =[Allergies] as substance\n    when: =not",
                "each: =[Allergies] as substance\n    when: =substance != \"Latex\" and not",
            )
            .replace("clinicalStatus: active", "clinicalStatus: resolved")
            .replace(
                "status: active\n    code: =textOnly([Alert])",
                "status: inactive\n    code: =textOnly([Alert])",
            )
    });
    let shown = diff(&site, "homes", &next, &[]);
    assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
    for part in [
        "for the organisation that sent it",
        "Person 1 (export.csv, row 2)",
        "allergy “Latex” is no longer made",
        "allergy “Penicillin” changes from active to resolved",
        "alert “Falls risk” changes from active to inactive",
        "Person 3 (export.csv, row 4)",
        "something changes of 2",
        "AllergyIntolerance: 2, was 3 made; 1 no longer made, 2 changed",
    ] {
        assert!(shown.out.contains(part), "{part}: {}", shown.out);
    }
    assert!(!shown.out.contains("Person 2"), "{}", shown.out);
    // CS-22: nobody is named unless asked for.
    for hidden in ["Testone", "9990000018", "1940-02-03"] {
        assert!(!shown.out.contains(hidden), "{hidden}: {}", shown.out);
    }
    let named = diff(&site, "homes", &next, &["--show-names"]);
    assert!(
        named.out.contains("Testone, NHS number 9990000018"),
        "{}",
        named.out
    );

    let lines: Vec<Value> = diff(&site, "homes", &next, &["--format", "json"])
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [first, third, end] = lines.as_slice() else {
        panic!("{lines:#?}");
    };
    assert_eq!((&first["number"], &third["number"]), (&1.into(), &3.into()));
    let change = third["changes"]
        .as_array()
        .unwrap()
        .iter()
        .find(|change| change["resourceType"] == "AllergyIntolerance")
        .unwrap();
    assert_eq!(change["effect"], "changed");
    assert_eq!(
        change["elements"][0]["path"],
        "AllergyIntolerance.clinicalStatus"
    );
    assert_eq!(end["summary"]["peopleChanged"], 2);
    assert_eq!(
        end["summary"]["resources"]["AllergyIntolerance"]["removed"],
        1
    );
}

#[test]
fn a_change_without_an_effect_is_none() {
    let site = Site::new();
    let next = changed(&site, |text| {
        text.replace("version: 1.0.0", "version: 1.0.1 # only another number")
    });
    let same = diff(&site, "homes", &next, &[]);
    assert_eq!(same.code, 0, "{}{}", same.out, same.err);
    assert_eq!(same.out, "Nothing changes.\n");
}

#[test]
fn where_a_key_changes_things_are_told_apart_by_content_and_ids_change() {
    let site = Site::new();
    let next = changed(&site, |text| {
        text.replace("key: NHS Number", "key: [Surname, Born]")
            .replace(
                "identity: [NHS Number]",
                "identity: [{ weak: [Surname, Born] }]",
            )
    });
    let shown = diff(&site, "homes", &next, &["--format", "json"]);
    assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
    let end: Value = serde_json::from_str(shown.out.lines().last().unwrap()).unwrap();
    let resources = &end["summary"]["resources"];
    for (rtype, count) in [("Patient", 3), ("AllergyIntolerance", 3), ("Flag", 2)] {
        assert_eq!(resources[rtype]["idsChanged"], count, "{rtype}: {end}");
        assert_eq!(resources[rtype]["added"], 0, "{rtype}: {end}");
        assert_eq!(resources[rtype]["removed"], 0, "{rtype}: {end}");
    }
    let text = diff(&site, "homes", &next, &[]);
    assert!(
        text.out
            .contains("2 allergies (“Penicillin”, “Latex”) get another id and say the same"),
        "{}",
        text.out
    );
}

#[test]
fn what_is_held_back_now_is_told_with_its_reason() {
    let site = Site::new();
    let next = changed(&site, |text| {
        text.replace("    when: =present([Alert])\n", "")
            .replace("key: =[Alert]", "key: =[Surname]")
            .replace(
                "code: =textOnly([Alert])",
                "code: =textOnly([Alert]) | onMissing(quarantine)",
            )
    });
    let shown = diff(&site, "homes", &next, &[]);
    assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
    assert!(
        shown.out.contains("held back, Flag: 1, was 0"),
        "{}",
        shown.out
    );
    assert!(shown.out.contains("is held back (M1"), "{}", shown.out);
}

#[test]
fn a_mapping_is_named_by_its_store_or_by_a_revision_of_git() {
    let site = Site::new();
    site.install();
    let next = changed(&site, |text| {
        text.replace("clinicalStatus: active", "clinicalStatus: resolved")
    });
    let stored = diff(&site, "homes@1.0.0", &next, &["--config", "causeway.toml"]);
    assert_eq!(stored.code, 1, "{}{}", stored.out, stored.err);
    let without = diff(&site, "homes@1.0.0", &next, &[]);
    assert_eq!(without.code, 2);
    assert!(without.err.contains("--config"), "{}", without.err);

    let git = |arguments: &[&str]| {
        let done = Command::new("git")
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
            .args(arguments)
            .current_dir(site.folder.path())
            .output()
            .unwrap();
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    };
    git(&["init", "-q"]);
    git(&["add", "homes"]);
    git(&["commit", "-q", "-m", "One"]);
    let of_git = diff(&site, "HEAD:homes", &next, &[]);
    assert_eq!(of_git.code, 1, "{}{}", of_git.out, of_git.err);
    assert!(
        of_git.out.contains("from active to resolved"),
        "{}",
        of_git.out
    );
    for unusable in [
        "HEAD:nothing",
        "nowhere:homes",
        "--output=x:homes",
        "HEAD:../x",
    ] {
        let refused = site.run(&["diff-mapping", "--", unusable, "homes", "export.csv"]);
        assert_eq!(
            refused.code, 2,
            "{unusable}: {}{}",
            refused.out, refused.err
        );
    }
    let other = site.path("other.csv");
    std::fs::write(&other, "a,b\n1,2\n").unwrap();
    let unread = site.run(&[
        "diff-mapping",
        "homes",
        next.to_str().unwrap(),
        other.to_str().unwrap(),
    ]);
    assert_eq!(unread.code, 2, "{}{}", unread.out, unread.err);
    assert!(
        unread.err.contains("cannot use this export"),
        "{}",
        unread.err
    );
}
