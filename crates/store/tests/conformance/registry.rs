//! Mappings: installed, reviewed, activated, rolled back.

use store::{
    Batch, MappingChange, MappingFile, MappingOrder, MappingOutcome, MappingPackage, MappingReview,
    MappingStamp, MappingStep, SubmissionState,
};

use crate::sight::submission;
use crate::*;

fn stamp(version: &str, hash: &str) -> MappingStamp {
    MappingStamp {
        name: "homes".to_owned(),
        version: version.to_owned(),
        hash: hash.to_owned(),
    }
}

fn package(version: &str, hash: &str) -> MappingPackage {
    MappingPackage {
        stamp: stamp(version, hash),
        types: vec!["Flag".to_owned(), "Patient".to_owned()],
        files: vec![
            MappingFile {
                path: "codes/sex.csv".to_owned(),
                content: b"label,code\n".to_vec(),
            },
            MappingFile {
                path: "mapping.yaml".to_owned(),
                content: format!("version: {version}").into_bytes(),
            },
        ],
    }
}

fn review(who: &str) -> MappingReview {
    MappingReview {
        reviewer: who.to_owned(),
        role: "Clinical safety officer".to_owned(),
        registration: Some("GMC 1234567".to_owned()),
        date: "2026-11-22".to_owned(),
        note: None,
    }
}

async fn order(store: &dyn Store, change: MappingChange) -> MappingOutcome {
    let order = MappingOrder {
        by: "Pat Operator".to_owned(),
        change,
    };
    store.order(order).await.unwrap()
}

async fn install(
    store: &dyn Store,
    version: &str,
    hash: &str,
    reviews: Vec<MappingReview>,
) -> MappingOutcome {
    order(
        store,
        MappingChange::Install {
            package: package(version, hash),
            reviews,
            review_file: Some(b"reviews: []\n".to_vec()),
        },
    )
    .await
}

fn activate_for(
    home: &str,
    source: Option<&str>,
    version: &str,
    reviewed_only: bool,
) -> MappingChange {
    MappingChange::Activate {
        tenant: tenant(home),
        source: source.map(str::to_owned),
        name: "homes".to_owned(),
        version: version.to_owned(),
        reviewed_only,
    }
}

fn roll_back_for(home: &str, source: Option<&str>, reviewed_only: bool) -> MappingChange {
    MappingChange::RollBack {
        tenant: tenant(home),
        source: source.map(str::to_owned),
        name: "homes".to_owned(),
        reviewed_only,
    }
}

async fn active(store: &dyn Store, home: &str) -> Vec<(Option<String>, String)> {
    let rows = store.active(Some(&tenant(home))).await.unwrap();
    rows.into_iter()
        .map(|row| (row.source, row.stamp.version))
        .collect()
}

#[tokio::test]
async fn what_is_installed_comes_back_byte_for_byte() {
    let store = fresh().await;
    let outcome = install(&*store, "1.0.0", "aa", vec![review("Dr A")]).await;
    assert_eq!(
        outcome,
        MappingOutcome::Installed {
            new: true,
            reviews: 1
        }
    );
    assert_eq!(
        store.package("aa").await.unwrap(),
        Some(package("1.0.0", "aa"))
    );
    assert_eq!(store.package("bb").await.unwrap(), None);
    assert_eq!(store.reviews("aa").await.unwrap(), [review("Dr A")]);
    assert_eq!(store.reviews("bb").await.unwrap(), []);
    let installed = store.installed().await.unwrap();
    assert_eq!(installed.len(), 1);
    assert_eq!(installed[0].types, ["Flag", "Patient"]);
    assert_eq!(installed[0].by, "Pat Operator");
}

#[tokio::test]
async fn cs_08_a_version_never_changes_its_content() {
    let store = fresh().await;
    install(&*store, "1.0.0", "aa", vec![]).await;
    let other = install(&*store, "1.0.0", "bb", vec![review("Dr A")]).await;
    assert_eq!(
        other,
        MappingOutcome::OtherContent {
            kept: "aa".to_owned()
        }
    );
    assert_eq!(store.package("bb").await.unwrap(), None);
    assert_eq!(store.reviews("bb").await.unwrap(), []);
    assert_eq!(store.events().await.unwrap().len(), 1);
}

#[tokio::test]
async fn cs_21_a_later_review_is_added_and_the_same_one_is_not_added_twice() {
    let store = fresh().await;
    install(&*store, "1.0.0", "aa", vec![]).await;
    for (reviews, added) in [
        (vec![review("Dr A")], 1),
        (vec![review("Dr A")], 0),
        (vec![review("Dr A"), review("Dr B")], 1),
    ] {
        assert_eq!(
            install(&*store, "1.0.0", "aa", reviews).await,
            MappingOutcome::Installed {
                new: false,
                reviews: added
            }
        );
    }
    assert_eq!(
        store.reviews("aa").await.unwrap(),
        [review("Dr A"), review("Dr B")]
    );
    let steps: Vec<MappingStep> = store
        .events()
        .await
        .unwrap()
        .into_iter()
        .map(|event| event.step)
        .collect();
    assert_eq!(
        steps,
        [
            MappingStep::Installed,
            MappingStep::Reviewed,
            MappingStep::Reviewed
        ]
    );
}

#[tokio::test]
async fn cs_21_where_reviews_are_asked_for_nothing_unreviewed_becomes_active() {
    let store = fresh().await;
    install(&*store, "1.0.0", "aa", vec![]).await;
    let refused = order(&*store, activate_for("home", None, "1.0.0", true)).await;
    assert_eq!(
        refused,
        MappingOutcome::NotReviewed {
            mapping: stamp("1.0.0", "aa")
        }
    );
    assert_eq!(active(&*store, "home").await, []);

    // By a system that asks for no review it may; going back to it later is refused all the same.
    order(&*store, activate_for("home", None, "1.0.0", false)).await;
    install(&*store, "1.1.0", "bb", vec![review("Dr A")]).await;
    let done = order(&*store, activate_for("home", None, "1.1.0", true)).await;
    assert_eq!(
        done,
        MappingOutcome::Activated {
            before: Some(stamp("1.0.0", "aa"))
        }
    );
    let back = order(&*store, roll_back_for("home", None, true)).await;
    assert_eq!(
        back,
        MappingOutcome::NotReviewed {
            mapping: stamp("1.0.0", "aa")
        }
    );
    assert_eq!(active(&*store, "home").await, [(None, "1.1.0".to_owned())]);
}

#[tokio::test]
async fn a_roll_back_goes_back_and_never_forward() {
    let store = fresh().await;
    for (version, hash) in [("1", "aa"), ("2", "bb"), ("3", "cc")] {
        install(&*store, version, hash, vec![]).await;
        order(&*store, activate_for("home", None, version, false)).await;
    }
    let again = order(&*store, activate_for("home", None, "3", false)).await;
    assert_eq!(again, MappingOutcome::AlreadyActive);
    for (from, to) in [(("3", "cc"), ("2", "bb")), (("2", "bb"), ("1", "aa"))] {
        assert_eq!(
            order(&*store, roll_back_for("home", None, false)).await,
            MappingOutcome::RolledBack {
                from: stamp(from.0, from.1),
                to: stamp(to.0, to.1)
            }
        );
    }
    assert_eq!(
        order(&*store, roll_back_for("home", None, false)).await,
        MappingOutcome::NothingBefore
    );
    assert_eq!(active(&*store, "home").await, [(None, "1".to_owned())]);

    // A new choice after a roll-back is undone to what the roll-back had restored.
    order(&*store, activate_for("home", None, "3", false)).await;
    order(&*store, roll_back_for("home", None, false)).await;
    assert_eq!(active(&*store, "home").await, [(None, "1".to_owned())]);

    let steps = store.events().await.unwrap();
    let chosen = steps.iter().filter(|event| event.tenant.is_some()).count();
    assert_eq!(chosen, 7, "every step stays on the list");
    assert!(steps.windows(2).all(|two| two[0].number < two[1].number));
}

#[tokio::test]
async fn each_tenant_and_each_source_has_its_own_choice() {
    let store = fresh().await;
    install(&*store, "1", "aa", vec![]).await;
    install(&*store, "2", "bb", vec![]).await;
    order(&*store, activate_for("home", None, "1", false)).await;
    order(&*store, activate_for("home", Some("east"), "2", false)).await;
    order(&*store, activate_for("council", None, "2", false)).await;
    assert_eq!(
        active(&*store, "home").await,
        [
            (None, "1".to_owned()),
            (Some("east".to_owned()), "2".to_owned())
        ]
    );
    assert_eq!(store.active(None).await.unwrap().len(), 3);
    assert_eq!(
        order(&*store, roll_back_for("home", Some("east"), false)).await,
        MappingOutcome::NothingBefore
    );
    assert_eq!(
        order(&*store, roll_back_for("nobody", None, false)).await,
        MappingOutcome::NothingBefore
    );
    assert_eq!(
        order(&*store, activate_for("home", None, "9", false)).await,
        MappingOutcome::NotInstalled
    );
}

#[tokio::test]
async fn cs_21_what_was_stored_by_an_unreviewed_mapping_is_known() {
    let store = fresh().await;
    for (id, hash, state) in [
        ("s1", "aa", SubmissionState::Reported),
        ("s2", "aa", SubmissionState::Reading),
        ("s3", "bb", SubmissionState::Refused),
        ("s4", "cc", SubmissionState::AwaitingConfirmation),
    ] {
        let mut row = submission(id);
        row.mapping = stamp(id, hash);
        row.state = state;
        let mut batch = Batch::new(tenant("home"), id);
        batch.submission = Some(row);
        store.commit(batch).await.unwrap();
    }
    install(&*store, "s4", "cc", vec![review("Dr A")]).await;
    let used: Vec<(String, bool)> = store
        .used()
        .await
        .unwrap()
        .into_iter()
        .map(|one| (one.stamp.version, one.reviewed))
        .collect();
    assert_eq!(
        used,
        [
            ("s1".to_owned(), false),
            ("s2".to_owned(), false),
            ("s4".to_owned(), true)
        ]
    );
}
