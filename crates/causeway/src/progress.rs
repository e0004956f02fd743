//! Long work shows a bar on a terminal, and nothing when piped.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A count of records that ticks on a terminal. It is drawn on standard error, and not at all where
/// that is not a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts.
    pub fn start(what: &str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what.to_owned());
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {msg}: {human_pos} records, {elapsed}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Says how many records have been read.
    pub fn records(&self, records: u64) {
        self.0.set_position(records);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
