//! Who a record is about.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use identity::{IdSpace, NhsNumber, NhsNumberError, fold_name};
use proptest::prelude::*;

#[test]
fn nhs_numbers_are_read_as_people_write_them() {
    for text in [
        "9990000018",
        "999 000 0018",
        " 999-000-0018 ",
        "'9990000018",
    ] {
        assert_eq!(text.parse::<NhsNumber>().unwrap().as_str(), "9990000018");
    }
    assert_eq!(
        "9990000019".parse::<NhsNumber>(),
        Err(NhsNumberError::CheckDigit)
    );
    assert_eq!(
        "0000000000".parse::<NhsNumber>(),
        Err(NhsNumberError::CheckDigit)
    );
    for text in [
        "",
        "999000001",
        "99900000180",
        "999000001O",
        "９９９００００018",
    ] {
        assert_eq!(
            text.parse::<NhsNumber>(),
            Err(NhsNumberError::NotTenDigits),
            "{text}"
        );
    }
}

#[test]
fn a_number_does_not_reach_a_log_whole() {
    let number: NhsNumber = "9990000018".parse().unwrap();
    assert_eq!(format!("{number:?}"), "NhsNumber(…018)");
}

#[test]
fn ids_are_fhir_ids_and_depend_on_every_part() {
    let space = IdSpace::published();
    let id = |tenant, source, kind, rule, key: &[&str]| {
        space.resource_id(tenant, source, kind, rule, key)
    };
    let base = id("T1", "s", "Patient", "Patient", &["a", "b"]);
    assert_eq!(base.len(), 32);
    assert_eq!(base, id("T1", "s", "Patient", "Patient", &["a", "b"]));
    for other in [
        id("T2", "s", "Patient", "Patient", &["a", "b"]),
        id("T1", "t", "Patient", "Patient", &["a", "b"]),
        id("T1", "s", "Flag", "Patient", &["a", "b"]),
        id("T1", "s", "Patient", "Patient.carer", &["a", "b"]),
        id("T1", "s", "Patient", "Patient", &["ab"]),
        id("T1", "s", "Patient", "Patient", &["a", "b", ""]),
        IdSpace::with_secret(b"other").resource_id("T1", "s", "Patient", "Patient", &["a", "b"]),
    ] {
        assert_ne!(base, other);
    }
}

proptest! {
    #[test]
    fn folding_is_stable(name in ".*") {
        let once = fold_name(&name);
        prop_assert_eq!(fold_name(&once), once);
    }

    #[test]
    fn one_wrong_digit_is_always_found(place in 0usize..10, add in 1u8..10) {
        let mut digits = *b"9990000018";
        digits[place] = b'0' + (digits[place] - b'0' + add) % 10;
        prop_assert!(std::str::from_utf8(&digits).unwrap().parse::<NhsNumber>().is_err());
    }
}
