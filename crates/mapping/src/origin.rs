//! Which file a spot of a mapping stands in: the mapping itself, or a fragment by one of its uses.

use std::sync::Arc;

use diagnostics::MappingPlace;

use crate::findings::place;
use crate::yaml::{Folded, Spot};

/// The files of a mapping that spots stand in. A fragment is there once for its definition and once
/// for each of its uses, so that a spot says both where it stands and why it is there.
#[derive(Debug, Clone)]
pub(crate) struct Origins(Vec<Origin>);

#[derive(Debug, Clone)]
struct Origin {
    file: Arc<str>,
    used_at: Option<Spot>,
    /// Scalars of the file that go over several lines.
    folded: Arc<Folded>,
}

impl Origins {
    /// Only the mapping itself.
    pub fn new(file: Arc<str>) -> Self {
        Self(vec![Origin {
            file,
            used_at: None,
            folded: Arc::default(),
        }])
    }

    /// Another file, or another use of one; nothing when there are too many.
    pub fn add(&mut self, file: &str, used_at: Option<Spot>) -> Option<u16> {
        let index = u16::try_from(self.0.len())
            .ok()
            .filter(|index| *index < MAX)?;
        self.0.push(Origin {
            file: file.into(),
            used_at,
            folded: Arc::default(),
        });
        Some(index)
    }

    /// Notes the scalars of the mapping itself that go over several lines.
    pub fn fold(&mut self, folded: Folded) {
        if let Some(origin) = self.0.first_mut() {
            origin.folded = Arc::new(folded);
        }
    }

    fn of(&self, spot: Spot) -> Option<&Origin> {
        self.0.get(usize::from(spot.origin))
    }

    /// The place of a spot in its file.
    pub fn place(&self, spot: Spot) -> MappingPlace {
        let nowhere = Arc::from("");
        match self.of(spot) {
            Some(origin) => place(&origin.file, origin.folded.unfold(spot)),
            None => place(&nowhere, spot),
        }
    }

    /// By which uses a spot is there, the innermost first; none outside fragments.
    pub fn uses(&self, spot: Spot) -> Vec<MappingPlace> {
        let mut uses = Vec::new();
        let mut at = spot;
        while let Some(used_at) = self.of(at).and_then(|origin| origin.used_at) {
            uses.push(self.place(used_at));
            at = used_at;
        }
        uses
    }

    /// The same in words, to be put behind a help: nothing outside fragments.
    pub fn used_at(&self, spot: Spot) -> String {
        let mut words = String::new();
        for (index, place) in self.uses(spot).iter().enumerate() {
            words.push_str(if index == 0 {
                "; used at "
            } else {
                ", by way of "
            });
            words.push_str(&place.to_string());
        }
        words
    }
}

/// More uses of fragments than any mapping has.
const MAX: u16 = 8192;
