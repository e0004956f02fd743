//! CS-2: the one rule for linking records, and what decisions do to it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use identity::{
    Claim, Decision, Known, Linking, MergeRefused, NhsNumber, Party, Point, Reasons, Record,
    Ruling, VerificationStatus, check_merge, gather, link, verification,
};
use json::Value;
use proptest::prelude::*;

const NUMBERS: [&str; 4] = ["9990000018", "9990000026", "9990000034", "9990000042"];

fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

fn claim(nhs: &str, birth: &str, names: &str) -> Claim {
    Claim::of_patient(&patient(nhs, birth, names, ""))
}

fn patient(nhs: &str, birth: &str, names: &str, more: &str) -> Value {
    let identifier = if nhs.is_empty() {
        String::new()
    } else {
        format!(
            r#""identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{nhs}"}}],"#
        )
    };
    let birth = if birth.is_empty() {
        String::new()
    } else {
        format!(r#""birthDate":"{birth}","#)
    };
    value(&format!(
        r#"{{"resourceType":"Patient",{identifier}{birth}{more}"name":[{names}]}}"#
    ))
}

fn traced(mut patient: Value) -> Claim {
    verification::set(&mut patient, VerificationStatus::Verified);
    Claim::of_patient(&patient)
}

fn record(tenant: &str, id: &str) -> Record {
    Record::new(tenant, id)
}

/// What two records of two tenants are to each other.
fn between(one: &Claim, other: &Claim) -> Linking {
    under(one, other, &Known::default())
}

fn under(one: &Claim, other: &Claim, known: &Known) -> Linking {
    let (a, b) = (record("council", "p1"), record("home", "p2"));
    let forth = link(
        Party {
            record: &a,
            claim: one,
        },
        Party {
            record: &b,
            claim: other,
        },
        known,
    );
    let back = link(
        Party {
            record: &b,
            claim: other,
        },
        Party {
            record: &a,
            claim: one,
        },
        known,
    );
    assert_eq!(forth, back, "the rule looks both ways");
    forth
}

fn reasons(linking: Linking) -> Reasons {
    match linking {
        Linking::Conflict(reasons) => reasons,
        other => panic!("{other:?} is no conflict"),
    }
}

const SMITH: &str = r#"{"family":"O'Brien-Núñez","given":["Mary"]}"#;

#[test]
fn cs_02_linked_only_when_number_birth_date_and_surname_agree() {
    let one = claim("9990000018", "1938-02-11", SMITH);
    for names in [
        r#"{"family":"OBRIEN NUNEZ","given":["M"]}"#,
        r#"{"family":"Other","use":"nickname"},{"use":"official","family":"o’brien nuñez"}"#,
        r#"{"family":"Maid","use":"maiden"},{"family":"O'Brien-Núñez"}"#,
    ] {
        let other = claim("999 000 0018", "1938-02-11", names);
        assert_eq!(
            between(&one, &other),
            Linking::Linked { certain: false },
            "{names}"
        );
    }
    for (nhs, birth, names, against) in [
        ("9990000018", "1938-02-12", SMITH, Point::BirthDateDiffers),
        ("9990000018", "1938", SMITH, Point::BirthDatePartial),
        ("9990000018", "1938-02", SMITH, Point::BirthDatePartial),
        ("9990000018", "", SMITH, Point::BirthDateMissing),
        (
            "9990000018",
            "1938-02-11",
            r#"{"family":"Jones"}"#,
            Point::SurnameDiffers,
        ),
        (
            "9990000018",
            "1938-02-11",
            r#"{"family":"-"}"#,
            Point::SurnameMissing,
        ),
        (
            "9990000018",
            "1938-02-11",
            r#"{"text":"Mary O'Brien"}"#,
            Point::SurnameMissing,
        ),
        ("9990000026", "1938-02-11", SMITH, Point::NumberDiffers),
        ("", "1938-02-11", SMITH, Point::NumberMissing),
        ("9990000019", "1938-02-11", SMITH, Point::NumberMissing),
    ] {
        let found = reasons(between(&one, &claim(nhs, birth, names)));
        assert!(
            found.speaks_against.contains(&against),
            "{against:?} in {found:?}"
        );
    }
}

#[test]
fn cs_02_nothing_is_linked_by_a_name() {
    let one = claim("9990000018", "1938-02-11", SMITH);
    for other in [
        claim(
            "9990000026",
            "1938-02-11",
            r#"{"family":"O'Brien-Núñez","given":["Ann"]}"#,
        ),
        claim("9990000026", "1938-02-12", SMITH),
        claim("", "1938", SMITH),
        claim("", "", r#"{"family":"Jones"}"#),
        Claim::default(),
    ] {
        assert_eq!(between(&one, &other), Linking::Apart);
    }
    // Two records that say nothing have nothing in common.
    assert_eq!(
        between(&Claim::default(), &Claim::default()),
        Linking::Apart
    );
}

#[test]
fn cs_02_what_a_person_has_to_know_is_pointed_out() {
    let one = claim("9990000018", "1938-02-11", SMITH);
    let cases = [
        (r#"{"family":"Núñez","given":["Mary"]}"#, Point::SurnamePart),
        (
            r#"{"use":"official","family":"Jones"},{"use":"old","family":"OBRIEN-NUNEZ"}"#,
            Point::FormerSurname,
        ),
        (
            r#"{"use":"official","family":"Jones"},{"use":"usual","family":"OBRIEN-NUNEZ"}"#,
            Point::OtherSurname,
        ),
        (
            r#"{"family":"Mary","given":["O'Brien Núñez"]}"#,
            Point::NamesSwapped,
        ),
        (
            r#"{"family":"Jones","given":["Mary"]}"#,
            Point::SameGivenName,
        ),
    ];
    for (names, point) in cases {
        let found = reasons(between(&one, &claim("9990000018", "1938-02-11", names)));
        assert!(
            found.speaks_for.contains(&point) && found.speaks_for.contains(&Point::SameNumber),
            "{point:?} in {found:?}"
        );
        assert!(found.speaks_against.contains(&Point::SurnameDiffers));
    }
    let found = reasons(between(&one, &claim("9990000018", "1938", SMITH)));
    assert!(found.speaks_for.contains(&Point::BirthDateFits));
    let found = reasons(between(&one, &claim("9990000018", "1939", SMITH)));
    assert!(found.speaks_against.contains(&Point::BirthDateDiffers));
    assert!(!found.speaks_for.contains(&Point::BirthDateFits));
}

#[test]
fn cs_02_a_former_surname_never_stands_for_a_present_one() {
    let former_only = claim(
        "9990000018",
        "1938-02-11",
        r#"{"use":"old","family":"O'Brien-Núñez"}"#,
    );
    let one = claim("9990000018", "1938-02-11", SMITH);
    let found = reasons(between(&one, &former_only));
    assert!(found.speaks_against.contains(&Point::SurnameMissing));
}

#[test]
fn cs_02_twins_with_one_number_are_not_one_person() {
    let given = |name: &str, more: &str| {
        Claim::of_patient(&patient(
            "9990000018",
            "1938-02-11",
            &format!(r#"{{"family":"Smith","given":["{name}"]}}"#),
            more,
        ))
    };
    let twin = r#""multipleBirthInteger":1,"#;
    let found = reasons(between(&given("Ann", twin), &given("Beth", "")));
    assert!(found.speaks_against.contains(&Point::MultipleBirth));
    let single = r#""multipleBirthBoolean":false,"#;
    assert!(between(&given("Ann", single), &given("Beth", "")).is_linked());
    assert!(between(&given("Ann", twin), &given("Ann", "")).is_linked());
}

#[test]
fn cs_02_two_different_numbers_on_one_record_name_nobody() {
    let two = value(
        r#"{"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"},
            {"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000026"}],
            "birthDate":"1938-02-11","name":[{"family":"O'Brien-Núñez","given":["Mary"]}]}"#,
    );
    let one = claim("9990000018", "1938-02-11", SMITH);
    let found = reasons(between(&one, &Claim::of_patient(&two)));
    assert!(found.speaks_against.contains(&Point::NumberMissing));
    // A number that the source itself marks as old is not a second one.
    let old = two
        .to_string()
        .replacen("{\"system\"", "{\"use\":\"old\",\"system\"", 1);
    let other = claim("9990000026", "1938-02-11", SMITH);
    assert!(between(&other, &Claim::of_patient(&value(&old))).is_linked());
}

#[test]
fn cs_03_certain_only_when_both_were_traced() {
    let plain = patient("9990000018", "1938-02-11", SMITH, "");
    let sure = traced(plain.clone());
    assert_eq!(between(&sure, &sure), Linking::Linked { certain: true });
    let unsure = Claim::of_patient(&plain);
    assert_eq!(between(&sure, &unsure), Linking::Linked { certain: false });
    // A trace does not make a difference go away.
    let other = traced(patient("9990000018", "1938-02-12", SMITH, ""));
    assert!(matches!(between(&sure, &other), Linking::Conflict(_)));
}

#[test]
fn cs_03_a_status_is_put_in_place_of_the_one_there() {
    let mut patient = patient("9990000018", "1938-02-11", SMITH, "");
    assert_eq!(verification::of_patient(&patient), None);
    for status in [VerificationStatus::NotTraced, VerificationStatus::Verified] {
        verification::set(&mut patient, status);
        assert_eq!(verification::of_patient(&patient), Some(status));
    }
    assert_eq!(patient.to_string().matches("VerificationStatus").count(), 2);
    let contradicting =
        patient
            .to_string()
            .replacen("\"coding\":[", "\"coding\":[{\"code\":\"02\"},", 1);
    assert_eq!(
        verification::of_patient(&value(&contradicting)),
        Some(VerificationStatus::NotTraced)
    );
}

fn rule(one: &Record, other: &Record, ruling: Ruling) -> Decision {
    Decision::Rule {
        one: one.clone(),
        other: other.clone(),
        ruling,
    }
}

#[test]
fn cs_02_a_decision_holds_for_exactly_its_two_records() {
    let (a, b, c) = (record("t1", "a"), record("t2", "b"), record("t3", "c"));
    let one = claim("9990000018", "1938-02-11", r#"{"family":"Jones"}"#);
    let other = claim("9990000018", "1938-02-11", r#"{"family":"Smith"}"#);
    let records = [
        (a.clone(), one.clone()),
        (b.clone(), other.clone()),
        (c.clone(), other.clone()),
    ];
    // The two that agree are one person's; the third waits, and is asked about once for each.
    let before = gather(&records, &Known::default());
    assert_eq!(before.persons, [vec![0], vec![1, 2]]);
    assert_eq!(before.doubts.len(), 2);

    // a and b are linked by a person, b and c by the rule, a and c by nobody: none of it is used.
    let half = Known::of([(1, rule(&b, &a, Ruling::Link))]);
    let gathered = gather(&records, &half);
    assert_eq!(gathered.persons, [vec![0], vec![1], vec![2]]);
    assert_eq!(gathered.doubts.len(), 1);
    assert_eq!((gathered.doubts[0].one, gathered.doubts[0].other), (0, 2));

    let both = Known::of([
        (1, rule(&b, &a, Ruling::Link)),
        (2, rule(&a, &c, Ruling::Link)),
    ]);
    let gathered = gather(&records, &both);
    assert_eq!(gathered.persons, [vec![0, 1, 2]]);
    assert!(gathered.doubts.is_empty());

    // Kept apart, although b and c agree with a alike: it does not fit, so nothing is shown together.
    let apart = Known::of([
        (1, rule(&b, &a, Ruling::Link)),
        (2, rule(&a, &c, Ruling::KeepApart)),
    ]);
    let gathered = gather(&records, &apart);
    assert_eq!(gathered.persons, [vec![0], vec![1], vec![2]]);
    assert_eq!(
        gathered.doubts[0].reasons.speaks_against.first(),
        Some(&Point::NotWithTheOthers)
    );
}

#[test]
fn cs_02_a_superseded_number_counts_as_the_one_that_replaced_it() {
    let number = |text: &str| text.parse::<NhsNumber>().unwrap();
    let supersede = |tenant: Option<&str>, old: &str, new: &str| Decision::Supersede {
        tenant: tenant.map(str::to_owned),
        old: number(old),
        new: number(new),
    };
    let old = claim("9990000018", "1938-02-11", SMITH);
    let new = claim("9990000034", "1938-02-11", SMITH);
    assert!(matches!(between(&old, &new), Linking::Conflict(_)));
    let chain = Known::of([
        (1, supersede(None, "9990000018", "9990000026")),
        (2, supersede(None, "9990000026", "9990000034")),
    ]);
    assert!(under(&old, &new, &chain).is_linked());
    // What one organisation said about its own records holds for nobody else's.
    let own = Known::of([(1, supersede(Some("council"), "9990000018", "9990000034"))]);
    assert!(under(&old, &new, &own).is_linked());
    let others = Known::of([(1, supersede(Some("home"), "9990000018", "9990000034"))]);
    assert!(matches!(under(&old, &new, &others), Linking::Conflict(_)));
    // A ring replaces nothing.
    let ring = Known::of([
        (1, supersede(None, "9990000018", "9990000034")),
        (2, supersede(None, "9990000034", "9990000018")),
    ]);
    assert!(matches!(under(&old, &new, &ring), Linking::Conflict(_)));
    // Birth date and surname must agree all the same.
    let other = claim("9990000034", "1940-01-01", SMITH);
    assert!(matches!(under(&old, &other, &chain), Linking::Conflict(_)));
}

#[test]
fn cs_02_a_merge_acts_only_within_its_authority() {
    let with = |system: &str| {
        value(&format!(
            r#"{{"identifier":[{{"system":"{system}","value":"7"}}]}}"#
        ))
    };
    let (ours, theirs) = (
        with("https://home.example/id"),
        with("https://other.example/id"),
    );
    let (a, b, c) = (record("t", "a"), record("t", "b"), record("u", "c"));
    let authority = "https://home.example/id";
    let merge =
        |from: (&Record, &Value), into: (&Record, &Value)| check_merge(authority, from, into);
    assert_eq!(merge((&a, &ours), (&b, &ours)), Ok(()));
    assert_eq!(
        merge((&a, &ours), (&b, &theirs)),
        Err(MergeRefused::OtherAuthority)
    );
    assert_eq!(
        merge((&a, &ours), (&c, &ours)),
        Err(MergeRefused::OtherTenant)
    );
    assert_eq!(
        merge((&a, &ours), (&a, &ours)),
        Err(MergeRefused::SameRecord)
    );
    let nhs = identity::NHS_NUMBER_SYSTEM;
    assert_eq!(
        check_merge(nhs, (&a, &with(nhs)), (&b, &with(nhs))),
        Err(MergeRefused::NhsNumber)
    );
    // A list that says otherwise changes nothing beyond the tenant.
    let crossed = Known::of([(
        1,
        Decision::Merge {
            from: a.clone(),
            into: c,
        },
    )]);
    assert_eq!(crossed.survivor(&a), a);
}

#[test]
fn cs_02_a_merged_record_goes_where_its_survivor_goes() {
    let (a, b, c) = (record("t", "a"), record("t", "b"), record("u", "c"));
    let right = claim("9990000018", "1938-02-11", SMITH);
    let wrong = claim("", "1983-02-11", r#"{"family":"Brien"}"#);
    let records = [(a.clone(), wrong), (b.clone(), right.clone()), (c, right)];
    let merge = Decision::Merge { from: a, into: b };
    let merged = Known::of([(1, merge.clone())]);
    assert_eq!(gather(&records, &merged).persons, [vec![0, 1, 2]]);
    let undone = Known::of([(1, merge.clone()), (2, Decision::Undo { decision: 1 })]);
    assert!(undone == Known::default());
    assert_eq!(gather(&records, &undone).persons, [vec![0], vec![1, 2]]);
    let again = Known::of([
        (1, merge),
        (2, Decision::Undo { decision: 1 }),
        (3, Decision::Undo { decision: 2 }),
    ]);
    assert!(again == merged);
}

#[test]
fn cs_22_nothing_prints_who_a_person_is() {
    let claim = claim("9990000018", "1938-02-11", SMITH);
    let shown = format!("{:?}", claim.key);
    for secret in ["999", "1938", "brien"] {
        assert!(!shown.to_lowercase().contains(secret));
    }
    for point in reasons(between(
        &claim,
        &Claim::of_keys(Some("9990000018"), None, None),
    ))
    .speaks_against
    {
        assert_eq!(Point::from_code(point.as_str()), Some(point));
        assert!(!point.words().is_empty());
    }
}

fn any_claim() -> impl Strategy<Value = Claim> {
    let number = prop_oneof![
        3 => prop::sample::select(&NUMBERS[..2]),
        1 => Just(""),
        1 => Just("9990000019")
    ];
    let birth = prop::sample::select(&["1938-02-11", "1938-02-12", "1938", ""][..]);
    let family = prop::sample::select(&["Smith", "SMÏTH", "Smith-Jones", "Jones", "", "Ann"][..]);
    let given = prop::sample::select(&["Ann", "Bea", "Smith", ""][..]);
    (number, birth, family, given, any::<bool>(), any::<bool>()).prop_map(
        |(number, birth, family, given, twin, traced_one)| {
            let names = format!(
                r#"{{{}{}"text":"x"}}"#,
                if family.is_empty() {
                    String::new()
                } else {
                    format!(r#""family":"{family}","#)
                },
                if given.is_empty() {
                    String::new()
                } else {
                    format!(r#""given":["{given}"],"#)
                }
            );
            let more = if twin {
                r#""multipleBirthBoolean":true,"#
            } else {
                ""
            };
            let patient = patient(number, birth, &names, more);
            if traced_one {
                traced(patient)
            } else {
                Claim::of_patient(&patient)
            }
        },
    )
}

/// Decisions about a handful of records and numbers.
fn any_decision() -> impl Strategy<Value = Decision> {
    let any_record = || {
        (
            prop::sample::select(&["t", "u"][..]),
            prop::sample::select(&["a", "b", "c"][..]),
        )
            .prop_map(|(tenant, id)| record(tenant, id))
    };
    let number =
        || prop::sample::select(&NUMBERS[..]).prop_map(|text| text.parse::<NhsNumber>().unwrap());
    prop_oneof![
        (any_record(), any_record(), any::<bool>()).prop_map(|(one, other, yes)| rule(
            &one,
            &other,
            if yes { Ruling::Link } else { Ruling::KeepApart }
        )),
        (any_record(), any_record()).prop_map(|(from, into)| Decision::Merge { from, into }),
        (number(), number(), any::<bool>()).prop_map(|(old, new, own)| Decision::Supersede {
            tenant: own.then(|| "t".to_owned()),
            old,
            new
        }),
        (1u64..8).prop_map(|decision| Decision::Undo { decision }),
    ]
}

fn numbered(decisions: Vec<Decision>) -> Vec<(u64, Decision)> {
    (1..).zip(decisions).collect()
}

proptest! {
    #[test]
    fn cs_02_a_link_by_the_rule_has_all_three_parts(one in any_claim(), other in any_claim()) {
        let linking = between(&one, &other);
        let same = one.is_whole() && one.key == other.key;
        if let Linking::Linked { certain } = linking {
            prop_assert!(same);
            prop_assert_eq!(certain, one.traced && other.traced);
        } else {
            prop_assert!(!same || one.multiple_birth || other.multiple_birth);
        }
        if let Linking::Conflict(reasons) = linking {
            prop_assert!(!reasons.speaks_for.is_empty() && !reasons.speaks_against.is_empty());
        }
    }

    #[test]
    fn cs_02_groups_hold_only_what_is_linked(
        claims in prop::collection::vec(any_claim(), 0..6),
        decisions in prop::collection::vec(any_decision(), 0..8),
    ) {
        let ids = ["a", "b", "c"];
        let records: Vec<(Record, Claim)> = claims
            .into_iter()
            .enumerate()
            .map(|(at, claim)| (record(if at < 3 { "t" } else { "u" }, ids[at % 3]), claim))
            .collect();
        let known = Known::of(numbered(decisions));
        let gathered = gather(&records, &known);
        let mut all: Vec<usize> = gathered.persons.concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..records.len()).collect::<Vec<_>>());
        let there = |wanted: &Record| records.iter().any(|(record, _)| record == wanted);
        for person in &gathered.persons {
            for one in person {
                for other in person {
                    let (a, b) = (&records[*one], &records[*other]);
                    // A merged record stands behind its survivor.
                    let behind = |record: &Record| {
                        known.survivor(record) != *record && there(&known.survivor(record))
                    };
                    let party = |(record, claim)| Party { record, claim };
                    prop_assert!(
                        behind(&a.0) || behind(&b.0)
                            || link(party((&a.0, &a.1)), party((&b.0, &b.1)), &known).is_linked()
                    );
                }
            }
        }
        for doubt in &gathered.doubts {
            prop_assert!(doubt.one < doubt.other);
            prop_assert!(!gathered.persons.iter().any(|p| p.contains(&doubt.one) && p.contains(&doubt.other)));
        }
    }

    #[test]
    fn cs_02_undoing_gives_back_exactly_what_was(
        decisions in prop::collection::vec(any_decision(), 0..8),
        last in any_decision(),
    ) {
        prop_assume!(!matches!(last, Decision::Undo { .. }));
        let before = Known::of(numbered(decisions.clone()));
        let mut more = decisions;
        more.push(last);
        let number = more.len() as u64;
        more.push(Decision::Undo { decision: number });
        prop_assert!(Known::of(numbered(more)) == before);
    }

    #[test]
    fn cs_02_an_unmerge_leaves_later_decisions_standing(
        decisions in prop::collection::vec(any_decision(), 1..8),
        which in 0usize..8,
    ) {
        let which = which % decisions.len();
        prop_assume!(decisions.iter().all(|decision| !matches!(decision, Decision::Undo { .. })));
        let mut listed = numbered(decisions);
        let mut without = listed.clone();
        let (number, _) = without.remove(which);
        listed.push((99, Decision::Undo { decision: number }));
        prop_assert!(Known::of(listed) == Known::of(without));
    }

    #[test]
    fn merges_and_numbers_always_come_to_an_end(
        decisions in prop::collection::vec(any_decision(), 0..20),
    ) {
        let known = Known::of(numbered(decisions));
        for tenant in ["t", "u"] {
            for id in ["a", "b", "c"] {
                let survivor = known.survivor(&record(tenant, id));
                prop_assert_eq!(&survivor.tenant, tenant);
                prop_assert_eq!(known.survivor(&survivor), survivor.clone());
                for absorbed in known.absorbed(&survivor) {
                    prop_assert_eq!(known.survivor(&absorbed), survivor.clone());
                }
            }
            for number in NUMBERS {
                let number: NhsNumber = number.parse().unwrap();
                known.current_number(tenant, &number);
            }
        }
    }
}
