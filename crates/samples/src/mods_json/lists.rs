//! What a document says about the person: alerts, risks, needs, wishes, services, tasks, papers.

use json::{Object, Value};

use super::subject::Subject;
use crate::Plan;
use crate::rng::Rng;
use crate::truth::{Outcome, Taboo, Truth, Verdict};

/// One list of a document and what is true of its entries.
pub(super) struct List {
    pub name: &'static str,
    entries: Vec<Value>,
    /// An object instead of a list.
    single: Option<Value>,
    facts: Vec<(&'static str, String)>,
    forbidden: Vec<(&'static str, String, Taboo)>,
    refused: Vec<(u64, &'static str)>,
}

impl List {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            entries: Vec::new(),
            single: None,
            facts: Vec::new(),
            forbidden: Vec::new(),
            refused: Vec::new(),
        }
    }

    fn entry(&mut self, entry: Object, resource: &'static str, text: &str) {
        self.entries.push(Value::Object(entry));
        self.facts.push((resource, text.to_owned()));
    }

    /// An entry that must come to nothing.
    fn bad(&mut self, entry: Object, resource: &'static str, text: &str, why: &'static str) {
        self.entries.push(Value::Object(entry));
        self.forbidden
            .push((resource, text.to_owned(), Taboo::Refused));
        self.refused.push((self.entries.len() as u64, why));
    }

    pub(super) fn value(&self) -> Value {
        match &self.single {
            Some(value) => value.clone(),
            None => Value::Array(self.entries.clone()),
        }
    }

    pub(super) fn tell(&self, subject: &Subject, document: u64, truth: &mut Truth) {
        if subject.held.is_some() {
            return;
        }
        for (resource, text) in &self.facts {
            truth.fact(&subject.key, resource, text.clone());
        }
        for (resource, text, why) in &self.forbidden {
            truth.forbid(&subject.key, Some(resource), text.clone(), *why);
        }
        for (item, why) in &self.refused {
            truth.verdicts.push(Verdict {
                table: Some(self.name),
                record: document,
                item: Some(*item),
                person: subject.key.clone(),
                outcome: Outcome::Refused,
                why,
            });
        }
    }
}

/// Everything a document says beside who it is about.
pub(super) fn make(plan: &Plan, subject: &Subject, rng: &mut Rng) -> Vec<List> {
    let mut lists = vec![
        alerts(plan, rng),
        risks(rng),
        needs(rng),
        preferences(rng),
        services(plan, subject, rng),
        tasks(rng),
        documents(rng),
        proxies(subject, rng),
    ];
    if rng.chance(0.7) {
        lists.insert(4, about_me(subject, rng));
    }
    lists.retain(|list| !list.entries.is_empty() || list.single.is_some() || rng.chance(0.5));
    lists
}

fn day(rng: &mut Rng) -> String {
    format!("2026-{:02}-{:02}", rng.between(1, 9), rng.between(1, 28))
}

fn alerts(plan: &Plan, rng: &mut Rng) -> List {
    let mut list = List::new("alerts");
    for (code, category, text) in [
        (
            "At risk for falls",
            "Risk",
            "Unsteady on stairs, uses a frame",
        ),
        (
            "Communication need",
            "Communication",
            "Wears two hearing aids",
        ),
        (
            "Vulnerable adult",
            "Safeguarding",
            "Referral made about a relative",
        ),
        (
            "Keeps snakes",
            "Environment",
            "Ask before you open the bathroom door",
        ),
    ] {
        if !rng.chance(0.3) {
            continue;
        }
        let ended = rng.chance(0.2);
        let mut entry = Object::new()
            .with("status", if ended { "Inactive" } else { "Active" })
            .with("code", code)
            .with("category", vec![Value::from(category)])
            .with("startDate", day(rng))
            .with("text", text);
        if rng.chance(plan.mess) {
            let start = rng.pick(&["2026-02-31", "yesterday", "26-02-01"]);
            entry.insert("startDate", start);
            list.bad(entry, "Flag", text, "the start date cannot be read");
        } else {
            list.entry(entry, "Flag", text);
        }
    }
    list
}

fn risks(rng: &mut Rng) -> List {
    let mut list = List::new("risks");
    if rng.chance(0.5) {
        let entry = Object::new()
            .with("category", "Choking")
            .with("startDate", day(rng))
            .with("trigger", "Eats fast when hurried")
            .with("relapseIndicators", "Coughs at meals")
            .with("comment", "Level 5 diet, sit upright")
            .with("text", "At risk of choking on dry food");
        list.entry(entry, "Observation", "At risk of choking on dry food");
    }
    list
}

fn needs(rng: &mut Rng) -> List {
    let mut list = List::new("needs");
    for (category, text) in [
        ("Mobility", "Needs one person to help with transfers"),
        ("Continence", "Prompt to use the toilet every 3 hours"),
    ] {
        if rng.chance(0.5) {
            let entry = Object::new()
                .with("category", category)
                .with("text", text)
                .with("date", day(rng));
            list.entry(entry, "Condition", text);
        }
    }
    list
}

fn preferences(rng: &mut Rng) -> List {
    let mut list = List::new("preferences");
    if rng.chance(0.6) {
        let text = rng.pick(&["Likes the window open", "Tea first, <strong>, two sugars"]);
        let entry = Object::new().with("text", text).with("date", day(rng));
        list.entry(entry, "Observation", text);
    }
    list
}

fn about_me(subject: &Subject, rng: &mut Rng) -> List {
    let mut list = List::new("aboutMe");
    let important = format!("My cat, and being called {}", subject.person.given);
    let mut about = Object::new()
        .with("mostImportant", important.as_str())
        .with("howICommunicate", "Speak to my left side")
        .with("updated", day(rng));
    list.facts.push(("QuestionnaireResponse", important));
    list.facts
        .push(("QuestionnaireResponse", "Speak to my left side".to_owned()));
    if rng.chance(0.5) {
        about.insert("pleaseDo", "Knock\nand wait");
        list.facts
            .push(("QuestionnaireResponse", "Knock\nand wait".to_owned()));
    }
    list.single = Some(Value::Object(about));
    list
}

fn services(plan: &Plan, subject: &Subject, rng: &mut Rng) -> List {
    let mut list = List::new("services");
    let text = format!("Supported living, flat {}", subject.person.index % 40 + 1);
    let mut entry = Object::new()
        .with("description", text.as_str())
        .with("packageName", "Core support")
        .with("packageType", "Long term")
        .with("startDate", day(rng))
        .with("fundingSource", "Local authority")
        .with("serviceType", vec![Value::from("Supported living")])
        .with("schedule", "Daily, 7 hours");
    if rng.chance(plan.mess * 0.5) {
        entry.insert("endDate", "2026-13-01");
        list.bad(
            entry,
            "EpisodeOfCare",
            &text,
            "the end date cannot be read: the service may have ended",
        );
    } else {
        list.entry(entry, "EpisodeOfCare", &text);
    }
    list
}

fn tasks(rng: &mut Rng) -> List {
    let mut list = List::new("tasks");
    if rng.chance(0.4) {
        let entry = Object::new()
            .with(
                "status",
                rng.pick(&["Requested", "In progress", "Completed"]),
            )
            .with("priority", "Routine")
            .with("description", "Book a hearing test")
            .with("intent", "Plan")
            .with(
                "requestedPeriod",
                Object::new()
                    .with("start", "2026-10-01")
                    .with("end", "2026-10-31"),
            )
            .with("responsibleParty", "Key worker");
        list.entry(entry, "Task", "Book a hearing test");
    }
    list
}

fn documents(rng: &mut Rng) -> List {
    let mut list = List::new("documents");
    if rng.chance(0.4) {
        let title = rng.pick(&["ReSPECT form", "Personalised Care and Support Plan"]);
        let entry = Object::new()
            .with("title", title)
            .with("class", title)
            .with("name", "plan.pdf")
            .with("mimeType", "application/pdf")
            .with("date", day(rng))
            .with("location", "Front of the paper file")
            .with("confidentiality", "Normal");
        list.entry(entry, "DocumentReference", title);
    }
    list
}

fn proxies(subject: &Subject, rng: &mut Rng) -> List {
    let mut list = List::new("proxy");
    if rng.chance(0.4) {
        let name = format!("Sam {}", subject.person.family);
        let entry = Object::new()
            .with("name", name.as_str())
            .with("relationship", rng.pick(&["Daughter", "Son", "Friend"]))
            .with(
                "authority",
                rng.pick(&[
                    "LPA health and welfare",
                    "LPA property and financial affairs",
                    "",
                ]),
            )
            .with("registrationSeen", rng.pick(&["Yes", "No", ""]))
            .with("phone", "01632 960123");
        list.entry(entry, "RelatedPerson", &name);
    }
    list
}
