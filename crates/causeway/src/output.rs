//! Printing that does not panic when the reader goes away.

use std::io::{self, Write as _};

use crate::exit::Failure;

/// Prints to standard output. A closed pipe (`| head`) is no failure.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::failed(format!("cannot write: {error}"))),
    }
}

/// Prints a value as a line of JSON.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string(value).map_err(Failure::failed)?;
    text.push('\n');
    print(&text)
}
