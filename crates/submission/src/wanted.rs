//! What a replay is about: the rows of the quarantine that somebody chose.

use std::collections::BTreeSet;

use mapping::{Made, Quarantined};
use store::QuarantinedRow;

/// What is stored of a file that is read again: what belongs to the chosen rows. A row belongs to its
/// record's place, to the resource that it would have become, and to the person that it is about:
/// what was held back because the person was follows.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    rows: Vec<WantedRow>,
    numbers: BTreeSet<u64>,
    things: BTreeSet<(String, String)>,
    people: BTreeSet<String>,
    places: BTreeSet<String>,
    /// Places of which something was made.
    made: BTreeSet<String>,
    made_things: BTreeSet<(String, String)>,
    /// Places and things that were held back again.
    held: BTreeSet<String>,
    held_things: BTreeSet<(String, String)>,
}

#[derive(Debug)]
struct WantedRow {
    number: u64,
    place: String,
    thing: Option<(String, String)>,
}

/// What became of the chosen rows.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    /// They went through.
    pub(crate) released: Vec<u64>,
    /// They are held back again, with today's issues, as rows of the replay.
    pub(crate) again: Vec<u64>,
    /// Today's mapping makes nothing of them, so they stay as they are.
    pub(crate) nothing: Vec<u64>,
}

impl Wanted {
    pub(crate) fn of(rows: &[QuarantinedRow]) -> Self {
        let mut wanted = Self::default();
        for row in rows {
            let held = &row.held;
            let thing = match (&held.rtype, &held.id) {
                (Some(rtype), Some(id)) => Some((rtype.clone(), id.clone())),
                _ => None,
            };
            wanted.places.insert(held.place.clone());
            wanted.things.extend(thing.clone());
            // A record of which only the person is known brings that person's things along; a
            // resource of one brings only itself, unless it is the person.
            if held.rtype.as_deref() == Some("Patient") || held.rtype.is_none() {
                wanted.people.extend(held.patient.clone());
            }
            wanted.numbers.insert(row.number);
            wanted.rows.push(WantedRow {
                number: row.number,
                place: held.place.clone(),
                thing,
            });
        }
        wanted
    }

    /// Takes rows in that were not chosen and that the chosen ones bring along, for they are settled
    /// with them: what was held back because the chosen thing was, and the same record's others.
    pub(crate) fn bring_along(&mut self, rows: &[QuarantinedRow]) {
        for row in rows {
            let held = &row.held;
            let thing = match (&held.rtype, &held.id) {
                (Some(rtype), Some(id)) => Some((rtype.clone(), id.clone())),
                _ => None,
            };
            let known = self.numbers.contains(&row.number);
            if !known && self.wants(&held.place, thing.as_ref(), held.patient.as_deref()) {
                self.numbers.insert(row.number);
                self.rows.push(WantedRow {
                    number: row.number,
                    place: held.place.clone(),
                    thing,
                });
            }
        }
    }

    fn wants(&self, place: &str, thing: Option<&(String, String)>, person: Option<&str>) -> bool {
        thing.is_some_and(|thing| self.things.contains(thing))
            || person.is_some_and(|person| self.people.contains(person))
            || self.places.contains(place)
    }

    /// Whether a resource is wanted.
    pub(crate) fn made(&mut self, made: &Made) -> bool {
        let place = made.place.to_string();
        let thing = (made.resource_type.to_string(), made.id.clone());
        let wants = self.wants(&place, Some(&thing), made.person.as_deref());
        if wants {
            self.made.insert(place);
            self.made_things.insert(thing);
        }
        wants
    }

    /// Whether something that is held back is wanted.
    pub(crate) fn held(&mut self, held: &Quarantined) -> bool {
        let place = held.place.to_string();
        let thing = match (&held.resource_type, &held.id) {
            (Some(rtype), Some(id)) => Some((rtype.to_string(), id.clone())),
            _ => None,
        };
        let wants = self.wants(&place, thing.as_ref(), held.person.as_deref());
        if wants {
            self.held.insert(place);
            self.held_things.extend(thing);
        }
        wants
    }

    /// What became of each row, once the whole file was read.
    pub(crate) fn settled(&self) -> Settled {
        let mut settled = Settled::default();
        for row in &self.rows {
            let (again, through) = match &row.thing {
                Some(thing) => (
                    self.held_things.contains(thing),
                    self.made_things.contains(thing),
                ),
                None => (
                    self.held.contains(&row.place),
                    self.made.contains(&row.place),
                ),
            };
            // A record that could not be read now gives resources; a key that has changed gives the
            // resource another id.
            let through = through || self.made.contains(&row.place);
            let again = again || (!through && self.held.contains(&row.place));
            if again {
                settled.again.push(row.number);
            } else if through {
                settled.released.push(row.number);
            } else {
                settled.nothing.push(row.number);
            }
        }
        settled
    }
}
