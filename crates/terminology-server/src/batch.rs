//! Several questions in one Bundle.

use json::{Object, Value};
use validation::Decision;

use crate::answer;
use crate::question::Question;

/// The Bundle of some questions.
pub(crate) fn bundle(questions: &[Question]) -> Value {
    let entries: Vec<Value> = questions
        .iter()
        .map(|question| {
            let request = Object::new()
                .with("method", "POST")
                .with("url", question.operation());
            Object::new()
                .with("resource", question.parameters())
                .with("request", request)
                .into()
        })
        .collect();
    Object::new()
        .with("resourceType", "Bundle")
        .with("type", "batch")
        .with("entry", entries)
        .into()
}

/// The decision on each question, where the Bundle that came back holds one that is certainly the
/// answer to it; `None` when it is no answer to a batch at all.
///
/// An answer has no mark of the question it belongs to. The order says it, unless the answers name
/// other codes than were asked: then each goes to the question whose code it names, and one that
/// names none goes nowhere.
pub(crate) fn read(answer: &Value, questions: &[Question]) -> Option<Vec<Option<Decision>>> {
    if answer.text("resourceType") != Some("Bundle")
        || answer.text("type") != Some("batch-response")
    {
        return None;
    }
    let entries: Vec<&Value> = answer.each("entry").collect();
    let mut decisions: Vec<Option<Decision>> = vec![None; questions.len()];
    for (at, entry) in entries.iter().enumerate() {
        let in_order = questions
            .get(at)
            .filter(|_| entries.len() == questions.len());
        let Some(resource) = entry.get("resource") else {
            continue;
        };
        let named = questions
            .iter()
            .position(|question| answer::is_of(resource, question) == Some(true));
        let is_in_place =
            in_order.is_some_and(|question| answer::is_of(resource, question) == Some(true));
        let place = if is_in_place { Some(at) } else { named };
        if let Some(slot) = place.and_then(|place| decisions.get_mut(place))
            && slot.is_none()
        {
            *slot = answer::read(resource);
        }
    }
    Some(decisions)
}
