//! What is withheld as safeguarding, and what must not be (CS-15).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use safeguarding::is_about;

fn about(text: &str) -> bool {
    is_about(&json::parse(text.as_bytes()).unwrap())
}

#[test]
fn cs_15_what_is_about_safeguarding_is_known() {
    for hidden in [
        r#"{"resourceType":"Flag","category":[{"coding":[{"system":"x","code":"sgc"}]}]}"#,
        r#"{"resourceType":"Flag","code":{"text":"Alert"},"extension":[{"url":"x","valueString":"See safe-guarding file"}]}"#,
        r#"{"resourceType":"Flag","code":{"text":"Safe\u200bguarding"}}"#,
        r#"{"resourceType":"Flag","code":{"text":"Adult safeguard"}}"#,
        r#"{"resourceType":"Observation","code":{"text":"Risk: finances"},"valueString":"Nephew may be abusive"}"#,
        r#"{"resourceType":"Observation","code":{"text":"Risk"},"component":[{"code":{"text":"Comment"},"valueString":"neglected by carers"}]}"#,
        r#"{"resourceType":"Observation","code":{"text":"Preference"},"note":[{"text":"raised with Safeguarding"}]}"#,
        r#"{"resourceType":"Task","code":{"text":"Contact"},"output":[{"type":{"text":"Event Outcome"},"valueCodeableConcept":{"text":"Progress to safeguarding enquiry"}}]}"#,
        r#"{"resourceType":"Task","code":{"text":"Contact"},"output":[{"type":{"text":"Event Outcome"},"valueCodeableConcept":{"coding":[{"code":"SAFEGUARDING"}]}}]}"#,
        r#"{"resourceType":"DocumentReference","type":{"text":"Letter"},"content":[{"attachment":{"title":"Safeguarding minutes.pdf"}}]}"#,
        r#"{"resourceType":"DocumentReference","type":{"text":"Letter"},"description":"Report of financial abuse"}"#,
        r#"{"resourceType":"Condition","category":[{"text":"Care need"}],"code":{"text":"Protect from abuse by son"}}"#,
        r#"{"resourceType":"Condition","category":[{"text":"Safeguarding concern"}],"code":{"text":"Bruising"}}"#,
        r#"{"resourceType":"RelatedPerson","relationship":[{"text":"Alleged perpetrator"}]}"#,
        r#"{"resourceType":"EpisodeOfCare","type":[{"text":"Safeguarding adults team"}]}"#,
        r#"{"resourceType":"QuestionnaireResponse","item":[{"text":"Safeguarding","answer":[{"valueString":"ongoing"}]}]}"#,
        r#"{"resourceType":"Patient","meta":{"security":[{"code":"SGC"}]}}"#,
    ] {
        assert!(about(hidden), "{hidden}");
    }
}

#[test]
fn cs_15_what_only_sounds_like_it_stays() {
    for shown in [
        r#"{"resourceType":"Flag","code":{"text":"Deprivation of Liberty Safeguards (DoLS) in force"}}"#,
        r#"{"resourceType":"Observation","category":[{"text":"Legal"}],"code":{"text":"Liberty Protection Safeguards"}}"#,
        r#"{"resourceType":"Observation","code":{"text":"Risk: falls"},"valueString":"Bed rails safeguard her at night"}"#,
        r#"{"resourceType":"Observation","code":{"text":"Barthel: Grooming"},"valueString":"needs help"}"#,
        r#"{"resourceType":"Condition","category":[{"text":"Care need"}],"code":{"text":"Personal grooming"}}"#,
        r#"{"resourceType":"Flag","code":{"text":"Self-neglect"}}"#,
        r#"{"resourceType":"Flag","code":{"text":"Alcohol abuse"}}"#,
        r#"{"resourceType":"Condition","code":{"text":"Drug abuse"}}"#,
        r#"{"resourceType":"Condition","code":{"text":"History of sexual abuse"}}"#,
        r#"{"resourceType":"AllergyIntolerance","code":{"text":"Penicillin"},"note":[{"text":"told safeguarding nurse"}]}"#,
        r#"{"resourceType":"Observation","code":{"text":"Preference"},"valueString":"Winding her cuckoo clock"}"#,
        r#"{"resourceType":"Patient","name":[{"family":"Marac"}]}"#,
    ] {
        assert!(!about(shown), "{shown}");
    }
}
