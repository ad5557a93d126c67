//! Which literals a pattern cannot match without.
//!
//! A prefilter's keyword says that its rule is worth trying; only where the keyword is known to lie inside every match
//! may the search stop a match's length away from it. It cannot find literals that only spell out over a repetition.

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

/// Sets of more literals than this are given up.
const MOST: usize = 64;
/// Literals are cut to this length: more bytes make a keyword no rarer.
const LONGEST: usize = 24;

/// What a pattern says of its matches.
pub struct Shape {
    /// Bytes of the longest match; `None` where there is no bound.
    pub max_len: Option<usize>,
    /// Whether the empty text matches.
    pub matches_nothing: bool,
    /// Sets of literals in lower case: every match holds one of each set.
    sets: Vec<Vec<String>>,
}

impl Shape {
    /// Reads a pattern in the notation of the `regex` crate, Unicode off.
    pub fn of(pattern: &str) -> Result<Shape, String> {
        let parsed = ParserBuilder::new().utf8(false).unicode(false).build().parse(pattern);
        let hir = parsed.map_err(|error| last_line(&error.to_string()))?;
        let mut sets = Vec::new();
        gather(&hir, &mut sets);
        let about = hir.properties();
        Ok(Shape { max_len: about.maximum_len(), matches_nothing: about.minimum_len() == Some(0), sets })
    }

    /// Whether every match holds one of these, in any case.
    pub fn always_holds_one_of(&self, keywords: &[String]) -> bool {
        let keywords: Vec<String> = keywords.iter().map(|keyword| keyword.to_ascii_lowercase()).collect();
        self.sets.iter().any(|set| set.iter().all(|text| keywords.iter().any(|k| text.contains(k.as_str()))))
    }

    /// The best set to search for: that whose shortest literal is longest, of at least `least` bytes.
    pub fn keywords(&self, least: usize) -> Option<Vec<String>> {
        let shortest = |set: &&Vec<String>| set.iter().map(String::len).min().unwrap_or(0);
        let best = self.sets.iter().filter(|set| shortest(set) >= least);
        best.max_by_key(|set| (shortest(set), std::cmp::Reverse(set.len()))).cloned()
    }
}

/// What a parser's message of several lines comes down to.
pub fn last_line(message: &str) -> String {
    message.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// All texts that match, in lower case, if they are few.
fn texts(hir: &Hir) -> Option<Vec<String>> {
    let found = match hir.kind() {
        // A place, no text.
        HirKind::Empty | HirKind::Look(_) => vec![String::new()],
        HirKind::Literal(literal) => vec![std::str::from_utf8(&literal.0).ok()?.to_ascii_lowercase()],
        HirKind::Class(class) => characters(class)?,
        HirKind::Capture(capture) => texts(&capture.sub)?,
        HirKind::Repetition(repetition) if repetition.max == Some(repetition.min) && repetition.min <= 8 => {
            let one = texts(&repetition.sub)?;
            (0..repetition.min).try_fold(vec![String::new()], |all, _| product(&all, &one))?
        }
        HirKind::Repetition(repetition) if (repetition.min, repetition.max) == (0, Some(1)) => {
            let mut all = texts(&repetition.sub)?;
            all.push(String::new());
            all
        }
        HirKind::Repetition(_) => return None,
        HirKind::Concat(parts) => {
            parts.iter().try_fold(vec![String::new()], |all, part| product(&all, &texts(part)?))?
        }
        HirKind::Alternation(parts) => {
            let mut all = Vec::new();
            for part in parts {
                all.append(&mut texts(part)?);
                if all.len() > MOST {
                    return None;
                }
            }
            all
        }
    };
    Some(distinct(found)).filter(|all| all.len() <= MOST)
}

fn characters(class: &Class) -> Option<Vec<String>> {
    let Class::Bytes(class) = class else { return None };
    let count: usize = class.iter().map(|range| range.len()).sum();
    let ascii = class.iter().all(|range| range.end().is_ascii());
    let all = || class.iter().flat_map(|range| range.start()..=range.end());
    (ascii && count <= 16)
        .then(|| distinct(all().map(|byte| char::from(byte.to_ascii_lowercase()).to_string()).collect()))
}

fn distinct(mut all: Vec<String>) -> Vec<String> {
    all.sort();
    all.dedup();
    all
}

fn product(heads: &[String], tails: &[String]) -> Option<Vec<String>> {
    let all = || heads.iter().flat_map(|head| tails.iter().map(move |tail| format!("{head}{tail}")));
    (heads.len() * tails.len() <= MOST).then(|| distinct(all().collect()))
}

/// Adds a set, unless one of its texts says nothing.
fn add(run: &[String], sets: &mut Vec<Vec<String>>) {
    let cut = |text: &String| text.chars().take(LONGEST).collect();
    if run.iter().all(|text| !text.is_empty()) {
        sets.push(distinct(run.iter().map(cut).collect()));
    }
}

/// Adds the sets of which every match holds one.
fn gather(hir: &Hir, sets: &mut Vec<Vec<String>>) {
    match hir.kind() {
        HirKind::Concat(parts) => {
            let mut run = vec![String::new()];
            for part in parts {
                let Some(found) = texts(part) else {
                    add(&run, sets);
                    run = vec![String::new()];
                    gather(part, sets);
                    continue;
                };
                run = match product(&run, &found) {
                    Some(longer) => longer,
                    None => {
                        add(&run, sets);
                        found
                    }
                };
            }
            add(&run, sets);
        }
        HirKind::Capture(capture) => gather(&capture.sub, sets),
        HirKind::Repetition(repetition) if repetition.min > 0 => gather(&repetition.sub, sets),
        HirKind::Alternation(parts) => {
            let mut joined = Vec::new();
            for part in parts {
                let mut own = Vec::new();
                gather(part, &mut own);
                // A branch without a literal leaves none that every match must hold.
                let Some(best) = own.into_iter().max_by_key(|set| set.iter().map(String::len).min()) else { return };
                joined.extend(best);
            }
            if joined.len() <= MOST {
                sets.push(distinct(joined));
            }
        }
        _ => {
            if let Some(found) = texts(hir) {
                add(&found, sets);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keywords(pattern: &str) -> Option<Vec<String>> {
        Shape::of(pattern).unwrap().keywords(3)
    }

    #[test]
    fn literals_that_no_match_lacks() {
        let one = |text: &str| Some(vec![text.to_owned()]);
        assert_eq!(keywords(r"\b(acme_[a-z0-9]{20,})\b"), one("acme_"));
        assert_eq!(
            keywords(r"(?i)Acme[_-]?key=\w+"),
            Some(vec!["acme-key=".into(), "acme_key=".into(), "acmekey=".into()])
        );
        assert_eq!(keywords(r"[a-z]+\.acme\.io/\d+"), one(".acme.io/"));
        assert_eq!(keywords("(?:foo|barr)[0-9]+x"), Some(vec!["barr".into(), "foo".into()]));
        assert_eq!(keywords("(?:foo|[a-z]+)[0-9]+"), None);
        assert_eq!(keywords("(?:acme)*[0-9]+"), None);
        assert_eq!(keywords("[0-9a-f]{32}"), None);
    }

    #[test]
    fn a_keyword_is_in_the_match_or_it_is_not() {
        let holds =
            |pattern: &str, keyword: &str| Shape::of(pattern).unwrap().always_holds_one_of(&[keyword.to_owned()]);
        assert!(holds("xox[bp]-[0-9]+", "xox"));
        assert!(holds("(?i)my(acme|other-acme)[0-9]+", "ACME"));
        assert!(!holds("[A-Z0-9]{40}", "aws"));
        assert!(!holds("(acme|other)[0-9]+", "acme"));
    }

    #[test]
    fn the_longest_match() {
        assert_eq!(Shape::of("a{3,9}b?").unwrap().max_len, Some(10));
        assert_eq!(Shape::of("a+").unwrap().max_len, None);
        assert!(Shape::of("a*").unwrap().matches_nothing);
        assert!(Shape::of("a(").is_err());
    }
}
