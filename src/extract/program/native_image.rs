//! Java compiled ahead of time by GraalVM: Oracle's edition embeds a list of the jars that went in, as CycloneDX under
//! gzip, at the address of the exported symbol `sbom`; `sbom_length` says where its size stands
//! (<https://www.graalvm.org/latest/security-guide/native-image/sbom/>).

use super::Listing;
use crate::artifact::{Packing, unpack};
use crate::formats::lenient::{List, Text, json, record};
use crate::formats::program::Program;
use crate::model::parse_purl;

/// The most that the list may inflate to.
const MOST_BYTES: usize = 8 << 20;

record! {
    struct Sbom<'de> {
        "components" => components: List<Component<'de>>,
    }
}

record! {
    struct Component<'de> {
        "purl" => purl: Text<'de>,
        "version" => version: Text<'de>,
    }
}

/// Lists the jars in a native image. Whether it is one.
pub(super) fn read(program: &Program<'_>, listing: &mut Listing<'_>) -> bool {
    if program.section(&[".svm_heap", "__svm_heap"]).is_none() {
        return false;
    }
    match embedded(program) {
        None => listing.note(
            "is Java compiled by GraalVM without a list of its jars; Oracle's GraalVM embeds one with --enable-sbom",
        ),
        Some(packed) => match unpack(packed, Packing::Gzip, MOST_BYTES) {
            Err(stop) => listing.malformed(format!("the list of its jars does not unpack: {stop}")),
            Ok(document) => list(&String::from_utf8_lossy(&document), listing),
        },
    }
    true
}

fn embedded<'a>(program: &Program<'a>) -> Option<&'a [u8]> {
    // Mach-O puts an underscore before every name.
    let [sbom, length, mach_sbom, mach_length] = program.exported(["sbom", "sbom_length", "_sbom", "_sbom_length"]);
    let (sbom, length) = sbom.zip(length).or(mach_sbom.zip(mach_length))?;
    let length = usize::try_from(program.word(program.at(length)?)?).ok()?;
    program.at(sbom)?.get(..length)
}

fn list(text: &str, listing: &mut Listing<'_>) {
    let mut sbom = Sbom::default();
    if let Err(error) = json(text, &mut sbom) {
        listing.malformed(format!("the list of its jars cannot be read to its end: {error}"));
    }
    for component in &sbom.components.items {
        let Some((ecosystem, name, version)) = component.purl.as_deref().and_then(parse_purl) else { continue };
        let version = version.or_else(|| component.version.as_deref().map(str::to_owned));
        if version.is_none() {
            listing.unversioned(format!("the list of its jars has {name} without a version"));
        }
        let package = listing.package(ecosystem, name, version);
        listing.add(package);
    }
    if sbom.components.cut {
        listing.malformed("lists more jars than any program has; the rest is unknown");
    }
}
