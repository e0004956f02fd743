//! Where each entry came from, for machines: one Provenance for each organisation, source and
//! as-of date, naming the entries it stands behind (<http://hl7.org/fhir/R4/provenance.html>).

use std::collections::BTreeMap;

use json::{Object, Value};

use crate::gather::Gathered;
use crate::ident;
use crate::statement::Cited;
use crate::time::instant;

/// The name of the Organization entry of a contribution.
pub(crate) fn organisation_urn(tenant: &str) -> String {
    ident::urn("organisation", &[tenant])
}

/// The Organization entry of a contribution: who said it, and whom to phone.
pub(crate) fn organisation(tenant: &str, name: &str, phone: Option<&str>) -> (String, Value) {
    let urn = organisation_urn(tenant);
    let mut organisation = Object::new()
        .with("resourceType", "Organization")
        .with("id", ident::id_of(&urn))
        .with(
            "meta",
            Object::new().with(
                "profile",
                vec![
                    Value::from(
                        "http://hl7.org/fhir/uv/ips/StructureDefinition/Organization-uv-ips",
                    ),
                    Value::from("https://fhir.hl7.org.uk/StructureDefinition/UKCore-Organization"),
                ],
            ),
        )
        .with(
            "identifier",
            vec![Value::from(
                Object::new()
                    .with("system", "https://fhir.nhs.uk/Id/ods-organization-code")
                    .with("value", tenant),
            )],
        )
        .with("name", name);
    if let Some(phone) = phone {
        organisation.insert(
            "telecom",
            vec![Value::from(
                Object::new().with("system", "phone").with("value", phone),
            )],
        );
    }
    (urn, organisation.into())
}

/// One Provenance for each (organisation, source, as of, received). `others` are entries that a
/// contribution stands behind without being statements, such as the Patient.
pub(crate) fn provenances(
    gathered: &Gathered<'_>,
    others: &[(Cited, String)],
) -> Vec<(String, Value)> {
    let mut targets: BTreeMap<&Cited, Vec<&str>> = BTreeMap::new();
    for (cited, urn) in others {
        targets.entry(cited).or_default().push(urn);
    }
    for statement in &gathered.statements {
        for cited in &statement.cited {
            targets.entry(cited).or_default().push(&statement.urn);
        }
    }
    targets
        .into_iter()
        .filter_map(|(cited, mut urns)| {
            urns.sort_unstable();
            urns.dedup();
            let contribution = gathered.used.get(cited.contribution)?;
            let received = instant(cited.received);
            let as_of = cited.as_of.as_deref();
            let patient = contribution.patient.text("id").unwrap_or_default();
            let urn = ident::urn(
                "provenance",
                &[
                    &contribution.tenant,
                    patient,
                    &cited.source,
                    as_of.unwrap_or_default(),
                    &received,
                ],
            );
            let reference = |urn: &str| Value::from(Object::new().with("reference", urn));
            let mut provenance = Object::new()
                .with("resourceType", "Provenance")
                .with("id", ident::id_of(&urn))
                .with(
                    "meta",
                    Object::new().with(
                        "profile",
                        vec![Value::from(
                            "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Provenance",
                        )],
                    ),
                )
                .with("target", urns.into_iter().map(reference).collect::<Value>());
            if let Some(as_of) = as_of {
                // `occurred[x]` is a dateTime: a plain date is one.
                provenance.insert("occurredDateTime", as_of);
            }
            provenance.insert("recorded", received);
            provenance.insert(
                "agent",
                vec![Value::from(
                    Object::new()
                        .with(
                            "type",
                            Object::new().with(
                                "coding",
                                vec![Value::from(
                                    Object::new()
                                        .with(
                                            "system",
                                            "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                                        )
                                        .with("code", "author")
                                        .with("display", "Author"),
                                )],
                            ),
                        )
                        .with("who", reference(&organisation_urn(&contribution.tenant))),
                )],
            );
            provenance.insert(
                "entity",
                vec![Value::from(
                    Object::new().with("role", "source").with(
                        "what",
                        Object::new()
                            .with(
                                "identifier",
                                Object::new()
                                    .with("system", "urn:causeway:source")
                                    .with("value", cited.source.as_str()),
                            )
                            .with("display", cited.source.as_str()),
                    ),
                )],
            );
            Some((urn, provenance.into()))
        })
        .collect()
}
