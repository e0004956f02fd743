//! The whole validator.

use std::sync::LazyLock;

use validation::Validator;

pub(super) static VALIDATOR: LazyLock<Validator> = LazyLock::new(Validator::embedded);

/// Any JSON gets a verdict, the same verdict twice, and no issue twice.
pub fn validate(bytes: &[u8]) {
    let Ok(value) = json::parse(bytes) else {
        return;
    };
    let profile = format!(
        "https://fhir.hl7.org.uk/StructureDefinition/UKCore-{}",
        value.text("resourceType").unwrap_or("Patient")
    );
    let issues = VALIDATOR.validate(&value, &[&profile]);
    assert_eq!(
        issues,
        VALIDATOR.validate(&value, &[&profile]),
        "the same tree gets the same verdict"
    );
    let mut seen: Vec<(&str, Option<&str>, &str)> = issues
        .iter()
        .map(|issue| {
            (
                &*issue.code,
                issue.element.as_deref(),
                issue.message.as_str(),
            )
        })
        .collect();
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all, "no issue is told twice: {issues:#?}");
}
