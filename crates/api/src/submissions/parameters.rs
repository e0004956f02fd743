//! The parameters of a URL beside the FHIR base: each known, and each once.

use crate::failure::Failure;

/// Parameters as they were sent.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// `_format`.
    pub(super) fn format(&self) -> Option<&str> {
        self.0
            .iter()
            .find(|(name, _)| name == "_format")
            .map(|(_, value)| value.as_str())
    }

    /// The values of these parameters. Others are refused: a mistyped one must not pass for none.
    pub(super) fn only<const N: usize>(
        &self,
        names: [&str; N],
    ) -> Result<[Option<String>; N], Failure> {
        let mut found = [const { None }; N];
        for (name, value) in self.0.iter().filter(|(name, _)| name != "_format") {
            let slot = names
                .iter()
                .position(|known| known == name)
                .and_then(|at| found.get_mut(at));
            match slot {
                Some(slot @ None) if !value.trim().is_empty() => *slot = Some(value.clone()),
                Some(_) => {
                    return Err(Failure::bad_request(
                        "a parameter is empty or is given twice",
                        "give each parameter once, with a value",
                    ));
                }
                None => {
                    return Err(Failure::bad_request(
                        "there is a parameter that is not known here",
                        &format!("use {}", names.join(", ")),
                    ));
                }
            }
        }
        Ok(found)
    }

    /// None at all.
    pub(super) fn none(&self) -> Result<(), Failure> {
        let []: [Option<String>; 0] = self.only([])?;
        Ok(())
    }
}
