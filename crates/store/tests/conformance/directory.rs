//! Who is known, as operators record it.

use store::DirectoryChange;

use crate::{day, fresh};

fn change(kind: &str, key: &str, content: Option<&str>) -> DirectoryChange {
    DirectoryChange {
        at: day("2026-11-01"),
        by: "pat".to_owned(),
        kind: kind.to_owned(),
        key: key.to_owned(),
        content: content.map(str::to_owned),
    }
}

#[tokio::test]
async fn the_last_change_of_an_entry_counts_and_every_one_stays() {
    let store = fresh().await;
    assert_eq!(store.directory_number().await.unwrap(), 0);
    assert!(store.directory().await.unwrap().is_empty());
    let mut numbers = Vec::new();
    for change in [
        change("client", "a", Some("1")),
        change("tenant", "a", Some("2")),
        change("client", "b", Some("3")),
        change("client", "a", Some("4")),
        change("client", "b", None),
    ] {
        numbers.push(store.record_change(change).await.unwrap());
    }
    assert!(numbers.is_sorted());
    assert_eq!(store.directory_number().await.unwrap(), numbers[4]);

    let now: Vec<_> = store
        .directory()
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.change.kind, row.change.key, row.change.content))
        .collect();
    let wanted = [
        ("client", "a", Some("4")),
        ("client", "b", None),
        ("tenant", "a", Some("2")),
    ];
    assert_eq!(
        now,
        wanted.map(|(kind, key, content)| {
            (kind.to_owned(), key.to_owned(), content.map(str::to_owned))
        })
    );

    let history = store.directory_history("client", "a").await.unwrap();
    let contents: Vec<_> = history
        .iter()
        .map(|row| row.change.content.clone())
        .collect();
    assert_eq!(contents, [Some("1".to_owned()), Some("4".to_owned())]);
    assert_eq!(history[0].change, change("client", "a", Some("1")));
    assert!(
        store
            .directory_history("agreement", "a")
            .await
            .unwrap()
            .is_empty()
    );
}
