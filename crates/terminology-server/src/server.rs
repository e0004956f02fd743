//! Asking.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use diagnostics::Issue;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use validation::{CodeCheck, Decision};

use crate::answer::{self, NOT_KNOWN, REFUSED};
use crate::batch;
use crate::breaker::Breaker;
use crate::cache::Cache;
use crate::fetch::{Fault, Fetcher, Outcome};
use crate::question::Question;
use crate::settings::{Options, Settings, wrong};

const LEFT_ALONE: &str = "the terminology server has failed and is left alone for a while";
const OUT_OF_TIME: &str = "the terminology server did not answer all questions in time";

/// A terminology server. Make one and share it: it remembers answers, and counts failures.
#[derive(Debug, Clone)]
pub struct TerminologyServer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    options: Options,
    fetcher: Fetcher,
    cache: Cache,
    breaker: Breaker,
    calls: Semaphore,
    /// Whether the server takes Bundles whose answers can be told apart.
    batches: AtomicBool,
}

impl TerminologyServer {
    /// A server as the settings say. Nothing is asked yet.
    ///
    /// # Errors
    /// When the settings cannot be used; the issue names the member.
    pub fn new(settings: &Settings) -> Result<Self, Box<Issue>> {
        let options = settings.options()?;
        let fetcher = Fetcher::new(&options).map_err(|error| {
            wrong(
                "url",
                &format!("no client can be made: {error}"),
                "check the machine's certificates",
            )
        })?;
        Ok(Self(Arc::new(Inner {
            fetcher,
            cache: Cache::new(options.remembered, options.remembered_for),
            breaker: Breaker::new(options.failures, options.pause),
            calls: Semaphore::new(options.parallel),
            batches: AtomicBool::new(options.batch > 1),
            options,
        })))
    }

    /// Whether the server failed too often and is left alone for now.
    pub fn is_left_alone(&self) -> bool {
        self.0.breaker.is_open()
    }

    /// Decides checks: one decision a check, in order. What the server does not decide stays
    /// [`Decision::Unknown`], with the reason.
    pub async fn decide(&self, checks: &[CodeCheck]) -> Vec<Decision> {
        let asked: Vec<Result<Question, &'static str>> = checks
            .iter()
            .map(|check| Question::of(check, &self.0.options.systems))
            .collect();
        let mut open: Vec<Question> = Vec::new();
        let mut answers: HashMap<Question, Decision> = HashMap::new();
        let mut seen: HashSet<&Question> = HashSet::new();
        for question in asked.iter().flatten() {
            if !seen.insert(question) {
                continue;
            }
            match self.0.cache.get(question) {
                Some(decision) => {
                    answers.insert(question.clone(), decision);
                }
                None => open.push(question.clone()),
            }
        }
        self.ask(open, &mut answers).await;
        asked
            .into_iter()
            .map(|question| match question {
                Err(why) => unknown(why),
                Ok(question) => answers
                    .get(&question)
                    .cloned()
                    .unwrap_or_else(|| unknown(OUT_OF_TIME)),
            })
            .collect()
    }

    async fn ask(&self, open: Vec<Question>, answers: &mut HashMap<Question, Decision>) {
        let until = Instant::now() + self.0.options.total;
        let mut tasks = JoinSet::new();
        for questions in self.parcels(open) {
            let inner = Arc::clone(&self.0);
            tasks.spawn(async move { inner.parcel(questions, until).await });
        }
        let left = until.saturating_duration_since(Instant::now());
        let all = async {
            while let Some(done) = tasks.join_next().await {
                // A task that did not come to its end has answered nothing.
                answers.extend(done.unwrap_or_default());
            }
        };
        // Tasks that still run are ended when the set is dropped.
        if tokio::time::timeout(left, all).await.is_err() {
            tracing::warn!("the terminology server did not answer all questions in time");
        }
    }

    /// The questions in parcels. No two in one parcel are about the same code, so that an answer that
    /// names its code belongs to one of them.
    fn parcels(&self, open: Vec<Question>) -> Vec<Vec<Question>> {
        if !self.0.batches.load(Ordering::Relaxed) {
            return open.into_iter().map(|question| vec![question]).collect();
        }
        let most = self.0.options.batch;
        let mut parcels: Vec<(HashSet<String>, Vec<Question>)> = Vec::new();
        // Where the last parcel with room is for each code: a code comes up in few value sets.
        let mut first_with_room = 0;
        for question in open {
            while parcels
                .get(first_with_room)
                .is_some_and(|(_, parcel)| parcel.len() >= most)
            {
                first_with_room += 1;
            }
            let fitting = parcels
                .iter_mut()
                .skip(first_with_room)
                .find(|(codes, parcel)| parcel.len() < most && !codes.contains(&question.code));
            match fitting {
                Some((codes, parcel)) => {
                    codes.insert(question.code.clone());
                    parcel.push(question);
                }
                None => parcels.push((HashSet::from([question.code.clone()]), vec![question])),
            }
        }
        parcels.into_iter().map(|(_, parcel)| parcel).collect()
    }
}

impl Inner {
    /// Asks a parcel: as a Bundle while the server takes Bundles, and one by one what is then open.
    async fn parcel(
        self: Arc<Self>,
        questions: Vec<Question>,
        until: Instant,
    ) -> Vec<(Question, Decision)> {
        let mut answers = Vec::with_capacity(questions.len());
        let mut open = Vec::new();
        if questions.len() > 1 && self.batches.load(Ordering::Relaxed) {
            match self.bundle(&questions).await {
                Ok(decisions) => {
                    for (question, decision) in questions.into_iter().zip(decisions) {
                        match decision {
                            Some(decision) => answers.push(self.remember(question, decision)),
                            None => open.push(question),
                        }
                    }
                }
                // The server is in trouble: asking it fifty times over would not help it.
                Err(why) => {
                    let whole = questions
                        .into_iter()
                        .map(|question| (question, unknown(&why)));
                    return whole.collect();
                }
            }
        } else {
            open = questions;
        }
        let mut tasks = JoinSet::new();
        for question in open {
            let inner = Arc::clone(&self);
            tasks.spawn(async move {
                if Instant::now() >= until {
                    return (question, unknown(OUT_OF_TIME));
                }
                match inner.single(&question).await {
                    Ok(decision) => inner.remember(question, decision),
                    Err(why) => (question, unknown(&why)),
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            // A task that did not come to its end has answered nothing.
            answers.extend(done);
        }
        answers
    }

    fn remember(&self, question: Question, decision: Decision) -> (Question, Decision) {
        self.cache.put(question.clone(), decision.clone());
        (question, decision)
    }

    async fn call(&self, path: &str, body: &json::Value) -> Result<Outcome, String> {
        // The semaphore is never closed; were it, nothing would be asked.
        let _turn = self
            .calls
            .acquire()
            .await
            .map_err(|_| LEFT_ALONE.to_owned())?;
        if !self.breaker.permits() {
            return Err(LEFT_ALONE.to_owned());
        }
        self.fetcher
            .post(path, body)
            .await
            .map_err(|fault| self.fails(fault))
    }

    fn fails(&self, fault: Fault) -> String {
        self.breaker.failed();
        tracing::warn!(%fault, "the terminology server did not answer");
        fault.to_string()
    }

    /// Asks a Bundle: the decisions that are certain, or why nothing came of it.
    async fn bundle(&self, questions: &[Question]) -> Result<Vec<Option<Decision>>, String> {
        let found = match self.call("", &batch::bundle(questions)).await? {
            Outcome::Resource(resource) => batch::read(&resource, questions),
            Outcome::Refused(_) => None,
        };
        self.breaker.succeeded();
        let decisions = found.unwrap_or_else(|| vec![None; questions.len()]);
        if decisions.iter().all(Option::is_none) {
            tracing::info!("the terminology server takes no batches: asking one by one");
            self.batches.store(false, Ordering::Relaxed);
        }
        Ok(decisions)
    }

    async fn single(&self, question: &Question) -> Result<Decision, String> {
        match self
            .call(question.operation(), &question.parameters())
            .await?
        {
            Outcome::Resource(resource) => {
                let decision = answer::read(&resource)
                    .filter(|_| answer::is_of(&resource, question) != Some(false));
                match decision {
                    Some(decision) => {
                        self.breaker.succeeded();
                        Ok(decision)
                    }
                    None => Err(self.fails(Fault::NotJson)),
                }
            }
            Outcome::Refused(status) => {
                self.breaker.succeeded();
                Ok(unknown(if matches!(status.as_u16(), 404 | 422) {
                    NOT_KNOWN
                } else {
                    REFUSED
                }))
            }
        }
    }
}

fn unknown(why: &str) -> Decision {
    Decision::Unknown(Some(why.to_owned()))
}
