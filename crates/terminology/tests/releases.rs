//! Releases that a site compiles from its own files. The files here are made by the tests: a few
//! concepts in the form of the publishers' files, with nothing of theirs in them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use definitions::form::Definition;
use definitions::{Definitions, package};
use proptest::prelude::*;
use tempfile::TempDir;
use terminology::Membership::{self, In, Out, Unknown};
use terminology::release::{self, DMD, SNOMED};
use terminology::sctid::component;
use terminology::{Extent, Release, Terminology};

/// An identifier of a concept: an item number with partition and check digit.
fn concept(item: u64) -> String {
    digits(&format!("{item}00"))
}

/// An identifier of the extension with the namespace of the UK.
fn extension(item: u64) -> String {
    digits(&format!("{item}100000010"))
}

fn description(item: u64) -> String {
    digits(&format!("{item}01"))
}

fn digits(stem: &str) -> String {
    (0..10)
        .map(|check| format!("{stem}{check}"))
        .find(|id| component(id).is_ok())
        .unwrap()
}

struct Snomed {
    root: String,
    disorder: String,
    diabetes: String,
    type_two: String,
    drug: String,
    old: String,
    uk: String,
    set: String,
}

fn snomed() -> Snomed {
    Snomed {
        root: concept(9001),
        disorder: concept(9002),
        diabetes: concept(9003),
        type_two: concept(9004),
        drug: concept(9005),
        old: concept(9006),
        uk: extension(9007),
        set: concept(9008),
    }
}

/// The snapshot files of a release: name and text.
fn rf2() -> Vec<(String, String)> {
    let s = snomed();
    let mut concepts = "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\r\n".to_owned();
    for (id, active) in [
        (&s.root, 1),
        (&s.disorder, 1),
        (&s.diabetes, 1),
        (&s.type_two, 1),
        (&s.drug, 1),
        (&s.old, 0),
        (&s.uk, 1),
        (&s.set, 1),
    ] {
        let _ = write!(concepts, "{id}\t20260422\t{active}\t1\t2\r\n");
    }
    let mut relationships = "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\t\
        relationshipGroup\ttypeId\tcharacteristicTypeId\tmodifierId\r\n"
        .to_owned();
    for (child, parent, kind, active) in [
        (&s.disorder, &s.root, "116680003", 1),
        (&s.diabetes, &s.disorder, "116680003", 1),
        (&s.type_two, &s.diabetes, "116680003", 1),
        (&s.uk, &s.type_two, "116680003", 1),
        (&s.drug, &s.root, "116680003", 1),
        // No longer so, and another kind of relationship.
        (&s.drug, &s.disorder, "116680003", 0),
        (&s.drug, &s.diabetes, "363698007", 1),
        // The parent is not in what was given.
        (&s.drug, &concept(9999), "116680003", 1),
    ] {
        let _ = write!(
            relationships,
            "1\t20260422\t{active}\t1\t{child}\t{parent}\t0\t{kind}\t900000000000011006\t9\r\n"
        );
    }
    let mut descriptions = "id\teffectiveTime\tactive\tmoduleId\tconceptId\tlanguageCode\ttypeId\t\
        term\tcaseSignificanceId\r\n"
        .to_owned();
    let mut languages = "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\t\
        acceptabilityId\r\n"
        .to_owned();
    let fsn = "900000000000003001";
    let synonym = "900000000000013009";
    for (item, of, kind, term, preferred, active) in [
        (1, &s.diabetes, fsn, "Sugar disease (disorder)", "", 1),
        (
            2,
            &s.diabetes,
            synonym,
            "Diabetes \"mellitus\"",
            "999001261000000100",
            1,
        ),
        (
            3,
            &s.diabetes,
            synonym,
            "Diabetes mellitus US",
            "900000000000509007",
            1,
        ),
        (4, &s.diabetes, synonym, "Sugar illness", "", 1),
        (5, &s.diabetes, synonym, "Withdrawn name", "", 0),
        (6, &s.old, fsn, "Old concept (disorder)", "", 1),
    ] {
        let id = description(9100 + item);
        let _ = write!(
            descriptions,
            "{id}\t20260422\t{active}\t1\t{of}\ten\t{kind}\t{term}\t9\r\n"
        );
        if !preferred.is_empty() {
            let _ = write!(
                languages,
                "u\t20260422\t1\t1\t{preferred}\t{id}\t900000000000548007\r\n"
            );
        }
    }
    let mut members =
        "id\teffectiveTime\tactive\tmoduleId\trefsetId\treferencedComponentId\r\n".to_owned();
    for (member, active) in [(&s.diabetes, 1), (&s.drug, 0), (&description(9101), 1)] {
        let _ = write!(members, "u\t20260422\t{active}\t1\t{}\t{member}\r\n", s.set);
    }
    let name = |name: &str| format!("{name}Snapshot_GB_20260422.txt");
    vec![
        (name("sct2_Concept_MONO"), concepts),
        (name("sct2_Relationship_MONO"), relationships),
        (name("sct2_Description_MONO"), descriptions),
        (name("der2_cRefset_LanguageMONO"), languages),
        (name("der2_Refset_SimpleMONO"), members),
        // Files that hold other things, or history, are left alone.
        (
            "sct2_Concept_MONOFull_GB_20260422.txt".to_owned(),
            "not\ta\tsnapshot\n".to_owned(),
        ),
        ("Readme.txt".to_owned(), "hello".to_owned()),
    ]
}

fn dmd() -> Vec<(String, String)> {
    let id = |item: u64| digits(&format!("{item}100000110"));
    vec![
        (
            "f_vtm2_3050426.xml".to_owned(),
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><VIRTUAL_THERAPEUTIC_MOIETIES><!-- x -->\
                 <VTM><VTMID>{}</VTMID><NM>Moiety &amp; more</NM></VTM>\
                 </VIRTUAL_THERAPEUTIC_MOIETIES>",
                id(9201)
            ),
        ),
        (
            "f_vmp2_3050426.xml".to_owned(),
            format!(
                "<VIRTUAL_MED_PRODUCTS><VMPS>\
                 <VMP><VPID>{}</VPID><VTMID>{}</VTMID><NM>Moiety 5mg tablets</NM></VMP>\
                 <VMP><VPID>{}</VPID><INVALID>1</INVALID><NM>Gone 5mg tablets</NM></VMP>\
                 <VMP><VPID>12</VPID><NM>Broken</NM></VMP>\
                 </VMPS><VIRTUAL_PRODUCT_INGREDIENT><VPI><VPID>1</VPID><ISID>2</ISID></VPI>\
                 </VIRTUAL_PRODUCT_INGREDIENT></VIRTUAL_MED_PRODUCTS>",
                id(9202),
                id(9201),
                id(9203)
            ),
        ),
        (
            "f_amp2_3050426.xml".to_owned(),
            format!(
                "<ACTUAL_MEDICINAL_PRODUCTS><AMPS><AMP><APID>{}</APID><VPID>{}</VPID>\
                 <NM>Brand 5mg tablets</NM><DESC>Brand 5mg tablets (Maker Ltd)</DESC></AMP></AMPS>\
                 </ACTUAL_MEDICINAL_PRODUCTS>",
                id(9204),
                id(9202)
            ),
        ),
        (
            "f_ingredient2_3050426.xml".to_owned(),
            format!(
                "<INGREDIENT_SUBSTANCES><ING><ISID>{}</ISID><NM>Substance</NM></ING>\
                 </INGREDIENT_SUBSTANCES>",
                id(9205)
            ),
        ),
        ("f_lookup2_3050426.xml".to_owned(), "<LOOKUP/>".to_owned()),
    ]
}

fn dmd_id(item: u64) -> String {
    digits(&format!("{item}100000110"))
}

fn folder_of(files: &[(String, String)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("Release/Snapshot/Terminology");
    std::fs::create_dir_all(&inner).unwrap();
    for (name, text) in files {
        std::fs::write(inner.join(name), text).unwrap();
    }
    folder
}

fn zip_of(files: &[(String, String)], into: &Path) -> PathBuf {
    let path = into.join("release.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, text) in files {
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file(format!("Release/Snapshot/{name}"), options)
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
    path
}

/// A terminology with both releases, and value sets over them.
fn with_releases(folder: &Path, resources: &[String]) -> Terminology {
    let all: Vec<Definition> = resources
        .iter()
        .map(|text| {
            package::read(&json::parse(text.as_bytes()).unwrap())
                .unwrap()
                .unwrap()
        })
        .collect();
    let definitions = Definitions::embedded().with(&all).unwrap();
    let releases = release::compiled(folder)
        .unwrap()
        .iter()
        .map(|path| Arc::new(Release::open(path).unwrap()))
        .collect();
    Terminology::new(&definitions).with_releases(releases)
}

fn value_set(name: &str, expression: &str) -> String {
    format!(
        r#"{{"resourceType":"ValueSet","url":"http://example.org/{name}","status":"active",
            "compose":{{"include":[{{"system":"{SNOMED}","filter":[
              {{"property":"constraint","op":"=","value":"{expression}"}}]}}]}}}}"#
    )
}

fn compiled() -> TempDir {
    let source = folder_of(&[rf2(), dmd()].concat());
    let out = tempfile::tempdir().unwrap();
    let found = release::compile(&[source.path().to_owned()], out.path()).unwrap();
    assert_eq!(found.compiled.len(), 2);
    // The relationship to a concept that was not given, and the entry without an identifier.
    let told: Vec<&str> = found.issues.iter().map(|issue| &*issue.message).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(found.issues.iter().all(|issue| issue.code == "T004"));
    out
}

#[test]
fn expression_constraints_are_decided_with_a_release() {
    let s = snomed();
    let out = compiled();
    let sets = [
        ("below", format!("< {}", s.disorder)),
        ("self", format!("<< {} |disorder|", s.disorder)),
        ("child", format!("<! {}", s.disorder)),
        ("above", format!(">> {}", s.diabetes)),
        ("member", format!("^ {}", s.set)),
        ("less", format!("<< {} MINUS << {}", s.disorder, s.type_two)),
        ("both", format!("<< {} AND ^ {}", s.disorder, s.set)),
        ("of", format!("< ({} OR {})", s.diabetes, s.drug)),
        ("under-members", format!("< ^ {}", s.set)),
        ("any", "*".to_owned()),
        ("no-set", "^ 999999999".to_owned()),
        ("refined", format!("<< {} : 1 = 2", s.disorder)),
    ];
    let resources: Vec<String> = sets
        .iter()
        .map(|(name, expression)| value_set(name, expression))
        .collect();
    let terminology = with_releases(out.path(), &resources);
    let ask = |name: &str, code: &str| {
        terminology.contains(&format!("http://example.org/{name}"), Some(SNOMED), code)
    };
    let (o, i, u) = (Out, In, Unknown);
    for (name, expected) in [
        // disorder, diabetes, type two, UK concept, drug, old, root
        ("below", [o, i, i, i, o, o, o]),
        ("self", [i, i, i, i, o, o, o]),
        ("child", [o, i, o, o, o, o, o]),
        ("above", [i, i, o, o, o, o, i]),
        ("member", [o, i, o, o, o, o, o]),
        ("less", [i, i, o, o, o, o, o]),
        ("both", [o, i, o, o, o, o, o]),
        ("of", [o, o, i, i, o, o, o]),
        ("under-members", [o, o, i, i, o, o, o]),
        ("any", [i, i, i, i, i, i, i]),
        ("no-set", [u, u, u, u, u, u, u]),
        ("refined", [u, u, u, u, o, o, o]),
    ] {
        let codes = [
            &s.disorder,
            &s.diabetes,
            &s.type_two,
            &s.uk,
            &s.drug,
            &s.old,
            &s.root,
        ];
        let found: Vec<Membership> = codes.iter().map(|code| ask(name, code)).collect();
        assert_eq!(found, expected, "{name}");
    }
    assert_eq!(
        terminology.extent("http://example.org/less").unwrap(),
        [(SNOMED, Extent::Grammar)]
    );
    let why = terminology
        .why_unknown("http://example.org/no-set", Some(SNOMED), &s.drug)
        .unwrap();
    assert!(why.to_string().contains("999999999"), "{why}");
    assert!(
        terminology
            .why_unknown("http://example.org/less", Some(SNOMED), &s.drug)
            .is_none()
    );
}

#[test]
fn a_code_that_no_release_of_its_namespace_has_does_not_exist() {
    let s = snomed();
    let out = compiled();
    let terminology = with_releases(out.path(), &[]);
    let ask = |code: &str| terminology.code_in_system(SNOMED, code);
    assert_eq!(ask(&s.diabetes), In);
    assert_eq!(ask(&concept(9998)), Out);
    assert_eq!(ask(&extension(9998)), Out);
    // An extension that is not here at all, and an expression, are left open.
    let other = digits("9998500000010");
    assert_eq!(ask(&other), Unknown);
    assert!(terminology.why_system_unknown(SNOMED, &other).is_some());
    assert_eq!(ask(&format!("{} : 1 = 2", s.diabetes)), Unknown);
    assert_eq!(ask("12345"), Out);
    assert_eq!(terminology.knows_system(SNOMED), Some(true));
    assert!(terminology.concept(SNOMED, &s.old).unwrap().is_inactive);
    assert!(!terminology.concept(SNOMED, &s.uk).unwrap().is_inactive);
    // Without a release none of it is known.
    let without = Terminology::new(Definitions::embedded());
    assert_eq!(without.code_in_system(SNOMED, &concept(9998)), Unknown);
    assert_eq!(without.concept(SNOMED, &s.old), None);
}

#[test]
fn every_name_of_a_concept_is_a_display_and_the_preferred_one_is_offered() {
    let s = snomed();
    let out = compiled();
    let terminology = with_releases(out.path(), &[]);
    for (name, expected) in [
        ("Diabetes \"mellitus\"", In),
        ("  diabetes   \"MELLITUS\" ", In),
        ("Sugar disease (disorder)", In),
        ("Sugar illness", In),
        ("Withdrawn name", Out),
        ("Asthma", Out),
        ("", Out),
    ] {
        let found = terminology.display_fits(SNOMED, &s.diabetes, name);
        assert_eq!(found, expected, "{name}");
    }
    // The preferred term of the NHS, not that of the United States.
    assert_eq!(
        terminology.preferred_term(SNOMED, &s.diabetes).unwrap(),
        "Diabetes \"mellitus\""
    );
    assert_eq!(
        terminology.preferred_term(SNOMED, &s.old).unwrap(),
        "Old concept (disorder)"
    );
    assert_eq!(terminology.display_fits(SNOMED, &s.drug, "x"), Unknown);
    assert_eq!(terminology.preferred_term(SNOMED, &s.drug), None);
}

#[test]
fn dmd_entries_have_classes_and_names() {
    let out = compiled();
    let set = |class: &str| {
        format!(
            r#"{{"resourceType":"ValueSet","url":"http://example.org/{class}","status":"active",
                "compose":{{"include":[{{"system":"{DMD}","filter":[
                  {{"property":"parent","op":"=","value":"{class}"}}]}}]}}}}"#
        )
    };
    let terminology = with_releases(out.path(), &["VTM", "VMP", "AMP", "INGREDIENT"].map(set));
    for (class, item) in [
        ("VTM", 9201),
        ("VMP", 9202),
        ("AMP", 9204),
        ("INGREDIENT", 9205),
    ] {
        for other in [9201, 9202, 9204, 9205] {
            let expected = if other == item { In } else { Out };
            let url = format!("http://example.org/{class}");
            assert_eq!(
                terminology.contains(&url, Some(DMD), &dmd_id(other)),
                expected,
                "{class} {other}"
            );
        }
    }
    assert_eq!(
        terminology.preferred_term(DMD, &dmd_id(9201)).unwrap(),
        "Moiety & more"
    );
    assert_eq!(
        terminology.preferred_term(DMD, &dmd_id(9204)).unwrap(),
        "Brand 5mg tablets (Maker Ltd)"
    );
    assert_eq!(
        terminology.display_fits(DMD, &dmd_id(9204), "Brand 5mg tablets"),
        In
    );
    assert!(terminology.concept(DMD, &dmd_id(9203)).unwrap().is_inactive);
    assert_eq!(terminology.code_in_system(DMD, "Paracetamol"), Out);
    // What UK Core asks of a medicine is decided by it.
    let medicines = "https://fhir.hl7.org.uk/ValueSet/UKCore-MedicationCode";
    assert_eq!(
        terminology.contains(medicines, Some(DMD), &dmd_id(9202)),
        In
    );
    assert_eq!(
        terminology.contains(medicines, Some(DMD), &dmd_id(9205)),
        Out
    );
}

#[test]
fn a_zip_and_a_folder_give_the_same_release() {
    let files = rf2();
    let folder = folder_of(&files);
    let zipped = tempfile::tempdir().unwrap();
    let zip = zip_of(&files, zipped.path());
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    release::compile(&[folder.path().to_owned()], one.path()).unwrap();
    release::compile(&[zip], two.path()).unwrap();
    let read = |folder: &TempDir| {
        let all = release::compiled(folder.path()).unwrap();
        assert_eq!(all.len(), 1);
        std::fs::read(&all[0]).unwrap()
    };
    assert_eq!(read(&one), read(&two));
    let release = Release::open(&release::compiled(one.path()).unwrap()[0]).unwrap();
    assert_eq!(release.system(), SNOMED);
    assert_eq!(release.version(), "20260422");
    assert_eq!(release.count(), 8);
    assert_eq!(release.sources().len(), 5);
    assert!(
        release::compiled(Path::new("/no/such/folder"))
            .unwrap()
            .is_empty()
    );
}

#[test]
fn files_that_are_no_release_are_told_and_replace_nothing() {
    let out = compiled();
    let before = std::fs::read(&release::compiled(out.path()).unwrap()[1]).unwrap();
    type Files = Vec<(String, String)>;
    let broken = |change: &dyn Fn(&mut Files)| {
        let mut files = rf2();
        change(&mut files);
        let folder = folder_of(&files);
        release::compile(&[folder.path().to_owned()], out.path()).unwrap_err()
    };
    let issue = broken(&|files| files[0].1 = "id\teffectiveTime\n1\t2\n".to_owned());
    assert_eq!(issue.code, "T002");
    assert!(issue.message.contains("no column active"), "{issue}");
    let issue = broken(&|files| files[0].1.truncate(60));
    assert_eq!(issue.code, "T003", "{issue}");
    let issue = broken(&|files| files.retain(|(name, _)| name == "Readme.txt"));
    assert_eq!(issue.code, "T003");
    let issue = release::compile(&[PathBuf::from("/no/such.zip")], out.path()).unwrap_err();
    assert_eq!(issue.code, "T002");
    let no_zip = tempfile::tempdir().unwrap();
    let path = no_zip.path().join("a.zip");
    std::fs::write(&path, "not a zip").unwrap();
    assert_eq!(
        release::compile(&[path], out.path()).unwrap_err().code,
        "T002"
    );
    let mut cut = dmd();
    cut[1].1.truncate(150);
    let folder = folder_of(&cut);
    let issue = release::compile(&[folder.path().to_owned()], out.path()).unwrap_err();
    assert_eq!(issue.code, "T002", "{issue}");
    let after = std::fs::read(&release::compiled(out.path()).unwrap()[1]).unwrap();
    assert!(
        before == after,
        "a failure must leave the release as it was"
    );
}

#[test]
fn a_release_file_that_was_harmed_decides_nothing() {
    let s = snomed();
    let out = compiled();
    let path = out.path().join("snomed-ct.cwterm");
    let whole = std::fs::read(&path).unwrap();
    // Cut short, or of something else: not opened.
    for bytes in [&whole[..whole.len() - 1], &whole[..20], b"", b"{}"] {
        std::fs::write(&path, bytes).unwrap();
        let issue = Release::open(&path).unwrap_err();
        assert_eq!(issue.code, "T001");
        assert!(issue.help.unwrap().contains("terminology add"));
    }
    // A bit has changed somewhere: nothing is decided by what has changed.
    let mut wrong = 0;
    for at in (12..whole.len()).step_by(5) {
        let mut harmed = whole.clone();
        harmed[at] ^= 0x10;
        std::fs::write(&path, harmed).unwrap();
        let Ok(release) = Release::open(&path) else {
            continue;
        };
        let terminology =
            Terminology::new(Definitions::embedded()).with_releases(vec![Arc::new(release)]);
        match terminology.code_in_system(SNOMED, &s.diabetes) {
            In => {}
            Unknown => wrong += 1,
            Out => panic!("a harmed file must not refuse a code"),
        }
        let _ = terminology.preferred_term(SNOMED, &s.diabetes);
        let _ = terminology.display_fits(SNOMED, &s.diabetes, "x");
    }
    assert!(wrong > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_rows_are_read_or_left_out(rows in "[0-9\ta-z\r\n\"]{0,200}") {
        let mut files = rf2();
        for file in &mut files {
            file.1.push_str(&rows);
        }
        let folder = folder_of(&files);
        let out = tempfile::tempdir().unwrap();
        if release::compile(&[folder.path().to_owned()], out.path()).is_ok() {
            let terminology = with_releases(out.path(), &[]);
            prop_assert_eq!(terminology.code_in_system(SNOMED, &snomed().diabetes), In);
        }
    }
}
