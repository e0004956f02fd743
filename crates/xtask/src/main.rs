//! The project's own commands: `cargo xtask test`, `cargo xtask definitions`, `cargo xtask samples`.
//!
//! Each subcommand is a module; this file only chooses.

mod arguments;
mod definitions;
mod fuzz;
mod oracle;
mod peers;
mod samples;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
cargo xtask COMMAND

  test                    installs the test peers that are missing and runs every test
      --only STEP         only one step: format, lint, peers, unit, licences
  definitions PACKAGE…    distils FHIR packages (.tgz) into profiles/
  fuzz [TARGET…]          hands random bytes to all that reads; see: cargo xtask fuzz --help
  oracle                  compares Causeway's verdicts with HAPI's; see: cargo xtask oracle --help
  peers                   times Causeway's validator beside others; see: cargo xtask peers --help
  samples                 writes sample exports with a truth file; see: cargo xtask samples --help
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let outcome = match command.as_str() {
        "test" => test::run(&rest),
        "definitions" => definitions::run(&rest),
        "fuzz" => fuzz::run(&rest),
        "oracle" => oracle::run(&rest),
        "peers" => peers::run(&rest),
        "samples" => samples::run(&rest),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}
