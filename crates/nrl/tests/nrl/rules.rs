//! The locator's rules of a pointer, as its producer interface (version 3) and the validators of its
//! own code state them. Each gives the path that is at fault.

use json::Value;

const SNOMED: &str = "http://snomed.info/sct";
const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
const ENGLAND: &str = "https://fhir.nhs.uk/England";

/// Type, display, and category with display.
const TYPES: &[(&str, &str, &str, &str)] = &[
    (
        "824321000000109",
        "Summary record",
        "823651000000106",
        "Clinical note",
    ),
    (
        "2181441000000107",
        "Personalised Care and Support Plan",
        "734163000",
        "Care plan",
    ),
    (
        "1515851000000101",
        "About me",
        "423876004",
        "Clinical document",
    ),
    (
        "325691000000100",
        "Contingency plan",
        "734163000",
        "Care plan",
    ),
    ("736366004", "Advance care plan", "734163000", "Care plan"),
    (
        "736373009",
        "End of life care plan",
        "734163000",
        "Care plan",
    ),
    (
        "887701000000100",
        "Emergency health care plan",
        "734163000",
        "Care plan",
    ),
    (
        "735324008",
        "Treatment escalation plan",
        "734163000",
        "Care plan",
    ),
];

/// Every member that the locator's model has of what Causeway sends. Anything else is an extra field.
const MEMBERS: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "resourceType",
            "status",
            "docStatus",
            "type",
            "category",
            "subject",
            "date",
            "author",
            "custodian",
            "relatesTo",
            "description",
            "content",
            "context",
        ],
    ),
    ("type", &["coding", "text"]),
    ("category", &["coding", "text"]),
    ("subject", &["identifier"]),
    ("author", &["identifier"]),
    ("custodian", &["identifier"]),
    ("content", &["attachment", "format", "extension"]),
    (
        "attachment",
        &[
            "contentType",
            "language",
            "url",
            "size",
            "hash",
            "title",
            "creation",
        ],
    ),
    ("format", &["system", "code", "display"]),
    ("extension", &["url", "valueCodeableConcept"]),
    ("valueCodeableConcept", &["coding"]),
    ("coding", &["system", "code", "display"]),
    ("identifier", &["system", "value"]),
    (
        "context",
        &[
            "event",
            "facilityType",
            "practiceSetting",
            "period",
            "related",
        ],
    ),
    ("practiceSetting", &["coding"]),
    ("related", &["identifier"]),
    ("relatesTo", &["code", "target"]),
    ("target", &["type", "identifier"]),
];

pub fn check(pointer: &Value, caller: &str) -> Result<(), &'static str> {
    extra(pointer, "")?;
    let need = |holds: bool, path: &'static str| if holds { Ok(()) } else { Err(path) };
    need(
        pointer.text("resourceType") == Some("DocumentReference"),
        "resourceType",
    )?;
    need(matches!(pointer.text("status"), Some("current")), "status")?;
    let custodian = identifier(pointer.get("custodian"));
    need(custodian == Some((ODS, caller)), "custodian")?;
    let Some((system, number)) = identifier(pointer.get("subject")) else {
        return Err("subject");
    };
    need(
        system == "https://fhir.nhs.uk/Id/nhs-number"
            && number.parse::<identity::NhsNumber>().is_ok(),
        "subject",
    )?;
    let authors: Vec<_> = pointer.each("author").collect();
    need(
        authors.len() == 1 && identifier(authors.first().copied()).is_some_and(|(s, _)| s == ODS),
        "author",
    )?;
    let (system, code, display) = coding(pointer.get("type")).ok_or("type")?;
    let known = TYPES
        .iter()
        .find(|known| known.0 == code)
        .ok_or("type.code")?;
    need(system == SNOMED && display == known.1, "type.display")?;
    let categories: Vec<_> = pointer.each("category").collect();
    need(categories.len() == 1, "category")?;
    let (system, class, display) = coding(categories.first().copied()).ok_or("category")?;
    need(
        system == SNOMED && class == known.2 && display == known.3,
        "category.display",
    )?;
    need(pointer.each("content").next().is_some(), "content")?;
    let mut ssp = false;
    for content in pointer.each("content") {
        ssp |= check_content(content, number)?;
    }
    let context = pointer.get("context").ok_or("context")?;
    let (system, ..) = coding(context.get("practiceSetting")).ok_or("context.practiceSetting")?;
    need(system == SNOMED, "context.practiceSetting")?;
    if ssp {
        let asids: Vec<_> = context
            .each("related")
            .filter_map(|related| identifier(Some(related)))
            .filter(|(system, _)| *system == "https://fhir.nhs.uk/Id/nhsSpineASID")
            .collect();
        let one = asids.len() == 1
            && asids[0].1.len() == 12
            && asids[0].1.bytes().all(|b| b.is_ascii_digit());
        need(one, "context.related")?;
    }
    for related in pointer.each("relatesTo") {
        need(related.text("code") == Some("replaces"), "relatesTo.code")?;
        let target = related
            .get("target")
            .and_then(|target| target.get("identifier"));
        need(
            target.and_then(|target| target.text("value")).is_some(),
            "relatesTo.target",
        )?;
    }
    Ok(())
}

/// Whether it is retrieved through the Spine Secure Proxy.
fn check_content(content: &Value, number: &str) -> Result<bool, &'static str> {
    let attachment = content.get("attachment").ok_or("attachment")?;
    let url = attachment.text("url").ok_or("attachment.url")?;
    let mime = attachment
        .text("contentType")
        .ok_or("attachment.contentType")?;
    if !mime.contains('/') {
        return Err("attachment.contentType");
    }
    if url.contains(number) || !(url.starts_with("https://") || url.starts_with("ssp://")) {
        return Err("attachment.url");
    }
    let format = content.get("format").ok_or("format")?;
    let pair = (format.text("code"), format.text("display"));
    let formats = [
        (
            Some("urn:nhs-ic:record-contact"),
            Some("Contact details (HTTP Unsecured)"),
        ),
        (
            Some("urn:nhs-ic:unstructured"),
            Some("Unstructured Document"),
        ),
    ];
    let system = format!("{ENGLAND}/CodeSystem/England-NRLFormatCode");
    if !formats.contains(&pair) || format.text("system") != Some(&system) {
        return Err("format");
    }
    let mut stable = false;
    for extension in content.each("extension") {
        let (system, code, display) =
            coding(extension.get("valueCodeableConcept")).ok_or("extension")?;
        let (name, of, pairs): (&str, &str, &[(&str, &str)]) = match extension.text("url") {
            Some(url) if url.ends_with("ContentStability") => (
                "Extension-England-ContentStability",
                "England-NRLContentStability",
                &[("static", "Static"), ("dynamic", "Dynamic")],
            ),
            Some(url) if url.ends_with("RetrievalMechanism") => (
                "Extension-England-NRLRetrievalMechanism",
                "England-NRLRetrievalMechanism",
                &[
                    ("SSP", "Spine Secure Proxy"),
                    ("Direct", "Direct"),
                    ("LDR", "Large Document Retrieval"),
                    ("InContext", "Direct using In-Context"),
                ],
            ),
            _ => return Err("extension.url"),
        };
        let url = format!("{ENGLAND}/StructureDefinition/{name}");
        let whole = extension.text("url") == Some(&url)
            && system == format!("{ENGLAND}/CodeSystem/{of}")
            && pairs.contains(&(code, display));
        if !whole {
            return Err("extension");
        }
        stable |= of == "England-NRLContentStability";
    }
    if stable {
        Ok(url.starts_with("ssp://"))
    } else {
        Err("extension.contentStability")
    }
}

fn identifier(holder: Option<&Value>) -> Option<(&str, &str)> {
    let identifier = holder?.get("identifier")?;
    Some((identifier.text("system")?, identifier.text("value")?))
}

/// The one coding of a concept.
fn coding(concept: Option<&Value>) -> Option<(&str, &str, &str)> {
    let codings = concept?.get("coding")?.as_array()?;
    let [coding] = codings else { return None };
    Some((
        coding.text("system")?,
        coding.text("code")?,
        coding.text("display")?,
    ))
}

fn extra(value: &Value, name: &str) -> Result<(), &'static str> {
    match value {
        Value::Object(object) => {
            let known = MEMBERS
                .iter()
                .find(|(of, _)| *of == name)
                .map(|(_, known)| *known);
            let Some(known) = known else {
                return Err("extra fields");
            };
            if object.is_empty() {
                return Err("empty object");
            }
            for (member, child) in object.iter() {
                if !known.contains(&member) {
                    return Err("extra fields");
                }
                extra(child, member)?;
            }
            Ok(())
        }
        Value::Array(items) if items.is_empty() => Err("empty list"),
        Value::Array(items) => items.iter().try_for_each(|item| extra(item, name)),
        Value::Null => Err("null"),
        _ => Ok(()),
    }
}
