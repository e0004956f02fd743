//! What a FHIR server says of what it did not take, without what it says of a person.

use json::Value;

/// The severities, codes and detail codes of an `OperationOutcome`
/// (<http://hl7.org/fhir/R4/operationoutcome.html>), which hold no value of a record; texts and
/// diagnostics may. `None`: the answer is none.
pub(crate) fn codes(body: &[u8]) -> Option<String> {
    let outcome = json::parse(body).ok()?;
    if outcome.text("resourceType") != Some("OperationOutcome") {
        return None;
    }
    let issues: Vec<String> = outcome.each("issue").take(5).map(issue).collect();
    Some(issues.join(", "))
}

fn issue(issue: &Value) -> String {
    let part = |name: &str| plain(issue.text(name).unwrap_or("?"));
    let mut text = format!("{} {}", part("severity"), part("code"));
    let codings = issue
        .get("details")
        .into_iter()
        .flat_map(|details| details.each("coding"));
    for coding in codings.take(3) {
        if let Some(code) = coding.text("code") {
            text = format!("{text} {}", plain(code));
        }
    }
    text
}

/// A code as codes are: anything else is not shown. Long runs of digits are no code of an error.
fn plain(code: &str) -> String {
    let codelike = code.len() <= 64
        && code
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    let digits = code.bytes().filter(u8::is_ascii_digit).count();
    if codelike && digits < 8 {
        code.to_owned()
    } else {
        "(not shown)".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::codes;

    #[test]
    fn cs_22_only_codes_are_kept_of_an_outcome() {
        let body = br#"{"resourceType":"OperationOutcome","issue":[{"severity":"error",
            "code":"invalid","diagnostics":"Edna Smith 9990000018","details":{"text":"Edna",
            "coding":[{"code":"INVALID_RESOURCE"},{"code":"9990000018"},{"code":"Edna Smith"}]}}]}"#;
        assert_eq!(
            codes(body).unwrap(),
            "error invalid INVALID_RESOURCE (not shown) (not shown)"
        );
        assert_eq!(codes(b"<html>not found</html>"), None);
        assert_eq!(codes(br#"{"resourceType":"Patient"}"#), None);
    }
}
