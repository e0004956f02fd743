//! FHIRPath and FHIRPath Patch.

use std::sync::LazyLock;

use definitions::Definitions;
use fhirpath::{Environment, Model, Plan};
use json::Value;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::new(Definitions::embedded()));

static PATIENT: LazyLock<Value> = LazyLock::new(|| {
    json::parse(
        br##"{"resourceType":"Patient","id":"p1","meta":{"profile":["https://example.org/x"]},
        "contained":[{"resourceType":"Organization","id":"o","name":"Home"}],
        "extension":[{"url":"https://example.org/a","valueDecimal":0.10},{"url":"https://example.org/b","valueQuantity":{"value":3,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}}],
        "identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],
        "name":[{"use":"official","family":"Example","given":["Ann","Beth"],"period":{"start":"1975-06"}},{"given":["Annie"],"_given":[{"extension":[{"url":"https://example.org/c","valueBoolean":true}]}]}],
        "gender":"female","birthDate":"1950-02-28","deceasedDateTime":"2024-05-01T10:00:00+01:00",
        "managingOrganization":{"reference":"#o"}}"##,
    )
    .expect("the sample is JSON")
});

/// Any expression is compiled or refused, and what is compiled ends, twice with the same. The bytes
/// are the expression, and after a line break the resource that it is run on; without one it runs on
/// a Patient.
pub fn fhirpath(bytes: &[u8]) {
    let (expression, resource) = match bytes.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&bytes[..end], json::parse(&bytes[end + 1..]).ok()),
        None => (bytes, None),
    };
    let Ok(expression) = std::str::from_utf8(expression) else {
        return;
    };
    let resource = resource.as_ref().unwrap_or(&PATIENT);
    let root = resource.text("resourceType").unwrap_or("Patient");
    for root in [root, "Patient.name", "Element", "Resource"] {
        let Ok(plan) = Plan::compile(expression, root, &MODEL) else {
            continue;
        };
        let environment =
            Environment::new(MODEL.resource_node(resource)).now(jiff::Zoned::default());
        let places: Vec<&Value> = match root {
            "Patient.name" => resource.each("name").collect(),
            _ => vec![resource],
        };
        for place in places {
            let node = match MODEL.ty(root) {
                Some(ty) if root.contains('.') => fhirpath::Node::new(place, None, ty),
                _ => MODEL.resource_node(place),
            };
            let first = format!("{:?}", plan.evaluate(node, &environment));
            let second = format!("{:?}", plan.evaluate(node, &environment));
            assert_eq!(first, second, "an expression gives the same twice");
            let _ = plan.test(node, &environment);
        }
    }
}

/// Any patch is applied whole or not at all. The bytes are the patch as Parameters, and after a line
/// break the resource; without one, a Patient.
pub fn patch(bytes: &[u8]) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let Some(Ok(parameters)) = lines.next().map(json::parse) else {
        return;
    };
    let resource = lines.next().and_then(|line| json::parse(line).ok());
    let before = resource.unwrap_or_else(|| PATIENT.clone());
    let mut after = before.clone();
    if fhirpath::patch::apply(&parameters, &mut after, &MODEL).is_err() {
        assert_eq!(after, before, "a patch that fails changes nothing");
    }
}
