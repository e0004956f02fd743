//! The forms of the identifiers and codes of the NHS: Causeway's own rules, from the UK Core guide,
//! the UK Naming Systems and the NHS Data Dictionary.
//!
//! All are warnings. The registers behind most of the forms have had older ones; and an NHS number
//! whose check digit fails, though certainly wrong, breaks no rule of FHIR or of UK Core (an official
//! UK Core example has one): a resource that says so is valid, and its number identifies nobody.
//! What reads exports leaves such a number out before it comes here.

use diagnostics::Severity;
use identity::NhsNumber;
use terminology::sctid::{self, Component};

use crate::named::{NamedRule, On};

/// The codes of the issues of these rules.
pub mod codes {
    /// An NHS number has not ten digits, or a wrong check digit.
    pub const NHS_NUMBER: &str = "V100";
    /// An NHS number is written with spaces or dashes.
    pub const NHS_NUMBER_FORM: &str = "V101";
    /// An ODS organisation code does not have the form of one.
    pub const ODS_ORGANISATION: &str = "V102";
    /// An ODS site code does not have the form of one.
    pub const ODS_SITE: &str = "V103";
    /// A General Medical Council number does not have the form of one.
    pub const GMC: &str = "V104";
    /// A general medical practitioner code does not have the form of one.
    pub const GMP: &str = "V105";
    /// A Nursing and Midwifery Council PIN does not have the form of one.
    pub const NMC: &str = "V106";
    /// A Health and Care Professions Council number does not have the form of one.
    pub const HCPC: &str = "V107";
    /// A General Pharmaceutical Council number does not have the form of one.
    pub const GPHC: &str = "V108";
    /// A doctor index number does not have the form of one.
    pub const DIN: &str = "V109";
    /// A Spine user id does not have the form of one.
    pub const SDS_USER: &str = "V110";
    /// A Spine role profile id does not have the form of one.
    pub const SDS_ROLE: &str = "V111";
    /// A Community Health Index number of Scotland has not ten digits, or a wrong check digit.
    pub const CHI: &str = "V112";
    /// A SNOMED CT code is no identifier of a concept.
    pub const SNOMED: &str = "V113";
    /// A dm+d code is no identifier.
    pub const DMD: &str = "V114";
    /// The system of an identifier is misspelt.
    pub const IDENTIFIER_SYSTEM: &str = "V115";
    /// The system of a code is misspelt.
    pub const CODE_SYSTEM: &str = "V116";
    /// A unique property reference number has not one to twelve digits.
    pub const UPRN: &str = "V117";
}

const NHS_NUMBER: &str = "https://fhir.nhs.uk/Id/nhs-number";
const SNOMED: &str = "http://snomed.info/sct";
const DMD: &str = "https://dmd.nhs.uk";

/// A warning on the value of an identifier of a system.
const fn form(
    code: &'static str,
    name: &'static str,
    system: &'static str,
    holds: fn(&str) -> bool,
    words: &'static str,
) -> NamedRule {
    NamedRule {
        code,
        name,
        on: On::Identifier(system),
        holds,
        severity: Severity::Warning,
        words,
        mend: "check the value and the system that it is under",
    }
}

/// A warning on the system of an identifier or a code that differs from the right one only in what
/// people mistype: case, `http` for `https`, a slash at the end, `organisation` for `organization`.
macro_rules! spelling {
    ($on:expr, $code:expr, $name:literal, $right:literal) => {
        NamedRule {
            code: $code,
            name: $name,
            on: $on,
            holds: |system| !is_misspelt(system, $right),
            severity: Severity::Warning,
            words: "the system should be written exactly as it is published",
            mend: concat!(
                "write ",
                $right,
                ": receivers compare systems letter by letter"
            ),
        }
    };
}

/// The spelling of the system of an identifier.
macro_rules! identifier_system {
    ($name:literal, $right:literal) => {
        spelling!(
            On::IdentifierSystem($right),
            codes::IDENTIFIER_SYSTEM,
            $name,
            $right
        )
    };
}

/// The spelling of a code system.
macro_rules! code_system {
    ($name:literal, $right:literal) => {
        spelling!(On::CodingSystem($right), codes::CODE_SYSTEM, $name, $right)
    };
}

/// The rules, asked by the system that they are on.
pub(crate) const RULES: &[NamedRule] = &[
    NamedRule {
        code: codes::NHS_NUMBER,
        name: "nhs-number",
        on: On::Identifier(NHS_NUMBER),
        holds: |value| value.parse::<NhsNumber>().is_ok(),
        severity: Severity::Warning,
        words: "an NHS number must have ten digits of which the last checks the others",
        mend: "check the number with the person's record; leave out one that is not known",
    },
    NamedRule {
        code: codes::NHS_NUMBER_FORM,
        name: "nhs-number-form",
        on: On::Identifier(NHS_NUMBER),
        // What is no NHS number at all is the rule above's to tell.
        holds: |value| {
            is_pattern(value, "9999999999")
                || value
                    .parse::<NhsNumber>()
                    .is_ok_and(|number| number.as_str() == value)
                || value.parse::<NhsNumber>().is_err()
        },
        severity: Severity::Warning,
        words: "an NHS number should be ten digits with nothing between them",
        mend: "take out spaces and dashes: receivers compare it as text",
    },
    form(
        codes::ODS_ORGANISATION,
        "ods-organisation-code",
        "https://fhir.nhs.uk/Id/ods-organization-code",
        |value| is_capitals_and_digits(value, 3, 10),
        "an ODS organisation code should be three to ten capital letters and digits",
    ),
    form(
        codes::ODS_SITE,
        "ods-site-code",
        "https://fhir.nhs.uk/Id/ods-site-code",
        |value| is_capitals_and_digits(value, 5, 9),
        "an ODS site code should be five to nine capital letters and digits",
    ),
    form(
        codes::GMC,
        "gmc-number",
        "https://fhir.hl7.org.uk/Id/gmc-number",
        |value| {
            is_pattern(value, "9999999")
                || is_after(value, "L", "999999")
                || is_after(value, "C", "9999999")
        },
        "a GMC number should be seven digits, C and seven digits, or L and six digits",
    ),
    form(
        codes::GMC,
        "gmc-reference-number",
        "https://fhir.nhs.uk/Id/gmc-reference-number",
        |value| is_pattern(value, "9999999") || is_after(value, "C", "9999999"),
        "a GMC reference number should be seven digits",
    ),
    form(
        codes::GMP,
        "gmp-number",
        "https://fhir.hl7.org.uk/Id/gmp-number",
        |value| is_after(value, "G", "9999999"),
        "a GMP code should be G and seven digits",
    ),
    form(
        codes::NMC,
        "nmc-number",
        "https://fhir.hl7.org.uk/Id/nmc-number",
        |value| is_pattern(value, "99A9999A"),
        "an NMC PIN should be two digits, a letter, four digits and a letter",
    ),
    form(
        codes::HCPC,
        "hcpc-number",
        "https://fhir.hl7.org.uk/Id/hcpc-number",
        |value| (1..=6).any(|count| is_pattern(value, "AA999999".get(..2 + count).unwrap_or(""))),
        "an HCPC number should be two letters and up to six digits",
    ),
    form(
        codes::GPHC,
        "gphc-number",
        "https://fhir.hl7.org.uk/Id/gphc-number",
        |value| is_after(value, "2", "999999"),
        "a GPhC number should be seven digits of which the first is 2",
    ),
    form(
        codes::DIN,
        "din-number",
        "https://fhir.hl7.org.uk/Id/din-number",
        |value| is_pattern(value, "999999"),
        "a DIN should be six digits",
    ),
    form(
        codes::SDS_USER,
        "sds-user-id",
        "https://fhir.nhs.uk/Id/sds-user-id",
        |value| is_pattern(value, "999999999999"),
        "an SDS user id should be twelve digits",
    ),
    form(
        codes::SDS_ROLE,
        "sds-role-profile-id",
        "https://fhir.nhs.uk/Id/sds-role-profile-id",
        |value| is_pattern(value, "999999999999"),
        "an SDS role profile id should be twelve digits",
    ),
    form(
        codes::CHI,
        "chi-number",
        "urn:oid:2.16.840.1.113883.2.1.3.2.4.16.53",
        |value| is_pattern(value, "9999999999") && value.parse::<NhsNumber>().is_ok(),
        "a CHI number should have ten digits of which the last checks the others",
    ),
    NamedRule {
        code: codes::SNOMED,
        name: "snomed-ct-concept-id",
        on: On::Coding(SNOMED),
        holds: is_snomed_code,
        severity: Severity::Warning,
        words: "a SNOMED CT code should be the identifier of a concept, with a right check digit",
        mend: "take the code from where it was kept as text: spreadsheets round numbers of more \
               than fifteen digits, and a term has an identifier of its own",
    },
    NamedRule {
        code: codes::DMD,
        name: "dmd-code",
        on: On::Coding(DMD),
        holds: |code| sctid::component(code) == Ok(Component::Concept),
        severity: Severity::Warning,
        words: "a dm+d code should be an identifier in the form of SNOMED CT, with a right check \
                digit",
        mend: "take the code from where it was kept as text: spreadsheets round numbers of more \
               than fifteen digits",
    },
    NamedRule {
        code: codes::UPRN,
        name: "uprn",
        on: On::Extension {
            url: "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-AddressKey",
            kind: "UPRN",
            part: "value",
        },
        holds: |value| {
            (1..=12).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
        },
        severity: Severity::Warning,
        words: "a UPRN should be one to twelve digits",
        mend: "check the number with the address; leave out one that is not known",
    },
    identifier_system!("nhs-number-system", "https://fhir.nhs.uk/Id/nhs-number"),
    identifier_system!(
        "ods-organisation-code-system",
        "https://fhir.nhs.uk/Id/ods-organization-code"
    ),
    identifier_system!(
        "ods-site-code-system",
        "https://fhir.nhs.uk/Id/ods-site-code"
    ),
    identifier_system!("gmc-number-system", "https://fhir.hl7.org.uk/Id/gmc-number"),
    identifier_system!("gmp-number-system", "https://fhir.hl7.org.uk/Id/gmp-number"),
    identifier_system!("nmc-number-system", "https://fhir.hl7.org.uk/Id/nmc-number"),
    identifier_system!(
        "hcpc-number-system",
        "https://fhir.hl7.org.uk/Id/hcpc-number"
    ),
    identifier_system!(
        "gphc-number-system",
        "https://fhir.hl7.org.uk/Id/gphc-number"
    ),
    identifier_system!("sds-user-id-system", "https://fhir.nhs.uk/Id/sds-user-id"),
    identifier_system!(
        "sds-role-profile-id-system",
        "https://fhir.nhs.uk/Id/sds-role-profile-id"
    ),
    code_system!("snomed-ct-system", "http://snomed.info/sct"),
    code_system!("dmd-system", "https://dmd.nhs.uk"),
    code_system!("loinc-system", "http://loinc.org"),
    code_system!("ucum-system", "http://unitsofmeasure.org"),
    code_system!("bcp-47-system", "urn:ietf:bcp:47"),
];

/// Whether a system is meant to be another and is not.
fn is_misspelt(system: &str, right: &str) -> bool {
    let (one, other) = (heart(system), heart(right));
    one.len() == other.len()
        && system != right
        && one.iter().zip(other).all(|(one, other)| {
            let (one, other) = (one.to_ascii_lowercase(), other.to_ascii_lowercase());
            one == other || (matches!(one, b's' | b'z') && matches!(other, b's' | b'z'))
        })
}

/// What must be alike in a url and a misspelling of it, but for case: the url without its scheme and
/// what may stand round it. Asked of every system, so it only looks at bytes.
pub(crate) fn heart(url: &str) -> &[u8] {
    let url = url.as_bytes();
    let mut rest = [&b"https://"[..], b"http://"]
        .into_iter()
        .find_map(|scheme| {
            let (start, rest) = url.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then_some(rest)
        })
        .unwrap_or(url)
        .trim_ascii();
    while let [before @ .., b'/'] = rest {
        rest = before;
    }
    rest
}

/// A concept's identifier, or an expression, which begins with one.
fn is_snomed_code(code: &str) -> bool {
    if code.bytes().all(|byte| byte.is_ascii_digit()) {
        return sctid::component(code) == Ok(Component::Concept);
    }
    // SNOMED CT compositional grammar: an optional definition status, an optional bracket.
    let expression = code
        .trim_start()
        .trim_start_matches("===")
        .trim_start_matches("<<<")
        .trim_start_matches(['(', ' ']);
    let end = expression
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(expression.len());
    let (first, rest) = expression.split_at_checked(end).unwrap_or((expression, ""));
    let goes_on = rest
        .trim_start()
        .starts_with(['|', '+', ':', ')', ',', '}', '=']);
    goes_on && sctid::component(first) == Ok(Component::Concept)
}

fn is_capitals_and_digits(value: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&value.len())
        && value
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// `9` stands for a digit, `A` for a capital letter.
fn is_pattern(value: &str, pattern: &str) -> bool {
    value.len() == pattern.len()
        && value
            .bytes()
            .zip(pattern.bytes())
            .all(|(byte, wanted)| match wanted {
                b'9' => byte.is_ascii_digit(),
                _ => byte.is_ascii_uppercase(),
            })
}

fn is_after(value: &str, prefix: &str, pattern: &str) -> bool {
    value
        .strip_prefix(prefix)
        .is_some_and(|rest| is_pattern(rest, pattern))
}
