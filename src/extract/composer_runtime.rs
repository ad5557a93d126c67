//! What Composer 2 installed, as it tells the running program: `vendor/composer/installed.php`
//! (<https://getcomposer.org/doc/07-runtime.md#installed-versions>). Counts where `installed.json` is not there.
//!
//! The file is a program that returns one nested array of literals; nothing else of PHP is understood. It lists the
//! project itself, too, and what packages replace and provide, which have no version of their own.

use std::collections::BTreeMap;

use super::composer_installed::{is_around, is_package, release};
use super::lock_writer::room;
use super::{Claim, Entry, Extractor, Owns, Sink, file_name, folder_of, join_path};
use crate::formats::file_list::resolve;
use crate::formats::text::decode;
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Package};

const ID: &str = "composer-runtime";

/// A longer key is no name: each value below it would copy it.
const LONGEST_NAME: usize = 256;
/// Levels of arrays; Composer writes four.
const DEPTH: usize = 16;

/// The extractor.
pub struct ComposerRuntime;

impl Extractor for ComposerRuntime {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        file_name(path) == "installed.php" && file_name(folder_of(path)) == "composer"
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let composer = folder_of(entry.location.innermost());
        let text = decode(entry.bytes);
        let Some(rows) = rows(&text) else {
            let detail = "the table of installed packages does not look like what Composer writes";
            sink.gaps.push(Gap::note(GapKind::Malformed, entry.location.clone(), ID, detail));
            return;
        };
        let room = room(entry.location);
        if rows.len() > room {
            let detail = "the table of installed packages is longer than is read; the rest is unknown";
            sink.gaps.push(Gap::blocking(GapKind::OverLimit, entry.location.clone(), ID, detail));
        }
        let packages = rows.into_iter().take(room);
        for (name, row) in packages.filter(|(name, row)| is_package(name) && row.version.is_some()) {
            let folder = row.path.as_deref().and_then(|path| resolve(composer, path.trim_start_matches('/')));
            let at_root = row.path.is_some() && folder.is_none();
            if at_root || folder.as_ref().is_some_and(|folder| is_around(folder, composer)) {
                continue; // the project itself
            }
            let unit = folder.clone().unwrap_or_else(|| join_path(folder_of(composer), &name));
            let version = row.version.as_deref().and_then(release).map(str::to_owned);
            let place = entry.location.clone();
            let package = Package::new(Ecosystem::Packagist, name, version, Evidence::Installed, place.clone());
            sink.hint(Package { dev: row.dev, ..package }, unit.clone());
            if let Some(folder) = folder {
                sink.claims.push(Claim { location: place, unit, owns: Owns::Folder(folder) });
            }
        }
    }
}

/// What the table says of one package.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    version: Option<String>,
    path: Option<String>,
    dev: Option<bool>,
}

/// The rows under `versions`; `None` for a text that has other shapes than nested literals.
fn rows(text: &str) -> Option<BTreeMap<String, Row>> {
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    let mut arrays: Vec<String> = Vec::new();
    let mut key = String::new();
    let mut rest = text.strip_prefix("<?php")?.trim_start().strip_prefix("return")?;
    while let Some(first) = rest.trim_start().chars().next() {
        rest = rest.trim_start();
        match first {
            '\'' => {
                let (value, after) = quoted(&rest[1..])?;
                rest = after.trim_start();
                match rest.strip_prefix("=>") {
                    Some(after) => (key, rest) = (value, after),
                    None => said(&mut rows, &arrays, &key, value),
                }
            }
            '(' | '[' if arrays.len() < DEPTH => {
                arrays.push(std::mem::take(&mut key));
                rest = &rest[1..];
            }
            ')' | ']' => {
                arrays.pop()?;
                rest = &rest[1..];
            }
            ',' | '.' | ';' | '=' | '>' => rest = &rest[1..],
            first if first.is_ascii_alphanumeric() || first == '_' => {
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                if matches!(&rest[..end], "true" | "false") {
                    said(&mut rows, &arrays, &key, rest[..end].to_owned());
                }
                rest = &rest[end..];
            }
            _ => return None,
        }
    }
    arrays.is_empty().then_some(rows)
}

/// Takes a value in: `arrays` are the keys of the arrays around it, the outermost of which has none.
fn said(rows: &mut BTreeMap<String, Row>, arrays: &[String], key: &str, value: String) {
    let [_, versions, name] = arrays else { return };
    if versions != "versions" || name.len() > LONGEST_NAME {
        return;
    }
    let row = rows.entry(name.to_ascii_lowercase()).or_default();
    match key {
        "pretty_version" => row.version = Some(value),
        "install_path" => row.path = Some(value),
        "dev_requirement" => row.dev = Some(value == "true"),
        _ => {}
    }
}

/// The text behind an opening quote, and what follows the closing one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\'' => return Some((value, &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                escaped @ ('\'' | '\\') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{claimed, names, sink_of};

    const TABLE: &str = r"<?php return array(
    'root' => array('name' => 'me/app', 'pretty_version' => '1.0.0', 'install_path' => __DIR__ . '/../../', 'dev' => true),
    'versions' => array(
        'acme/alpha' => array(
            'pretty_version' => 'v1.2.3', 'version' => '1.2.3.0', 'reference' => NULL, 'type' => 'library',
            'install_path' => __DIR__ . '/../Acme/Alpha', 'aliases' => array(0 => 'it\'s'), 'dev_requirement' => false,
        ),
        'acme/meta' => array('pretty_version' => '3.0.0', 'install_path' => NULL, 'dev_requirement' => true),
        'acme/old' => array('dev_requirement' => false, 'replaced' => array(0 => 'v1.2.3')),
        'me/app' => array('pretty_version' => '1.0.0', 'install_path' => __DIR__ . '/../../', 'dev_requirement' => false),
    ),
);
";

    #[test]
    fn it_counts_where_nothing_better_is_there() {
        for (prefix, alpha) in [("", "vendor/Acme/Alpha"), ("app/", "app/vendor/Acme/Alpha")] {
            let mut sink =
                sink_of(&ComposerRuntime, &format!("{prefix}vendor/composer/installed.php"), TABLE.as_bytes());
            sink.settle();
            assert_eq!(names(&sink), ["acme/alpha 1.2.3 installed", "acme/meta 3.0.0 installed"]);
            let dev: Vec<_> = sink.found.iter().map(|found| found.package.dev).collect();
            assert_eq!(dev, [Some(false), Some(true)]);
            assert_eq!(claimed(&sink), [format!("{alpha}/")]);
        }
    }

    #[test]
    fn what_composer_does_not_write_is_a_note() {
        let deep = format!("<?php return {}", "array(".repeat(100_000));
        for text in ["", "<?php echo 1;", "<?php return array(", "<?php return array('a", "<?php return $x;", &deep] {
            let sink = sink_of(&ComposerRuntime, "vendor/composer/installed.php", text.as_bytes());
            assert_eq!((sink.hints.len(), sink.gaps.len()), (0, 1), "{}", &text[..text.len().min(40)]);
        }
    }
}
