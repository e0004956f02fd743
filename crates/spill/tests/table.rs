//! What a table answers does not hang on how much of it is in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use spill::{Budget, Lists, Reader, Set, Stored, Table, Writer};

/// A value whose length varies, and grows as it is changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Words(Vec<String>);

impl Stored for Words {
    const FIXED: Option<usize> = None;

    fn held(&self) -> usize {
        self.0.iter().map(|word| word.len() + 24).sum()
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.count(self.0.len());
        for word in &self.0 {
            out.text(word);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let count = from.count()?;
        let words: Option<Vec<String>> =
            (0..count).map(|_| from.text().map(str::to_owned)).collect();
        words.map(Self)
    }
}

#[derive(Debug, Clone)]
enum Deed {
    Change(u64, String),
    Insert(u64, String),
    Look(u64),
}

fn key() -> impl Strategy<Value = u64> {
    // Zero, neighbours, the ends and anything.
    prop_oneof![0_u64..40, (u64::MAX - 5)..=u64::MAX, any::<u64>()]
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (key(), "[a-z]{0,40}").prop_map(|(key, word)| Deed::Change(key, word)),
        1 => (key(), "[a-z]{0,9}").prop_map(|(key, word)| Deed::Insert(key, word)),
        2 => key().prop_map(Deed::Look),
    ]
}

fn budgets() -> [Budget; 4] {
    [
        Budget::new(0),
        Budget::new(700),
        Budget::new(20_000),
        Budget::unlimited(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn values_of_varying_length(deeds in prop::collection::vec(deed(), 0..400)) {
        for budget in budgets() {
            let table: Table<Words> = Table::new(&budget);
            let mut known: HashMap<u64, Words> = HashMap::new();
            for deed in &deeds {
                match deed {
                    Deed::Change(key, word) => {
                        let one = || Words(vec![word.clone()]);
                        table.change(*key, |words| words.0.push(word.clone()), one);
                        known.entry(*key).or_default().0.push(word.clone());
                    }
                    Deed::Insert(key, word) => {
                        table.insert(*key, Words(vec![word.clone()]));
                        known.insert(*key, Words(vec![word.clone()]));
                    }
                    Deed::Look(key) => {
                        prop_assert_eq!(table.get(*key), known.get(key).cloned());
                    }
                }
            }
            for (key, words) in &known {
                prop_assert_eq!(table.look(*key, Words::clone), Some(words.clone()));
            }
            prop_assert!(!budget.has_failed());
        }
    }

    #[test]
    fn values_of_one_length(keys in prop::collection::vec(key(), 0..3000)) {
        for budget in budgets() {
            let table: Table<u64> = Table::new(&budget);
            let set: Set<u64> = Set::new(&budget);
            let mut known: HashMap<u64, u64> = HashMap::new();
            for key in &keys {
                table.change(*key, |count| *count += 1, || 1);
                set.insert(*key);
                *known.entry(*key).or_default() += 1;
            }
            for (key, count) in &known {
                prop_assert_eq!(table.get(*key), Some(*count));
                prop_assert!(set.contains(*key));
                let other = key.wrapping_add(1);
                prop_assert_eq!(table.get(other), known.get(&other).copied());
                prop_assert_eq!(set.contains(other), known.contains_key(&other));
            }
        }
    }

    #[test]
    fn lists_keep_their_order(values in prop::collection::vec((0_u64..6, any::<u32>()), 0..400)) {
        for budget in budgets() {
            let lists: Lists<u32> = Lists::new(&budget);
            let mut known: HashMap<u64, Vec<u32>> = HashMap::new();
            for (key, value) in &values {
                lists.push(*key, *value);
                known.entry(*key).or_default().push(*value);
            }
            for key in 0..7 {
                prop_assert_eq!(lists.get(key), known.get(&key).cloned().unwrap_or_default());
            }
        }
    }
}

/// A number that looks like a hash.
fn mixed(number: u64) -> u64 {
    let mixed = (number ^ (number >> 31)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    mixed ^ (mixed >> 29)
}

#[test]
fn memory_stays_within_the_budget_while_the_file_grows() {
    let budget = Budget::new(256 << 10);
    let table: Table<u128> = Table::new(&budget);
    let wide: Set<u128> = Set::new(&budget);
    let mut most = 0;
    for number in 0..200_000 {
        table.change(mixed(number), |value| *value += 1, || u128::from(number));
        wide.insert(u128::from(mixed(number)) << 64 | u128::from(number));
        most = most.max(budget.used());
    }
    // One part may double before it is moved.
    assert!(most < 384 << 10, "{most}");
    assert!(budget.spilled() > 200_000 * 40);
    for number in (0..200_000).step_by(7) {
        assert_eq!(table.get(mixed(number)), Some(u128::from(number)));
        assert!(wide.contains(u128::from(mixed(number)) << 64 | u128::from(number)));
        assert!(!wide.contains(u128::from(mixed(number)) << 64 | u128::from(number + 1)));
    }
    assert_eq!(table.get(mixed(200_001)), None);
    let used = budget.used();
    drop(table);
    drop(wide);
    assert!(used > 0 && budget.used() == 0);
}

#[test]
fn threads_share_a_table() {
    let budget = Budget::new(10_000);
    let table: Table<u64> = Table::new(&budget);
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let table = &table;
            scope.spawn(move || {
                for number in 0..5_000 {
                    table.change(mixed(number), |sum| *sum += 1, || 1);
                    table.change(mixed(number + 10_000 * (thread + 1)), |_| (), || number);
                }
            });
        }
    });
    for number in 0..5_000 {
        assert_eq!(table.get(mixed(number)), Some(4));
        for thread in 1..=4 {
            assert_eq!(table.get(mixed(number + 10_000 * thread)), Some(number));
        }
    }
}

#[test]
fn a_file_that_cannot_be_had_is_a_failure_and_no_answer() {
    let budget = Budget::in_folder(1_000, "/there/is/no/such/folder");
    let table: Table<u64> = Table::new(&budget);
    for number in 0..2_000 {
        table.insert(mixed(number), number);
    }
    assert!(budget.has_failed());
    assert!(budget.take_failure().is_some());
}

#[test]
fn nothing_is_in_a_file_while_there_is_room() {
    let budget = Budget::new(1 << 20);
    let table: Table<u64> = Table::new(&budget);
    let met: HashSet<u64> = (0..10_000).map(mixed).collect();
    for key in &met {
        table.insert(*key, 1);
    }
    assert_eq!(budget.spilled(), 0);
}
