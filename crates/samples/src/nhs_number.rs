//! NHS numbers of the test range: 999 000 0000 to 999 999 9999 is never issued to a person.

/// How many different numbers [`test_number`] can give.
pub const SUPPLY: u32 = 900_000;

/// The check digit of nine digits by modulus 11 (weights 10 to 2), or `None` where it would be 10:
/// such a number is not used.
pub fn check_digit(nine: &[u8; 9]) -> Option<u8> {
    let sum: u32 = (2..=10u32)
        .rev()
        .zip(nine)
        .map(|(weight, digit)| weight * u32::from(*digit))
        .sum();
    match 11 - sum % 11 {
        11 => Some(0),
        10 => None,
        digit => Some(digit as u8),
    }
}

/// The `index`-th number of the range in a fixed order, without gaps or repeats below [`SUPPLY`].
///
/// Among ten numbers that differ only in the ninth digit at least nine have a check digit, so nine
/// are taken from each such group.
pub fn test_number(index: u32) -> String {
    let index = index % SUPPLY;
    let (group, member) = (index / 9, index % 9);
    let mut nine = [9, 9, 9, 0, 0, 0, 0, 0, 0];
    let mut rest = group;
    for place in nine.iter_mut().skip(3).take(5).rev() {
        *place = (rest % 10) as u8;
        rest /= 10;
    }
    let mut left = member;
    for ninth in 0..10 {
        if let Some(last) = nine.last_mut() {
            *last = ninth;
        }
        if let Some(check) = check_digit(&nine) {
            if left == 0 {
                return nine
                    .iter()
                    .chain(std::iter::once(&check))
                    .map(|digit| char::from(b'0' + digit))
                    .collect();
            }
            left -= 1;
        }
    }
    // Unreachable by the count above; an empty number would show at once in a sample.
    String::new()
}

/// The same number with another last digit: well formed, and refused by the check.
pub fn with_bad_check_digit(number: &str) -> String {
    let mut text = number.to_owned();
    if let Some(last) = text.pop() {
        let digit = last.to_digit(10).unwrap_or(0);
        text.push(char::from_digit((digit + 1) % 10, 10).unwrap_or('0'));
    }
    text
}

/// `9990000018` as people write it: `999 000 0018`.
pub fn spaced(number: &str) -> String {
    let mut text = String::with_capacity(12);
    for (at, digit) in number.chars().enumerate() {
        if at == 3 || at == 6 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
