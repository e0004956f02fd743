//! Many records, one resource: which record wins, and what others fill in.
//!
//! Which record wins, and what fills its blanks, hangs on the records alone and not on their order.

use spill::{Reader, Stored, Writer};

use super::plan::bit;

/// A column of a group that its winner leaves blank, and the record that fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Filler {
    /// The position of the column among those of the group.
    pub column: u16,
    pub rank: i64,
    pub content: u32,
    pub cell: u32,
    /// The first record that says exactly this, by its number.
    pub first: u64,
}

/// A group.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// What the winner is ordered by: `latest`, then its content.
    pub rank: i64,
    pub content: u32,
    /// The first record that says exactly this, by its number.
    pub first: u64,
    /// The hash of each of the winner's cells; 0 for a blank one.
    cells: Box<[u32]>,
    pub fillers: Vec<Filler>,
    /// One bit for each column in which records contradict each other; the last stands for all
    /// columns beyond.
    pub contradictions: u128,
}

impl Group {
    /// A group of one record.
    pub fn new(rank: i64, content: u32, first: u64, cells: Box<[u32]>) -> Self {
        Self {
            rank,
            content,
            first,
            cells,
            fillers: Vec::new(),
            contradictions: 0,
        }
    }

    /// Whether a record's cell says something else than what stands for the group.
    pub fn differs(&self, position: usize, cell: u32) -> bool {
        let column = u16::try_from(position).unwrap_or(u16::MAX);
        let own = self.cells.get(position).copied().unwrap_or(0);
        let stands = match own {
            0 => self
                .fillers
                .iter()
                .find(|filler| filler.column == column)
                .map_or(0, |filler| filler.cell),
            own => own,
        };
        cell != 0 && cell != stands
    }

    /// Takes a further record into account: a group of one.
    pub fn add(&mut self, record: &Self) {
        let (rank, content) = (record.rank, record.content);
        if (self.rank, self.content) == (rank, content) {
            self.first = self.first.min(record.first);
            return;
        }
        let newer = (rank, content) > (self.rank, self.content);
        for (position, (own, cell)) in self.cells.iter_mut().zip(&record.cells).enumerate() {
            let column = u16::try_from(position).unwrap_or(u16::MAX);
            let filler = self
                .fillers
                .iter()
                .position(|filler| filler.column == column);
            let known = match (*own, filler.and_then(|index| self.fillers.get(index))) {
                (0, Some(filler)) => filler.cell,
                (own, _) => own,
            };
            let cell = *cell;
            if cell != 0 && known != 0 && known != cell {
                self.contradictions |= bit(position);
            }
            match (newer, cell) {
                (true, 1..) => {
                    *own = cell;
                    if let Some(index) = filler {
                        self.fillers.swap_remove(index);
                    }
                }
                (true, 0) => {
                    if *own != 0 {
                        self.fillers.push(Filler {
                            column,
                            rank: self.rank,
                            content: self.content,
                            cell: *own,
                            first: self.first,
                        });
                        *own = 0;
                    }
                }
                (false, 1..) if *own == 0 => {
                    let candidate = Filler {
                        column,
                        rank,
                        content,
                        cell,
                        first: record.first,
                    };
                    match filler.and_then(|index| self.fillers.get_mut(index)) {
                        Some(known) if (known.rank, known.content) < (rank, content) => {
                            *known = candidate
                        }
                        Some(known) if (known.rank, known.content) == (rank, content) => {
                            known.first = known.first.min(record.first);
                        }
                        Some(_) => {}
                        None => self.fillers.push(candidate),
                    }
                }
                (false, _) => {}
            }
        }
        if newer {
            self.rank = rank;
            self.content = content;
            self.first = record.first;
        }
    }
}

impl Stored for Group {
    const FIXED: Option<usize> = None;

    fn held(&self) -> usize {
        size_of_val(&*self.cells) + self.fillers.capacity() * size_of::<Filler>() + 16
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.i64(self.rank);
        out.u32(self.content);
        out.u64(self.first);
        out.u128(self.contradictions);
        out.count(self.cells.len());
        for cell in &self.cells {
            out.u32(*cell);
        }
        out.count(self.fillers.len());
        for filler in &self.fillers {
            out.u16(filler.column);
            out.i64(filler.rank);
            out.u32(filler.content);
            out.u32(filler.cell);
            out.u64(filler.first);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let (rank, content, first) = (from.i64()?, from.u32()?, from.u64()?);
        let contradictions = from.u128()?;
        let count = from.count()?;
        let cells: Option<Box<[u32]>> = (0..count).map(|_| from.u32()).collect();
        let count = from.count()?;
        let fillers: Option<Vec<Filler>> = (0..count)
            .map(|_| {
                Some(Filler {
                    column: from.u16()?,
                    rank: from.i64()?,
                    content: from.u32()?,
                    cell: from.u32()?,
                    first: from.u64()?,
                })
            })
            .collect();
        Some(Self {
            rank,
            content,
            first,
            cells: cells?,
            fillers: fillers?,
            contradictions,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Group;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cs_01_the_order_of_records_decides_nothing(
            rows in prop::collection::vec((0_i64..4, prop::collection::vec(prop::option::of(1_u32..4), 3)), 1..7),
            turn in 0_usize..7,
        ) {
            let gather = |rows: &[(i64, Vec<Option<u32>>)]| {
                let content = |cells: &[Option<u32>]| {
                    cells.iter().fold(0_u32, |sum, cell| sum * 5 + cell.unwrap_or(0))
                };
                let mut groups = rows.iter().map(|(rank, cells)| {
                    let own = cells.iter().map(|cell| cell.unwrap_or(0)).collect();
                    Group::new(*rank, content(cells), 0, own)
                });
                let mut group = groups.next().unwrap();
                groups.for_each(|record| group.add(&record));
                group.fillers.sort_by_key(|filler| filler.column);
                (group.rank, group.content, group.fillers, group.contradictions != 0)
            };
            let mut turned = rows.clone();
            let length = turned.len();
            turned.rotate_left(turn % length);
            prop_assert_eq!(gather(&rows), gather(&turned));
            turned.reverse();
            prop_assert_eq!(gather(&rows), gather(&turned));
        }
    }
}
