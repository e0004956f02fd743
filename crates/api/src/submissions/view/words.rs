//! What a state means to somebody who has no computer department.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::SubmissionState;

/// A state in a few words.
pub(super) fn short(state: SubmissionState) -> &'static str {
    match state {
        SubmissionState::Received => "is coming in",
        SubmissionState::Archived => "waits to be read",
        SubmissionState::Reading => "is being read",
        SubmissionState::Stored => "is stored, the report is being written",
        SubmissionState::Reported => "read and stored",
        SubmissionState::AwaitingConfirmation => "read and stored, and waits for you to confirm",
        SubmissionState::Refused => "refused",
        SubmissionState::Failed => "stopped by a fault of Causeway",
        SubmissionState::Withdrawn => "withdrawn",
    }
}

/// What it means, and what is to be done.
pub(super) fn long(state: SubmissionState) -> &'static str {
    match state {
        SubmissionState::Received => "The file is coming in. You need do nothing.",
        SubmissionState::Archived => {
            "The file is kept safely and waits to be read. You need do nothing, and need not send it again."
        }
        SubmissionState::Reading | SubmissionState::Stored => {
            "The file is being read. You need do nothing, and need not send it again."
        }
        SubmissionState::Reported => "The file was read, and what could be used of it is stored.",
        SubmissionState::AwaitingConfirmation => {
            "The file was read, and what could be used of it is stored. Something that you reported before is not in it, and is kept until you say whether it is really gone."
        }
        SubmissionState::Refused => {
            "The file could not be used, and nothing of it was stored. What you sent before stays as it was. Mend what is named below and send the file again."
        }
        SubmissionState::Failed => {
            "Causeway could not finish reading the file. It is kept, and you need not send it again: whoever runs Causeway has to look."
        }
        SubmissionState::Withdrawn => {
            "The file was taken back. What it said no longer counts; what was known before it does again."
        }
    }
}

/// A moment as people in England write it.
pub(super) fn moment(at: Timestamp) -> String {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%-d %B %Y, %H:%M").to_string()
}
