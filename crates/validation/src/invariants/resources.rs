//! Invariants of R4's resources.

use std::cmp::Ordering;

use json::Value;

use super::{Focus, Native, compare_times, has, has_choice, is_coded};

const ALLERGY: &str = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification";
const VERIFICATION: &str = "http://terminology.hl7.org/CodeSystem/condition-ver-status";
const CLINICAL: &str = "http://terminology.hl7.org/CodeSystem/condition-clinical";

macro_rules! native {
    ($($key:literal $expression:literal $words:literal $holds:expr;)*) => {
        &[$(Native { key: $key, expression: $expression, holds: $holds, words: $words }),*]
    };
}

pub(super) const NATIVE: &[Native] = native! {
    "pat-1" "name.exists() or telecom.exists() or address.exists() or organization.exists()"
    "a contact has a name, a contact point, an address or an organisation"
    |f| ["name", "telecom", "address", "organization"].iter().any(|name| has(f.this, name));

    "ait-1" "verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = 'entered-in-error').exists() or clinicalStatus.exists()"
    "an allergy has a clinical status unless it was entered in error"
    |f| is_coded(f.this, "verificationStatus", ALLERGY, &["entered-in-error"]) || has(f.this, "clinicalStatus");

    "ait-2" "verificationStatus.coding.where(system = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification' and code = 'entered-in-error').empty() or clinicalStatus.empty()"
    "an allergy that was entered in error has no clinical status"
    |f| !is_coded(f.this, "verificationStatus", ALLERGY, &["entered-in-error"]) || !has(f.this, "clinicalStatus");

    // The expression compares a whole CodeableConcept with a string, which is never true, so its last
    // part holds only where there is no category at all.
    "con-3" "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or category.select($this='problem-list-item').empty()"
    "a condition with a category has a clinical status unless it was entered in error"
    |f| has(f.this, "clinicalStatus") || is_coded(f.this, "verificationStatus", VERIFICATION, &["entered-in-error"]) || !has(f.this, "category");

    "con-4" "abatement.empty() or clinicalStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-clinical' and (code='resolved' or code='remission' or code='inactive')).exists()"
    "a condition that has abated is inactive, resolved or in remission"
    |f| !has_choice(f.this, "abatement") || is_coded(f.this, "clinicalStatus", CLINICAL, &["resolved", "remission", "inactive"]);

    "con-5" "verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code='entered-in-error').empty() or clinicalStatus.empty()"
    "a condition that was entered in error has no clinical status"
    |f| !is_coded(f.this, "verificationStatus", VERIFICATION, &["entered-in-error"]) || !has(f.this, "clinicalStatus");

    "con-1" "summary.exists() or assessment.exists()"
    "a stage has a summary or an assessment"
    |f| has(f.this, "summary") || has(f.this, "assessment");

    "con-2" "code.exists() or detail.exists()"
    "evidence has a code or a detail"
    |f| has(f.this, "code") || has(f.this, "detail");

    "obs-6" "dataAbsentReason.empty() or value.empty()"
    "an observation has a value or a reason for having none, not both"
    |f| !has(f.this, "dataAbsentReason") || !has_choice(f.this, "value");

    "obs-7" "value.empty() or component.code.where(coding.intersect(%resource.code.coding).exists()).empty()"
    "an observation with a value has no component with the same code"
    |f| !has_choice(f.this, "value") || !component_repeats_code(f);

    "obs-3" "low.exists() or high.exists() or text.exists()"
    "a reference range has a low, a high or a text"
    |f| has(f.this, "low") || has(f.this, "high") || has(f.this, "text");

    "mad-1" "dose.exists() or rate.exists()"
    "a dosage has a dose or a rate"
    |f| has(f.this, "dose") || has_choice(f.this, "rate");

    "inv-1" "lastModified.exists().not() or authoredOn.exists().not() or lastModified >= authoredOn"
    "a task was changed no earlier than it was made"
    |f| match (f.this.text("lastModified"), f.this.text("authoredOn")) {
        (Some(modified), Some(authored)) => matches!(compare_times(modified, authored), Some(Ordering::Greater | Ordering::Equal)),
        _ => true,
    };

    "inv-1" "(part.exists() and value.empty() and resource.empty()) or (part.empty() and (value.exists() xor resource.exists()))"
    "a parameter has exactly one of value, resource and parts"
    |f| [has(f.this, "part"), has_choice(f.this, "value"), has(f.this, "resource")].iter().filter(|there| **there).count() == 1;

    "prr-1" "orderDetail.empty() or code.exists()"
    "an order detail needs a code"
    |f| !has(f.this, "orderDetail") || has(f.this, "code");

    "org-1" "(identifier.count() + name.count()) > 0"
    "an organisation has an identifier or a name"
    |f| has(f.this, "identifier") || has(f.this, "name");

    "org-3" "where(use = 'home').empty()"
    "an organisation has no home contact point"
    |f| f.this.text("use") != Some("home");

    "org-2" "where(use = 'home').empty()"
    "an organisation has no home address"
    |f| f.this.text("use") != Some("home");

    "qrs-1" "(answer.exists() and item.exists()).not()"
    "items stand under an answer, not beside it"
    |f| !(has(f.this, "answer") && has(f.this, "item"));

    "cmp-1" "text.exists() or entry.exists() or section.exists()"
    "a section has a text, entries or sections"
    |f| has(f.this, "text") || has(f.this, "entry") || has(f.this, "section");

    "cmp-2" "emptyReason.empty() or entry.empty()"
    "a section with entries has no reason for being empty"
    |f| !has(f.this, "emptyReason") || !has(f.this, "entry");

    "cpl-3" "detail.empty() or reference.empty()"
    "an activity has a detail or a reference, not both"
    |f| !has(f.this, "detail") || !has(f.this, "reference");

    "ppc-1" "policy.exists() or policyRule.exists()"
    "a consent has a policy or a policy rule"
    |f| has(f.this, "policy") || has(f.this, "policyRule");

    "imm-1" "documentType.exists() or reference.exists()"
    "education material has a document type or a reference"
    |f| has(f.this, "documentType") || has(f.this, "reference");

    "lst-1" "emptyReason.empty() or entry.empty()"
    "a list with entries has no reason for being empty"
    |f| !has(f.this, "emptyReason") || !has(f.this, "entry");

    "lst-2" "mode = 'changes' or entry.deleted.empty()"
    "only a list of changes marks entries as deleted"
    |f| f.this.text("mode") == Some("changes") || !f.this.each("entry").any(|entry| has(entry, "deleted"));

    "lst-3" "mode = 'working' or entry.date.empty()"
    "only a working list dates its entries"
    |f| f.this.text("mode") == Some("working") || !f.this.each("entry").any(|entry| has(entry, "date"));

    "sev-1" "name.empty() or query.empty()"
    "an entity has a name or a query, not both"
    |f| !has(f.this, "name") || !has(f.this, "query");

    "app-1" "type.exists() or actor.exists()"
    "a participant has a type or an actor"
    |f| has(f.this, "type") || has(f.this, "actor");

    "app-2" "start.exists() = end.exists()"
    "an appointment has both start and end, or neither"
    |f| has(f.this, "start") == has(f.this, "end");

    "app-3" "(start.exists() and end.exists()) or (status in ('proposed' | 'cancelled' | 'waitlist'))"
    "an appointment has start and end unless it is proposed, cancelled or waiting"
    |f| (has(f.this, "start") && has(f.this, "end")) || matches!(f.this.text("status"), Some("proposed" | "cancelled" | "waitlist"));

    "app-4" "Appointment.cancelationReason.exists() implies (Appointment.status='no-show' or Appointment.status='cancelled')"
    "only an appointment that did not happen has a reason for cancelling"
    |f| !has(f.this, "cancelationReason") || matches!(f.this.text("status"), Some("no-show" | "noshow" | "cancelled"));

    "bdl-1" "total.empty() or (type = 'searchset') or (type = 'history')"
    "only a searchset or a history has a total"
    |f| !has(f.this, "total") || matches!(f.this.text("type"), Some("searchset" | "history"));

    "bdl-2" "entry.search.empty() or (type = 'searchset')"
    "only the entries of a searchset have search"
    |f| f.this.text("type") == Some("searchset") || !f.this.each("entry").any(|entry| has(entry, "search"));

    "bdl-3" "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or %resource.type = 'history'))"
    "entries of a batch, transaction or history, and no others, have a request"
    |f| {
        let asks = matches!(f.this.text("type"), Some("batch" | "transaction" | "history"));
        f.this.each("entry").all(|entry| has(entry, "request") == asks)
    };

    "bdl-4" "entry.all(response.exists() = (%resource.type = 'batch-response' or %resource.type = 'transaction-response' or %resource.type = 'history'))"
    "entries of a response or history, and no others, have a response"
    |f| {
        let answers = matches!(f.this.text("type"), Some("batch-response" | "transaction-response" | "history"));
        f.this.each("entry").all(|entry| has(entry, "response") == answers)
    };

    "bdl-5" "resource.exists() or request.exists() or response.exists()"
    "an entry has a resource, a request or a response"
    |f| has(f.this, "resource") || has(f.this, "request") || has(f.this, "response");

    "bdl-7" "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()"
    "no two entries have the same full URL and version"
    |f| f.this.text("type") == Some("history") || full_urls_are_distinct(f);

    "bdl-8" "fullUrl.contains('/_history/').not()"
    "a full URL names no version"
    |f| f.this.text("fullUrl").is_none_or(|url| !url.contains("/_history/"));

    "bdl-9" "type = 'document' implies (identifier.system.exists() and identifier.value.exists())"
    "a document has an identifier with system and value"
    |f| f.this.text("type") != Some("document") || f.this.get("identifier").is_some_and(|it| has(it, "system") && has(it, "value"));

    "bdl-10" "type = 'document' implies (timestamp.hasValue())"
    "a document has a timestamp"
    |f| f.this.text("type") != Some("document") || f.this.text("timestamp").is_some();

    "bdl-11" "type = 'document' implies entry.first().resource.is(Composition)"
    "the first entry of a document is a Composition"
    |f| f.this.text("type") != Some("document") || first_is(f, "Composition");

    "bdl-12" "type = 'message' implies entry.first().resource.is(MessageHeader)"
    "the first entry of a message is a MessageHeader"
    |f| f.this.text("type") != Some("message") || first_is(f, "MessageHeader");
};

fn first_is(focus: &Focus<'_>, type_name: &str) -> bool {
    focus
        .this
        .each("entry")
        .next()
        .and_then(|entry| entry.get("resource"))
        .and_then(|resource| resource.text("resourceType"))
        == Some(type_name)
}

fn full_urls_are_distinct(focus: &Focus<'_>) -> bool {
    let mut seen: Vec<(&str, &str)> = focus
        .this
        .each("entry")
        .filter_map(|entry| {
            let version = entry
                .get("resource")
                .and_then(|resource| resource.get("meta"))
                .and_then(|meta| meta.text("versionId"))
                .unwrap_or("");
            Some((entry.text("fullUrl")?, version))
        })
        .collect();
    seen.sort_unstable();
    seen.windows(2).all(|pair| pair.first() != pair.last())
}

fn component_repeats_code(focus: &Focus<'_>) -> bool {
    let own: Vec<&Value> = focus
        .resource
        .each("code")
        .flat_map(|code| code.each("coding"))
        .collect();
    focus
        .this
        .each("component")
        .flat_map(|component| component.each("code"))
        .flat_map(|code| code.each("coding"))
        .any(|coding| own.contains(&coding))
}
