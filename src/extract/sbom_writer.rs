//! Puts the components of an SBOM (software bill of materials) into the sink.

use std::collections::BTreeMap;

use super::lock_writer::room;
use super::{Entry, Sbom, Sink, file_name, folder_of};
use crate::model::{Evidence, Gap, GapKind, Package, parse_purl};

/// A component.
#[derive(Debug, Default)]
pub(super) struct Component<'a> {
    /// Its package url.
    pub purl: Option<&'a str>,
    /// Its version, for a url that lacks it.
    pub version: Option<&'a str>,
    /// See [`Package::direct`].
    pub direct: Option<bool>,
    /// See [`Package::dev`].
    pub dev: Option<bool>,
    /// See [`Package::requires`].
    pub requires: Vec<String>,
}

/// Whether a file is an SBOM by its name, whatever is in it: the usual names, Java's folder for them
/// (<https://docs.spring.io/spring-boot/reference/actuator/endpoints.html#actuator.endpoints.sbom>) and Python's
/// (<https://peps.python.org/pep-0770/>).
pub(super) fn named_so(path: &str) -> bool {
    if !path.ends_with(".json") {
        return false;
    }
    let name = file_name(path);
    let folder = folder_of(path);
    matches!(name, "bom.json" | "sbom.json")
        || name.starts_with("sbom.")
        || name.ends_with(".sbom.json")
        || folder == "META-INF/sbom"
        || folder.ends_with("/META-INF/sbom")
        || of_wheel(path)
}

/// Whether a file is a map with a key near its beginning: users call theirs what they like.
pub(super) fn begins_with(head: &[u8], key: &[u8]) -> bool {
    head.trim_ascii_start().starts_with(b"{") && memchr::memmem::find(head, key).is_some()
}

/// Whether a file is an SBOM that a wheel ships about what was compiled into it.
pub(super) fn of_wheel(path: &str) -> bool {
    let folder = folder_of(path);
    file_name(folder) == "sboms" && folder_of(folder).ends_with(".dist-info")
}

/// Adds an SBOM, of which components were left out if it is `cut`. What cannot be matched is counted in one note:
/// packages of operating systems, components without a package url.
pub(super) fn write(entry: &Entry<'_>, by: &'static str, components: Vec<Component<'_>>, cut: bool, sink: &mut Sink) {
    let place = || entry.location.clone();
    let room = room(entry.location);
    if cut || components.len() > room {
        let detail = "the bill of materials has more components than are read; the rest is unknown";
        sink.lock_gaps.push(Gap::blocking(GapKind::OverLimit, place(), by, detail));
    }
    let mut packages = Vec::new();
    let mut unknown: BTreeMap<&str, usize> = BTreeMap::new();
    let total = components.len().min(room);
    for component in components.into_iter().take(room) {
        let Some((ecosystem, name, version)) = component.purl.and_then(parse_purl) else {
            *unknown.entry(component.purl.map_or("no package url", kind)).or_default() += 1;
            continue;
        };
        let version = version.or_else(|| component.version.map(str::to_owned));
        let mut package = Package::new(ecosystem, name, version, Evidence::Declared, place());
        package.direct = component.direct;
        package.dev = component.dev;
        package.requires = component.requires;
        packages.push(package);
    }
    if !unknown.is_empty() {
        let count: usize = unknown.values().sum();
        let kinds = unknown.iter().take(5).map(|(kind, count)| format!("{kind}: {count}")).collect::<Vec<_>>();
        let detail = format!("{count} of {total} components cannot be matched with advisories ({})", kinds.join(", "));
        // What a wheel was linked with is native code of an installed package, which counts as that package's.
        match of_wheel(entry.location.innermost()) {
            true => sink.gaps.push(Gap::note(GapKind::Unsupported, place(), by, detail)),
            false => sink.lock_gaps.push(Gap::note(GapKind::Opaque, place(), by, detail)),
        }
    } else if total == 0 && !of_wheel(entry.location.innermost()) {
        let detail = "the bill of materials has no components";
        sink.lock_gaps.push(Gap::note(GapKind::Opaque, place(), by, detail));
    }
    sink.sboms.push(Sbom { location: place(), packages });
}

/// The type of a package url.
fn kind(purl: &str) -> &str {
    let path = purl.strip_prefix("pkg:").unwrap_or_default().trim_start_matches('/');
    path.split_once('/').map_or("no package url", |(kind, _)| kind)
}

/// Adds a gap for an SBOM that cannot be read to its end. A file that only has an SBOM's name may be something else.
pub(super) fn malformed(
    entry: &Entry<'_>,
    by: &'static str,
    is_sbom: bool,
    error: &dyn std::fmt::Display,
    sink: &mut Sink,
) {
    let detail = format!("the bill of materials cannot be read to its end: {error}");
    let place = entry.location.clone();
    sink.lock_gaps.push(match is_sbom {
        true => Gap::blocking(GapKind::Malformed, place, by, detail),
        false => Gap::note(GapKind::Malformed, place, by, detail),
    });
}
