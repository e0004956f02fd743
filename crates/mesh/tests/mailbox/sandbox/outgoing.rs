//! Messages that go out.

use mesh::{Client, FileKind, Found, MailboxId, NotSent, Outgoing, Reference, Whereabouts};
use serde_json::Value;

use super::noise;
use super::peer::{Line, Sandbox};

fn outgoing(to: &str, reference: &str) -> Outgoing {
    Outgoing {
        to: MailboxId::new(to).unwrap(),
        workflow: "TEST_WORKFLOW_ACK".to_owned(),
        reference: Reference::new(reference).unwrap(),
        kind: FileKind::Text,
    }
}

#[tokio::test]
async fn the_services_own_client_reads_what_is_sent_whole_and_in_parts() {
    use sha2::Digest as _;
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let client = Client::open(&sandbox.settings("X26ABC2", "chunk-bytes = 1000")).unwrap();
    let content = noise(4500);
    for length in [1_usize, 1000, 1001, 4500] {
        let part = &content[..length];
        let sent = outgoing("x26abc1", &format!("submission-{length}"));
        let id = client.send(&sent, part, length as u64).await.unwrap();
        let told = client.track(&id).await.unwrap().unwrap();
        assert_eq!(told.whereabouts, Whereabouts::Waiting);
    }
    let told = sandbox.foreign(&["X26ABC1", "receive"]).await;
    let lines: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 4);
    for line in lines {
        let length = line["bytes"].as_u64().unwrap() as usize;
        let hash = sha2::Sha256::digest(&content[..length]);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(line["sha256"], hash);
        assert_eq!(line["localId"], format!("submission-{length}"));
        assert_eq!(line["fileName"], format!("submission-{length}.txt"));
        assert_eq!(line["workflow"], "TEST_WORKFLOW_ACK");
    }
}

#[tokio::test]
async fn the_same_reference_is_sent_once() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let client = Client::open(&sandbox.settings("X26ABC2", "")).unwrap();
    let report = outgoing("X26ABC1", "submission-7");
    assert_eq!(
        client.find(&report.reference).await.unwrap(),
        Found::Nothing
    );
    let first = client.send_once(&report, &b"text"[..], 4).await.unwrap();
    let second = client.send_once(&report, &b"text"[..], 4).await.unwrap();
    assert_eq!(first, second);
    // Sent blindly, there are two: the service does not know a repeat.
    client.send(&report, &b"text"[..], 4).await.unwrap();
    assert_eq!(
        client.find(&report.reference).await.unwrap(),
        Found::Several
    );
    let third = client.send_once(&report, &b"text"[..], 4).await;
    assert_eq!(third, Err(NotSent::SentTwice));
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_and_does_not_arrive() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let client = Client::open(&sandbox.settings("X26ABC2", "chunk-bytes = 10")).unwrap();
    let nobody = outgoing("NOBODY", "submission-1");
    let told = client.send(&nobody, &b"text"[..], 4).await.unwrap_err();
    assert!(told.to_string().contains("code 12"), "{told}");
    assert!(!told.is_passing());
    // Shorter and longer than was said: only the last part makes a message, and it is never sent.
    for (length, reference) in [(25_u64, "shorter"), (15, "longer")] {
        let report = outgoing("X26ABC1", reference);
        let told = client.send(&report, &noise(20)[..], length).await;
        assert_eq!(told, Err(NotSent::Unreadable));
    }
    assert_eq!(sandbox.foreign(&["X26ABC1", "receive"]).await, "");
}
