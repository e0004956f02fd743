//! The arguments of a subcommand.

/// Reads the arguments of `cargo xtask COMMAND`; nothing where help was asked for, which is printed.
///
/// # Errors
/// What is wrong with them, in clap's words.
pub fn read<A: clap::Parser>(command: &str, arguments: &[String]) -> Result<Option<A>, String> {
    let name = format!("cargo xtask {command}");
    match A::try_parse_from(std::iter::once(&name).chain(arguments)) {
        Ok(arguments) => Ok(Some(arguments)),
        Err(error) if !error.use_stderr() => {
            print!("{error}");
            Ok(None)
        }
        Err(error) => Err(error.to_string()),
    }
}
