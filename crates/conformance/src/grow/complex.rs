//! Values of the data types whose parts belong together.

use json::{Value, parse};

use crate::Seeded;

/// A coded value of a type.
pub fn coded(type_code: &str, system: &str, code: &str, seeded: &mut Seeded) -> Option<Value> {
    let pair = |with: &str| {
        let text = format!(
            r#"{{"system":{},"code":{}{with}}}"#,
            quoted(system),
            quoted(code)
        );
        json(&text)
    };
    match type_code {
        "Coding" => pair(""),
        "CodeableConcept" => {
            let coding = pair("")?;
            let concept = json::Object::new().with("coding", Value::Array(vec![coding]));
            Some(if seeded.chance(50) {
                concept.with("text", "in words").into()
            } else {
                concept.into()
            })
        }
        "Quantity" => json(&format!(
            r#"{{"value":5,"system":{},"code":{}}}"#,
            quoted(system),
            quoted(code)
        )),
        _ => Some(code.into()),
    }
}

/// A value of a data type; `None` for those that their Shape makes well enough.
pub fn known(type_code: &str, seeded: &mut Seeded) -> Option<Value> {
    let texts: &[&str] = match type_code {
        "CodeableConcept" => &[
            r#"{"text":"in words"}"#,
            r#"{"coding":[{"system":"https://causeway.test/codes","code":"a","display":"A"}]}"#,
            r#"{"coding":[{"system":"http://snomed.info/sct","code":"160573003"}],"text":"words"}"#,
        ],
        "Coding" => &[r#"{"system":"https://causeway.test/codes","code":"a","display":"A"}"#],
        "Quantity" => &[
            r#"{"value":5.50,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}"#,
            r#"{"value":3,"unit":"tablet"}"#,
        ],
        "SimpleQuantity" => {
            &[r#"{"value":5,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}"#]
        }
        "Age" => &[r#"{"value":42,"unit":"a","system":"http://unitsofmeasure.org","code":"a"}"#],
        "Duration" => {
            &[r#"{"value":2,"unit":"h","system":"http://unitsofmeasure.org","code":"h"}"#]
        }
        "Distance" => {
            &[r#"{"value":9,"unit":"m","system":"http://unitsofmeasure.org","code":"m"}"#]
        }
        "Count" => &[r#"{"value":9,"unit":"1","system":"http://unitsofmeasure.org","code":"1"}"#],
        "Money" => &[r#"{"value":9.99,"currency":"GBP"}"#],
        "Period" => &[
            r#"{"start":"2020-01-01","end":"2021-01-01"}"#,
            r#"{"start":"2020-01-01T10:00:00Z"}"#,
        ],
        "Range" => &[r#"{"low":{"value":1,"unit":"mg"},"high":{"value":2,"unit":"mg"}}"#],
        "Ratio" => {
            &[r#"{"numerator":{"value":1,"unit":"mg"},"denominator":{"value":2,"unit":"ml"}}"#]
        }
        "Identifier" => &[
            r#"{"system":"https://causeway.test/ids","value":"1"}"#,
            r#"{"use":"usual","type":{"text":"number"},"system":"https://causeway.test/other","value":"2","period":{"start":"2020"}}"#,
        ],
        "HumanName" => &[
            r#"{"use":"official","family":"Example","given":["Ann","Bea"]}"#,
            r#"{"text":"Ann Example"}"#,
        ],
        "ContactPoint" => &[r#"{"system":"phone","value":"01632 960000","use":"home"}"#],
        "Address" => &[r#"{"line":["1 Example Street"],"city":"Leeds","postalCode":"LS1 1AA"}"#],
        "Annotation" => &[
            r#"{"text":"a note"}"#,
            r#"{"authorString":"Ann","time":"2021-01-01","text":"a *note*"}"#,
        ],
        "Attachment" => &[
            r#"{"contentType":"text/plain","url":"https://causeway.test/a.txt","title":"a"}"#,
            r#"{"contentType":"text/plain","data":"c29tZSB0ZXh0"}"#,
        ],
        "SampledData" => {
            &[r#"{"origin":{"value":0,"unit":"mV"},"period":10,"dimensions":1,"data":"1 2 3"}"#]
        }
        "Timing" => &[
            r#"{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}}"#,
            r#"{"event":["2021-01-01"],"code":{"text":"daily"}}"#,
            r#"{"repeat":{"boundsPeriod":{"start":"2020"},"when":["MORN"],"offset":30}}"#,
        ],
        "Dosage" => &[
            r#"{"sequence":1,"text":"one a day","timing":{"repeat":{"frequency":1,"period":1,"periodUnit":"d"}},"asNeededBoolean":false}"#,
            r#"{"text":"as said","doseAndRate":[{"doseQuantity":{"value":5,"unit":"ml","system":"http://unitsofmeasure.org","code":"mL"}}]}"#,
        ],
        "Signature" => &[
            r#"{"type":[{"system":"urn:iso-astm:E1762-95:2013","code":"1.2.840.10065.1.12.1.1"}],"when":"2021-01-01T00:00:00Z","who":{"reference":"Practitioner/p"},"sigFormat":"application/jose","data":"AAAA"}"#,
        ],
        "Expression" => &[r#"{"language":"text/fhirpath","expression":"true"}"#],
        "Meta" => &[r#"{"versionId":"1","lastUpdated":"2021-01-01T00:00:00Z"}"#],
        _ => return None,
    };
    json(seeded.pick(texts)?)
}

fn quoted(text: &str) -> String {
    String::from_utf8_lossy(&Value::from(text).to_bytes()).into_owned()
}

fn json(text: &str) -> Option<Value> {
    parse(text.as_bytes()).ok()
}
