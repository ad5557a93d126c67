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

/// Splits the leading digits off.
pub(super) fn split(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().take_while(u8::is_ascii_digit).count())
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
    fn rows_are_continued_with_zeros() {
        let row = |a: &str, b: &str| compare_rows(a.split('.'), b.split('.'));
        assert_eq!(row("1.2", "1.2.0.0"), Ordering::Equal);
        assert_eq!(row("1.2", "1.2.0.1"), Ordering::Less);
    }
}
