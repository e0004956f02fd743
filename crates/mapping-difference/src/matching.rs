//! Which resource of one side is which of the other.

use crate::error::DifferenceError;
use crate::spool::{INDEXES, Spool};

/// By id; what is left, where a key has changed: people by the record they come from, then what is
/// said of the same person by content, then by rule and record. Of several that are alike the first
/// is the first, and so on.
const STEPS: [&str; 4] = [
    "INSERT INTO pair (old, new)
     SELECT o.no, n.no FROM item o JOIN item n ON n.rtype = o.rtype AND n.id = o.id AND n.side = 1
     WHERE o.side = 0",
    "INSERT INTO pair (old, new)
     WITH o AS (SELECT no, loose, row_number() OVER (PARTITION BY loose ORDER BY no) AS nth
                FROM item WHERE side = 0 AND rtype = 'Patient' AND no NOT IN (SELECT old FROM pair)),
          n AS (SELECT no, loose, row_number() OVER (PARTITION BY loose ORDER BY no) AS nth
                FROM item WHERE side = 1 AND rtype = 'Patient' AND no NOT IN (SELECT new FROM pair))
     SELECT o.no, n.no FROM o JOIN n ON n.loose = o.loose AND n.nth = o.nth",
    "INSERT INTO pair (old, new)
     WITH o AS (SELECT no, place FROM item
                WHERE side = 0 AND rtype = 'Patient' AND no NOT IN (SELECT old FROM pair)),
          n AS (SELECT no, place FROM item
                WHERE side = 1 AND rtype = 'Patient' AND no NOT IN (SELECT new FROM pair))
     SELECT min(o.no), min(n.no) FROM o JOIN n ON n.place = o.place
     GROUP BY o.place HAVING count(*) = 1",
    "CREATE TABLE same_person AS
     SELECT o.id AS old, n.id AS new FROM pair
     JOIN item o ON o.no = pair.old JOIN item n ON n.no = pair.new WHERE o.rtype = 'Patient'",
];

/// What is left of things said of people, matched by one column or by rule and place.
fn of_people(column: &str) -> String {
    format!(
        "INSERT INTO pair (old, new)
         WITH o AS (SELECT i.no, i.rtype, coalesce(s.new, i.person, '') AS person, {column} AS same,
                      row_number() OVER (PARTITION BY i.rtype, coalesce(s.new, i.person, ''), {column}
                                         ORDER BY i.no) AS nth
                    FROM item i LEFT JOIN same_person s ON s.old = i.person
                    WHERE i.side = 0 AND i.rtype <> 'Patient' AND i.no NOT IN (SELECT old FROM pair)),
              n AS (SELECT i.no, i.rtype, coalesce(i.person, '') AS person, {column} AS same,
                      row_number() OVER (PARTITION BY i.rtype, coalesce(i.person, ''), {column}
                                         ORDER BY i.no) AS nth
                    FROM item i
                    WHERE i.side = 1 AND i.rtype <> 'Patient' AND i.no NOT IN (SELECT new FROM pair))
         SELECT o.no, n.no FROM o
         JOIN n ON n.rtype = o.rtype AND n.person = o.person AND n.same = o.same AND n.nth = o.nth"
    )
}

/// Pairs what both sides made.
pub(crate) fn pair(spool: &Spool) -> Result<(), DifferenceError> {
    let connection = &spool.connection;
    connection.execute_batch(INDEXES)?;
    for step in STEPS {
        connection.execute(step, [])?;
    }
    connection.execute_batch("CREATE INDEX same_person_old ON same_person (old)")?;
    connection.execute(&of_people("i.loose"), [])?;
    connection.execute(&of_people("i.rule || char(10) || i.place"), [])?;
    connection.execute_batch("ANALYZE")?;
    Ok(())
}
