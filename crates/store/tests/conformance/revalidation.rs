//! Going through everything that is current, and making its index rows anew.

use store::{Batch, IndexRow, Query, Reindex, Retire, Scan, Status, Store, Write};

use crate::{about, commit, day, fresh, indexed, own, put, tenant, text, token, write};

/// All parts, one after the other.
async fn everything(store: &dyn Store, name: &str, part: usize) -> Vec<(String, String, u64)> {
    let sight = own(name).with_retired();
    let mut found = Vec::new();
    let mut from = 0;
    loop {
        let Scan { items, next } = store.scan(&sight, &tenant(name), from, part).await.unwrap();
        assert!(items.len() <= part);
        found.extend(items.into_iter().map(|one| {
            (
                format!("{}/{}", one.rtype, one.id),
                text(&one.body),
                one.version,
            )
        }));
        match next {
            Some(next) => {
                assert!(next > from, "it goes on");
                from = next;
            }
            None => return found,
        }
    }
}

fn named(id: &str) -> Write {
    indexed(
        write("Flag", id, "a", "2026-01-01"),
        [token("status", "", "active")],
    )
}

async fn with_code(store: &dyn Store, param: &str, code: &str) -> Vec<String> {
    let clause = store::Clause::Token {
        param: param.into(),
        any: vec![store::TokenMatch {
            system: store::SystemMatch::Any,
            code: Some(code.into()),
        }],
    };
    let mut query = Query::new("Flag");
    query.clauses.push(clause);
    let page = store.search(&own("home"), &query).await.unwrap();
    page.items.into_iter().map(|one| one.id).collect()
}

async fn reindex(store: &dyn Store, entries: Vec<Reindex>) -> u64 {
    let mut batch = Batch::new(tenant("home"), "");
    batch.reindex = entries;
    store.commit(batch).await.unwrap().reindexed
}

fn rows(id: &str, version: u64, index: Vec<IndexRow>) -> Reindex {
    Reindex {
        rtype: "Flag".into(),
        id: id.into(),
        version,
        index,
    }
}

#[tokio::test]
async fn every_current_resource_comes_once_whatever_the_size_of_a_part() {
    let store = fresh().await;
    for number in 0..7 {
        let id = format!("f{number}");
        put(&*store, "home", named(&id)).await;
        put(
            &*store,
            "home",
            about("p1", write("Flag", &id, "b", "2026-01-02")),
        )
        .await;
    }
    put(
        &*store,
        "other",
        write("Flag", "o", "not theirs", "2026-01-01"),
    )
    .await;
    let expected: Vec<(String, String, u64)> = (0..7)
        .map(|number| (format!("Flag/f{number}"), "b".to_owned(), 2))
        .collect();
    for part in [1, 2, 3, 7, 100] {
        assert_eq!(everything(&*store, "home", part).await, expected, "{part}");
    }
    assert_eq!(everything(&*store, "nobody", 10).await, []);
}

#[tokio::test]
async fn what_is_retired_comes_and_what_is_deleted_does_not() {
    let store = fresh().await;
    put(&*store, "home", named("stays")).await;
    put(&*store, "home", named("gone")).await;
    put(&*store, "home", named("deleted")).await;
    let mut batch = Batch::new(tenant("home"), "");
    batch.retire.push(Retire {
        source: "homes".into(),
        as_of: day("2026-02-01"),
        ids: vec![("Flag".into(), "gone".into())],
        tag: None,
        only_said_by: None,
    });
    store.commit(batch).await.unwrap();
    let mut deleted = write("Flag", "deleted", "", "2026-02-01");
    deleted.status = Status::Deleted;
    put(&*store, "home", deleted).await;
    let found: Vec<String> = everything(&*store, "home", 2)
        .await
        .into_iter()
        .map(|(id, ..)| id)
        .collect();
    assert_eq!(found, ["Flag/stays", "Flag/gone"]);
    let without = store
        .scan(&own("home"), &tenant("home"), 0, 10)
        .await
        .unwrap();
    assert_eq!(without.items.len(), 1, "a sight without retired ones");
}

#[tokio::test]
async fn what_a_sight_withholds_does_not_come() {
    let store = fresh().await;
    let mut hidden = named("hidden");
    hidden.labels.push(crate::withheld());
    commit(&*store, "home", vec![named("shown"), hidden]).await;
    let sight = store::Sight::new(
        vec![store::Reach::own(tenant("home"))],
        [crate::withheld()].into(),
    );
    let scan = store.scan(&sight, &tenant("home"), 0, 10).await.unwrap();
    assert_eq!(scan.items.len(), 1);
    assert_eq!(scan.next, None);
}

#[tokio::test]
async fn new_index_rows_change_what_is_found_and_nothing_else() {
    let store = fresh().await;
    commit(&*store, "home", vec![named("f1"), named("f2")]).await;
    let before = store.history(&own("home"), "Flag", "f1").await.unwrap();
    let changed = reindex(
        &*store,
        vec![
            rows("f1", 1, vec![token("state", "", "on")]),
            rows("f2", 1, vec![token("status", "", "active")]),
        ],
    )
    .await;
    assert_eq!(changed, 1, "the rows of the second are what they were");
    assert_eq!(with_code(&*store, "status", "active").await, ["f2"]);
    assert_eq!(with_code(&*store, "state", "on").await, ["f1"]);
    let after = store.history(&own("home"), "Flag", "f1").await.unwrap();
    assert_eq!(before, after, "no version, no content and no date moved");
    let again = reindex(&*store, vec![rows("f1", 1, vec![token("state", "", "on")])]).await;
    assert_eq!(again, 0);
    // An update takes the new rows away, not the old ones.
    put(&*store, "home", {
        let mut write = write("Flag", "f1", "b", "2026-01-02");
        write.index = vec![token("status", "", "active")];
        write
    })
    .await;
    assert_eq!(with_code(&*store, "state", "on").await, [""; 0]);
    assert_eq!(with_code(&*store, "status", "active").await, ["f1", "f2"]);
}

#[tokio::test]
async fn rows_of_a_version_that_is_no_longer_current_are_left_alone() {
    let store = fresh().await;
    put(&*store, "home", named("f1")).await;
    put(
        &*store,
        "home",
        indexed(
            write("Flag", "f1", "b", "2026-01-02"),
            [token("status", "", "inactive")],
        ),
    )
    .await;
    let changed = reindex(
        &*store,
        vec![
            rows("f1", 1, vec![token("status", "", "active")]),
            rows("nobody", 1, vec![token("status", "", "active")]),
        ],
    )
    .await;
    assert_eq!(changed, 0);
    assert_eq!(with_code(&*store, "status", "inactive").await, ["f1"]);
    assert_eq!(with_code(&*store, "status", "active").await, [""; 0]);
}
