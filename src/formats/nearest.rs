//! The known word that a mistyped one stands for, probably.

/// Nobody mistypes a longer word, and comparing takes the product of both lengths.
const LONGEST: usize = 100;

/// The known word that the fewest slips lead to: at most one in three letters, a swap of two neighbours being one slip.
pub fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if word.len() > LONGEST {
        return None;
    }
    let most = (word.chars().count() / 3).max(1);
    let slips = known.into_iter().map(|one| (strsim::osa_distance(word, one), one));
    slips.filter(|(slips, _)| *slips <= most).min().map(|(_, one)| one)
}

/// What an error says of it, `; did you mean 'this'?`, or nothing.
pub fn did_you_mean<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(word, known).map(|one| format!("; did you mean '{one}'?")).unwrap_or_default()
}

/// A message of a reader of TOML, with a guess where it refuses a word and names those that it knows:
/// "unknown field `a`, expected `b` or `c`".
pub fn guessed(message: &str) -> String {
    let mut words = message.split('`').skip(1).step_by(2);
    let is_slip = message.starts_with("unknown field `") || message.starts_with("unknown variant `");
    let meant = words.next().filter(|_| is_slip).map(|word| did_you_mean(word, words));
    format!("{message}{}", meant.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_word_gets_a_guess() {
        let one = "unknown field `fail-no`, expected one of `fail-on`, `own`";
        assert_eq!(guessed(one), format!("{one}; did you mean 'fail-on'?"));
        let two = "unknown variant `opaqe`, expected `link` or `opaque`";
        assert_eq!(guessed(two), format!("{two}; did you mean 'opaque'?"));
        for other in ["unknown field `mood`, expected `own`", "missing field `reason`", "unclosed array, expected `]`"]
        {
            assert_eq!(guessed(other), other);
        }
    }

    #[test]
    fn a_slip_is_seen_through_and_another_word_is_not() {
        let known = ["runtime-end-of-life", "file-changed", "file-planted"];
        let nearest = |word| nearest(word, known);
        assert_eq!(nearest("runtime-end-of-lfie"), Some("runtime-end-of-life"));
        assert_eq!(nearest("file_changd"), Some("file-changed"));
        assert_eq!(nearest("file"), None);
        assert_eq!(nearest(""), None);
        assert_eq!(nearest(&"file-changed".repeat(9)), None);
        assert_eq!(did_you_mean("file-plantd", known), "; did you mean 'file-planted'?");
        assert_eq!(did_you_mean("GHSA-1", known), "");
    }
}
