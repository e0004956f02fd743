//! Whether reviews are asked for.

/// What may become active, and what may publish (CS-21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Gate {
    /// Production: only a mapping whose present content a clinician has reviewed.
    #[default]
    ReviewedOnly,
    /// A demonstration or a test system, which says so in every answer: any mapping.
    Open,
}

impl Gate {
    /// Whether reviews are asked for.
    pub fn asks_for_review(self) -> bool {
        self == Self::ReviewedOnly
    }
}
