//! .NET's `*.deps.json`, which lies beside a published program and lists the packages that its assemblies came from
//! (<https://github.com/dotnet/sdk/blob/main/documentation/specs/runtime-configuration-file.md>), and the
//! `*.runtimeconfig.json` that names the shared runtime.
//!
//! The list is written before trimming: a package none of whose assemblies is there is only named, see
//! [`Sink::settle`]. Of the shared runtime only the lowest fitting version is known, which the host raises to the newest
//! patch that it has, so it is listed without one. Native AOT leaves no list.

use std::collections::{HashMap, HashSet};

use super::{Claim, Entry, Extractor, Owns, Sink, folder_of, join_path};
use crate::formats::lenient::{Entries, Keys, Lenient, List, Text, json, record};
use crate::formats::text::decode;
use crate::model::{Ecosystem, Evidence, Gap, GapKind, Package};

/// The extractor.
pub struct DotnetDeps;

/// Packages that one list may have; the largest known ones have a thousand.
const MOST_PACKAGES: usize = 20_000;
/// Assemblies of the project's own; each repeats the path of the list.
const MOST_OWN: usize = 1_000;
/// Bytes that the paths of their files may take together: every one repeats its folder.
const MOST_PATH_BYTES: usize = 64 << 20;

record! {
    struct DepsJson<'de> {
        "runtimeTarget" => target: Target<'de>,
        "targets" => targets: Entries<'de, Entries<'de, Assets<'de>>>,
        "libraries" => libraries: Entries<'de, Library<'de>>,
    }
}

/// A name, or in older files the name itself.
#[derive(Debug, Default)]
struct Target<'de>(Text<'de>);

record! {
    struct NamedTarget<'de> {
        "name" => name: Text<'de>,
    }
}

impl<'de> Lenient<'de> for Target<'de> {
    fn text(&mut self, text: std::borrow::Cow<'de, str>) {
        self.0 = Some(text);
    }

    fn map<A: serde::de::MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error> {
        let mut target = NamedTarget::default();
        let read = target.map(map);
        self.0 = target.name;
        read
    }
}

record! {
    /// What a package brings along, by path.
    struct Assets<'de> {
        "dependencies" => dependencies: Keys<'de>,
        "runtime" => runtime: Keys<'de>,
        "resources" => resources: Keys<'de>,
        "native" => native: Keys<'de>,
        "runtimeTargets" => by_platform: Keys<'de>,
    }
}

record! {
    struct Library<'de> {
        "type" => kind: Text<'de>,
    }
}

record! {
    struct RuntimeConfig<'de> {
        "runtimeOptions" => options: RuntimeOptions<'de>,
    }
}

record! {
    struct RuntimeOptions<'de> {
        "framework" => framework: NamedTarget<'de>,
        "frameworks" => frameworks: List<NamedTarget<'de>>,
    }
}

impl Extractor for DotnetDeps {
    fn id(&self) -> &'static str {
        "dotnet-deps"
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        path.ends_with(".deps.json") || path.ends_with(".runtimeconfig.json")
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let text = decode(entry.bytes);
        let read = if entry.location.innermost().ends_with(".deps.json") {
            let mut file = DepsJson::default();
            let read = json(&text, &mut file);
            self.packages(&file, entry, sink);
            read
        } else {
            let mut file = RuntimeConfig::default();
            let read = json(&text, &mut file);
            frameworks(&file.options, entry, sink);
            read
        };
        if let Err(error) = read {
            let detail = format!("cannot be read to its end: {error}");
            sink.gaps.push(Gap::blocking(GapKind::Malformed, entry.location.clone(), self.id(), detail));
        }
    }
}

impl DotnetDeps {
    fn packages(&self, file: &DepsJson<'_>, entry: &Entry<'_>, sink: &mut Sink) {
        let target = file.target.0.as_deref();
        let assets = file.targets.iter().find(|(name, _)| Some(&**name) == target).or(file.targets.last());
        let mut assets: HashMap<&str, &Assets<'_>> =
            assets.iter().flat_map(|(_, assets)| assets).map(|(key, assets)| (&**key, assets)).collect();
        // Taken out, since a key may come many times.
        let projects = file.libraries.iter().filter(|(_, library)| is_project(library));
        let projects: Vec<&Assets<'_>> = projects.filter_map(|(key, _)| assets.remove(&**key)).collect();
        let same = |name: &str| name.to_ascii_lowercase();
        let asked_for: HashSet<String> =
            projects.iter().flat_map(|project| &project.dependencies.0).map(|name| same(name)).collect();
        let folder = folder_of(entry.location.innermost());
        let place = |path: &str| entry.location.beside(path);
        sink.own.extend(
            projects.iter().flat_map(|own| published(&own.runtime, folder)).take(MOST_OWN).map(|path| place(&path)),
        );

        let (mut packages, mut room) = (0, MOST_PATH_BYTES);
        for (key, library) in &file.libraries {
            // An assembly that was referenced by its path is no package; what it is shows its own name.
            if is_project(library) || library.kind.as_deref() == Some("reference") {
                continue;
            }
            let Some((name, version)) = key.split_once('/').filter(|(name, _)| !name.is_empty()) else { continue };
            let assets = assets.remove(&**key);
            packages += 1;
            let size = assets.map_or(0, |assets| assets.size(folder)).saturating_add(entry.location.innermost().len());
            let Some(rest) = room.checked_sub(size).filter(|_| packages <= MOST_PACKAGES) else {
                let detail = "lists more packages or files than are read; the rest is unknown";
                sink.gaps.push(Gap::blocking(GapKind::OverLimit, entry.location.clone(), self.id(), detail));
                return;
            };
            room = rest;
            let files = assets.map(|assets| assets.files(folder)).unwrap_or_default();
            // The part of the runtime that a self-contained program brings along is a package of its own.
            let name = name.strip_prefix("runtimepack.").unwrap_or(name);
            let unit = join_path(folder, key);
            let version = Some(version.to_owned()).filter(|version| !version.is_empty());
            let mut package =
                Package::new(Ecosystem::NuGet, name, version, Evidence::Installed, entry.location.clone());
            package.direct = (!projects.is_empty()).then(|| asked_for.contains(&same(name)));
            package.requires =
                assets.iter().flat_map(|assets| &assets.dependencies.0).map(ToString::to_string).collect();
            sink.installed(package, &unit);
            sink.claims.push(Claim { location: entry.location.clone(), unit, owns: Owns::Files(files) });
        }
    }
}

impl Assets<'_> {
    /// The most bytes that [`Assets::files`] takes.
    fn size(&self, folder: &str) -> usize {
        let one = |path: &std::borrow::Cow<'_, str>| folder.len() + path.len() + 64;
        let all = [&self.runtime, &self.resources, &self.by_platform, &self.native, &self.native];
        all.into_iter().flat_map(|keys| &keys.0).map(one).fold(0, usize::saturating_add)
    }

    /// Where its files are published to.
    fn files(&self, folder: &str) -> Vec<String> {
        let mut files: Vec<String> = published(&self.runtime, folder).collect();
        files.extend(published(&self.native, folder));
        // One folder for each language; one for each platform, below the path that the package has them in.
        let localized = self.resources.0.iter().filter_map(|path| {
            let mut parts = path.rsplit('/');
            let (file, language) = (parts.next()?, parts.next()?);
            Some(join_path(folder, &format!("{language}/{file}")))
        });
        files.extend(localized);
        files.extend(
            [&self.by_platform, &self.native].into_iter().flat_map(|keys| &keys.0).map(|path| join_path(folder, path)),
        );
        files
    }
}

/// Published beside the list, without the folders that they have in their package.
fn published<'k>(paths: &'k Keys<'_>, folder: &'k str) -> impl Iterator<Item = String> + 'k {
    paths.0.iter().map(move |path| join_path(folder, super::file_name(path)))
}

fn is_project(library: &Library<'_>) -> bool {
    matches!(library.kind.as_deref(), Some("project" | "msbuildproject"))
}

fn frameworks(options: &RuntimeOptions<'_>, entry: &Entry<'_>, sink: &mut Sink) {
    let named = std::iter::once(&options.framework).chain(&options.frameworks.items);
    for name in named.filter_map(|framework| framework.name.as_deref()).take(MOST_FRAMEWORKS) {
        let package = Package::new(Ecosystem::NuGet, name, None, Evidence::Runtime, entry.location.clone());
        sink.installed(package, entry.location.innermost());
    }
}

/// There are three.
const MOST_FRAMEWORKS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::{claimed, names, sink_of};
    use crate::model::{Level, Location};

    const DEPS: &[u8] = br#"{
      "runtimeTarget": {"name": ".NETCoreApp,Version=v8.0/linux-x64", "signature": ""},
      "targets": {
        ".NETCoreApp,Version=v8.0": {},
        ".NETCoreApp,Version=v8.0/linux-x64": {
          "App/1.0.0": {"dependencies": {"newtonsoft.json": "12.0.1", "Shared": "1.0.0"}, "runtime": {"App.dll": {}}},
          "Shared/1.0.0": {"runtime": {"Shared.dll": {}}},
          "Newtonsoft.Json/12.0.1": {"dependencies": {"Inner": "2.0.0"}, "runtime": {"lib/net6.0/Newtonsoft.Json.dll": {}},
            "resources": {"lib/net6.0/de/Newtonsoft.Json.resources.dll": {"locale": "de"}}},
          "Inner/2.0.0": {"native": {"runtimes/linux-x64/native/libinner.so": {}},
            "runtimeTargets": {"runtimes/win/lib/net6.0/Inner.dll": {"rid": "win", "assetType": "runtime"}}},
          "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"runtime": {"System.Runtime.dll": {}}}
        }},
      "libraries": {
        "App/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
        "Shared/1.0.0": {"type": "project"},
        "Newtonsoft.Json/12.0.1": {"type": "package", "sha512": "x"},
        "Inner/2.0.0": {"type": "package"},
        "Loose/1.0.0.0": {"type": "reference"},
        "runtimepack.Microsoft.NETCore.App.Runtime.linux-x64/8.0.1": {"type": "runtimepack"}
      }}"#;

    #[test]
    fn packages_and_their_files_are_read_and_projects_are_own() {
        let sink = sink_of(&DotnetDeps, "app/App.deps.json", DEPS);
        assert_eq!(
            names(&sink),
            [
                "Newtonsoft.Json 12.0.1 installed",
                "Inner 2.0.0 installed",
                "Microsoft.NETCore.App.Runtime.linux-x64 8.0.1 installed"
            ]
        );
        let direct: Vec<_> = sink.found.iter().map(|found| found.package.direct).collect();
        assert_eq!(direct, [Some(true), Some(false), Some(false)]);
        assert_eq!(sink.found[0].package.requires, ["Inner"]);
        assert_eq!(
            claimed(&sink),
            [
                "app/Newtonsoft.Json.dll",
                "app/System.Runtime.dll",
                "app/de/Newtonsoft.Json.resources.dll",
                "app/libinner.so",
                "app/runtimes/linux-x64/native/libinner.so",
                "app/runtimes/win/lib/net6.0/Inner.dll"
            ]
        );
        let own: Vec<_> = sink.own.iter().map(Location::innermost).collect();
        assert_eq!(own, ["app/App.dll", "app/Shared.dll"]);
        assert_eq!(sink.gaps, []);
    }

    #[test]
    fn a_package_whose_assemblies_were_trimmed_is_only_named() {
        let mut sink = sink_of(&DotnetDeps, "app/App.deps.json", DEPS);
        let place = Location::artifact(0).child("app/Newtonsoft.Json.dll");
        sink.present(Package::new(Ecosystem::NuGet, "Newtonsoft.Json", None, Evidence::Presence, place));
        sink.settle();
        assert_eq!(
            names(&sink)[..3],
            [
                "Newtonsoft.Json 12.0.1 installed",
                "Inner 2.0.0 locked",
                "Microsoft.NETCore.App.Runtime.linux-x64 8.0.1 locked"
            ]
        );
    }

    #[test]
    fn the_shared_runtime_has_no_version_of_its_own() {
        let text =
            br#"{"runtimeOptions":{"tfm":"net8.0","framework":{"name":"Microsoft.NETCore.App","version":"8.0.0"},
            "frameworks":[{"name":"Microsoft.AspNetCore.App","version":"8.0.0"},3]}}"#;
        let sink = sink_of(&DotnetDeps, "App.runtimeconfig.json", text);
        assert_eq!(names(&sink), ["Microsoft.NETCore.App - runtime", "Microsoft.AspNetCore.App - runtime"]);
    }

    #[test]
    fn a_cut_file_blocks_and_odd_values_do_not() {
        for text in ["", "[]x", "{\"libraries\":{\"A/1\":{\"type\":\"package\"},", "null"] {
            let sink = sink_of(&DotnetDeps, "App.deps.json", text.as_bytes());
            assert_eq!(
                sink.gaps.iter().any(|gap| gap.level == Level::Blocking),
                !matches!(text, "null" | "[]x"),
                "{text}"
            );
        }
        let text =
            br#"{"runtimeTarget":"x","targets":{"x":[1],"y":{"A/1":3}},"libraries":{"A/1":7,"B":{},"/":{"type":1}}}"#;
        assert_eq!(names(&sink_of(&DotnetDeps, "App.deps.json", text)), ["A 1 installed"]);
    }
}
