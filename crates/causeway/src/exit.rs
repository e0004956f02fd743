//! How a command ends.

use std::fmt;
use std::process::ExitCode;

/// The exit codes of every command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All went through.
    Fine,
    /// Something in what was checked does not hold: an invalid resource, a failed mapping test.
    Failed,
    /// The arguments, the configuration or the mapping are unusable.
    Usage,
    /// Some records were quarantined; they are in the report.
    Quarantined,
    /// The input is unusable.
    Input,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Fine => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Quarantined => 3,
            Exit::Input => 4,
        })
    }
}

/// Why a command stopped, for its user.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What happened and what to do.
    pub message: String,
}

impl Failure {
    /// The arguments, the configuration or the mapping are unusable.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.to_string(),
        }
    }

    /// The input is unusable.
    pub fn input(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Input,
            message: message.to_string(),
        }
    }

    /// Something else went wrong: the disk, the network, the store.
    pub fn failed(message: impl fmt::Display) -> Self {
        Self {
            exit: Exit::Failed,
            message: message.to_string(),
        }
    }
}
