//! `cargo xtask definitions`.

/// Runs the subcommand.
pub fn run(_arguments: &[String]) -> Result<(), String> {
    Err("not built yet".to_owned())
}
