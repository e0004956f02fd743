//! The rules by which a differential is laid over its base, one by one, on the definitions that are
//! built in and on small ones made here.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use definitions::form::Definition;
use definitions::{
    Definitions, DiscriminatorKind, Element, Kind, Shape, SlicingRules, Strength, package,
};

fn core() -> &'static Definitions {
    Definitions::embedded()
}

fn element<'s>(shape: &'s Shape, id: &str) -> &'s Element {
    shape.element(
        shape
            .find(id)
            .unwrap_or_else(|| panic!("{id} is not there")),
    )
}

/// A profile with the given differential, over the definitions that are built in.
fn profile(base: &str, elements: &str) -> (Definitions, Shape) {
    let kind = if base.starts_with(char::is_lowercase) || base == "Extension" {
        "complex-type"
    } else {
        "resource"
    };
    let text = format!(
        r#"{{"resourceType":"StructureDefinition","id":"test","url":"http://example.org/test",
            "name":"Test","status":"active","kind":"{kind}","abstract":false,"type":"{base}",
            "baseDefinition":"http://hl7.org/fhir/StructureDefinition/{base}",
            "derivation":"constraint","differential":{{"element":[{elements}]}}}}"#
    );
    let definitions = core().with(&[read(&text)]).unwrap();
    let shape = definitions.shape("http://example.org/test").unwrap();
    (definitions, shape)
}

fn read(text: &str) -> Definition {
    package::read(&json::parse(text.as_bytes()).unwrap())
        .unwrap()
        .unwrap()
}

#[test]
fn types_profiles_and_versions_are_found_by_name() {
    let patient = core().shape_of_type("Patient").unwrap();
    assert_eq!(patient.type_name(), "Patient");
    assert_eq!(patient.kind(), Kind::Resource);
    assert!(!patient.is_profile() && !patient.is_abstract());
    let uk = core().profile("UKCore-Patient").unwrap();
    assert!(uk.is_profile());
    let version = uk.version().unwrap();
    assert_eq!(
        core().shape(&format!("{}|{version}", uk.url())),
        Some(uk.clone())
    );
    assert_eq!(core().profile(uk.url()), Some(uk.clone()));
    assert!(core().shape(&format!("{}|0.0.0", uk.url())).is_none());
    assert!(core().shape("http://example.org/nothing").is_none());
    assert!(core().profile("Patient").is_none(), "a type is no profile");
    assert!(core().shape_of_type("Resource").unwrap().is_abstract());
    let types: Vec<&str> = core().resource_types().collect();
    assert!(types.contains(&"Patient") && !types.contains(&"DomainResource"));
    assert_eq!(types.len(), 146);
}

#[test]
fn retired_assets_are_loadable_and_not_suggested() {
    let url = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NominatedPharmacy";
    let retired = core().extension(url).unwrap();
    assert!(retired.is_retired());
    assert!(!core().profile_names().any(|name| name == retired.name()));
    assert!(core().profile_names().any(|name| name == "UKCore-Patient"));
}

#[test]
fn arrays_are_decided_by_the_type() {
    let uk = core().profile("UKCore-Patient").unwrap();
    let nhs = element(&uk, "Patient.identifier:nhsNumber");
    assert_eq!((nhs.min, nhs.max, nhs.is_array), (0, Some(1), true));
    assert!(!element(&uk, "Patient.identifier:nhsNumber.system").is_array);
    let (_, narrowed) = profile(
        "Patient",
        r#"{"id":"Patient.name","path":"Patient.name","max":"1"}"#,
    );
    assert!(element(&narrowed, "Patient.name").is_array);
}

#[test]
fn a_slice_keeps_what_the_sliced_element_says_but_its_minimum() {
    let (_, shape) = profile(
        "Patient",
        r#"{"id":"Patient.identifier","path":"Patient.identifier","min":2,"mustSupport":true,
            "slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
           {"id":"Patient.identifier.value","path":"Patient.identifier.value","min":1},
           {"id":"Patient.identifier:local","path":"Patient.identifier","sliceName":"local"},
           {"id":"Patient.identifier:local.system","path":"Patient.identifier.system",
            "fixedUri":"http://example.org/ids"}"#,
    );
    let sliced = element(&shape, "Patient.identifier");
    assert_eq!(sliced.min, 2);
    let slice = element(&shape, "Patient.identifier:local");
    assert_eq!((slice.min, slice.max), (0, None));
    assert!(slice.slicing.is_none() && slice.must_support);
    assert_eq!(element(&shape, "Patient.identifier:local.value").min, 1);
    let system = element(&shape, "Patient.identifier:local.system");
    assert_eq!(
        system.fixed.as_ref().unwrap().as_str(),
        Some("http://example.org/ids")
    );
    assert!(element(&shape, "Patient.identifier.system").fixed.is_none());
    assert_eq!(shape.issues(), []);
}

#[test]
fn a_later_profile_of_the_sliced_element_reaches_the_slices() {
    let text = r#"{"resourceType":"StructureDefinition","id":"over","url":"http://example.org/over",
        "name":"Over","status":"active","kind":"resource","abstract":false,"type":"Patient",
        "baseDefinition":"https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient",
        "derivation":"constraint","differential":{"element":[
        {"id":"Patient.identifier","path":"Patient.identifier","min":1},
        {"id":"Patient.identifier.assigner","path":"Patient.identifier.assigner","max":"0"}]}}"#;
    let definitions = core().with(&[read(text)]).unwrap();
    let shape = definitions.shape("http://example.org/over").unwrap();
    assert_eq!(element(&shape, "Patient.identifier").min, 1);
    assert_eq!(element(&shape, "Patient.identifier:nhsNumber").min, 0);
    assert_eq!(
        element(&shape, "Patient.identifier:nhsNumber.assigner").max,
        Some(0)
    );
}

#[test]
fn extension_slices_are_told_apart_by_url() {
    let uk = core().profile("UKCore-Patient").unwrap();
    for id in [
        "Patient.extension",
        "Patient.contact.extension",
        "Patient.modifierExtension",
    ] {
        let slicing = element(&uk, id).slicing.as_ref().unwrap();
        let [discriminator] = slicing.discriminators.as_slice() else {
            panic!("{id}")
        };
        assert_eq!(discriminator.kind, DiscriminatorKind::Value);
        assert_eq!(&*discriminator.path, "url");
        assert_eq!(slicing.rules, SlicingRules::Open);
    }
    let slice = element(&uk, "Patient.extension:birthSex");
    assert_eq!(slice.slice_name.as_deref(), Some("birthSex"));
    assert!(
        slice
            .types
            .first()
            .unwrap()
            .profiles
            .first()
            .unwrap()
            .ends_with("BirthSex")
    );
}

#[test]
fn an_extension_is_named_by_its_own_url() {
    let (_, shape) = profile(
        "Extension",
        r#"{"id":"Extension.value[x]","path":"Extension.value[x]","type":[{"code":"string"}]}"#,
    );
    let url = element(&shape, "Extension.url");
    assert_eq!(
        url.fixed.as_ref().unwrap().as_str(),
        Some("http://example.org/test")
    );
    for url in core()
        .structure_urls()
        .filter(|url| url.contains("Extension-UKCore"))
    {
        let shape = core().extension(url).unwrap();
        assert_eq!(
            element(&shape, "Extension.url")
                .fixed
                .as_ref()
                .unwrap()
                .as_str(),
            Some(url)
        );
    }
}

#[test]
fn a_choice_can_be_narrowed_by_shorthand_and_by_slices() {
    let (definitions, shape) = profile(
        "Observation",
        r#"{"id":"Observation.valueQuantity","path":"Observation.valueQuantity"},
           {"id":"Observation.valueQuantity.unit","path":"Observation.valueQuantity.unit","min":1},
           {"id":"Observation.effective[x]:effectivePeriod","path":"Observation.effective[x]",
            "sliceName":"effectivePeriod"},
           {"id":"Observation.effective[x]:effectivePeriod.start",
            "path":"Observation.effective[x].start","min":1}"#,
    );
    assert_eq!(shape.issues(), []);
    let value = element(&shape, "Observation.value[x]");
    assert!(value.is_choice && &*value.name == "value");
    assert_eq!(
        value.types.iter().map(|one| &*one.code).collect::<Vec<_>>(),
        ["Quantity"]
    );
    assert_eq!(value.slicing.as_ref().unwrap().rules, SlicingRules::Closed);
    assert_eq!(
        element(&shape, "Observation.value[x]:valueQuantity.unit").min,
        1
    );
    let effective = element(&shape, "Observation.effective[x]");
    assert_eq!(effective.types.len(), 4);
    assert_eq!(
        effective.slicing.as_ref().unwrap().rules,
        SlicingRules::Open
    );
    let period = element(&shape, "Observation.effective[x]:effectivePeriod");
    assert_eq!(
        period
            .types
            .iter()
            .map(|one| &*one.code)
            .collect::<Vec<_>>(),
        ["Period"]
    );
    // The invariants of a type whose children stand inline move onto the element.
    assert!(period.constraints.iter().any(|one| &*one.key == "per-1"));
    let at = shape.find("Observation.effective[x]").unwrap();
    let (scope, root) = definitions.scope(&shape, at, "Timing").unwrap();
    assert_eq!((scope.type_name(), root), ("Timing", scope.root()));
}

#[test]
fn children_live_where_scope_says() {
    let patient = core().shape_of_type("Patient").unwrap();
    let at = |id: &str| patient.find(id).unwrap();
    let (scope, root) = core()
        .scope(&patient, at("Patient.contact"), "BackboneElement")
        .unwrap();
    assert_eq!(
        (scope.clone(), root),
        (patient.clone(), at("Patient.contact"))
    );
    assert!(scope.child(root, "relationship").is_some());
    let (scope, root) = core()
        .scope(&patient, at("Patient.name"), "HumanName")
        .unwrap();
    assert_eq!(
        (scope.url(), root),
        (
            "http://hl7.org/fhir/StructureDefinition/HumanName",
            scope.root()
        )
    );
    let (string, root) = core()
        .scope(&scope, scope.find("HumanName.family").unwrap(), "string")
        .unwrap();
    assert_eq!(string.kind(), Kind::Primitive);
    let value = string.child(root, "value").unwrap();
    assert!(core().scope(&string, value, "string").is_none());
    // An extension slice names the profile that its content must meet.
    let uk = core().profile("UKCore-Patient").unwrap();
    let slice = uk.find("Patient.extension:birthSex").unwrap();
    let (scope, _) = core().scope(&uk, slice, "Extension").unwrap();
    assert_eq!(scope.name(), "Extension-UKCore-BirthSex");
    // A contentReference leads to the element that it names.
    let questionnaire = core().shape_of_type("Questionnaire").unwrap();
    let nested = questionnaire.find("Questionnaire.item.item").unwrap();
    let (scope, at) = core().scope(&questionnaire, nested, "").unwrap();
    assert_eq!(&*scope.element(at).id, "Questionnaire.item");
}

#[test]
fn a_profile_can_walk_through_a_content_reference() {
    let (_, shape) = profile(
        "Questionnaire",
        r#"{"id":"Questionnaire.item.item.prefix","path":"Questionnaire.item.item.prefix","min":1}"#,
    );
    assert_eq!(shape.issues(), []);
    assert_eq!(element(&shape, "Questionnaire.item.item.prefix").min, 1);
    assert_eq!(element(&shape, "Questionnaire.item.prefix").min, 0);
    assert_eq!(
        &*element(&shape, "Questionnaire.item.item.type").path,
        "Questionnaire.item.item.type"
    );
}

#[test]
fn elements_without_ids_are_placed_by_path_and_slice_name() {
    let (_, shape) = profile(
        "Patient",
        r#"{"path":"Patient"},
           {"path":"Patient.telecom","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
           {"path":"Patient.telecom","sliceName":"phone","max":"1"},
           {"path":"Patient.telecom.system","fixedCode":"phone"},
           {"path":"Patient.telecom","sliceName":"email"},
           {"path":"Patient.telecom.system","fixedCode":"email"}"#,
    );
    assert_eq!(shape.issues(), []);
    for name in ["phone", "email"] {
        let system = element(&shape, &format!("Patient.telecom:{name}.system"));
        assert_eq!(system.fixed.as_ref().unwrap().as_str(), Some(name));
    }
}

#[test]
fn a_slice_of_a_slice_stands_in_it() {
    let (_, shape) = profile(
        "Patient",
        r#"{"id":"Patient.identifier","path":"Patient.identifier",
            "slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
           {"id":"Patient.identifier:local","path":"Patient.identifier","sliceName":"local","max":"5"},
           {"id":"Patient.identifier:local/old","path":"Patient.identifier","sliceName":"local/old","max":"1"}"#,
    );
    let local = shape.find("Patient.identifier:local").unwrap();
    let old = shape.slice(local, "local/old").unwrap();
    assert_eq!(shape.element(old).max, Some(1));
    assert_eq!(
        shape
            .element(shape.find("Patient.identifier").unwrap())
            .slices,
        [local]
    );
}

#[test]
fn elements_stand_in_definition_order() {
    let patient = core().shape_of_type("Patient").unwrap();
    let names: Vec<&str> = patient
        .element(patient.root())
        .children
        .iter()
        .map(|&child| &*patient.element(child).name)
        .collect();
    assert_eq!(
        names.get(..12).unwrap(),
        [
            "id",
            "meta",
            "implicitRules",
            "language",
            "text",
            "contained",
            "extension",
            "modifierExtension",
            "identifier",
            "active",
            "name",
            "telecom"
        ]
    );
}

#[test]
fn bindings_keep_their_maximum() {
    let patient = core().shape_of_type("Patient").unwrap();
    let language = element(&patient, "Patient.communication.language")
        .binding
        .clone()
        .unwrap();
    assert_eq!(language.strength, Strength::Preferred);
    assert_eq!(
        language.max_value_set.as_deref(),
        Some("http://hl7.org/fhir/ValueSet/all-languages")
    );
    let uk = core().profile("UKCore-Patient").unwrap();
    let language = element(&uk, "Patient.communication.language")
        .binding
        .clone()
        .unwrap();
    assert_eq!(language.strength, Strength::Required);
}

#[test]
fn search_parameters_come_with_those_of_all_resources() {
    let patient = core().search_parameters("Patient");
    let find = |code: &str| patient.iter().find(|one| &*one.code == code);
    for code in [
        "_id",
        "_lastUpdated",
        "identifier",
        "birthdate",
        "name",
        "general-practitioner",
    ] {
        assert!(find(code).is_some(), "{code}");
    }
    assert_eq!(
        find("_id").unwrap().expression.as_deref(),
        Some("Resource.id")
    );
    assert_eq!(find("birthdate").unwrap().kind.code(), "date");
    assert!(
        find("part-agree").is_none(),
        "an example of the specification is no search parameter"
    );
    let observation = core().search_parameters("Observation");
    let subject = observation
        .iter()
        .find(|one| &*one.code == "patient")
        .unwrap();
    assert!(
        subject
            .expression
            .as_deref()
            .unwrap()
            .contains("Observation.subject")
    );
    assert!(subject.targets.iter().any(|target| &**target == "Patient"));
    assert!(core().search_parameters("Nothing").is_empty());
}
