//! The CapabilityStatement: made from what the router, the indexer and the settings really do, with
//! the typed model of fhir-sdk, so that it cannot have a shape that FHIR does not know.

use definitions::SearchKind;
use fhir_sdk::r4b::codes::{
    CapabilityStatementKind, FHIRVersion, PublicationStatus, ResourceType, ResourceVersionPolicy,
    RestfulCapabilityMode, SearchParamType,
};
use fhir_sdk::r4b::resources::{
    CapabilityStatement, CapabilityStatementImplementation, CapabilityStatementRest,
    CapabilityStatementRestResource, CapabilityStatementRestResourceInteraction,
    CapabilityStatementRestResourceOperation, CapabilityStatementRestResourceSearchParam,
    CapabilityStatementRestSecurity, CapabilityStatementSoftware,
};
use fhir_sdk::r4b::types::{CodeableConcept, Coding};
use search::Indexer;

use crate::config::Config;
use crate::searching::is_location;
use crate::serve::Unusable;

const SUMMARY: &str = "http://hl7.org/fhir/uv/ips/OperationDefinition/summary";
const SERVICE: &str = "http://terminology.hl7.org/CodeSystem/restful-security-service";

const SERVED: &str = "Care records as UK Core FHIR R4, read only";

/// The statement as JSON.
pub(crate) fn statement(config: &Config, indexer: &Indexer) -> Result<Vec<u8>, Unusable> {
    let made = |error: &dyn std::fmt::Display| {
        Unusable(format!("the CapabilityStatement cannot be made: {error}"))
    };
    let banner = config.summary.mode.banner();
    let mut resources = Vec::new();
    for name in &config.types {
        resources.push(Some(resource(
            name,
            indexer,
            config.summary.publish_location_of_untraced,
        )?));
    }
    let coding = Coding::builder()
        .system(SERVICE.to_owned())
        .code("SMART-on-FHIR".to_owned())
        .build()
        .map_err(|e| made(&e))?;
    let service = CodeableConcept::builder()
        .coding(vec![Some(coding)])
        .build()
        .map_err(|e| made(&e))?;
    let security = CapabilityStatementRestSecurity::builder()
        .cors(false)
        .service(vec![Some(service)])
        .description(
            "OAuth 2 bearer tokens with SMART App Launch 2 system scopes; see \
             .well-known/smart-configuration."
                .to_owned(),
        )
        .build()
        .map_err(|e| made(&e))?;
    let rest = CapabilityStatementRest::builder()
        .mode(RestfulCapabilityMode::Server)
        .security(security)
        .resource(resources)
        .build()
        .map_err(|e| made(&e))?;
    let software = CapabilityStatementSoftware::builder()
        .name("Causeway".to_owned())
        .version(config.version.clone())
        .build()
        .map_err(|e| made(&e))?;
    let implementation = CapabilityStatementImplementation::builder()
        .description(match banner {
            None => SERVED.to_owned(),
            Some(banner) => format!("{banner} {SERVED}"),
        })
        .url(config.base.clone())
        .build()
        .map_err(|e| made(&e))?;
    let date: fhir_sdk::DateTime = serde_json::from_value(serde_json::Value::String(
        jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
    ))
    .map_err(|e| made(&e))?;
    let statement = CapabilityStatement::builder()
        .name("Causeway".to_owned())
        .title("Causeway".to_owned())
        .experimental(banner.is_some())
        .status(PublicationStatus::Active)
        .date(date)
        .kind(CapabilityStatementKind::Instance)
        .instantiates(vec![Some(
            "http://hl7.org/fhir/uv/ips/CapabilityStatement/ips-server".to_owned(),
        )])
        .software(software)
        .implementation(implementation)
        .fhir_version(FHIRVersion::N401)
        .format(
            [
                "application/fhir+json",
                "application/fhir+xml",
                "json",
                "xml",
            ]
            .map(|format| Some(format.to_owned()))
            .to_vec(),
        )
        .rest(vec![Some(rest)])
        .build()
        .map_err(|e| made(&e))?;
    let statement = match banner {
        None => statement,
        Some(banner) => {
            let mut statement = statement;
            statement.description = Some(banner.to_owned());
            statement
        }
    };
    serde_json::to_vec(&statement).map_err(|e| made(&e))
}

fn resource(
    name: &str,
    indexer: &Indexer,
    locating: bool,
) -> Result<CapabilityStatementRestResource, Unusable> {
    let made =
        |error: &dyn std::fmt::Display| Unusable(format!("{name} cannot be served: {error}"));
    let rtype: ResourceType = name
        .parse()
        .map_err(|_| Unusable(format!("{name} is no resource type of FHIR R4")))?;
    let mut interactions = Vec::new();
    for code in ["read", "vread", "history-instance", "search-type"] {
        let interaction = CapabilityStatementRestResourceInteraction::builder()
            .code(code.to_owned())
            .build()
            .map_err(|e| made(&e))?;
        interactions.push(Some(interaction));
    }
    let mut parameters = Vec::new();
    for parameter in indexer.parameters(name).iter() {
        if !locating && is_location(name, &parameter.code) {
            continue;
        }
        let kind = match parameter.kind {
            SearchKind::Token => SearchParamType::Token,
            SearchKind::Reference => SearchParamType::Reference,
            SearchKind::Date => SearchParamType::Date,
            SearchKind::String => SearchParamType::String,
            _ => continue,
        };
        let parameter = CapabilityStatementRestResourceSearchParam::builder()
            .name(parameter.code.clone())
            .definition(parameter.url.clone())
            .r#type(kind)
            .build()
            .map_err(|e| made(&e))?;
        parameters.push(Some(parameter));
    }
    let mut operations = Vec::new();
    if name == "Patient" {
        let operation = CapabilityStatementRestResourceOperation::builder()
            .name("summary".to_owned())
            .definition(SUMMARY.to_owned())
            .build()
            .map_err(|e| made(&e))?;
        operations.push(Some(operation));
    }
    CapabilityStatementRestResource::builder()
        .r#type(rtype)
        .interaction(interactions)
        .versioning(ResourceVersionPolicy::Versioned)
        .read_history(true)
        .update_create(false)
        .search_param(parameters)
        .operation(operations)
        .build()
        .map_err(|e| made(&e))
}
