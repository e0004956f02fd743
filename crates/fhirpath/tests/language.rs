//! What the language means over real trees, and what its errors say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::cell::RefCell;
use std::sync::LazyLock;

use definitions::Definitions;
use fhirpath::{
    Coded, Collection, CompileErrorKind, Environment, EvaluationErrorKind, Item, Limits, Model,
    Node, Options, Plan, Services,
};
use json::Value;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::new(Definitions::embedded()));

fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

/// What an expression gives for a resource, as texts.
fn texts(expression: &str, resource: &str) -> Vec<String> {
    let resource = value(resource);
    let node = MODEL.resource_node(&resource);
    let plan = Plan::compile(expression, resource.text("resourceType").unwrap(), &MODEL).unwrap();
    plan.evaluate(node, &Environment::new(node))
        .unwrap()
        .iter()
        .map(|item| {
            item.to_text(&MODEL)
                .map_or("…".into(), |text| text.to_string())
        })
        .collect()
}

#[track_caller]
fn gives(expression: &str, resource: &str, wanted: &[&str]) {
    assert_eq!(texts(expression, resource), wanted, "{expression}");
}

const PATIENT: &str = r##"{"resourceType":"Patient","id":"p",
"extension":[{"url":"https://example.org/weight","valueQuantity":{"value":70.10,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}},
{"url":"https://example.org/age","valueAge":{"value":40,"system":"http://unitsofmeasure.org","code":"a"}}],
"birthDate":"1950-02","_birthDate":{"extension":[{"url":"https://example.org/time","valueDateTime":"1950-02-03T04:05:06Z"}]},
"name":[{"given":["A",null,"C"],"_given":[null,{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]},null]}],
"_gender":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]},
"deceasedDateTime":"2024-01-01T10:00:00+01:00","multipleBirthInteger":2,
"managingOrganization":{"reference":"#o"},"generalPractitioner":[{"reference":"Practitioner/9"}],
"contained":[{"resourceType":"Organization","id":"o","name":"Home"}]}"##;

#[test]
fn primitives_are_values_with_what_stands_beside_them() {
    gives("name.given", PATIENT, &["A", "…", "C"]);
    gives(
        "name.given.select(hasValue())",
        PATIENT,
        &["true", "false", "true"],
    );
    gives("name.given.extension.value", PATIENT, &["unknown"]);
    gives(
        "birthDate.extension('https://example.org/time').value",
        PATIENT,
        &["1950-02-03T04:05:06Z"],
    );
    gives("gender.exists()", PATIENT, &["true"]);
    gives("gender.hasValue()", PATIENT, &["false"]);
    gives(
        "gender.hasExtension('http://hl7.org/fhir/StructureDefinition/data-absent-reason')",
        PATIENT,
        &["true"],
    );
    gives("gender = 'male'", PATIENT, &["false"]);
    gives("birthDate.getValue().type().name", PATIENT, &["Date"]);
    gives("birthDate.type().name", PATIENT, &["date"]);
}

#[test]
fn choices_go_by_their_type() {
    gives("deceased is dateTime", PATIENT, &["true"]);
    gives("deceased.ofType(boolean)", PATIENT, &[]);
    gives("(multipleBirth as integer) + 1", PATIENT, &["3"]);
    gives("extension.value.ofType(Quantity).count()", PATIENT, &["2"]);
    gives(
        "extension.where(url = 'https://example.org/weight').value.value",
        PATIENT,
        &["70.10"],
    );
    gives("extension.value.ofType(Age).exists()", PATIENT, &["true"]);
    gives(
        "extension.where(value is Age).url",
        PATIENT,
        &["https://example.org/age"],
    );
}

#[test]
fn numbers_keep_their_digits() {
    gives("extension[0].value.value.toString()", PATIENT, &["70.10"]);
    gives("extension[0].value.value = 70.1", PATIENT, &["true"]);
    gives("extension[0].value = 70100 'g'", PATIENT, &["true"]);
    gives("0.1 + 0.2 = 0.3", PATIENT, &["true"]);
    gives("9007199254740993 = 9007199254740992", PATIENT, &["false"]);
    gives("9223372036854775807 + 1", PATIENT, &[]);
}

#[test]
fn dates_are_compared_as_far_as_they_go() {
    gives("birthDate < @1950-03-01", PATIENT, &["true"]);
    gives("birthDate < @1950-02-10", PATIENT, &[]);
    gives("deceased = @2024-01-01T09:00:00Z", PATIENT, &["true"]);
    gives(
        "@2024-01-01T09:00:00Z < @2024-01-05T09:00:00",
        PATIENT,
        &["true"],
    );
    gives("@2024-01-01T09:00:00Z < @2024-01-01T19:00:00", PATIENT, &[]);
    gives("@2024-02-29 + 1 year", PATIENT, &["2025-02-28"]);
    gives("@2024-01-31 + 1 month", PATIENT, &["2024-02-29"]);
    gives("@2024 + 25 months", PATIENT, &["2026"]);
    gives("@T23:30 + 45 minutes", PATIENT, &["00:15"]);
    gives("@2024-03-01 - 1 day", PATIENT, &["2024-02-29"]);
    gives("@9999-12-31 + 1 day", PATIENT, &[]);
}

#[test]
fn contained_resources_and_entries_are_what_they_say_they_are() {
    gives("contained.name", PATIENT, &["Home"]);
    gives("contained.ofType(Organization).name", PATIENT, &["Home"]);
    gives("contained.ofType(Practitioner).name", PATIENT, &[]);
    gives("managingOrganization.resolve().name", PATIENT, &["Home"]);
    gives("generalPractitioner.resolve()", PATIENT, &[]);
    let bundle = r#"{"resourceType":"Bundle","type":"collection","entry":[
        {"fullUrl":"https://example.org/fhir/Patient/1","resource":{"resourceType":"Patient","id":"1","gender":"male"}},
        {"fullUrl":"urn:uuid:8f3b2c1e-0000-4000-8000-000000000001","resource":{"resourceType":"Observation","status":"final","subject":{"reference":"Patient/1"}}}]}"#;
    gives("entry.resource.ofType(Patient).gender", bundle, &["male"]);
    gives(
        "entry.resource.ofType(Observation).subject.resolve().gender",
        bundle,
        &["male"],
    );
    gives("entry[1].resource.status", bundle, &["final"]);
    gives("entry.resource.where($this is Patient).id", bundle, &["1"]);
}

#[test]
fn errors_tell_what_is_unknown_and_where() {
    for (expression, kind, line, column) in [
        ("name.firstName", CompileErrorKind::UnknownElement, 1, 6),
        (
            "name.where(use = 'x').\n  shoe",
            CompileErrorKind::UnknownElement,
            2,
            3,
        ),
        ("deceasedBoolean", CompileErrorKind::UnknownElement, 1, 1),
        ("name.frist()", CompileErrorKind::UnknownFunction, 1, 6),
        ("deceased is Bolean", CompileErrorKind::UnknownType, 1, 13),
        ("%patient.name", CompileErrorKind::UnknownVariable, 1, 1),
        ("name.first(1)", CompileErrorKind::Arguments, 1, 6),
        ("name.matches('x')", CompileErrorKind::Types, 1, 6),
        ("birthDate.matches('(')", CompileErrorKind::Regex, 1, 19),
        ("name.given + 1", CompileErrorKind::Types, 1, 12),
        ("name.(given", CompileErrorKind::Syntax, 1, 6),
        ("name given", CompileErrorKind::Syntax, 1, 6),
        ("'no end", CompileErrorKind::Syntax, 1, 1),
        ("$index = 1", CompileErrorKind::UnknownVariable, 1, 1),
    ] {
        let error = Plan::compile(expression, "Patient", &MODEL).unwrap_err();
        assert_eq!(
            (error.kind, error.position.line, error.position.column),
            (kind, line, column),
            "{expression}: {error}"
        );
    }
    let error = Plan::compile("deceasedBoolean", "Patient", &MODEL).unwrap_err();
    assert!(
        error.message.contains("deceased.ofType(boolean)"),
        "{error}"
    );
    assert!(Plan::compile("id", "Patent", &MODEL).is_err());
}

#[test]
fn a_root_can_be_a_part_of_a_type() {
    let contact = value(r#"{"relationship":[{"text":"son"}]}"#);
    let ty = MODEL.ty("Patient.contact").unwrap();
    let node = Node::new(&contact, None, ty);
    let plan = Plan::compile("relationship.text = 'son'", "Patient.contact", &MODEL).unwrap();
    assert_eq!(plan.holds(node, &Environment::new(node)), Ok(true));
    assert!(Plan::compile("birthDate", "Patient.contact", &MODEL).is_err());
    // A choice has several types, and what one of them has can be asked for.
    let plan = Plan::compile("unit.exists()", "Observation.value[x]", &MODEL).unwrap();
    let quantity = value(r#"{"unit":"kg"}"#);
    let node = Node::new(&quantity, None, MODEL.ty("Quantity").unwrap());
    assert_eq!(plan.holds(node, &Environment::new(node)), Ok(true));
    // Content defined elsewhere in the type.
    let nested = MODEL.ty("Questionnaire.item.item").unwrap();
    assert_eq!(Some(nested), MODEL.ty("Questionnaire.item"));
    assert_eq!(MODEL.name(nested), "Questionnaire.item");
    let identifier = MODEL.ty("Patient.identifier").unwrap();
    assert_eq!(MODEL.name(identifier), "Identifier");
}

#[test]
fn nothing_is_not_true() {
    let patient = value(PATIENT);
    let node = MODEL.resource_node(&patient);
    let environment = Environment::new(node);
    for (expression, test) in [
        ("active", None),
        ("active = true", None),
        ("active or true", Some(true)),
        ("active.exists()", Some(false)),
        ("birthDate", Some(true)),
    ] {
        let plan = Plan::compile(expression, "Patient", &MODEL).unwrap();
        assert_eq!(plan.test(node, &environment), Ok(test), "{expression}");
        assert_eq!(plan.holds(node, &environment), Ok(test == Some(true)));
    }
    let plan = Plan::compile("name.given", "Patient", &MODEL).unwrap();
    let error = plan.test(node, &environment).unwrap_err();
    assert_eq!(error.kind, EvaluationErrorKind::Input);
}

/// Knows one code, one profile, one practitioner.
struct Known {
    practitioner: Value,
    traced: RefCell<Vec<String>>,
}

impl<'v> Services<'v> for &'v Known {
    fn resolve(&self, reference: &str) -> Option<Node<'v>> {
        (reference == "Practitioner/9").then(|| MODEL.resource_node(&self.practitioner))
    }

    fn member_of(&self, coded: &Coded<'_>, value_set: &str) -> Option<bool> {
        (value_set == "https://example.org/set").then_some(coded.code == "kg")
    }

    fn conforms_to(&self, _: Node<'v>, profile: &str) -> Option<bool> {
        profile.ends_with("UKCore-Patient").then_some(true)
    }

    fn subsumes(&self, _: &str, one: &str, other: &str) -> Option<bool> {
        (one != "?" && other != "?").then_some(one < other)
    }

    fn trace(&self, name: &str, items: &Collection<'v>) {
        self.traced
            .borrow_mut()
            .push(format!("{name}: {}", items.len()));
    }
}

#[test]
fn what_lies_outside_is_asked_for_and_may_stay_open() {
    let known = Known {
        practitioner: value(r#"{"resourceType":"Practitioner","id":"9","active":true}"#),
        traced: RefCell::default(),
    };
    let services = &known;
    let patient = value(PATIENT);
    let node = MODEL.resource_node(&patient);
    let environment = Environment::new(node).services(&services);
    let test = |expression: &str| {
        Plan::compile(expression, "Patient", &MODEL)
            .unwrap()
            .test(node, &environment)
            .map_err(|error| error.kind)
    };
    assert_eq!(test("generalPractitioner.resolve().active"), Ok(Some(true)));
    assert_eq!(
        test("generalPractitioner.all(resolve() is Practitioner)"),
        Ok(Some(true))
    );
    assert_eq!(
        test("managingOrganization.resolve() is Organization"),
        Ok(Some(true))
    );
    let coded = "extension[0].value.code";
    assert_eq!(
        test(&format!("{coded}.memberOf('https://example.org/set')")),
        Ok(Some(true))
    );
    let open = Err(EvaluationErrorKind::Undecided);
    assert_eq!(
        test(&format!("{coded}.memberOf('https://example.org/other')")),
        open
    );
    // What does not depend on it is decided all the same.
    let either = format!("id.exists() or {coded}.memberOf('https://example.org/other')");
    assert_eq!(test(&either), Ok(Some(true)));
    let uk = "https://fhir.hl7.org.uk/StructureDefinition/UKCore";
    assert_eq!(test(&format!("conformsTo('{uk}-Patient')")), Ok(Some(true)));
    assert_eq!(
        test(&format!("conformsTo('{uk}-Observation')")),
        Ok(Some(false))
    );
    assert_eq!(
        test("conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')"),
        open
    );
    assert_eq!(
        test("conformsTo('https://example.org/nothing')"),
        Err(EvaluationErrorKind::Input)
    );
    assert_eq!(test("name.given.trace('given').exists()"), Ok(Some(true)));
    assert_eq!(*known.traced.borrow(), ["given: 3"]);
}

#[test]
fn variables_are_declared_and_given() {
    let patient = value(PATIENT);
    let node = MODEL.resource_node(&patient);
    let options = Options {
        variables: &["least"],
        ..Options::default()
    };
    let plan = Plan::compile_with("multipleBirth >= %least", "Patient", &MODEL, &options).unwrap();
    let least: Collection<'_> = [Item::Integer(2)].into_iter().collect();
    let variables = [("least", least)];
    let environment = Environment::new(node).variables(&variables);
    assert_eq!(plan.holds(node, &environment), Ok(true));
    gives(
        "%resource.id | %rootResource.id | %context.id",
        PATIENT,
        &["p"],
    );
    gives(
        "%`vs-administrative-gender`",
        PATIENT,
        &["http://hl7.org/fhir/ValueSet/administrative-gender"],
    );
    let root = value(r#"{"resourceType":"Patient","id":"r"}"#);
    let contained = &patient.item(0).unwrap_or(&patient);
    let environment =
        Environment::new(MODEL.resource_node(contained)).root(MODEL.resource_node(&root));
    let plan = Plan::compile(
        "%rootResource.id = 'r' and %resource.id = 'p'",
        "Patient",
        &MODEL,
    )
    .unwrap();
    assert_eq!(plan.holds(node, &environment), Ok(true));
}

#[test]
fn r4_writes_as_over_many_items() {
    let patient = value(PATIENT);
    let node = MODEL.resource_node(&patient);
    let text = "descendants().as(uri).count() > 1";
    let strict = Plan::compile(text, "Patient", &MODEL).unwrap();
    assert!(strict.test(node, &Environment::new(node)).is_err());
    let options = Options::definitions();
    let plan = Plan::compile_with(text, "Patient", &MODEL, &options).unwrap();
    assert_eq!(plan.holds(node, &Environment::new(node)), Ok(true));
}

#[test]
fn the_same_now_throughout() {
    let patient = value(PATIENT);
    let node = MODEL.resource_node(&patient);
    let now: jiff::Zoned = "2024-05-01T10:00:00+01:00[Europe/London]".parse().unwrap();
    let environment = Environment::new(node).now(now);
    let plan = Plan::compile(
        "now() = @2024-05-01T09:00:00.000Z and today() = @2024-05-01 and timeOfDay() = @T10:00:00.000 and now() = now()",
        "Patient",
        &MODEL,
    )
    .unwrap();
    assert_eq!(plan.holds(node, &environment), Ok(true));
}

#[test]
fn limits_are_errors() {
    let patient = value(PATIENT);
    let node = MODEL.resource_node(&patient);
    let limits = Limits {
        steps: 5,
        ..Limits::default()
    };
    let plan = Plan::compile("descendants().count()", "Patient", &MODEL).unwrap();
    let environment = Environment::new(node).limits(limits);
    let error = plan.evaluate(node, &environment).unwrap_err();
    assert_eq!(error.kind, EvaluationErrorKind::Limit);
}

#[test]
fn no_message_quotes_data() {
    let patient = value(
        r#"{"resourceType":"Patient","id":"x","name":[{"family":"Secretname"},{"family":"Secretname"}],"birthDate":"1950-99-99"}"#,
    );
    let node = MODEL.resource_node(&patient);
    for expression in [
        "name.single()",
        "name.family + 'x'",
        "name.family.upper()",
        "(name.family | 1).allTrue()",
    ] {
        let plan = Plan::compile(expression, "Patient", &MODEL).unwrap();
        let error = plan.evaluate(node, &Environment::new(node)).unwrap_err();
        assert!(!error.to_string().contains("Secret"), "{error}");
    }
    // A date that is none has no value to compare.
    let plan = Plan::compile("birthDate < today()", "Patient", &MODEL).unwrap();
    assert_eq!(plan.test(node, &Environment::new(node)), Ok(None));
}

#[test]
fn a_plan_knows_what_it_leads_to() {
    let plan = Plan::compile("gender", "Patient", &MODEL).unwrap();
    assert_eq!(plan.gives(), Some(vec!["code".to_owned()]));
    let bound = plan.value_set().unwrap();
    assert!(bound.starts_with("http://hl7.org/fhir/ValueSet/administrative-gender"));
    let plan = Plan::compile("name.exists()", "Patient", &MODEL).unwrap();
    assert_eq!(plan.gives(), Some(vec!["System.Boolean".to_owned()]));
    let plan = Plan::compile("generalPractitioner.resolve()", "Patient", &MODEL).unwrap();
    assert_eq!(plan.gives(), None);
}

#[test]
fn what_leaves_the_range_is_nothing() {
    for expression in [
        "@2024 + 79228162514264337593543950335 days",
        "@2024-01-01T10:00:00 + 79228162514264337593543950335 seconds",
        "@T10:00 + 79228162514264337593543950335 'h'",
        "1.5.lowBoundary(9223372036854775807)",
        "@2024.highBoundary(9223372036854775807)",
        "79228162514264337593543950335.0 * 10",
        "1 / 0",
        "(-1).sqrt()",
        "0.ln()",
        "2.power(100)",
        "1 'kg' + 1 'm'",
        "1000.exp()",
    ] {
        gives(expression, PATIENT, &[]);
    }
}

#[test]
fn sorting_takes_what_has_no_total_order() {
    let dates: Vec<String> = (0..60)
        .map(|n| match n % 3 {
            0 => format!("@2024-{:02}", 12 - n % 12),
            1 => format!("@2024-{:02}-{:02}", 1 + n % 12, 1 + n % 28),
            _ => "@2024".to_owned(),
        })
        .collect();
    let text = format!("({}).sort().count() > 30", dates.join(".combine("));
    let text = text.replacen(
        ").sort()",
        &format!("{}).sort()", ")".repeat(dates.len() - 1)),
        1,
    );
    gives(&text, PATIENT, &["true"]);
    gives("('b' | 'a' | 'c').sort(-$this)", PATIENT, &["c", "b", "a"]);
    gives(
        "name.given.where(hasValue()).sort(-$this)",
        PATIENT,
        &["C", "A"],
    );
}

#[test]
fn comparing_large_trees_counts() {
    let items = format!(
        "[{}]",
        vec![r#"{"system":"phone","value":"1"}"#; 300].join(",")
    );
    let patient = value(&format!(
        r#"{{"resourceType":"Patient","telecom":{items}}}"#
    ));
    let node = MODEL.resource_node(&patient);
    let limits = Limits {
        steps: 1_000,
        ..Limits::default()
    };
    let plan = Plan::compile(
        "$this ~ $this.trace('x') and $this = %context",
        "Patient",
        &MODEL,
    )
    .unwrap();
    assert_eq!(plan.holds(node, &Environment::new(node)), Ok(true));
    let plan = Plan::compile("telecom ~ telecom", "Patient", &MODEL).unwrap();
    let error = plan
        .test(node, &Environment::new(node).limits(limits))
        .unwrap_err();
    assert_eq!(error.kind, EvaluationErrorKind::Limit);
}
