//! Whatever an expression says and whatever it meets, it ends: with an answer or an error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::sync::LazyLock;

use definitions::Definitions;
use fhirpath::{CompileErrorKind, Environment, EvaluationErrorKind, Limits, Model, Plan};
use json::Value;
use proptest::prelude::*;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::new(Definitions::embedded()));

const LIMITS: Limits = Limits {
    steps: 20_000,
    items: 500,
    text: 2_000,
};

fn run(expression: &str, resource: &Value) {
    let Ok(plan) = Plan::compile(expression, "Patient", &MODEL) else {
        return;
    };
    let node = MODEL.resource_node(resource);
    let environment = Environment::new(node).limits(LIMITS);
    if let Ok(items) = plan.evaluate(node, &environment) {
        assert!(items.len() <= LIMITS.items);
    }
    let _ = plan.test(node, &environment);
}

/// Expressions that follow the grammar, and mostly make sense.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("name"),
        Just("name.given"),
        Just("birthDate"),
        Just("$this"),
        Just("{}"),
        Just("1"),
        Just("2.50"),
        Just("'a'"),
        Just("true"),
        Just("@2024-02-29"),
        Just("@2024-02-29T10:00:00Z"),
        Just("@T10:30"),
        Just("4 days"),
        Just("5 'mg'"),
        Just("%resource"),
        Just("identifier"),
        Just("contact"),
        Just("extension.value"),
        Just("9223372036854775807"),
        Just("deceased"),
        Just("children()"),
        Just("descendants()"),
        Just("Patient"),
        Just("now()"),
        Just("telecom.rank"),
        Just("'x'.toChars()"),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 40, 3, |inner| {
        let operator = prop_oneof![
            Just("+"),
            Just("-"),
            Just("*"),
            Just("/"),
            Just("div"),
            Just("mod"),
            Just("&"),
            Just("|"),
            Just("="),
            Just("!="),
            Just("~"),
            Just("!~"),
            Just("<"),
            Just(">="),
            Just("in"),
            Just("contains"),
            Just("and"),
            Just("or"),
            Just("xor"),
            Just("implies"),
        ];
        let call = prop_oneof![
            Just("empty()"),
            Just("exists()"),
            Just("count()"),
            Just("first()"),
            Just("last()"),
            Just("tail()"),
            Just("distinct()"),
            Just("isDistinct()"),
            Just("not()"),
            Just("toString()"),
            Just("toInteger()"),
            Just("toDecimal()"),
            Just("toQuantity()"),
            Just("toDateTime()"),
            Just("length()"),
            Just("upper()"),
            Just("abs()"),
            Just("exp()"),
            Just("sqrt()"),
            Just("ln()"),
            Just("round(3)"),
            Just("power(40)"),
            Just("children()"),
            Just("descendants()"),
            Just("type()"),
            Just("lowBoundary()"),
            Just("highBoundary(6)"),
            Just("precision()"),
            Just("join('-')"),
            Just("sort()"),
            Just("hasValue()"),
            Just("substring(1, 2)"),
            Just("trim()"),
            Just("resolve()"),
            Just("is(Quantity)"),
            Just("ofType(string)"),
            Just("skip(1)"),
            Just("take(3)"),
            Just("[0]"),
        ];
        let with = prop_oneof![
            Just("where"),
            Just("select"),
            Just("repeat"),
            Just("all"),
            Just("exists"),
            Just("aggregate"),
            Just("combine"),
            Just("union"),
            Just("intersect"),
            Just("exclude"),
            Just("subsetOf"),
            Just("matches"),
            Just("replaceMatches"),
            Just("split"),
            Just("startsWith"),
            Just("trace"),
            Just("iif"),
            Just("sort"),
        ];
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(one, operator, two)| format!("({one} {operator} {two})")),
            (inner.clone(), call).prop_map(|(on, call)| match call {
                "[0]" => format!("({on})[0]"),
                call => format!("({on}).{call}"),
            }),
            (inner.clone(), with, inner.clone()).prop_map(|(on, call, argument)| match call {
                "replaceMatches" | "iif" => format!("({on}).{call}({argument}, 'xx')"),
                "aggregate" => format!("({on}).{call}($total | {argument}, {{}})"),
                call => format!("({on}).{call}({argument})"),
            }),
            inner.prop_map(|of| format!("-({of})")),
        ]
    })
}

/// Trees with the names of Patient's elements, of right types and of wrong ones.
fn resource() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just("1e400").prop_map(|text| json::Number::from_text(text).unwrap().into()),
        Just("0.10").prop_map(|text| json::Number::from_text(text).unwrap().into()),
        "[a-zA-Z0-9 :/-]{0,12}".prop_map(Value::from),
        Just(Value::from("2024-02-29")),
        Just(Value::from("2024-02-29T10:00:00+01:00")),
    ];
    let names = prop_oneof![
        Just("resourceType"),
        Just("id"),
        Just("name"),
        Just("given"),
        Just("_given"),
        Just("birthDate"),
        Just("_birthDate"),
        Just("identifier"),
        Just("extension"),
        Just("url"),
        Just("valueQuantity"),
        Just("valueString"),
        Just("value"),
        Just("contact"),
        Just("contained"),
        Just("deceasedBoolean"),
        Just("deceasedDateTime"),
        Just("telecom"),
        Just("rank"),
        Just("code"),
        Just("unit"),
        Just("made-up"),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::Array),
            prop::collection::vec((names.clone(), inner), 0..6).prop_map(|members| {
                let mut object = json::Object::new();
                for (name, value) in members {
                    object.insert(name, value);
                }
                Value::from(object)
            }),
        ]
    })
    .prop_map(|tree| {
        let mut object = match tree {
            Value::Object(object) => object,
            other => json::Object::new().with("name", other),
        };
        object.insert("resourceType", "Patient");
        object.into()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_text_is_compiled_or_refused(text in "\\PC{0,60}") {
        let _ = Plan::compile(&text, "Patient", &MODEL);
    }

    #[test]
    fn any_tokens_are_compiled_or_refused(
        tokens in prop::collection::vec(
            prop_oneof![
                Just("name"), Just("."), Just("("), Just(")"), Just("["), Just("]"), Just("'a'"),
                Just("1"), Just("@2024-01"), Just("@T10"), Just("%"), Just("$this"), Just("|"),
                Just("-"), Just("is"), Just("as"), Just("Quantity"), Just("where"), Just("{"),
                Just("}"), Just(","), Just("`x`"), Just("//"), Just("/*"), Just("\\u00"),
            ],
            0..40,
        ),
    ) {
        let _ = Plan::compile(&tokens.join(" "), "Patient", &MODEL);
        let _ = Plan::compile(&tokens.concat(), "Patient", &MODEL);
    }

    #[test]
    fn any_expression_over_any_tree_ends(expression in expression(), resource in resource()) {
        run(&expression, &resource);
    }
}

#[test]
fn what_is_nested_too_deeply_is_refused() {
    for text in [
        "(".repeat(60_000),
        "-".repeat(60_000),
        format!("name{}", ".name".repeat(12_000)),
        format!("1{}", "+1".repeat(20_000)),
        "name.where(".repeat(5_000),
        format!("{}1{}", "(".repeat(3_000), ")".repeat(3_000)),
        format!("1{}", " is Integer".repeat(5_000)),
        format!("name{}", "[0]".repeat(15_000)),
        "x".repeat(70_000),
    ] {
        let error = Plan::compile(&text, "Patient", &MODEL).unwrap_err();
        assert_eq!(error.kind, CompileErrorKind::Limit, "{error}");
    }
}

#[test]
fn the_deepest_that_is_allowed_runs() {
    let resource = json::parse(br#"{"resourceType":"Patient","active":true}"#).unwrap();
    let deep = format!("{}active{}", "iif(true, ".repeat(100), ")".repeat(100));
    run(&deep, &resource);
    assert!(Plan::compile(&deep, "Patient", &MODEL).is_ok());
    let chain = format!("active{}", " or active".repeat(110));
    run(&chain, &resource);
    assert!(Plan::compile(&chain, "Patient", &MODEL).is_ok());
}

#[test]
fn what_would_run_on_is_stopped() {
    let resource = json::parse(
        br#"{"resourceType":"Patient","name":[{"given":["a","b","c","d","e","f","g","h"]}]}"#,
    )
    .unwrap();
    let node = MODEL.resource_node(&resource);
    for text in [
        // 8 to the 9th items
        "name.given.select(%resource.name.given.select(%resource.name.given.select(%resource.name.given.select(%resource.name.given.select(%resource.name.given.select(%resource.name.given.select(%resource.name.given.select(%resource.name.given))))))))",
        // A text that doubles with each item
        "name.given.select(%resource.name.given).aggregate($total & $total & 'aaaaaaaaaa', 'a')",
        // New numbers without end
        "(1).repeat($this + 1)",
        "name.given.repeat($this & 'x')",
    ] {
        let plan = Plan::compile(text, "Patient", &MODEL).unwrap();
        let error = plan.evaluate(node, &Environment::new(node)).unwrap_err();
        assert_eq!(error.kind, EvaluationErrorKind::Limit, "{text}: {error}");
    }
}

#[test]
fn regular_expressions_take_linear_time() {
    let text = "a".repeat(20_000) + "!";
    let resource =
        json::parse(format!(r#"{{"resourceType":"Patient","language":"{text}"}}"#).as_bytes())
            .unwrap();
    let node = MODEL.resource_node(&resource);
    let plan = Plan::compile("language.matches('^(a+)+$')", "Patient", &MODEL).unwrap();
    assert_eq!(plan.test(node, &Environment::new(node)), Ok(Some(false)));
    let large = Plan::compile("language.matches('(a{1000}){1000}')", "Patient", &MODEL);
    assert_eq!(large.unwrap_err().kind, CompileErrorKind::Regex);
}
