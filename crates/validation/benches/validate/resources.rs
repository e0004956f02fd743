//! Fictional resources of the kinds that care records are made of.

use json::Value;

/// A resource with a name for the output.
pub struct Sample {
    pub name: &'static str,
    pub resource: Value,
}

/// Every sample, the small ones of a simple mapping first.
pub fn samples() -> Vec<Sample> {
    [
        ("row: Patient", small_patient()),
        ("row: body weight", small_weight()),
        ("UKCore-Patient", patient()),
        ("UKCore-Observation", observation()),
        ("Observation (R4)", plain_observation()),
        ("UKCore-MedicationRequest", medication_request()),
    ]
    .into_iter()
    .map(|(name, text)| Sample {
        name,
        resource: json::parse(text.as_bytes()).unwrap(),
    })
    .collect()
}

const UK: &str = "https://fhir.hl7.org.uk/StructureDefinition";

fn coded(system: &str, code: &str) -> String {
    format!(r#"{{"coding":[{{"system":"{system}","code":"{code}"}}]}}"#)
}

/// What one row of a small export becomes: who it is.
fn small_patient() -> String {
    format!(
        r#"{{"resourceType":"Patient","id":"5f1c1b8e-8d7c-5f0a-9a0e-0d2f3c4b5a69",
"meta":{{"profile":["{UK}/UKCore-Patient"],"tag":[{{"system":"https://example.org/source","code":"small"}}]}},
"identifier":[{{"extension":[{{"url":"{UK}/Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{}}}],"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}}],
"name":[{{"use":"official","family":"Example","given":["Ann"]}}],
"gender":"female","birthDate":"1950-02-28"}}"#,
        coded(
            "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
            "03"
        ),
    )
}

/// And what was measured.
fn small_weight() -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"0f1c1b8e-8d7c-5f0a-9a0e-0d2f3c4b5a70",
"meta":{{"profile":["{UK}/UKCore-Observation-VitalSigns-BodyWeight"],"tag":[{{"system":"https://example.org/source","code":"small"}}]}},
"status":"final","category":[{}],
"code":{{"coding":[{{"system":"http://loinc.org","code":"29463-7","display":"Body weight"}},{{"system":"http://snomed.info/sct","code":"27113001","display":"Body weight"}}]}},
"subject":{{"reference":"Patient/5f1c1b8e-8d7c-5f0a-9a0e-0d2f3c4b5a69"}},"effectiveDateTime":"2024-05-01",
"valueQuantity":{{"value":70.10,"unit":"kilogram","system":"http://unitsofmeasure.org","code":"kg"}}}}"#,
        coded(
            "http://terminology.hl7.org/CodeSystem/observation-category",
            "vital-signs"
        ),
    )
}

/// A Patient of about 2.8 kB, with what a care record usually has.
fn patient() -> String {
    format!(
        r##"{{"resourceType":"Patient","id":"c757873d-ec9a-4326-a141-556f43239520",
"meta":{{"profile":["{UK}/UKCore-Patient"],"lastUpdated":"2024-05-01T10:00:00Z","tag":[{{"system":"https://example.org/source","code":"cld-r1"}}]}},
"text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Ann Beth Example, born 28 February 1950, 1 High Street, Leeds LS1 1AA</p></div>"}},
"extension":[
{{"url":"{UK}/Extension-UKCore-BirthSex","valueCodeableConcept":{}}},
{{"url":"{UK}/Extension-UKCore-EthnicCategory","valueCodeableConcept":{}}},
{{"url":"{UK}/Extension-UKCore-ResidentialStatus","valueCodeableConcept":{}}},
{{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{{"city":"Leeds","country":"England"}}}}],
"identifier":[{{"extension":[{{"url":"{UK}/Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{}}}],"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}},
{{"use":"usual","system":"https://example.org/care/person","value":"P-000123","period":{{"start":"2020-01-01"}}}}],
"active":true,
"name":[{{"use":"official","text":"Mrs Ann Beth Example","family":"Example","given":["Ann","Beth"],"prefix":["Mrs"],"period":{{"start":"1975-06-01"}}}},{{"use":"nickname","given":["Annie"]}}],
"telecom":[{{"system":"phone","value":"0113 496 0000","use":"home"}},{{"system":"phone","value":"07700 900000","use":"mobile","rank":1}},{{"system":"email","value":"ann@example.org"}}],
"gender":"female","birthDate":"1950-02-28","deceasedBoolean":false,
"address":[{{"use":"home","type":"both","text":"1 High Street, Leeds LS1 1AA","line":["1 High Street","Headingley"],"city":"Leeds","district":"West Yorkshire","postalCode":"LS1 1AA","country":"England","period":{{"start":"2010"}}}}],
"maritalStatus":{},
"contact":[{{"relationship":[{}],"name":{{"use":"official","family":"Example","given":["Carl"]}},"telecom":[{{"system":"phone","value":"0113 496 0001"}}],"address":{{"line":["2 High Street"],"city":"Leeds"}},"gender":"male"}}],
"communication":[{{"language":{},"preferred":true}}],
"generalPractitioner":[{{"reference":"Organization/gp1","type":"Organization","display":"The Surgery"}}],
"managingOrganization":{{"reference":"Organization/home1"}}}}"##,
        coded(
            "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender",
            "F"
        ),
        coded(
            "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland",
            "A"
        ),
        coded(
            "https://fhir.hl7.org.uk/CodeSystem/UKCore-ResidentialStatus",
            "H"
        ),
        coded(
            "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
            "01"
        ),
        coded(
            "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus",
            "M"
        ),
        coded("http://terminology.hl7.org/CodeSystem/v2-0131", "C"),
        coded("urn:ietf:bcp:47", "en-GB"),
    )
}

/// An Observation of about 0.7 kB.
fn observation() -> String {
    format!(
        r#"{{"resourceType":"Observation","id":"o1",
"meta":{{"profile":["{UK}/UKCore-Observation"],"lastUpdated":"2024-05-01T10:00:00Z"}},
"identifier":[{{"system":"https://example.org/care/observation","value":"000123"}}],
"status":"final","category":[{}],
"code":{{"coding":[{{"system":"http://snomed.info/sct","code":"27113001","display":"Body weight"}}],"text":"Weight"}},
"subject":{{"reference":"Patient/1","display":"Ann Example"}},"effectiveDateTime":"2024-05-01T09:00:00+01:00",
"performer":[{{"reference":"Practitioner/1","display":"Carl Example"}}],
"valueQuantity":{{"value":70.10,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}}}"#,
        coded(
            "http://terminology.hl7.org/CodeSystem/observation-category",
            "vital-signs"
        ),
    )
}

fn plain_observation() -> String {
    r#"{"resourceType":"Observation","id":"1","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"27113001"}]},
"subject":{"reference":"Patient/1"},"effectiveDateTime":"2024-05-01","valueQuantity":{"value":70.10,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}"#
        .to_owned()
}

/// A MedicationRequest of about 1 kB.
fn medication_request() -> String {
    format!(
        r#"{{"resourceType":"MedicationRequest","id":"m1",
"meta":{{"profile":["{UK}/UKCore-MedicationRequest"]}},
"identifier":[{{"system":"https://example.org/care/medication","value":"000123"}}],
"status":"active","intent":"order",
"medicationCodeableConcept":{{"coding":[{{"system":"https://dmd.nhs.uk","code":"39720311000001101"}}],"text":"Paracetamol 500mg tablets"}},
"subject":{{"reference":"Patient/1","display":"Ann Example"}},"authoredOn":"2024-05-01",
"requester":{{"reference":"Practitioner/1"}},
"dosageInstruction":[{{"text":"Two tablets, four times a day","timing":{{"repeat":{{"frequency":4,"period":1,"periodUnit":"d"}}}},"route":{},"doseAndRate":[{{"doseQuantity":{{"value":2,"unit":"tablet"}}}}]}}],
"dispenseRequest":{{"validityPeriod":{{"start":"2024-05-01","end":"2024-06-01"}},"quantity":{{"value":100,"unit":"tablet"}}}},
"substitution":{{"allowedBoolean":false}}}}"#,
        coded("http://snomed.info/sct", "26643006"),
    )
}
