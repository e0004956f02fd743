//! The client against servers that behave, and servers that do not.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_update,
    missing_docs
)]

use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, Uri};
use definitions::Strength;
use json::{Object, Value};
use terminology_server::{Settings, TerminologyServer};
use validation::{CodeCheck, Decision};

const SNOMED: &str = "http://snomed.info/sct";
/// Concept identifiers with right check digits: the server of these tests says yes to the first two.
const YES: [&str; 2] = ["73211009", "38341003"];
const NO: [&str; 2] = ["138875005", "716186003"];

type Answer = Arc<dyn Fn(&str, &Value, usize) -> Response<Body> + Send + Sync>;

/// A server on loopback that keeps what it was sent.
struct Server {
    url: String,
    sent: Arc<Mutex<Vec<(String, String, HeaderMap)>>>,
}

impl Server {
    async fn start(
        answer: impl Fn(&str, &Value, usize) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        Self::slow(Duration::ZERO, answer).await
    }

    async fn slow(
        wait: Duration,
        answer: impl Fn(&str, &Value, usize) -> Response<Body> + Send + Sync + 'static,
    ) -> Self {
        let answer: Answer = Arc::new(answer);
        let sent: Arc<Mutex<Vec<_>>> = Arc::default();
        let kept = Arc::clone(&sent);
        let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let (answer, kept) = (Arc::clone(&answer), Arc::clone(&kept));
            async move {
                tokio::time::sleep(wait).await;
                let text = String::from_utf8(body.to_vec()).unwrap();
                let number = {
                    let mut kept = kept.lock().unwrap();
                    kept.push((uri.to_string(), text.clone(), headers));
                    kept.len()
                };
                answer(uri.path(), &json::parse(text.as_bytes()).unwrap(), number)
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/fhir", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, sent }
    }

    fn settings(&self) -> Settings {
        let mut settings = Settings::of(&self.url);
        settings.timeout_seconds = 2.0;
        settings
    }

    fn client(&self) -> TerminologyServer {
        TerminologyServer::new(&self.settings()).unwrap()
    }

    fn calls(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    fn paths(&self) -> Vec<String> {
        let sent = self.sent.lock().unwrap();
        sent.iter().map(|(path, ..)| path.clone()).collect()
    }
}

fn answer(status: u16, kind: &str, body: impl Into<Body>) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .body(body.into())
        .unwrap()
}

fn fhir(resource: &Value) -> Response<Body> {
    answer(
        200,
        "application/fhir+json;charset=utf-8",
        resource.to_bytes(),
    )
}

fn parameter<'v>(parameters: &'v Value, name: &str) -> Option<&'v str> {
    let found = parameters
        .each("parameter")
        .find(|one| one.text("name") == Some(name))?;
    found
        .text("valueCode")
        .or_else(|| found.text("valueUri"))
        .or_else(|| found.text("valueString"))
}

/// What a right server says of one question.
fn judge(question: &Value) -> Value {
    let code = parameter(question, "code").unwrap();
    let mut all: Vec<Value> = vec![
        Object::new()
            .with("name", "result")
            .with("valueBoolean", Value::Bool(YES.contains(&code)))
            .into(),
        Object::new()
            .with("name", "code")
            .with("valueCode", code)
            .into(),
    ];
    if let Some(system) = parameter(question, "system") {
        all.push(
            Object::new()
                .with("name", "system")
                .with("valueUri", system)
                .into(),
        );
    }
    Object::new()
        .with("resourceType", "Parameters")
        .with("parameter", all)
        .into()
}

fn judge_all(bundle: &Value) -> Vec<Value> {
    bundle
        .each("entry")
        .map(|entry| {
            Object::new()
                .with("resource", judge(entry.get("resource").unwrap()))
                .with("response", Object::new().with("status", "200"))
                .into()
        })
        .collect()
}

fn response_bundle(entries: Vec<Value>) -> Value {
    Object::new()
        .with("resourceType", "Bundle")
        .with("type", "batch-response")
        .with("entry", entries)
        .into()
}

fn right(path: &str, body: &Value, _: usize) -> Response<Body> {
    if path.ends_with("$validate-code") {
        fhir(&judge(body))
    } else {
        fhir(&response_bundle(judge_all(body)))
    }
}

fn check(code: &str) -> CodeCheck {
    CodeCheck {
        element: "Condition.code".to_owned(),
        resource: Some("Condition/person-9990000018".to_owned()),
        system: Some(SNOMED.to_owned()),
        version: None,
        code: code.to_owned(),
        display: Some("what Mrs Smith of Rose Cottage has".to_owned()),
        value_set: Some("http://example.org/ValueSet/conditions|1.0".to_owned()),
        strength: Strength::Required,
        ..empty()
    }
}

/// A check as validation leaves it open.
fn empty() -> CodeCheck {
    static OPEN: LazyLock<CodeCheck> = LazyLock::new(|| {
        let resource = json::parse(
            br#"{"resourceType":"Condition","subject":{"reference":"Patient/1"},
                "code":{"coding":[{"system":"http://snomed.info/sct","code":"73211009"}]}}"#,
        )
        .unwrap();
        let report = validation::Validator::embedded().examine(&resource, &[]);
        report.open.into_iter().next().expect("SNOMED CT is open")
    });
    OPEN.clone()
}

fn checks() -> Vec<CodeCheck> {
    [YES[0], NO[0], YES[1], NO[1]].map(check).to_vec()
}

fn is_decided(decisions: &[Decision]) -> bool {
    matches!(
        decisions,
        [
            Decision::Valid,
            Decision::Invalid(_),
            Decision::Valid,
            Decision::Invalid(_)
        ]
    )
}

fn all_unknown(decisions: &[Decision]) -> bool {
    decisions
        .iter()
        .all(|decision| matches!(decision, Decision::Unknown(Some(_))))
}

#[tokio::test]
async fn one_bundle_decides_many_checks_and_answers_are_remembered() {
    let server = Server::start(right).await;
    let client = server.client();
    assert!(is_decided(&client.decide(&checks()).await));
    assert_eq!(server.paths(), ["/fhir"]);
    // Valid and invalid alike.
    assert!(is_decided(&client.decide(&checks()).await));
    assert_eq!(server.calls(), 1);
    // The same question twice is one question.
    let mut twice = checks();
    twice.extend(checks());
    let other = server.client();
    assert_eq!(other.decide(&twice).await.len(), 8);
    let sent = server.sent.lock().unwrap();
    let bundle = json::parse(sent[1].1.as_bytes()).unwrap();
    assert_eq!(bundle.each("entry").count(), 4);
}

#[tokio::test]
async fn memory_ends_and_is_bounded() {
    let server = Server::start(right).await;
    let mut settings = server.settings();
    settings.remembered_seconds = 0.05;
    let client = TerminologyServer::new(&settings).unwrap();
    client.decide(&[check(YES[0])]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.decide(&[check(YES[0])]).await;
    assert_eq!(server.calls(), 2);

    let mut settings = server.settings();
    settings.remembered = 1;
    let client = TerminologyServer::new(&settings).unwrap();
    for code in [YES[0], YES[1], YES[0]] {
        client.decide(&[check(code)]).await;
    }
    assert_eq!(server.calls(), 5);
}

#[tokio::test]
async fn cs_22_nothing_but_system_code_version_and_value_set_is_sent() {
    let server = Server::start(right).await;
    let client = server.client();
    client.decide(&checks()).await;
    let sent = server.sent.lock().unwrap();
    for (_, body, headers) in sent.iter() {
        for personal in ["9990000018", "Condition", "Mrs Smith", "element", "display"] {
            assert!(!body.contains(personal), "{personal}: {body}");
        }
        assert!(!format!("{headers:?}").contains("999"));
    }
}

#[tokio::test]
async fn cs_22_what_does_not_look_like_a_public_code_is_never_sent() {
    let server = Server::start(right).await;
    let client = server.client();
    let with = |system: &str, code: &str| {
        let mut check = check(code);
        check.system = Some(system.to_owned());
        check
    };
    let decisions = client
        .decide(&[
            // An NHS number, a name, a sentence in the place of a code.
            check("9990000018"),
            check("Smith"),
            with("http://loinc.org", "9990000018"),
            with("http://loinc.org", "999-000-0018"),
            with("http://loinc.org", "fell on Tuesday"),
            with("http://loinc.org", "mary@example.org"),
            with("http://loinc.org", &"x".repeat(65)),
            // A provider's own code system, and one that only looks like a public one.
            with("https://home.example.org/residents", "R17"),
            with("http://hl7.org/fhir/of Mrs Smith", "R17"),
            with("http://snomed.info/sct/person", "73211009"),
        ])
        .await;
    assert!(all_unknown(&decisions), "{decisions:?}");
    assert_eq!(server.calls(), 0);
    // A version may be anything in a record, too.
    let mut odd = check(YES[0]);
    odd.version = Some("as told by Mrs Smith".to_owned());
    assert_eq!(client.decide(&[odd]).await, [Decision::Valid]);
    assert!(!server.sent.lock().unwrap()[0].1.contains("Smith"));
}

#[tokio::test]
async fn a_site_says_which_systems_are_sent() {
    let server = Server::start(right).await;
    let mut settings = server.settings();
    settings.systems = vec!["https://codes.example.org/*".to_owned()];
    let client = TerminologyServer::new(&settings).unwrap();
    assert!(all_unknown(&client.decide(&checks()).await));
    assert_eq!(server.calls(), 0);
    let mut own = check("A1");
    own.system = Some("https://codes.example.org/a".to_owned());
    assert!(matches!(
        client.decide(&[own]).await[..],
        [Decision::Invalid(_)]
    ));
}

#[tokio::test]
async fn answers_in_another_order_go_to_their_questions() {
    let server = Server::start(|path, body, number| {
        assert!(!path.ends_with("$validate-code"));
        let _ = number;
        let mut entries = judge_all(body);
        entries.rotate_left(1);
        fhir(&response_bundle(entries))
    })
    .await;
    assert!(is_decided(&server.client().decide(&checks()).await));
}

#[tokio::test]
async fn answers_that_do_not_say_what_they_answer_are_asked_again_one_by_one() {
    let server = Server::start(|path, body, _| {
        if path.ends_with("$validate-code") {
            return fhir(&judge(body));
        }
        // In another order, and without a code: taken in order, half of them would be wrong.
        let mut entries: Vec<Value> = body
            .each("entry")
            .map(|entry| {
                let code = parameter(entry.get("resource").unwrap(), "code").unwrap();
                let result = Object::new()
                    .with("name", "result")
                    .with("valueBoolean", Value::Bool(YES.contains(&code)));
                let resource = Object::new()
                    .with("resourceType", "Parameters")
                    .with("parameter", vec![Value::from(result)]);
                Object::new().with("resource", resource).into()
            })
            .collect();
        entries.rotate_left(1);
        fhir(&response_bundle(entries))
    })
    .await;
    let client = server.client();
    assert!(is_decided(&client.decide(&checks()).await));
    assert_eq!(server.calls(), 5);
}

#[tokio::test]
async fn a_server_without_batches_is_asked_one_by_one_and_not_tried_again() {
    for refusal in [400, 404, 405, 501] {
        let server = Server::start(move |path, body, _| {
            if path.ends_with("$validate-code") {
                fhir(&judge(body))
            } else {
                answer(refusal, "text/html", "<html>no</html>")
            }
        })
        .await;
        let client = server.client();
        let first = client.decide(&checks()).await;
        if refusal == 501 {
            // A fault of the server, not a no: nothing is decided, nothing passes.
            assert!(all_unknown(&first));
            continue;
        }
        assert!(is_decided(&first), "{refusal}");
        let mut others = checks();
        for check in &mut others {
            check.value_set = Some("http://example.org/ValueSet/other".to_owned());
        }
        assert!(is_decided(&client.decide(&others).await));
        let bundles = server
            .paths()
            .iter()
            .filter(|path| *path == "/fhir")
            .count();
        assert_eq!(bundles, 1, "{refusal}");
    }
}

#[tokio::test]
async fn a_partial_answer_leaves_the_rest_to_be_asked() {
    let server = Server::start(|path, body, _| {
        if path.ends_with("$validate-code") {
            return fhir(&judge(body));
        }
        let mut entries = judge_all(body);
        entries.truncate(2);
        // And one that could not be answered at all.
        entries.push(
            Object::new()
                .with("response", Object::new().with("status", "500"))
                .into(),
        );
        fhir(&response_bundle(entries))
    })
    .await;
    assert!(is_decided(&server.client().decide(&checks()).await));
    assert_eq!(server.calls(), 3);
}

#[tokio::test]
async fn an_answer_about_another_code_decides_nothing() {
    let server = Server::start(|_, body, _| {
        let mut wrong = judge(body);
        for one in wrong.get_mut("parameter").unwrap().as_array_mut().unwrap() {
            if one.text("name") == Some("code") {
                *one = Object::new()
                    .with("name", "code")
                    .with("valueCode", "404684003")
                    .into();
            }
        }
        fhir(&wrong)
    })
    .await;
    assert!(all_unknown(&server.client().decide(&[check(YES[0])]).await));
}

#[tokio::test]
async fn what_the_server_does_not_know_is_unknown_and_not_invalid() {
    let outcome = |kind: &str| {
        format!(
            r#"{{"resourceType":"Parameters","parameter":[
              {{"name":"result","valueBoolean":false}},
              {{"name":"issues","resource":{{"resourceType":"OperationOutcome","issue":[
                {{"severity":"error","code":"{kind}"}}]}}}}]}}"#
        )
    };
    let lacking = r#"{"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":false},
        {"name":"x-caused-by-unknown-system","valueCanonical":"http://snomed.info/sct"}]}"#;
    let tx = r#"{"resourceType":"Parameters","parameter":[{"name":"result","valueBoolean":false},
        {"name":"issues","resource":{"resourceType":"OperationOutcome","issue":[{"severity":"error",
          "code":"code-invalid","details":{"coding":[{
            "system":"http://hl7.org/fhir/tools/CodeSystem/tx-issue-type","code":"not-in-vs"}]}}]}}]}"#;
    for (body, expected) in [
        (outcome("not-found"), "unknown"),
        (outcome("too-costly"), "unknown"),
        (outcome("code-invalid"), "invalid"),
        (lacking.to_owned(), "unknown"),
        (tx.to_owned(), "invalid"),
        (tx.replace("not-in-vs", "not-found"), "unknown"),
    ] {
        let kept = body.clone();
        let server =
            Server::start(move |_, _, _| answer(200, "application/json", kept.clone())).await;
        let decisions = server.client().decide(&[check(YES[0])]).await;
        let said = match decisions[0] {
            Decision::Valid => "valid",
            Decision::Invalid(_) => "invalid",
            Decision::Unknown(_) => "unknown",
        };
        assert_eq!(said, expected, "{body}");
    }
    for status in [404, 422, 400] {
        let server = Server::start(move |_, _, _| {
            answer(
                status,
                "application/fhir+json",
                r#"{"resourceType":"OperationOutcome","issue":[]}"#,
            )
        })
        .await;
        let client = server.client();
        assert!(all_unknown(&client.decide(&[check(YES[0])]).await));
        assert!(!client.is_left_alone());
    }
}

#[tokio::test]
async fn faults_of_any_kind_pass_nothing() {
    type Fault = Box<dyn Fn() -> Response<Body> + Send + Sync>;
    let faults: Vec<(&str, Fault)> = vec![
        ("500", Box::new(|| answer(500, "text/plain", "down"))),
        (
            "garbage",
            Box::new(|| answer(200, "application/fhir+json", "{\"resour")),
        ),
        (
            "html",
            Box::new(|| answer(200, "text/html", "<p>welcome</p>")),
        ),
        (
            "true in the wrong type",
            Box::new(|| {
                let parameters = Object::new().with("resourceType", "Parameters").with(
                    "parameter",
                    vec![Value::from(
                        Object::new()
                            .with("name", "result")
                            .with("valueString", "true"),
                    )],
                );
                fhir(&parameters.into())
            }),
        ),
        (
            "no content type",
            Box::new(|| Response::new(Body::from("{}"))),
        ),
        (
            "huge",
            Box::new(|| answer(200, "application/fhir+json", vec![b' '; 5 << 20])),
        ),
        (
            "redirect",
            Box::new(|| {
                Response::builder()
                    .status(307)
                    .header("location", "https://elsewhere.example.org/fhir")
                    .body(Body::empty())
                    .unwrap()
            }),
        ),
        (
            "401",
            Box::new(|| answer(401, "application/fhir+json", "{}")),
        ),
        (
            "empty bundle",
            Box::new(|| fhir(&response_bundle(Vec::new()))),
        ),
    ];
    for (name, fault) in faults {
        let server = Server::start(move |_, _, _| fault()).await;
        let decisions = server.client().decide(&checks()).await;
        assert!(all_unknown(&decisions), "{name}: {decisions:?}");
    }
    // A server that is not there.
    let gone = TerminologyServer::new(&Settings::of("http://127.0.0.1:9/fhir")).unwrap();
    assert!(all_unknown(&gone.decide(&checks()).await));
}

#[tokio::test]
async fn a_slow_server_costs_its_time_and_no_more() {
    let server = Server::slow(Duration::from_secs(30), right).await;
    let mut settings = server.settings();
    settings.timeout_seconds = 0.2;
    let client = TerminologyServer::new(&settings).unwrap();
    let begun = Instant::now();
    assert!(all_unknown(&client.decide(&checks()).await));
    assert!(begun.elapsed() < Duration::from_secs(10));

    // Many calls that each keep their time are bounded together, too.
    let server = Server::slow(Duration::from_secs(20), right).await;
    let mut settings = server.settings();
    settings.timeout_seconds = 25.0;
    settings.total_seconds = 0.3;
    let client = TerminologyServer::new(&settings).unwrap();
    let begun = Instant::now();
    assert!(all_unknown(&client.decide(&checks()).await));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_busy_server_is_asked_once_more() {
    for status in [429, 503] {
        let server = Server::start(move |path, body, number| {
            if number == 1 {
                Response::builder()
                    .status(status)
                    .header("retry-after", "0")
                    .body(Body::empty())
                    .unwrap()
            } else {
                right(path, body, number)
            }
        })
        .await;
        assert!(is_decided(&server.client().decide(&checks()).await));
        assert_eq!(server.calls(), 2);
    }
    let server = Server::start(|_, _, _| {
        Response::builder()
            .status(429)
            .header("retry-after", "0")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    assert!(all_unknown(&server.client().decide(&checks()).await));
    assert_eq!(server.calls(), 2);
}

#[tokio::test]
async fn a_server_that_fails_again_and_again_is_left_alone_for_a_while() {
    let is_up = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let up = Arc::clone(&is_up);
    let server = Server::start(move |path, body, number| {
        if up.load(std::sync::atomic::Ordering::SeqCst) {
            right(path, body, number)
        } else {
            answer(500, "text/plain", "")
        }
    })
    .await;
    let mut settings = server.settings();
    settings.failures = 3;
    settings.pause_seconds = 1.0;
    let client = TerminologyServer::new(&settings).unwrap();
    for _ in 0..3 {
        assert!(!client.is_left_alone());
        assert!(all_unknown(&client.decide(&[check(YES[0])]).await));
    }
    assert!(client.is_left_alone());
    for _ in 0..5 {
        assert!(all_unknown(&client.decide(&checks()).await));
    }
    assert_eq!(server.calls(), 3);
    // After the pause one call tries, and fails: it is left alone again.
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(all_unknown(&client.decide(&[check(YES[0])]).await));
    assert!(all_unknown(&client.decide(&[check(YES[0])]).await));
    assert_eq!(server.calls(), 4);
    // Then it is up again. What failed was not remembered as an answer.
    is_up.store(true, std::sync::atomic::Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert_eq!(client.decide(&[check(YES[0])]).await, [Decision::Valid]);
    assert!(!client.is_left_alone());
    assert!(is_decided(&client.decide(&checks()).await));
}

#[tokio::test]
async fn an_element_of_type_code_lets_the_server_infer_the_system() {
    let server = Server::start(right).await;
    let mut bare = check("final");
    bare.system = None;
    let mut whole = check(YES[0]);
    whole.value_set = None;
    server.client().decide(&[bare]).await;
    server.client().decide(&[whole]).await;
    let sent = server.sent.lock().unwrap();
    assert_eq!(sent[0].0, "/fhir/ValueSet/$validate-code");
    assert!(sent[0].1.contains("inferSystem"));
    assert!(sent[0].1.contains("valueSetVersion"));
    assert_eq!(sent[1].0, "/fhir/CodeSystem/$validate-code");
}

#[tokio::test]
async fn a_token_goes_into_its_header_and_nowhere_else() {
    let server = Server::start(right).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "s3cret\n").unwrap();
    let mut settings = server.settings();
    settings.token_file = Some(file.clone());
    let client = TerminologyServer::new(&settings).unwrap();
    client.decide(&[check(YES[0])]).await;
    settings.header = "X-Api-Key".to_owned();
    let keyed = TerminologyServer::new(&settings).unwrap();
    keyed.decide(&[check(YES[0])]).await;
    {
        let sent = server.sent.lock().unwrap();
        assert_eq!(sent[0].2["authorization"], "Bearer s3cret");
        assert_eq!(sent[1].2["x-api-key"], "s3cret");
        assert!(!sent[1].2.contains_key("authorization"));
    }
    assert!(!format!("{client:?}{keyed:?}").contains("s3cret"));
    for token in ["", "two\nlines"] {
        std::fs::write(&file, token).unwrap();
        let issue = TerminologyServer::new(&settings).unwrap_err();
        assert_eq!(issue.code, "T010");
    }
    settings.token_file = Some(folder.path().join("none"));
    assert!(TerminologyServer::new(&settings).is_err());
    settings.token_file = None;
    settings.token_env = Some("CAUSEWAY_TEST_NO_SUCH_VARIABLE".to_owned());
    assert!(TerminologyServer::new(&settings).is_err());
}

#[test]
fn settings_that_cannot_be_used_are_told() {
    for url in [
        "tx.example.org",
        "http://tx.example.org/fhir",
        "https://user:word@tx.example.org/fhir",
        "https://tx.example.org/fhir?key=1",
        "ftp://tx.example.org",
        "file:///etc/passwd",
        "",
    ] {
        let issue = TerminologyServer::new(&Settings::of(url)).unwrap_err();
        assert!(issue.message.contains("terminology.server.url"), "{url}");
        assert!(issue.help.is_some());
    }
    assert!(TerminologyServer::new(&Settings::of("https://tx.example.org/fhir/")).is_ok());
    let read: Settings =
        toml::from_str("url = \"https://tx.example.org\"\ntimeout-seconds = 3").unwrap();
    assert_eq!(read.timeout_seconds, 3.0);
    assert!(read.systems.iter().any(|system| system == SNOMED));
    assert!(toml::from_str::<Settings>("url = \"https://a\"\ntimeout = 3").is_err());
    for change in [
        |settings: &mut Settings| settings.timeout_seconds = 0.0,
        |settings: &mut Settings| settings.total_seconds = f64::NAN,
        |settings: &mut Settings| settings.pause_seconds = -1.0,
        |settings: &mut Settings| settings.parallel = 0,
        |settings: &mut Settings| settings.batch = 100_000,
        |settings: &mut Settings| settings.remembered = 0,
    ] {
        let mut settings = Settings::of("https://tx.example.org");
        change(&mut settings);
        assert!(TerminologyServer::new(&settings).is_err(), "{settings:?}");
    }
}
