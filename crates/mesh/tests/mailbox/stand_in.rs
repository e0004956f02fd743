//! A receiver for tests: what it keeps stands for a store.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use mesh::{Arrival, Content, NotReceived, Notice, Received, Receiver, Report};
use tokio::io::AsyncReadExt as _;

/// What happens to the next messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Kept.
    Keep,
    /// The disk is full.
    Fail,
    /// Too much waits.
    Busy,
    /// It says that it kept the message without reading it.
    Lie,
}

/// A message that is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    pub arrival: Arrival,
    pub content: Vec<u8>,
}

/// Everything that it was told, shared with the test.
#[derive(Debug, Default)]
pub struct State {
    pub kept: Vec<Kept>,
    pub keys: HashMap<(String, String), usize>,
    pub reports: Vec<Report>,
    pub notices: Vec<Notice>,
    pub plan: Vec<Next>,
    /// How often something was read, to its end or not.
    pub offers: usize,
}

#[derive(Debug, Clone, Default)]
pub struct StandIn(pub Arc<Mutex<State>>);

impl StandIn {
    pub fn plan(&self, plan: &[Next]) {
        self.0.lock().unwrap().plan = plan.iter().rev().cloned().collect();
    }

    pub fn contents(&self) -> Vec<Vec<u8>> {
        let state = self.0.lock().unwrap();
        state.kept.iter().map(|kept| kept.content.clone()).collect()
    }

    pub fn notices(&self) -> Vec<Notice> {
        std::mem::take(&mut self.0.lock().unwrap().notices)
    }

    pub fn reports(&self) -> Vec<Report> {
        self.0.lock().unwrap().reports.clone()
    }

    pub fn offers(&self) -> usize {
        self.0.lock().unwrap().offers
    }

    fn next(&self) -> Next {
        let mut state = self.0.lock().unwrap();
        state.offers += 1;
        state.plan.pop().unwrap_or(Next::Keep)
    }
}

impl Receiver for StandIn {
    async fn receive(
        &self,
        arrival: &Arrival,
        content: &mut Content,
    ) -> Result<Received, NotReceived> {
        let next = self.next();
        match next {
            Next::Busy => return Err(NotReceived::Busy { wait: None }),
            Next::Lie => return Ok(Received::New),
            Next::Keep | Next::Fail => {}
        }
        let mut bytes = Vec::new();
        content
            .read_to_end(&mut bytes)
            .await
            .map_err(|error| NotReceived::Failed(error.to_string()))?;
        let sha256 = content.sha256().expect("the end was told").to_owned();
        if next == Next::Fail {
            return Err(NotReceived::Failed("the disk is full".to_owned()));
        }
        let mut state = self.0.lock().unwrap();
        let key = (arrival.client(), arrival.key(&sha256));
        if state.keys.contains_key(&key) {
            return Ok(Received::Again);
        }
        let place = state.kept.len();
        state.keys.insert(key, place);
        state.kept.push(Kept {
            arrival: arrival.clone(),
            content: bytes,
        });
        Ok(Received::New)
    }

    async fn report(&self, report: &Report) -> Result<(), NotReceived> {
        if self.next() != Next::Keep {
            return Err(NotReceived::Failed("the disk is full".to_owned()));
        }
        self.0.lock().unwrap().reports.push(report.clone());
        Ok(())
    }

    fn tell(&self, notice: &Notice) {
        self.0.lock().unwrap().notices.push(notice.clone());
    }
}
