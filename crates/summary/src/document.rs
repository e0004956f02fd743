//! The IPS 2.0.0 document Bundle
//! (<http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips>).

use json::{Object, Value};

use crate::concept::words_of;
use crate::describe::is_dnacpr;
use crate::gather::Gathered;
use crate::patient::{absent, compose};
use crate::references::Links;
use crate::sections::{Key, SECTIONS, Section};
use crate::settings::{Mode, Settings};
use crate::statement::{Cited, Statement};
use crate::time::instant;
use crate::{Summary, ident, narrative, provenance};

const IPS: &str = "http://hl7.org/fhir/uv/ips/StructureDefinition/";
const UK_CORE: &str = "https://fhir.hl7.org.uk/StructureDefinition/";
const HEADINGS: &str = "https://fhir.hl7.org.uk/CodeSystem/UKCore-RecordStandardHeadings";

/// Puts the document together.
pub(crate) fn build(gathered: &Gathered<'_>, settings: &Settings) -> Summary {
    let generated = instant(settings.generated);
    let patients: Vec<String> = gathered
        .used
        .iter()
        .map(|c| format!("{}/{}", c.tenant, c.patient.text("id").unwrap_or_default()))
        .collect();
    let mut identity: Vec<&str> = patients.iter().map(String::as_str).collect();
    let patient_urn = ident::urn("patient", &identity);
    identity.push(&generated);
    let document_urn = ident::urn("bundle", &identity);
    let composition_urn = ident::urn("composition", &identity);
    let device_urn = ident::urn("device", &["causeway", &settings.version]);

    let mut links = Links::new(gathered, &patient_urn);
    let records: Vec<(String, Value)> = gathered
        .used
        .iter()
        .enumerate()
        .map(|(index, c)| {
            (
                c.organisation.clone(),
                links.settle(index, c.patient.clone()),
            )
        })
        .collect();
    let statements: Vec<(String, Value)> = gathered
        .statements
        .iter()
        .map(|statement| {
            let settled = links.settle(statement.home.0, statement.resource.clone());
            (statement.urn.clone(), claimed(settled))
        })
        .collect();
    let support = links.take_support();

    let mut general: Vec<String> = settings
        .mode
        .banner()
        .into_iter()
        .map(str::to_owned)
        .collect();
    let unreviewed = gathered
        .used
        .iter()
        .any(|c| c.review != crate::Review::Reviewed);
    if unreviewed {
        general.push(
            "Some of this was converted by a mapping that no clinician has reviewed.".to_owned(),
        );
    }
    general.extend(
        gathered
            .left_out
            .iter()
            .map(|left_out| narrative::left_out_words(left_out.why, left_out.contribution)),
    );

    let mut entries = vec![
        (
            composition_urn.clone(),
            composition(
                gathered,
                settings,
                &composition_urn,
                &patient_urn,
                &device_urn,
                &general,
            ),
        ),
        (
            patient_urn.clone(),
            person(gathered, settings, &records, &patient_urn),
        ),
    ];
    entries.extend(statements);
    let mut others: Vec<(Cited, String)> = Vec::new();
    for (index, contribution) in gathered.used.iter().enumerate() {
        let cited = Cited {
            contribution: index,
            source: contribution.source.clone(),
            as_of: contribution.as_of.clone(),
            received: contribution.received,
        };
        others.push((cited.clone(), patient_urn.clone()));
        for ((owner, _), urn, _) in &support {
            if *owner == index {
                others.push((cited.clone(), urn.clone()));
            }
        }
    }
    entries.extend(
        support
            .into_iter()
            .map(|(_, urn, resource)| (urn, claimed(resource))),
    );
    for contribution in &gathered.used {
        let (urn, organisation) = provenance::organisation(
            &contribution.tenant,
            &contribution.organisation,
            contribution.phone.as_deref(),
        );
        if !entries.iter().any(|(known, _)| *known == urn) {
            entries.push((urn, organisation));
        }
    }
    entries.push((device_urn.clone(), device(settings, &device_urn)));
    entries.extend(provenance::provenances(gathered, &others));

    let identifier = Object::new()
        .with("system", "urn:ietf:rfc:3986")
        .with("value", document_urn.as_str());
    let mut bundle = fhir::bundle::document(identifier.into(), &generated, entries);
    if let Some(object) = bundle.as_object_mut() {
        *object = with_meta(
            object,
            &document_urn,
            meta(&["Bundle-uv-ips"], &["UKCore-Bundle"], settings),
        );
    }
    Summary {
        bundle,
        notes: gathered
            .left_out
            .iter()
            .map(|left_out| {
                format!(
                    "left out {}: {:?}",
                    left_out.contribution.tenant, left_out.why
                )
            })
            .collect(),
    }
}

/// The same resource with id and meta behind its type, where FHIR's order has them.
fn with_meta(resource: &Object, urn: &str, meta: Object) -> Object {
    let mut out = Object::new()
        .with(
            "resourceType",
            resource.get("resourceType").cloned().unwrap_or_default(),
        )
        .with("id", ident::id_of(urn))
        .with("meta", meta);
    for (name, value) in resource.iter() {
        if !matches!(name, "resourceType" | "id" | "meta") {
            out.insert(name, value.clone());
        }
    }
    out
}

fn meta(ips: &[&str], uk_core: &[&str], settings: &Settings) -> Object {
    let profiles = ips
        .iter()
        .map(|name| format!("{IPS}{name}"))
        .chain(uk_core.iter().map(|name| format!("{UK_CORE}{name}")))
        .map(Value::from)
        .collect::<Value>();
    let mut meta = Object::new().with("profile", profiles);
    if settings.mode != Mode::Live {
        // HTEST: test health data, HL7 v3 ActReason.
        meta.insert(
            "security",
            vec![Value::from(
                Object::new()
                    .with(
                        "system",
                        "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                    )
                    .with("code", "HTEST")
                    .with("display", "test health data"),
            )],
        );
    }
    meta
}

fn reference(urn: &str) -> Value {
    Object::new().with("reference", urn).into()
}

fn concept(codings: Vec<Object>) -> Object {
    Object::new().with(
        "coding",
        codings.into_iter().map(Value::from).collect::<Value>(),
    )
}

fn coding(system: &str, code: &str, display: &str) -> Object {
    Object::new()
        .with("system", system)
        .with("code", code)
        .with("display", display)
}

fn text(status: &str, div: String) -> Object {
    Object::new().with("status", status).with("div", div)
}

fn composition(
    gathered: &Gathered<'_>,
    settings: &Settings,
    urn: &str,
    patient: &str,
    device: &str,
    general: &[String],
) -> Value {
    let generated = instant(settings.generated);
    let title = match settings.mode {
        Mode::Live => "Care summary",
        Mode::Demo => "Care summary (demonstration)",
        Mode::Test => "Care summary (test)",
    };
    let sections: Value = SECTIONS
        .iter()
        .filter_map(|section| self::section(gathered, section, settings))
        .collect();
    Object::new()
        .with("resourceType", "Composition")
        .with("id", ident::id_of(urn))
        .with(
            "meta",
            meta(&["Composition-uv-ips"], &["UKCore-Composition"], settings),
        )
        .with(
            "text",
            text(
                "additional",
                narrative::overview(gathered, general, settings),
            ),
        )
        .with(
            "identifier",
            Object::new()
                .with("system", "urn:ietf:rfc:3986")
                .with("value", urn),
        )
        .with("status", "final")
        .with(
            "type",
            concept(vec![coding(
                "http://loinc.org",
                "60591-5",
                "Patient summary Document",
            )]),
        )
        .with("subject", reference(patient))
        .with("date", generated.as_str())
        .with("author", vec![reference(device)])
        .with("title", title)
        .with(
            "event",
            vec![Value::from(
                Object::new()
                    .with(
                        "code",
                        vec![Value::from(concept(vec![coding(
                            "http://terminology.hl7.org/CodeSystem/v3-ActClass",
                            "PCPR",
                            "care provision",
                        )]))],
                    )
                    .with("period", Object::new().with("end", generated.as_str())),
            )],
        )
        .with("section", sections)
        .into()
}

/// A section that has entries, that must be there, or of which something is missing.
fn section(gathered: &Gathered<'_>, section: &Section, settings: &Settings) -> Option<Value> {
    let shown: Vec<&Statement> = gathered
        .statements
        .iter()
        .filter(|statement| statement.shown.iter().any(|(key, _)| *key == section.key))
        .collect();
    let mut words = narrative::section(gathered, section, &shown, settings);
    let pointer = section.key == Key::AdvanceDirectives
        && gathered
            .statements
            .iter()
            .any(|s| s.resource.text("resourceType") == Some("Flag") && is_dnacpr(&s.resource));
    if pointer {
        // The report of a form is a Flag, which IPS has among the alerts; who looks here finds it.
        let sentence = "<p>See Alerts: a form about resuscitation is reported to exist.</p>";
        words.div = words.div.replacen("</h2>", &format!("</h2>{sentence}"), 1);
        words.noted = true;
    }
    if shown.is_empty() && !section.mandatory && !words.noted {
        return None;
    }
    let mut codings = Vec::new();
    if let Some((code, display)) = section.loinc {
        codings.push(coding("http://loinc.org", code, display));
    }
    codings.push(coding(HEADINGS, section.heading.0, section.heading.1));
    let mut out = Object::new();
    out.insert("title", section.title);
    out.insert("code", concept(codings));
    let mut tenants: Vec<&str> = shown
        .iter()
        .flat_map(|statement| &statement.cited)
        .filter_map(|cited| gathered.used.get(cited.contribution))
        .map(|contribution| contribution.tenant.as_str())
        .collect();
    tenants.sort_unstable();
    tenants.dedup();
    if !tenants.is_empty() {
        out.insert(
            "author",
            tenants
                .into_iter()
                .map(|tenant| reference(&provenance::organisation_urn(tenant)))
                .collect::<Value>(),
        );
    }
    out.insert("text", text("additional", words.div));
    if shown.is_empty() {
        out.insert(
            "emptyReason",
            concept(vec![coding(
                "http://terminology.hl7.org/CodeSystem/list-empty-reason",
                "unavailable",
                "Unavailable",
            )]),
        );
    } else {
        out.insert(
            "entry",
            shown
                .iter()
                .map(|statement| reference(&statement.urn))
                .collect::<Value>(),
        );
    }
    Some(out.into())
}

fn person(
    gathered: &Gathered<'_>,
    settings: &Settings,
    records: &[(String, Value)],
    urn: &str,
) -> Value {
    let composed = compose(records, ident::id_of(urn), &settings.known);
    let mut sentences = Vec::new();
    if gathered.located.contains(&false) && settings.mention_withheld_location {
        sentences.push(
            "Home address and contact details are not shared in this summary, by policy."
                .to_owned(),
        );
    }
    if !composed.differing.is_empty() {
        sentences.push(
            "CONFLICT: the organisations differ on some of these details. What differs is shown \
             here and left out of the coded record."
                .to_owned(),
        );
    }
    let div = narrative::person(composed.rows, &sentences);
    let mut out = Object::new();
    for (name, value) in composed.patient.iter() {
        out.insert(name, value.clone());
        if name == "meta" {
            out.insert("text", text("additional", div.clone()));
        }
    }
    out.into()
}

fn device(settings: &Settings, urn: &str) -> Value {
    Object::new()
        .with("resourceType", "Device")
        .with("id", ident::id_of(urn))
        .with(
            "meta",
            Object::new().with(
                "profile",
                vec![Value::from(format!("{UK_CORE}UKCore-Device"))],
            ),
        )
        .with(
            "deviceName",
            vec![Value::from(
                Object::new()
                    .with("name", "Causeway")
                    .with("type", "user-friendly-name"),
            )],
        )
        .with(
            "version",
            vec![Value::from(
                Object::new().with("value", settings.version.as_str()),
            )],
        )
        .into()
}

/// The resource with the claim of its IPS profile where the profile's constraints hold, which the
/// IPS package adds to base R4; where a medicine has no time, that is said as FHIR says it.
fn claimed(mut resource: Value) -> Value {
    let type_name = resource.text("resourceType").unwrap_or_default().to_owned();
    if type_name == "MedicationStatement"
        && !["effectiveDateTime", "effectivePeriod", "_effectiveDateTime"]
            .iter()
            .any(|name| resource.get(name).is_some())
        && let Some(object) = resource.as_object_mut()
    {
        object.insert("_effectiveDateTime", absent());
    }
    let linked = |name: &str| {
        resource
            .get(name)
            .is_some_and(|r| r.text("reference").is_some())
    };
    let has = |name: &str| resource.get(name).is_some();
    let some = |names: &[&str]| names.iter().any(|name| has(name));
    let profile = match type_name.as_str() {
        "AllergyIntolerance" if has("code") && linked("patient") => "AllergyIntolerance-uv-ips",
        "Condition" if has("code") && linked("subject") => "Condition-uv-ips",
        "MedicationStatement" if linked("subject") => "MedicationStatement-uv-ips",
        "MedicationRequest"
            if linked("subject")
                && resource.get("doNotPerform").and_then(Value::as_bool) != Some(true) =>
        {
            "MedicationRequest-uv-ips"
        }
        "Medication" if has("code") => "Medication-uv-ips",
        "Immunization" if linked("patient") => "Immunization-uv-ips",
        "Flag" if linked("subject") && resource.text("status") == Some("active") => {
            "Flag-alert-uv-ips"
        }
        "DeviceUseStatement"
            if linked("subject") && some(&["timingTiming", "timingPeriod", "timingDateTime"]) =>
        {
            "DeviceUseStatement-uv-ips"
        }
        "Procedure"
            if has("code")
                && linked("subject")
                && some(&[
                    "performedDateTime",
                    "performedPeriod",
                    "performedString",
                    "performedAge",
                ]) =>
        {
            "Procedure-uv-ips"
        }
        "Organization" if has("name") => "Organization-uv-ips",
        "Practitioner" if has("name") => "Practitioner-uv-ips",
        "PractitionerRole" => "PractitionerRole-uv-ips",
        _ => return resource,
    };
    // A support reason is a Condition that belongs to no IPS section.
    if type_name == "Condition" && words_of(&resource, &["category"]).contains("social care") {
        return resource;
    }
    let url = Value::from(format!("{IPS}{profile}"));
    if let Some(object) = resource.as_object_mut() {
        match object.get_mut("meta") {
            Some(Value::Object(meta)) => match meta.get_mut("profile") {
                Some(Value::Array(profiles)) if !profiles.contains(&url) => profiles.push(url),
                Some(_) => {}
                None => drop(meta.insert("profile", vec![url])),
            },
            _ => drop(object.insert("meta", Object::new().with("profile", vec![url]))),
        }
    }
    resource
}
