//! A file's whole life through the queue: accepted, read, said again, confirmed, taken back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod bench;

use bench::{Bench, MAPPING, changes, csv, home, mapping, mended, row};
use store::{JobQuery, JobState, SubmissionState};
use submission::{
    Intake, IntakeSettings, NotTaken, RecallOf, Refusal, ReplayOf, ReportState, Undecided, codes,
};

fn has(report: &submission::Report, code: &str) -> bool {
    report.issues.iter().any(|group| group.code == code)
}

#[test]
fn a_file_is_accepted_read_and_reported() {
    let bench = Bench::new();
    let id = bench.send(&home("2026-11-01", 10, "Penicillin"));
    let waiting = bench.submission(&id);
    assert_eq!(waiting.state, SubmissionState::Archived);
    assert_eq!(waiting.file_name, "home.csv");
    assert_eq!(waiting.file_hash.len(), 64);
    assert!(bench.report(&id).to_text().contains("waits for its turn"));
    assert_eq!(bench.work(), 1);
    let report = bench.report(&id);
    assert_eq!(report.state, ReportState::Reported, "{}", report.to_text());
    assert_eq!((report.counts.records, report.counts.created), (10, 20));
    assert_eq!(report.extent.as_deref(), Some("snapshot"));
    assert_eq!(bench.people(), 10);
    assert_eq!(bench.work(), 0);
}

#[test]
fn what_cannot_be_taken_is_refused_at_once_and_leaves_nothing() {
    let bench = Bench::new();
    let refused = |info, bytes: &[u8]| match bench.take(info, bytes).unwrap_err() {
        NotTaken::Refused(refusal) => refusal,
        other => panic!("{other}"),
    };
    assert!(matches!(refused(bench.info(), b""), Refusal::Empty));
    let mut info = bench.info();
    info.stated_as_of = Some("last Tuesday".to_owned());
    assert!(matches!(refused(info, b"a"), Refusal::AsOf));
    let mut info = bench.info();
    info.gzip = true;
    assert!(matches!(refused(info, b"not gzip"), Refusal::NotGzip));
    let mut info = bench.info();
    info.source = " \n".to_owned();
    assert!(matches!(refused(info, b"a"), Refusal::SourceName));
    let small = Intake::new(
        bench.store.clone(),
        bench.mappings.clone(),
        IntakeSettings {
            most_bytes: 10,
            ..IntakeSettings::default()
        },
    );
    let error = bench
        .runtime
        .block_on(small.take(bench.info(), &mut &b"more than ten bytes"[..]))
        .unwrap_err();
    assert!(
        matches!(error, NotTaken::Refused(Refusal::TooLarge { limit: 10 })),
        "{error}"
    );
    bench.mappings.deactivate();
    let error = refused(bench.info(), b"a");
    assert!(matches!(error, Refusal::Source(_)), "{error}");
    assert_eq!(bench.reports().len(), 0);
}

#[test]
fn f04_the_same_request_is_answered_the_same() {
    let bench = Bench::new();
    let bytes = csv(&home("2026-11-01", 10, "Latex"));
    let request = |key: &str, bytes: &[u8]| {
        let mut info = bench.info();
        info.key = Some(key.to_owned());
        bench.take(info, bytes)
    };
    let first = request("k1", &bytes).unwrap();
    let again = request("k1", &bytes).unwrap();
    assert_eq!(
        (again.submission, again.again),
        (first.submission.clone(), true)
    );
    assert!(matches!(
        request("k1", b"other").unwrap_err(),
        NotTaken::KeyReused
    ));
    assert_ne!(request("k2", &bytes).unwrap().submission, first.submission);
    assert_eq!(bench.work(), 2);
    assert_eq!(bench.people(), 10);
}

#[test]
fn too_many_waiting_files_are_turned_away() {
    let bench = Bench::new();
    let intake = Intake::new(
        bench.store.clone(),
        bench.mappings.clone(),
        IntakeSettings {
            most_waiting: 2,
            ..IntakeSettings::default()
        },
    );
    let take = |bytes: &[u8]| {
        let mut from = bytes;
        bench.runtime.block_on(intake.take(bench.info(), &mut from))
    };
    take(b"one").unwrap();
    take(b"two").unwrap();
    assert!(matches!(take(b"three").unwrap_err(), NotTaken::Busy { .. }));
    bench.work();
    take(b"three").unwrap();
}

#[test]
fn f06_the_same_bytes_again_change_nothing_and_are_not_read() {
    let bench = Bench::new();
    let mut rows = home("2026-11-01", 12, "Penicillin");
    rows[3] = rows[3].replace("-01-04", "-13-04");
    let (_, first) = bench.put(&rows);
    assert!(first.counts.quarantined > 0, "{}", first.to_text());
    let open = bench.open_rows().len();
    // Under another name, and without the mapping's being able to run: it is not needed.
    let mut info = bench.info();
    info.file_name = "renamed.csv".to_owned();
    let again = bench.take(info, &csv(&rows)).unwrap().submission;
    bench.work();
    let report = bench.report(&again);
    assert!(has(&report, codes::SAME_AGAIN), "{}", report.to_text());
    let counts = &report.counts;
    assert_eq!((counts.created, counts.updated, counts.retired), (0, 0, 0));
    assert_eq!(counts.unchanged, 22);
    assert_eq!(counts.records, first.counts.records);
    assert_eq!(counts.quarantined, first.counts.quarantined);
    assert_eq!(bench.open_rows().len(), open);
    assert!(bench.open_rows().iter().all(|row| row.submission == again));
    // Everything is of the latest file now.
    assert!(
        bench
            .all("Patient")
            .iter()
            .all(|stored| stored.submission == again && stored.version == 1)
    );
    // And a third time.
    let (_, third) = bench.put(&rows);
    assert_eq!(third.counts.unchanged, 22);
    assert_eq!(third.issues.len(), report.issues.len());
}

#[test]
fn the_same_bytes_are_read_again_when_the_mapping_has_changed() {
    let bench = Bench::new();
    let rows = home("2026-11-01", 10, "Penicillin");
    bench.put(&rows);
    bench.mappings.activate(&mapping(&mended()));
    let (_, report) = bench.put(&rows);
    assert!(!has(&report, codes::SAME_AGAIN));
    assert_eq!(report.mapping, "test-home 1.1.0");
    assert_eq!(bench.people(), 10);
}

#[test]
fn cs_04_late_older_files_and_equal_dates() {
    let bench = Bench::new();
    bench.put(&home("2026-11-02", 10, "Latex"));
    let (_, late) = bench.put(&home("2026-11-01", 10, "Penicillin"));
    assert_eq!(late.state, ReportState::Refused);
    assert!(has(&late, codes::OLDER_FILE));
    assert!(bench.allergies().iter().all(|text| text == "Latex"));
    // Of two of one day the later one holds.
    let (_, equal) = bench.put(&home("2026-11-02", 10, "Latex;Nuts"));
    assert_eq!(equal.state, ReportState::Reported, "{}", equal.to_text());
    assert_eq!(bench.allergies().len(), 20);
}

#[test]
fn cs_04_an_older_file_of_changes_adds_and_never_overwrites() {
    let bench = Bench::with(&changes());
    bench.put(&[row("2026-11-02", 0, "Latex").replace("Ada", "Adele")]);
    let (_, late) = bench.put(&[row("2026-11-01", 0, "Nuts"), row("2026-11-01", 1, "")]);
    assert_eq!(late.state, ReportState::Reported, "{}", late.to_text());
    assert_eq!(late.counts.older, 1, "{}", late.to_text());
    assert!(has(&late, codes::OLDER_FACTS));
    assert_eq!(bench.people(), 2);
    let bodies: String = bench
        .all("Patient")
        .iter()
        .map(|stored| String::from_utf8_lossy(&stored.body).into_owned())
        .collect();
    assert!(bodies.contains("Adele"));
    // What one file of changes had held back is not settled by another that does not speak of it.
    let (_, broken) = bench.put(&[row("2026-11-03", 2, "").replace("-01-03", "-13-03")]);
    assert!(broken.counts.quarantined > 0);
    bench.put(&[row("2026-11-04", 3, "")]);
    assert!(!bench.open_rows().is_empty());
}

#[test]
fn cs_04_what_waits_is_confirmed_declined_or_answered_by_a_newer_file() {
    let vanish = || {
        let bench = Bench::new();
        bench.put(&home("2026-11-01", 10, "Penicillin"));
        let (id, report) = bench.put(&home("2026-11-02", 10, ""));
        assert_eq!(report.state, ReportState::AwaitingConfirmation);
        assert!(report.to_text().contains("confirm"), "{}", report.to_text());
        assert_eq!((bench.waiting(), bench.allergies().len()), (10, 10));
        (bench, id)
    };
    let (bench, id) = vanish();
    let by = Bench::by();
    bench
        .runtime
        .block_on(bench.decisions.confirm(&bench.tenant, &id, &by))
        .unwrap();
    bench.work();
    let report = bench.report(&id);
    assert_eq!(report.state, ReportState::Reported, "{}", report.to_text());
    assert_eq!(report.counts.retired, 10);
    assert_eq!((bench.waiting(), bench.allergies().len()), (0, 0));
    let sight = access::Access::pipeline(&bench.tenant);
    let deeds = bench
        .runtime
        .block_on(bench.store.deeds(&sight, &bench.tenant, Some(&id)))
        .unwrap();
    assert_eq!(deeds.len(), 1);
    assert_eq!(
        (deeds[0].deed.what.as_str(), deeds[0].deed.by.as_str()),
        ("confirmed", "pat")
    );
    let again = bench
        .runtime
        .block_on(bench.decisions.confirm(&bench.tenant, &id, &by));
    assert!(matches!(again, Err(Undecided::WrongState(_))));

    let (bench, id) = vanish();
    bench
        .runtime
        .block_on(bench.decisions.decline(&bench.tenant, &id, &by))
        .unwrap();
    bench.work();
    assert_eq!((bench.waiting(), bench.allergies().len()), (0, 10));
    assert_eq!(bench.report(&id).state, ReportState::Reported);

    let (bench, id) = vanish();
    bench.put(&home("2026-11-03", 10, "Penicillin"));
    assert_eq!((bench.waiting(), bench.allergies().len()), (0, 10));
    let report = bench.report(&id);
    assert_eq!(report.state, ReportState::Reported);
    assert!(has(&report, codes::ANSWERED));

    // The same file again asks the same again.
    let (bench, id) = vanish();
    let (same, report) = bench.put(&home("2026-11-02", 10, ""));
    assert_eq!(report.state, ReportState::AwaitingConfirmation);
    assert_eq!(bench.waiting(), 10);
    assert_eq!(bench.report(&id).state, ReportState::Reported);
    bench
        .runtime
        .block_on(bench.decisions.confirm(&bench.tenant, &same, &by))
        .unwrap();
    bench.work();
    assert_eq!(bench.allergies().len(), 0);
}

#[test]
fn cs_04_a_confirmation_leaves_what_a_newer_file_says_alone() {
    let text = changes()
        .replace(
            "      key: NHS Number\n",
            "      key: NHS Number\n      deleted: =[Given] = \"Gone\"\n",
        )
        .replace("    from: rows\n", "    from: rows\n    deleted: retire\n");
    let bench = Bench::with(&text);
    bench.put(&[row("2026-11-01", 0, "Nuts"), row("2026-11-01", 1, "Nuts")]);
    let gone = [
        row("2026-11-02", 0, "Nuts").replace("Ada", "Gone"),
        row("2026-11-02", 1, "Nuts").replace("Ada", "Gone"),
    ];
    let (id, report) = bench.put(&gone);
    assert_eq!(
        report.state,
        ReportState::AwaitingConfirmation,
        "{}",
        report.to_text()
    );
    bench.put(&[row("2026-11-03", 0, "Nuts")]);
    bench
        .runtime
        .block_on(bench.decisions.confirm(&bench.tenant, &id, &Bench::by()))
        .unwrap();
    bench.work();
    assert_eq!(bench.allergies(), ["Nuts"]);
}

#[test]
fn a_withdrawn_file_is_undone_and_may_be_sent_again() {
    let bench = Bench::new();
    let mut before = home("2026-11-01", 11, "Penicillin");
    before[10] = before[10].replace("-01-11", "-13-11");
    bench.put(&before);
    let stood = bench.picture();
    // It changes a name, brings a person and an allergy, and leaves a person out.
    let mut rows = home("2026-11-02", 10, "Penicillin");
    rows[0] = rows[0]
        .replace("Ada", "Adelheid")
        .replace("Penicillin", "Penicillin;Latex");
    rows.remove(9);
    rows.push(row("2026-11-02", 30, "Nuts"));
    let (id, report) = bench.put(&rows);
    assert_eq!(report.state, ReportState::Reported, "{}", report.to_text());
    assert!(report.counts.retired > 0);
    let by = Bench::by();
    bench
        .runtime
        .block_on(bench.decisions.withdraw(&bench.tenant, &id, &by))
        .unwrap();
    bench.work();
    let report = bench.report(&id);
    assert_eq!(report.state, ReportState::Withdrawn, "{}", report.to_text());
    let undone = report.undone.unwrap();
    assert!(
        undone.restored >= 2 && undone.retired == 3 && undone.unconfirmed > 0,
        "{undone:?}"
    );
    assert_eq!(bench.people(), 10);
    let active = |picture: &[String]| -> Vec<String> {
        picture
            .iter()
            .filter(|line| line.contains(" Active "))
            .map(|line| {
                // A version that came back has a number of its own.
                let mut line = line.clone();
                if let Some(at) = line.find("\"versionId\":\"") {
                    let end = at + 13 + line[at + 13..].find('"').unwrap();
                    line.replace_range(at..end, "");
                }
                line
            })
            .collect()
    };
    assert_eq!(active(&bench.picture()), active(&stood));
    // What the first file had held back is open again.
    assert_eq!(bench.open_rows().len(), 2);
    assert!(matches!(
        bench
            .runtime
            .block_on(bench.decisions.withdraw(&bench.tenant, &id, &by)),
        Err(Undecided::WrongState(_))
    ));
    let (_, again) = bench.put(&rows);
    assert_eq!(again.state, ReportState::Reported, "{}", again.to_text());
    assert!(!has(&again, codes::SAME_AGAIN));
    assert!(bench.allergies().contains(&"Nuts".to_owned()));
}

#[test]
fn what_a_later_file_says_survives_a_withdrawal() {
    let bench = Bench::new();
    bench.put(&home("2026-11-01", 20, "Penicillin"));
    let mut rows = home("2026-11-02", 20, "Penicillin");
    rows[0] = rows[0].replace("Ada", "Second");
    rows.remove(19);
    let (id, _) = bench.put(&rows);
    let mut rows = home("2026-11-03", 19, "Penicillin");
    rows[0] = rows[0].replace("Ada", "Third");
    bench.put(&rows);
    let before = bench.picture();
    bench
        .runtime
        .block_on(bench.decisions.withdraw(&bench.tenant, &id, &Bench::by()))
        .unwrap();
    bench.work();
    assert_eq!(bench.picture(), before);
    assert_eq!(bench.people(), 19, "whom the latest file lacks stays away");
}

#[test]
fn quarantine_is_replayed_after_a_mapping_change_or_discarded() {
    let bench = Bench::new();
    let mut rows = home("2026-11-01", 12, "Penicillin");
    // Two that the mended mapping understands, and one that nobody does.
    rows[2] = rows[2].replace("1930-01-03", "03/01/1930");
    rows[4] = rows[4].replace("1930-01-05", "05/01/1930");
    rows[6] = rows[6].replace("1930-01-07", "7th January");
    let (first, report) = bench.put(&rows);
    let held = bench.open_rows();
    assert_eq!((bench.people(), held.len()), (9, 6), "{}", report.to_text());
    let by = Bench::by();
    let replay = |of: ReplayOf| {
        bench
            .runtime
            .block_on(bench.decisions.replay(&bench.tenant, &of, &by))
    };
    // Without a change it is held back again.
    let one = replay(ReplayOf::Rows(vec![held[0].number])).unwrap();
    bench.work();
    let report = bench.report(&one[0]);
    assert_eq!(report.replayed.unwrap().again, 2, "{}", report.to_text());
    assert_eq!((bench.people(), bench.open_rows().len()), (9, 6));
    assert_eq!(
        bench.submission(&one[0]).of.as_deref(),
        Some(first.as_str())
    );
    // With it, what was chosen goes through, and only that.
    bench.mappings.activate(&mapping(&mended()));
    let row = bench
        .open_rows()
        .into_iter()
        .find(|row| {
            row.held.raw.contains("05/01/1930") && row.held.rtype.as_deref() == Some("Patient")
        })
        .unwrap();
    let one = replay(ReplayOf::Rows(vec![row.number])).unwrap();
    bench.work();
    let report = bench.report(&one[0]);
    assert_eq!(report.replayed.unwrap().released, 2, "{}", report.to_text());
    assert_eq!(report.counts.created, 2);
    assert_eq!(bench.people(), 10);
    // The rest of the source: one goes through, one does not.
    let rest = replay(ReplayOf::Source("home".to_owned())).unwrap();
    assert_eq!(rest.len(), 1);
    bench.work();
    let report = bench.report(&rest[0]);
    let replayed = report.replayed.unwrap();
    assert_eq!(
        (replayed.released, replayed.again),
        (2, 2),
        "{}",
        report.to_text()
    );
    assert_eq!((bench.people(), bench.open_rows().len()), (11, 2));
    let last: Vec<u64> = bench.open_rows().iter().map(|row| row.number).collect();
    let gone = bench
        .runtime
        .block_on(bench.decisions.discard(&bench.tenant, &last, &by))
        .unwrap();
    assert_eq!((gone, bench.open_rows().len()), (2, 0));
    assert!(matches!(
        replay(ReplayOf::Source("home".to_owned())),
        Err(Undecided::NotFound)
    ));
    // Nobody was retired for not being among the chosen.
    assert_eq!(bench.allergies().len(), 11);
}

#[test]
fn a_rebuild_tells_what_it_would_change_and_then_does_just_that() {
    let bench = Bench::new();
    let mut rows = home("2026-11-01", 30, "Penicillin;Dust");
    rows[2] = rows[2].replace("1930-01-03", "03/01/1930");
    bench.put(&rows);
    let before = bench.picture();
    // The new mapping understands the date and no longer reads dust.
    bench.mappings.activate(&mapping(&mended().replace(
        "when: =not (negates(substance) or doubts(substance))",
        "when: =not (negates(substance) or doubts(substance)) and substance != \"Dust\"",
    )));
    let plan = bench
        .runtime
        .block_on(bench.pipeline.plan_rebuild(&bench.tenant, "home"))
        .unwrap();
    assert_eq!(bench.picture(), before, "a plan changes nothing");
    let planned = &plan.files[0];
    assert_eq!(
        planned.state,
        ReportState::AwaitingConfirmation,
        "{}",
        plan.to_text()
    );
    assert_eq!(planned.counts.created, 2, "{}", plan.to_text());
    assert_eq!(plan.people.len(), 1);
    let run = bench
        .runtime
        .block_on(bench.decisions.rebuild(&bench.tenant, "home", &Bench::by()))
        .unwrap();
    bench.work();
    let report = bench.report(&run[0]);
    assert_eq!(report.counts, planned.counts, "{}", report.to_text());
    assert_eq!(report.state, planned.state);
    // An allergy is never retired without a person, not even by a mapping.
    assert_eq!((bench.people(), bench.waiting()), (30, 29));
    assert!(bench.open_rows().is_empty());
}

#[test]
fn a_rebuild_of_changes_goes_through_all_files_and_asks_about_what_is_no_longer_made() {
    let text = changes();
    let bench = Bench::with(&text);
    bench.put(
        &(0..20)
            .map(|person| row("2026-11-01", person, "Dust"))
            .collect::<Vec<_>>(),
    );
    bench.put(&[row("2026-11-02", 0, "Nuts")]);
    let fewer = text.replace("version: 1.0.0", "version: 2.0.0").replace(
        "when: =not (negates(substance) or doubts(substance))",
        "when: =not (negates(substance) or doubts(substance)) and substance != \"Dust\"",
    );
    bench.mappings.activate(&mapping(&fewer));
    let runs = bench
        .runtime
        .block_on(bench.decisions.rebuild(&bench.tenant, "home", &Bench::by()))
        .unwrap();
    assert_eq!(runs.len(), 2);
    bench.work();
    // An allergy is never retired without a person, not even because a mapping has changed.
    let report = bench.report(&runs[0]);
    assert_eq!(
        report.state,
        ReportState::AwaitingConfirmation,
        "{}",
        report.to_text()
    );
    assert_eq!(bench.report(&runs[1]).state, ReportState::Reported);
    assert_eq!(
        (bench.people(), bench.allergies().len(), bench.waiting()),
        (20, 21, 20)
    );
    bench
        .runtime
        .block_on(
            bench
                .decisions
                .confirm(&bench.tenant, &runs[0], &Bench::by()),
        )
        .unwrap();
    bench.work();
    assert_eq!(
        (bench.people(), bench.allergies()),
        (20, vec!["Nuts".to_owned()])
    );
}

#[test]
fn cs_08_a_recall_lists_hides_and_brings_back() {
    let bench = Bench::new();
    let mut rows = home("2026-11-01", 10, "Penicillin");
    rows[1] = rows[1].replace(",F\n", ",M\n");
    let (id, _) = bench.put(&rows);
    let by = Bench::by();
    let find = |of: &RecallOf| {
        bench
            .runtime
            .block_on(bench.pipeline.find_recall(&bench.tenant, of))
    };
    let all = RecallOf::Mapping {
        name: "test-home".to_owned(),
        version: Some("1.0.0".to_owned()),
    };
    let found = find(&all).unwrap();
    assert_eq!(found.people.len(), 10);
    assert!(found.to_text().contains("not known"), "{}", found.to_text());
    let man = RecallOf::CodeRow {
        name: "test-home".to_owned(),
        version: None,
        table: "sex".to_owned(),
        label: "M".to_owned(),
    };
    let found = find(&man).unwrap();
    assert_eq!(found.people.len(), 1, "{}", found.to_text());
    let hidden = bench
        .runtime
        .block_on(bench.pipeline.recall(&bench.tenant, &man, &by))
        .unwrap();
    assert_eq!(hidden.changed, Some(1));
    assert_eq!(bench.people(), 9);
    let back = bench
        .runtime
        .block_on(bench.pipeline.reinstate(&bench.tenant, &man, &by))
        .unwrap();
    assert_eq!(back.changed, Some(1));
    assert_eq!(bench.people(), 10);
    let file = RecallOf::File { submission: id };
    let hidden = bench
        .runtime
        .block_on(bench.pipeline.recall(&bench.tenant, &file, &by))
        .unwrap();
    assert_eq!(hidden.changed, Some(20));
    assert_eq!(bench.people(), 0);
    assert!(matches!(
        find(&RecallOf::Mapping {
            name: "other".to_owned(),
            version: None
        }),
        Err(Undecided::NotFound)
    ));
}

#[test]
fn a_file_without_a_mapping_fails_in_words_and_the_next_goes_on() {
    let bench = Bench::new();
    let lost = bench.send(&home("2026-11-01", 3, ""));
    bench.mappings.deactivate();
    bench.work();
    let report = bench.report(&lost);
    assert_eq!(report.state, ReportState::Failed);
    assert!(has(&report, codes::NO_MAPPING), "{}", report.to_text());
    bench.mappings.activate(&mapping(MAPPING));
    let (_, report) = bench.put(&home("2026-11-01", 3, ""));
    assert_eq!(report.state, ReportState::Reported);
    let sight = access::Access::pipeline(&bench.tenant);
    let failed = JobQuery {
        states: vec![JobState::Failed],
        ..JobQuery::default()
    };
    let failed = bench
        .runtime
        .block_on(bench.store.jobs(&sight, &bench.tenant, &failed))
        .unwrap();
    assert_eq!(failed.len(), 1);
}

#[test]
fn a_file_of_somebody_else_is_refused_whole() {
    let text = MAPPING
        .replace(
            "  asOf: =rows.[As Of]\n",
            "  asOf: =rows.[As Of]\n  sender: { council: \"=rows.[Council]\" }\n",
        )
        .replace("        Sex:", "        Council: string\n        Sex:");
    let bench = Bench::with(&text);
    let file = |council: &str| {
        let rows: String = home("2026-11-01", 3, "")
            .iter()
            .map(|row| row.replace(",F\n", &format!(",F,{council}\n")))
            .collect();
        format!("{}{rows}", bench::HEADER.replace("Sex\n", "Sex,Council\n")).into_bytes()
    };
    let known = |codes: &[&str]| {
        let codes = codes.iter().map(|code| (*code).to_owned()).collect();
        bench
            .pipeline
            .clone()
            .with_senders([(bench.tenant.clone(), [("council".to_owned(), codes)].into())])
    };
    let run = |pipeline: &submission::Pipeline, council: &str| {
        let id = bench.take(bench.info(), &file(council)).unwrap().submission;
        bench
            .runtime
            .block_on(submission::work_off(pipeline))
            .unwrap();
        bench.report(&id)
    };
    let report = run(&known(&["E10000001"]), "E10000002");
    assert_eq!(report.state, ReportState::Refused, "{}", report.to_text());
    assert!(has(&report, codes::OTHER_SENDER));
    assert_eq!(bench.people(), 0);
    let report = run(&known(&["e10000001 "]), "E10000001");
    assert_eq!(report.state, ReportState::Reported, "{}", report.to_text());
    assert!(!has(&report, codes::OTHER_SENDER) && !has(&report, codes::SENDER_NOT_KNOWN));
    let report = run(&bench.pipeline, "E10000003");
    assert_eq!(report.state, ReportState::Reported, "{}", report.to_text());
    assert!(has(&report, codes::SENDER_NOT_KNOWN));
}
