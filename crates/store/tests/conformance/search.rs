//! Searching.

use std::collections::BTreeSet;

use store::{
    Clause, Cursor, DateMatch, DateOp, Query, ReferenceMatch, SystemMatch, TextMatch, TokenMatch,
};

use crate::*;

pub async fn ids(store: &dyn Store, sight: &Sight, query: &Query) -> Vec<String> {
    let page = store.search(sight, query).await.unwrap();
    page.items.into_iter().map(|item| item.id).collect()
}

pub fn by_token(rtype: &str, param: &str, code: &str) -> Query {
    with(
        rtype,
        [Clause::Token {
            param: param.into(),
            any: vec![coded(SystemMatch::Any, code)],
        }],
    )
}

fn with(rtype: &str, clauses: impl IntoIterator<Item = Clause>) -> Query {
    Query {
        clauses: clauses.into_iter().collect(),
        ..Query::new(rtype)
    }
}

fn coded(system: SystemMatch, code: &str) -> TokenMatch {
    TokenMatch {
        system,
        code: Some(code.into()),
    }
}

fn is(system: &str) -> SystemMatch {
    SystemMatch::Is(system.into())
}

fn period(lo: &str, hi: &str) -> IndexRow {
    IndexRow::Date {
        param: "date".into(),
        lo: day(lo),
        hi: day(hi),
    }
}

#[tokio::test]
async fn tokens_match_by_system_and_code() {
    let store = fresh().await;
    let flag = |id, system, code| {
        indexed(
            write("Flag", id, "x", "2026-01-01"),
            [token("code", system, code)],
        )
    };
    commit(
        &*store,
        "home",
        vec![
            flag("a", "urn:one", "x"),
            flag("b", "urn:two", "x"),
            flag("c", "", "x"),
            flag("d", "urn:one", "y"),
        ],
    )
    .await;
    // Another type's parameter of the same name is another parameter.
    put(
        &*store,
        "home",
        indexed(
            write("Task", "t", "x", "2026-01-01"),
            [token("code", "urn:one", "x")],
        ),
    )
    .await;
    let find = async |any: Vec<TokenMatch>| {
        let clause = Clause::Token {
            param: "code".into(),
            any,
        };
        ids(&*store, &own("home"), &with("Flag", [clause])).await
    };
    assert_eq!(
        find(vec![coded(SystemMatch::Any, "x")]).await,
        ["a", "b", "c"]
    );
    assert_eq!(find(vec![coded(SystemMatch::None, "x")]).await, ["c"]);
    assert_eq!(find(vec![coded(is("urn:one"), "x")]).await, ["a"]);
    assert_eq!(
        find(vec![TokenMatch {
            system: is("urn:one"),
            code: None
        }])
        .await,
        ["a", "d"]
    );
    assert_eq!(
        find(vec![coded(is("urn:two"), "x"), coded(is("urn:one"), "y")]).await,
        ["b", "d"]
    );
    assert_eq!(find(vec![coded(is("urn:never"), "x")]).await, [""; 0]);
    assert_eq!(find(vec![coded(SystemMatch::Any, "X")]).await, [""; 0]);
    assert_eq!(
        find(vec![]).await,
        [""; 0],
        "no alternative matches nothing"
    );
}

#[tokio::test]
async fn clauses_are_anded_and_every_kind_works_as_driver_and_as_filter() {
    let store = fresh().await;
    let made = |id: &str, code: &str, patient: &str, lo: &str, family: &str| {
        indexed(
            about(patient, write("Observation", id, id, "2026-01-01")),
            [
                token("code", "urn:s", code),
                IndexRow::Reference {
                    param: "subject".into(),
                    rtype: "Patient".into(),
                    id: patient.into(),
                },
                period(lo, "2026-12-31"),
                IndexRow::String {
                    param: "note".into(),
                    norm: family.into(),
                },
            ],
        )
    };
    commit(
        &*store,
        "home",
        vec![
            made("a", "x", "p1", "2026-01-01", "smith"),
            made("b", "x", "p2", "2026-01-01", "smith"),
            made("c", "y", "p1", "2026-01-01", "smith"),
            made("d", "x", "p1", "2026-06-01", "smith"),
            made("e", "x", "p1", "2026-01-01", "jones"),
        ],
    )
    .await;
    let kinds = [
        Clause::Token {
            param: "code".into(),
            any: vec![coded(is("urn:s"), "x")],
        },
        Clause::Reference {
            param: "subject".into(),
            any: vec![ReferenceMatch {
                rtype: Some("Patient".into()),
                id: "p1".into(),
            }],
        },
        Clause::Date {
            param: "date".into(),
            any: vec![DateMatch {
                op: DateOp::Lt,
                lo: day("2026-03-01"),
                hi: day("2026-03-02"),
            }],
        },
        Clause::Text {
            param: "note".into(),
            any: vec![TextMatch::StartsWith("smi".into())],
        },
        Clause::Id(["a", "b", "c", "d", "e"].map(str::to_owned).into()),
    ];
    let hits = [
        vec!["a", "b", "d", "e"],
        vec!["a", "c", "d", "e"],
        vec!["a", "b", "c", "e"],
        vec!["a", "b", "c", "d"],
        vec!["a", "b", "c", "d", "e"],
    ];
    // Every subset of the clauses finds the intersection of what each finds alone.
    for subset in 1..(1u32 << kinds.len()) {
        let chosen: Vec<usize> = (0..kinds.len())
            .filter(|i| subset & (1 << i) != 0)
            .collect();
        let query = with("Observation", chosen.iter().map(|i| kinds[*i].clone()));
        let expected: Vec<&str> = ["a", "b", "c", "d", "e"]
            .into_iter()
            .filter(|id| chosen.iter().all(|i| hits[*i].contains(id)))
            .collect();
        assert_eq!(
            ids(&*store, &own("home"), &query).await,
            expected,
            "clauses {chosen:?}"
        );
    }
}

#[tokio::test]
async fn references_match_by_type_and_id() {
    let store = fresh().await;
    let made = |id: &str, rtype: &str| {
        indexed(
            write("Task", id, id, "2026-01-01"),
            [IndexRow::Reference {
                param: "focus".into(),
                rtype: rtype.into(),
                id: "1".into(),
            }],
        )
    };
    commit(
        &*store,
        "home",
        vec![made("a", "Patient"), made("b", "Device")],
    )
    .await;
    let find = async |rtype: Option<&str>| {
        let any = vec![ReferenceMatch {
            rtype: rtype.map(str::to_owned),
            id: "1".into(),
        }];
        ids(
            &*store,
            &own("home"),
            &with(
                "Task",
                [Clause::Reference {
                    param: "focus".into(),
                    any,
                }],
            ),
        )
        .await
    };
    assert_eq!(find(None).await, ["a", "b"]);
    assert_eq!(find(Some("Device")).await, ["b"]);
}

#[tokio::test]
async fn strings_are_literal() {
    let store = fresh().await;
    let made = |id: &str, norm: &str| {
        indexed(
            write("Patient", id, id, "2026-01-01"),
            [IndexRow::String {
                param: "family".into(),
                norm: norm.into(),
            }],
        )
    };
    commit(
        &*store,
        "home",
        vec![
            made("a", "smith"),
            made("b", "smithers"),
            made("c", "s%"),
            made("d", "blacksmith"),
            made("e", "zo\u{10FFFF}"),
        ],
    )
    .await;
    let find = async |text: TextMatch| {
        ids(
            &*store,
            &own("home"),
            &with(
                "Patient",
                [Clause::Text {
                    param: "family".into(),
                    any: vec![text],
                }],
            ),
        )
        .await
    };
    assert_eq!(
        find(TextMatch::StartsWith("smith".into())).await,
        ["a", "b"]
    );
    assert_eq!(find(TextMatch::Equals("smith".into())).await, ["a"]);
    assert_eq!(
        find(TextMatch::Contains("smith".into())).await,
        ["a", "b", "d"]
    );
    assert_eq!(find(TextMatch::StartsWith("s%".into())).await, ["c"]);
    assert_eq!(find(TextMatch::Contains("%".into())).await, ["c"]);
    assert_eq!(find(TextMatch::StartsWith("_".into())).await, [""; 0]);
    assert_eq!(
        find(TextMatch::StartsWith("' OR 1=1 --".into())).await,
        [""; 0]
    );
    assert_eq!(
        find(TextMatch::StartsWith("zo\u{10FFFF}".into())).await,
        ["e"]
    );
    assert_eq!(find(TextMatch::StartsWith(String::new())).await.len(), 5);
}

#[tokio::test]
async fn dates_compare_as_ranges() {
    let store = fresh().await;
    let made = |id: &str, lo: &str, hi: &str| {
        indexed(write("Flag", id, id, "2026-01-01"), [period(lo, hi)])
    };
    commit(
        &*store,
        "home",
        vec![
            made("before", "2026-01-01", "2026-01-02"),
            made("within", "2026-03-10", "2026-03-11"),
            made("around", "2026-01-01", "2026-12-01"),
            made("after", "2026-06-01", "2026-06-02"),
        ],
    )
    .await;
    put(
        &*store,
        "home",
        indexed(
            write("Flag", "open", "open", "2026-01-01"),
            [IndexRow::Date {
                param: "date".into(),
                lo: day("2026-03-15"),
                hi: Timestamp::MAX,
            }],
        ),
    )
    .await;
    // The whole of March.
    let cases: [(DateOp, &[&str]); 9] = [
        (DateOp::Eq, &["within"]),
        (DateOp::Ne, &["before", "around", "after", "open"]),
        (DateOp::Gt, &["around", "after", "open"]),
        (DateOp::Lt, &["before", "around"]),
        (DateOp::Ge, &["within", "around", "after", "open"]),
        (DateOp::Le, &["before", "within", "around"]),
        (DateOp::Sa, &["after"]),
        (DateOp::Eb, &["before"]),
        (DateOp::Ap, &["within", "around", "open"]),
    ];
    for (op, expected) in cases {
        let clause = Clause::Date {
            param: "date".into(),
            any: vec![DateMatch {
                op,
                lo: day("2026-03-01"),
                hi: day("2026-04-01"),
            }],
        };
        let found: BTreeSet<String> = ids(&*store, &own("home"), &with("Flag", [clause]))
            .await
            .into_iter()
            .collect();
        let expected: BTreeSet<String> = expected.iter().map(|id| (*id).to_owned()).collect();
        assert_eq!(found, expected, "{op:?}");
    }
}

#[tokio::test]
async fn last_updated_is_searched_as_it_is_shown() {
    let store = fresh().await;
    put(&*store, "home", write("Flag", "a", "x", "2026-01-01")).await;
    let shown = store
        .read(&own("home"), "Flag", "a")
        .await
        .unwrap()
        .unwrap()
        .updated;
    let find = async |op| {
        let hi = shown + jiff::SignedDuration::from_millis(1);
        let clause = Clause::LastUpdated(vec![DateMatch { op, lo: shown, hi }]);
        ids(&*store, &own("home"), &with("Flag", [clause]))
            .await
            .len()
    };
    for (op, hits) in [
        (DateOp::Eq, 1),
        (DateOp::Ge, 1),
        (DateOp::Le, 1),
        (DateOp::Gt, 0),
        (DateOp::Lt, 0),
    ] {
        assert_eq!(find(op).await, hits, "{op:?}");
    }
}

#[tokio::test]
async fn an_update_takes_away_the_rows_that_no_longer_hold() {
    let store = fresh().await;
    let rows = |code: &str, day_of: &str, name: &str| {
        [
            token("code", "urn:s", code),
            period(day_of, "2026-12-31"),
            IndexRow::String {
                param: "name".into(),
                norm: name.into(),
            },
            IndexRow::Reference {
                param: "ref".into(),
                rtype: "X".into(),
                id: code.into(),
            },
        ]
    };
    put(
        &*store,
        "home",
        indexed(
            write("Flag", "a", "1", "2026-01-01"),
            rows("old", "2026-01-01", "old"),
        ),
    )
    .await;
    put(
        &*store,
        "home",
        indexed(
            write("Flag", "a", "2", "2026-01-01"),
            rows("new", "2026-02-01", "new"),
        ),
    )
    .await;
    let count = async |clause: Clause| {
        ids(&*store, &own("home"), &with("Flag", [clause]))
            .await
            .len()
    };
    for (word, hits) in [("old", 0), ("new", 1)] {
        assert_eq!(
            ids(&*store, &own("home"), &by_token("Flag", "code", word))
                .await
                .len(),
            hits
        );
        let name = Clause::Text {
            param: "name".into(),
            any: vec![TextMatch::Equals(word.into())],
        };
        assert_eq!(count(name).await, hits);
        let target = ReferenceMatch {
            rtype: None,
            id: word.into(),
        };
        assert_eq!(
            count(Clause::Reference {
                param: "ref".into(),
                any: vec![target]
            })
            .await,
            hits
        );
    }
    let january = DateMatch {
        op: DateOp::Lt,
        lo: day("2026-01-15"),
        hi: day("2026-01-16"),
    };
    assert_eq!(
        count(Clause::Date {
            param: "date".into(),
            any: vec![january]
        })
        .await,
        0
    );
    // The same content with other rows is found anew without a new version.
    let outcome = put(
        &*store,
        "home",
        indexed(
            write("Flag", "a", "2", "2026-01-01"),
            rows("newer", "2026-02-01", "new"),
        ),
    )
    .await;
    assert_eq!(outcome, Outcome::Unchanged { version: 2 });
    assert_eq!(
        ids(&*store, &own("home"), &by_token("Flag", "code", "newer")).await,
        ["a"]
    );
}

#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_resources_are_added() {
    let store = fresh().await;
    let homes = ["h1", "h2", "h3"];
    for home in homes {
        let writes = (0..7).map(|n| {
            let id = format!("{home}-{}", 9 - n);
            indexed(
                write("Flag", &id, "x", "2026-01-01"),
                [token("status", "", "active")],
            )
        });
        commit(&*store, home, writes.collect()).await;
    }
    let sight = Sight::new(
        homes.map(|home| Reach::shared(tenant(home))).into(),
        Default::default(),
    );
    let before: BTreeSet<String> = {
        let all = Query {
            count: 1000,
            ..Query::new("Flag")
        };
        ids(&*store, &sight, &all).await.into_iter().collect()
    };
    assert_eq!(before.len(), 21);
    for mut query in [Query::new("Flag"), by_token("Flag", "status", "active")] {
        for count in [1, 2, 7, 20, 21, 22] {
            query.count = count;
            query.after = None;
            query.total = true;
            let mut seen = Vec::new();
            let mut round = 0;
            loop {
                let page = store.search(&sight, &query).await.unwrap();
                assert!(page.items.len() <= count as usize);
                seen.extend(page.items.into_iter().map(|item| item.id));
                // Something new arrives, and something seen changes, between any two pages.
                let home = homes[round % 3];
                let new = format!("new-{count}-{round}-{}", query.clauses.len());
                put(&*store, home, write("Task", &new, "x", "2026-01-01")).await;
                let change = format!("{round}-{count}-{}", query.clauses.len());
                let changed = indexed(
                    write("Flag", "h1-9", &change, "2026-01-01"),
                    [token("status", "", "active")],
                );
                put(&*store, "h1", changed).await;
                round += 1;
                match page.next {
                    // Cursors go out as text and come back.
                    Some(next) => query.after = Some(next.to_string().parse::<Cursor>().unwrap()),
                    None => break,
                }
            }
            let distinct: BTreeSet<String> = seen.iter().cloned().collect();
            assert_eq!(seen.len(), distinct.len(), "nothing twice, {count} a page");
            assert_eq!(distinct, before, "nothing skipped, {count} a page");
        }
    }
}

#[tokio::test]
async fn totals_are_counted_when_asked_for() {
    let store = fresh().await;
    for home in ["h1", "h2"] {
        let writes = (0..5).map(|n| {
            let id = format!("{home}-{n}");
            // Two systems for one code: still one match.
            indexed(
                write("Flag", &id, "x", "2026-01-01"),
                [token("code", "a", "x"), token("code", "b", "x")],
            )
        });
        commit(&*store, home, writes.collect()).await;
    }
    let sight = Sight::new(
        vec![Reach::own(tenant("h1")), Reach::own(tenant("h2"))],
        Default::default(),
    );
    let mut query = by_token("Flag", "code", "x");
    query.count = 3;
    assert_eq!(store.search(&sight, &query).await.unwrap().total, None);
    query.total = true;
    let page = store.search(&sight, &query).await.unwrap();
    assert_eq!((page.total, page.items.len()), (Some(10), 3));
    query.count = 0;
    let page = store.search(&sight, &query).await.unwrap();
    assert_eq!(
        (page.total, page.items.len(), page.next),
        (Some(10), 0, None)
    );
}

#[tokio::test]
async fn a_cursor_is_read_strictly() {
    for bad in [
        "",
        "-",
        "1",
        "1-",
        "g-1",
        "1-1-1",
        "+1-1",
        "1--1",
        "ffffffffffffffffff-1",
    ] {
        assert!(bad.parse::<Cursor>().is_err(), "{bad:?}");
    }
}

#[tokio::test]
async fn a_query_that_is_too_wide_is_refused() {
    let store = fresh().await;
    put(
        &*store,
        "home",
        indexed(
            write("Flag", "a", "x", "2026-01-01"),
            [token("code", "", "x")],
        ),
    )
    .await;
    let any = |n| Clause::Token {
        param: "code".into(),
        any: vec![coded(SystemMatch::Any, "x"); n],
    };
    assert_eq!(
        ids(&*store, &own("home"), &with("Flag", [any(400)])).await,
        ["a"]
    );
    let wide = store
        .search(&own("home"), &with("Flag", [any(300), any(300)]))
        .await;
    assert!(matches!(wide, Err(store::Error::TooWide)));
}
