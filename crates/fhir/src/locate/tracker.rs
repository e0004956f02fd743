//! Following many paths through a text at once.

use json::{Begins, Visitor};

use super::path::{BEST_FIT, ElementPath, Step};

/// Follows paths while a text is gone through, and keeps for each the deepest place reached.
pub(super) struct Tracker<'p> {
    paths: &'p [ElementPath<'p>],
    found: Vec<Found>,
    /// How many of them may still be found, or found better.
    unfound: usize,
    /// For each value that is being looked into, the paths that lead into it.
    levels: Vec<Vec<On>>,
}

/// A path that leads into a value.
#[derive(Clone, Copy)]
struct On {
    /// Which.
    path: usize,
    /// How many of its steps are behind.
    at: usize,
    /// How well the last member fitted.
    fit: u8,
}

#[derive(Clone, Copy, Default, PartialEq, PartialOrd)]
struct Found {
    /// How many steps were taken.
    steps: usize,
    /// How well the last fitted: a value rather than its extensions, something rather than null.
    fit: u8,
    offset: usize,
}

impl<'p> Tracker<'p> {
    pub fn new(paths: &'p [ElementPath<'p>]) -> Self {
        Self {
            paths,
            found: vec![Found::default(); paths.len()],
            unfound: paths.iter().filter(|path| !path.0.is_empty()).count(),
            levels: vec![
                (0..paths.len())
                    .map(|path| On {
                        path,
                        at: 0,
                        fit: 0,
                    })
                    .collect(),
            ],
        }
    }

    /// Says where the resource itself begins.
    pub fn root(&mut self, offset: usize) {
        for found in &mut self.found {
            found.offset = offset;
        }
    }

    /// The offsets that were found, in the order of the paths.
    pub fn finish(self) -> Vec<usize> {
        self.found.into_iter().map(|found| found.offset).collect()
    }

    fn step(&self, path: usize, at: usize) -> Option<Step<'p>> {
        self.paths.get(path)?.0.get(at).copied()
    }

    fn note(&mut self, path: usize, steps: usize, fit: u8, offset: usize) {
        if let Some(found) = self.found.get_mut(path)
            && (steps, fit) > (found.steps, found.fit)
        {
            *found = Found { steps, fit, offset };
            // Nothing fits better than all steps, the last of them in full.
            let all = self.paths.get(path).map_or(0, |path| path.0.len());
            if (steps, fit) == (all, BEST_FIT) {
                self.unfound -= 1;
            }
        }
    }

    /// Whether any of the paths goes on behind where it is; if so, they are followed.
    fn follow(&mut self, next: Vec<On>) -> bool {
        let on = next.iter().any(|on| self.step(on.path, on.at).is_some());
        if on {
            self.levels.push(next);
        }
        on
    }

    /// A child of that name. `occurrence` counts those of one name where the text has no arrays.
    pub fn child(
        &mut self,
        name: &str,
        occurrence: Option<usize>,
        offset: usize,
        is_null: bool,
    ) -> bool {
        let Some(level) = self.levels.pop() else {
            return false;
        };
        let mut next = Vec::new();
        for &On { path, at, .. } in &level {
            // An index that is still open counts from 0 on what is no array.
            let at = match self.step(path, at) {
                Some(Step::Index(0)) => at + 1,
                _ => at,
            };
            let fit = self.step(path, at).map_or(0, |step| step.fits(name));
            if fit == 0 {
                continue;
            }
            let mut at = at + 1;
            if let Some(occurrence) = occurrence {
                let wanted = match self.step(path, at) {
                    Some(Step::Index(index)) => {
                        at += 1;
                        index
                    }
                    _ => 0,
                };
                if wanted != occurrence {
                    continue;
                }
            }
            self.note(path, at, if is_null { 0 } else { fit }, offset);
            next.push(On { path, at, fit });
        }
        self.levels.push(level);
        self.follow(next)
    }

    /// What stands between an element and its children without a name of its own: the same paths go
    /// on inside.
    pub fn same(&mut self) {
        let level = self.levels.last().cloned().unwrap_or_default();
        self.levels.push(level);
    }

    /// The end of what was last followed.
    pub fn up(&mut self) {
        self.levels.pop();
    }
}

impl Visitor for Tracker<'_> {
    fn member(&mut self, name: &str, offset: usize, value: Begins) -> bool {
        self.child(name, None, offset, value == Begins::Null)
    }

    fn item(&mut self, index: usize, offset: usize, value: Begins) -> bool {
        let Some(level) = self.levels.pop() else {
            return false;
        };
        let mut next = Vec::new();
        for &On { path, at, fit } in &level {
            match self.step(path, at) {
                Some(Step::Index(wanted)) if wanted == index => {
                    let at = at + 1;
                    self.note(
                        path,
                        at,
                        if value == Begins::Null { 0 } else { fit },
                        offset,
                    );
                    next.push(On { path, at, fit });
                }
                // A path without an index means the first.
                Some(Step::Child(..)) if index == 0 => next.push(On { path, at, fit }),
                _ => {}
            }
        }
        self.levels.push(level);
        self.follow(next)
    }

    fn leave(&mut self) {
        self.up();
    }

    fn is_done(&self) -> bool {
        self.unfound == 0
    }
}
