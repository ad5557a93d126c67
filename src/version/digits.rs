//! Numbers as strings of digits, so that no length overflows. A helper of the orders, not an order.

use std::cmp::Ordering;

/// Whether the text is a number: one ASCII digit or more, nothing else.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Compares two texts of digits by value; leading zeros do not count, and the empty text is zero.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (significant(a), significant(b));
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Whether the value is zero.
pub(super) fn is_zero(digits: &str) -> bool {
    significant(digits).is_empty()
}

/// Compares two rows of numbers, the shorter one continued with zeros: `1.2` equals `1.2.0`.
pub(super) fn compare_rows<'a>(mut a: impl Iterator<Item = &'a str>, mut b: impl Iterator<Item = &'a str>) -> Ordering {
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) => match compare(x.unwrap_or(""), y.unwrap_or("")) {
                Ordering::Equal => {}
                decided => return decided,
            },
        }
    }
}

/// The parts between dots. Byte by byte: the search for a `char` sets up more than these few bytes are worth.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let dot = text.bytes().position(|b| b == b'.');
        rest = dot.map(|dot| &text[dot + 1..]);
        Some(&text[..dot.unwrap_or(text.len())])
    })
}

/// Splits the leading digits off.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
}

/// The number that a text begins with, and what follows it; `None` if there is none or it has more than 64 bits.
pub(super) fn leading(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut value, mut rest) = (0u64, text);
    while let [digit @ b'0'..=b'9', next @ ..] = rest {
        value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
        rest = next;
    }
    (rest.len() < text.len()).then_some((value, rest))
}

fn significant(digits: &str) -> &str {
    digits.trim_start_matches('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_any_length_compare_by_value() {
        let long = "9".repeat(400);
        assert_eq!(compare("10", "9"), Ordering::Greater);
        assert_eq!(compare("007", "7"), Ordering::Equal);
        assert_eq!(compare("", "000"), Ordering::Equal);
        assert_eq!(compare(&long, &format!("1{long}")), Ordering::Less);
        assert!(!is_number("") && !is_number("1a") && !is_number("٣"), "only ASCII digits are numbers");
    }

    #[test]
    fn parts_are_those_of_a_split() {
        for text in ["", ".", "1", "1.2.3", "..1.", "é.ü"] {
            assert_eq!(parts(text).collect::<Vec<_>>(), text.split('.').collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_leading_number_ends_where_its_digits_do() {
        assert_eq!(leading(b"012.5"), Some((12, &b".5"[..])));
        assert_eq!(leading(b"18446744073709551615"), Some((u64::MAX, &b""[..])));
        assert_eq!([leading(b""), leading(b"v1"), leading(b"18446744073709551616")], [None; 3]);
    }

    #[test]
    fn rows_are_continued_with_zeros() {
        let row = |a: &str, b: &str| compare_rows(a.split('.'), b.split('.'));
        assert_eq!(row("1.2", "1.2.0.0"), Ordering::Equal);
        assert_eq!(row("1.2", "1.2.0.1"), Ordering::Less);
    }
}
