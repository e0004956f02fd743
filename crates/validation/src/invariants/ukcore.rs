//! Invariants of UK Core's profiles.

use json::Value;

use super::{Native, has, has_choice};

const MEDIA_LINK: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.media.link";
const COLLECTOR: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-Specimen.collection.collector";

pub(super) const NATIVE: &[Native] = &[
    Native {
        key: "ukcore-diag-lab-001",
        expression: "issued.exists() or (issued.empty() and (status in ('partial' | 'preliminary' | 'final' | 'amended' | 'corrected' | 'appended')).not())",
        holds: |f| {
            has(f.this, "issued")
                || !matches!(
                    f.this.text("status"),
                    Some(
                        "partial" | "preliminary" | "final" | "amended" | "corrected" | "appended"
                    )
                )
        },
        words: "a report with results says when it was issued",
    },
    Native {
        key: "ukcore-diag-lab-002",
        expression: "DiagnosticReport.media.extension('http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.media.link').empty() or DiagnosticReport.media.link.reference.empty()",
        holds: |f| {
            let mut media = f.this.each("media");
            let extended = f
                .this
                .each("media")
                .any(|media| has_extension(media, MEDIA_LINK));
            let linked =
                media.any(|media| media.get("link").is_some_and(|link| has(link, "reference")));
            !extended || !linked
        },
        words: "a media link is given once: as element or as extension",
    },
    Native {
        key: "ukcore-spec-001",
        expression: "collector.reference.empty() or collector.extension('http://hl7.org/fhir/5.0/StructureDefinition/extension-Specimen.collection.collector').empty()",
        holds: |f| {
            f.this.get("collector").is_none_or(|collector| {
                !has(collector, "reference") || !has_extension(collector, COLLECTOR)
            })
        },
        words: "a collector is given once: as reference or as extension",
    },
    Native {
        key: "ukcore-bodstr-001",
        expression: "location.exists() or description.exists() or image.exists()",
        holds: |f| has(f.this, "location") || has(f.this, "description") || has(f.this, "image"),
        words: "a body structure has a location, a description or an image",
    },
    Native {
        key: "ukcore-obs-lab-001",
        expression: "value.exists() or dataAbsentReason.exists() or note.exists()",
        holds: |f| {
            has_choice(f.this, "value") || has(f.this, "dataAbsentReason") || has(f.this, "note")
        },
        words: "a laboratory result has a value, a reason for having none, or a note",
    },
    Native {
        key: "ukcore-imm-001",
        expression: "(status != 'not-done') or (status = 'not-done' and statusReason.exists())",
        holds: |f| f.this.text("status") != Some("not-done") || has(f.this, "statusReason"),
        words: "an immunisation that was not done says why",
    },
    Native {
        key: "ukcore-obs-vs-001",
        expression: "code.coding.where(system='http://loinc.org').exists()",
        holds: |f| {
            f.this
                .each("code")
                .flat_map(|code| code.each("coding"))
                .any(|coding| coding.text("system") == Some("http://loinc.org"))
        },
        words: "a vital sign has a LOINC code",
    },
    Native {
        key: "ukcore-obs-grplab-001",
        expression: "value.empty()",
        holds: |f| !has_choice(f.this, "value"),
        words: "a group of results has no value of its own",
    },
];

fn has_extension(value: &Value, url: &str) -> bool {
    value
        .each("extension")
        .any(|extension| extension.text("url") == Some(url))
}
