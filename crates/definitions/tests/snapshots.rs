//! Shapes against the snapshots that other tools made of the same definitions, element by element.
//!
//! Where the two disagree and the Shape is right (or says the same in another way), the reason is
//! written down here. Anything else fails, and so does a reason that is no longer needed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod compare;
mod peers;

use std::collections::BTreeSet;

use compare::{Difference, compare};
use definitions::Definitions;

/// A disagreement that is understood: the definition, the beginning of the element's id, what is
/// compared, and why the Shape is as it is.
type Explained = (&'static str, &'static str, &'static str, &'static str);

const STRING_LIMIT: &str = "a code, id or markdown is a string and keeps its limit of 1 MB, which \
    the published snapshot of the type drops";
const INTEGER_LIMITS: &str = "a positiveInt or unsignedInt is an integer and keeps its limits, which \
    the published snapshot of the type drops; the regular expression narrows them";
const NESTED_SHORTHAND: &str = "the publisher puts the children of `valueQuantity` straight under \
    `value[x]` inside a slice, and into a type slice elsewhere; a Shape always has the type slice";
const NO_UNSLICED: &str = "the published snapshot lost the elements that its slices are slices of";
const NEEDLESS_INLINE: &str = "the published snapshot copies the content of an extension in and \
    changes nothing in it";
const INHERITED_SUPPORT: &str = "a slice made by a differential takes mustSupport over from the \
    element that it slices";
const CODE_VALUE: &str = "the value of a code inside another definition: the snapshot says the \
    system type's name, a Shape the primitive's";
const LOGICAL: &str = "a logical model: the published snapshot gives no id and extension to a \
    BackboneElement of it";

const R4: &[Explained] = &[
    ("Event", "Event.performer.", "extra", LOGICAL),
    (
        "MetadataResource",
        "MetadataResource.id",
        "types",
        "the id of a resource is an `id`, whatever the published definition says",
    ),
    (
        "bp",
        "Observation.component:SystolicBP.value[x]",
        "",
        NESTED_SHORTHAND,
    ),
    (
        "bp",
        "Observation.component:DiastolicBP.value[x]",
        "",
        NESTED_SHORTHAND,
    ),
    (
        "catalog",
        "Composition.date",
        "extra",
        "the published snapshot lost an element of its base",
    ),
    ("code", "code.value", "maxLength", STRING_LIMIT),
    ("id", "id.value", "maxLength", STRING_LIMIT),
    ("markdown", "markdown.value", "maxLength", STRING_LIMIT),
    (
        "positiveInt",
        "positiveInt.value",
        "minValue",
        INTEGER_LIMITS,
    ),
    (
        "positiveInt",
        "positiveInt.value",
        "maxValue",
        INTEGER_LIMITS,
    ),
    (
        "unsignedInt",
        "unsignedInt.value",
        "minValue",
        INTEGER_LIMITS,
    ),
    (
        "unsignedInt",
        "unsignedInt.value",
        "maxValue",
        INTEGER_LIMITS,
    ),
    (
        "elementdefinition-de",
        "ElementDefinition.extension:",
        "missing",
        NEEDLESS_INLINE,
    ),
    (
        "familymemberhistory-genetic",
        "FamilyMemberHistory.",
        "extra",
        NO_UNSLICED,
    ),
    (
        "provenance-relevant-history",
        "Provenance.agent:Author.type",
        "binding",
        "what the differential says of every agent's type holds for the author's",
    ),
    (
        "provenance-relevant-history",
        "Provenance.entity.agent",
        "contentReference",
        "the published snapshot points at a slice, so that agents of entities would all be authors",
    ),
];

const UK_CORE: &[Explained] = &[
    (
        "UKCore-Observation-AverageBloodPressure",
        "Observation.component:",
        "mustSupport",
        INHERITED_SUPPORT,
    ),
    (
        "UKCore-Observation-VitalSigns-BloodPressure",
        "Observation.component:",
        "mustSupport",
        INHERITED_SUPPORT,
    ),
    (
        "UKCore-Organization",
        "Organization.identifier:",
        "mustSupport",
        INHERITED_SUPPORT,
    ),
    (
        "UKCore-ServiceRequest",
        "ServiceRequest.category:",
        "mustSupport",
        INHERITED_SUPPORT,
    ),
    (
        "UKCore-Patient",
        "Patient.telecom.system.value",
        "",
        CODE_VALUE,
    ),
    (
        "UKCore-Patient",
        "Patient.contact.telecom.system.value",
        "",
        CODE_VALUE,
    ),
    (
        "UKCore-RelatedPerson",
        "RelatedPerson.telecom.system.value",
        "",
        CODE_VALUE,
    ),
    (
        "UKCore-ServiceRequest-Lab",
        "ServiceRequest.priority.value",
        "",
        CODE_VALUE,
    ),
    (
        "UKCore-ServiceRequest",
        "ServiceRequest.priority.value",
        "",
        CODE_VALUE,
    ),
];

const EXTENSIONS: &str = "data/packages/hl7.fhir.uv.extensions.r4-5.3.0-ballot-tc1.tgz";
const TERMINOLOGY: &str = "data/packages/hl7.terminology.r4-7.0.1.tgz";

const PACK: &[Explained] = &[
    (
        "quantity-accuracy",
        "Extension.value[x]",
        "",
        NESTED_SHORTHAND,
    ),
    (
        "quantity-confidenceInterval",
        "Extension.extension:interval.value[x]",
        "",
        NESTED_SHORTHAND,
    ),
    (
        "no-fixed-address",
        "Extension.value[x]",
        "slicing",
        "the differential does not slice the choice itself, and the one type that it leaves has the \
         slice, so that open and closed are the same",
    ),
    (
        "structuredefinition-fhir-type",
        "Extension.value[x]",
        "binding",
        "the published snapshot drops the binding that the differential gives to a url",
    ),
];
const SUMMARY: &str = "data/packages/hl7.fhir.uv.ips-2.0.0.tgz";

const IPS: &[Explained] = &[
    (
        "Bundle-uv-ips",
        "Bundle.entry:",
        "isSummary",
        "the resource of an entry is in the summary in every slice, as it is in R4",
    ),
    (
        "Observation-results-laboratory-pathology-uv-ips",
        "Observation.category:laboratory",
        "types",
        "a slice keeps the profile that every category has",
    ),
    (
        "Observation-results-radiology-uv-ips",
        "Observation.category:radiology",
        "types",
        "a slice keeps the profile that every category has",
    ),
    (
        "Observation-results-radiology-uv-ips",
        "Observation.effective[x]:effectiveDateTime",
        "constraints",
        "a type's slice keeps the invariant that the whole choice has",
    ),
];

fn explains(explained: &Explained, difference: &Difference) -> bool {
    let (definition, element, what, _) = explained;
    *definition == difference.definition
        && difference.element.starts_with(element)
        && (what.is_empty() || *what == difference.what)
}

/// Compares all definitions of a package; gives how many definitions and elements were compared.
fn check(all: &Definitions, path: &str, explanations: &[Explained]) -> Option<(usize, usize)> {
    let package = peers::package(path)?;
    let (mut definitions, mut elements) = (0, 0);
    let mut unexplained = Vec::new();
    let mut used = BTreeSet::new();
    for (_, resource) in &package.resources {
        if resource.text("resourceType") != Some("StructureDefinition") {
            continue;
        }
        let Some((count, differences)) = compare(all, resource) else {
            continue;
        };
        definitions += 1;
        elements += count;
        for difference in differences {
            match explanations
                .iter()
                .position(|one| explains(one, &difference))
            {
                Some(at) => {
                    used.insert(at);
                }
                None => unexplained.push(difference),
            }
        }
    }
    assert!(
        unexplained.is_empty(),
        "{} differences: {unexplained:#?}",
        unexplained.len()
    );
    for (at, (definition, element, what, _)) in explanations.iter().enumerate() {
        assert!(
            used.contains(&at),
            "no longer needed: {definition} {element} {what}"
        );
    }
    eprintln!("{path}: {definitions} definitions, {elements} elements compared");
    Some((definitions, elements))
}

#[test]
fn r4_core_is_rebuilt_from_its_differentials() {
    if let Some((definitions, elements)) = check(Definitions::embedded(), peers::R4, R4) {
        assert!(
            definitions >= 650,
            "only {definitions} definitions were compared"
        );
        assert!(elements >= 13_000, "only {elements} elements were compared");
    }
}

#[test]
fn uk_core_agrees_with_another_snapshot_tool() {
    if let Some((definitions, elements)) =
        check(Definitions::embedded(), peers::UK_CORE_SNAPSHOTS, UK_CORE)
    {
        assert_eq!(definitions, 153);
        assert!(elements >= 5_000, "only {elements} elements were compared");
    }
}

/// The International Patient Summary comes as a package that a site could add: its publisher's
/// snapshots show how definitions fare that Causeway does not ship.
#[test]
fn the_patient_summary_agrees_as_an_added_package() {
    let (Some(extensions), Some(summary)) = (peers::package(EXTENSIONS), peers::package(SUMMARY))
    else {
        return;
    };
    let mut all = Definitions::embedded().clone();
    for package in [extensions, summary] {
        let (definitions, issues) = package.definitions();
        assert_eq!(issues, []);
        all = all.with(&definitions).unwrap();
    }
    if let Some((definitions, elements)) = check(&all, SUMMARY, IPS) {
        assert_eq!(definitions, 32);
        assert!(elements >= 2_600, "only {elements} elements were compared");
    }
}

#[test]
fn the_extensions_agree_as_an_added_package() {
    let (Some(terms), Some(extensions)) = (peers::package(TERMINOLOGY), peers::package(EXTENSIONS))
    else {
        return;
    };
    let mut all = Definitions::embedded().clone();
    for package in [terms, extensions] {
        let (definitions, issues) = package.definitions();
        assert_eq!(issues, []);
        all = all.with(&definitions).unwrap();
    }
    if let Some((definitions, elements)) = check(&all, EXTENSIONS, PACK) {
        assert!(definitions >= 600, "only {definitions} were compared");
        assert!(elements >= 3_000, "only {elements} elements were compared");
    }
}

#[test]
fn every_definition_compiles_without_an_issue() {
    let definitions = Definitions::embedded();
    let mut count = 0;
    for url in definitions.structure_urls() {
        let shape = definitions
            .checked_shape(url)
            .unwrap_or_else(|issue| panic!("{issue}"))
            .unwrap_or_else(|| panic!("{url} is not found"));
        let issues: Vec<String> = shape.issues().iter().map(ToString::to_string).collect();
        assert!(issues.is_empty(), "{issues:#?}");
        count += 1;
    }
    assert!(count >= 800, "only {count}");
}
