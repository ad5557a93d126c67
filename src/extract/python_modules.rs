//! Python packages without metadata: recognised by the name that programs import them by.
//!
//! Tools that make deployment packages small delete `*.dist-info` (serverless-python-requirements with `slim`, Zappa), and
//! packages carry copies of others (`pip/_vendor`, `urllib3/packages/six.py`). What is left is a folder, which often says
//! its version as a literal. Only names of well-known distributions are taken (`python::known`), and only where an importer
//! finds them: any other folder may be the function's own code.
//!
//! It cannot know which of several distributions of one import name it is (`psycopg2-binary` or `psycopg2`), nor the
//! version of a package that computes it: such a package is present, no more.

use super::lock_writer::room;
use super::python::VENDORED;
use super::python::known::{Known, known};
use super::{Entry, Extractor, Module, Sink, file_name, folder_of, join_path};
use crate::formats::lines::Lines;
use crate::formats::pep508::Requirement;
use crate::formats::python_literal::version;
use crate::formats::text::decode;
use crate::model::{Ecosystem, Evidence, Package};

const ID: &str = "python-modules";

/// Files that hold a package's version, best first. The last is the file of the package itself.
const FILES: [&str; 9] = [
    "_version.py",
    "version.py",
    "__version__.py",
    "__about__.py",
    "__meta__.py",
    "_version_meson.py",
    "package_data.py",
    "_grpcio_metadata.py",
    "__init__.py",
];

/// The extractor.
pub struct PythonModules;

/// A file of a known package.
struct File {
    known: Known,
    /// The folder of the package, or its only file.
    unit: String,
    /// The folder that it is imported from.
    root: String,
    rank: usize,
}

/// What a path is a file of. The name is looked up before anything is allocated: this runs for every entry.
fn file(path: &str) -> Option<File> {
    let folder = folder_of(path);
    if let Some(rank) = FILES.iter().position(|name| *name == file_name(path)) {
        // `google/protobuf` is one package in a folder that several share.
        let outer = folder_of(folder);
        let nested =
            folder.get(outer.len() - file_name(outer).len()..).and_then(|import| Some((known(import)?, outer)));
        let (known, below) = nested.or_else(|| Some((known(file_name(folder))?, folder)))?;
        return (!known.is_file).then(|| File {
            known,
            unit: folder.to_owned(),
            root: folder_of(below).to_owned(),
            rank,
        });
    }
    let known = known(file_name(path)).filter(|known| known.is_file)?;
    Some(File { known, unit: path.to_owned(), root: folder.to_owned(), rank: FILES.len() })
}

/// Whether a folder holds copies for one package only: `pip/_vendor`, and `packages` below a package that is known.
fn is_vendored(root: &str) -> bool {
    let mut parts = root.split('/').peekable();
    while let Some(part) = parts.next() {
        let packages = parts.peek() == Some(&"packages") && known(part).is_some();
        if packages || VENDORED.contains(&part) {
            return true;
        }
    }
    false
}

/// Whether a folder is one that installers fill, by its name.
fn is_site(root: &str) -> bool {
    matches!(file_name(root), "" | "site-packages" | "dist-packages" | "python" | "vendor" | "lib" | "libs" | "package")
}

impl Extractor for PythonModules {
    fn id(&self) -> &'static str {
        ID
    }

    fn wants(&self, path: &str, _head: &[u8]) -> bool {
        if path.ends_with("/_vendor/vendor.txt") {
            return true;
        }
        path.ends_with(".py") && file(path).is_some()
    }

    fn extract(&self, entry: &Entry<'_>, sink: &mut Sink) {
        let path = entry.location.innermost();
        let text = decode(entry.bytes);
        let Some(file) = file(path) else { return vendored_list(entry, sink) };
        let File { known, unit, root, rank } = file;
        let vendored = is_vendored(&root);
        let version = version(&text);
        let tells = || known.tell.is_some_and(|tell| memchr::memmem::find(text.as_bytes(), tell.as_bytes()).is_some());
        let is_main = rank >= FILES.len() - 1;
        // botocore keeps urllib3's first file, with its old version, for the sake of two exceptions.
        if vendored && is_main && known.tell.is_some() && !tells() {
            return;
        }
        let evidence = match &version {
            Some(_) if vendored => Evidence::Embedded,
            Some(_) => Evidence::Installed,
            None if !vendored && is_main && tells() => Evidence::Presence,
            None => return,
        };
        let package = Package::new(Ecosystem::PyPI, known.distribution, version, evidence, entry.location.clone());
        let is_site = vendored || is_site(&root);
        sink.modules.push(Module { package, unit, root, is_site, rank });
    }
}

/// `vendor.txt`, by which pip and its kin vendor packages: what it pins lies beside it.
fn vendored_list(entry: &Entry<'_>, sink: &mut Sink) {
    let folder = folder_of(entry.location.innermost());
    let Ok(text) = std::str::from_utf8(entry.bytes) else { return };
    let lines = Lines::new(entry.bytes);
    for line in text.lines().take(room(entry.location)) {
        let pinned = line.split('#').next().unwrap_or_default().trim();
        let Some((name, version)) = Requirement::parse(pinned).and_then(|found| Some((found.name, found.pin()?)))
        else {
            continue;
        };
        let start = pinned.as_ptr() as usize - text.as_ptr() as usize;
        let place = entry.location.at(lines.span(start..start + pinned.len()));
        let package = Package::new(Ecosystem::PyPI, name, Some(version.to_owned()), Evidence::Embedded, place);
        sink.installed(package, join_path(folder, name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::python_dist::tests::sink_of;

    fn modules(path: &str, text: &str) -> Vec<String> {
        let sink = sink_of(&PythonModules, path, text.as_bytes());
        let row = |module: &Module| {
            let package = &module.package;
            let version = package.version.as_deref().unwrap_or("-");
            let word = package.evidence.word();
            format!("{} {version} {word} {} of '{}' {}", package.name, module.unit, module.root, module.is_site)
        };
        sink.modules.iter().map(row).collect()
    }

    #[test]
    fn the_place_tells_what_a_module_is() {
        let version = "__version__ = '1.5'\n";
        for (path, expected) in [
            ("requests/__version__.py", "requests 1.5 installed requests of '' true"),
            ("python/yaml/__init__.py", "PyYAML 1.5 installed python/yaml of 'python' true"),
            ("x/site-packages/six.py", "six 1.5 installed x/site-packages/six.py of 'x/site-packages' true"),
            ("google/protobuf/__init__.py", "protobuf 1.5 installed google/protobuf of '' true"),
            ("src/app/requests/__init__.py", "requests 1.5 installed src/app/requests of 'src/app' false"),
            ("pip/_vendor/urllib3/_version.py", "urllib3 1.5 embedded pip/_vendor/urllib3 of 'pip/_vendor' true"),
            ("urllib3/packages/six.py", "six 1.5 embedded urllib3/packages/six.py of 'urllib3/packages' true"),
            ("botocore/vendored/six.py", "six 1.5 embedded botocore/vendored/six.py of 'botocore/vendored' true"),
        ] {
            assert_eq!(modules(path, version), [expected], "{path}");
        }
    }

    #[test]
    fn without_a_version_a_package_must_look_like_itself() {
        let real = "from .bccache import BytecodeCache as BytecodeCache\n";
        assert_eq!(modules("jinja2/__init__.py", real), ["Jinja2 - presence jinja2 of '' true"]);
        assert!(modules("jinja2/__init__.py", "from .mine import render\n").is_empty());
        assert!(modules("requests/__version__.py", "__version__ = read()").is_empty());
        assert!(modules("pip/_vendor/jinja2/__init__.py", real).is_empty());
    }

    #[test]
    fn what_is_left_of_a_copy_is_none() {
        let path = "botocore/vendored/requests/packages/urllib3/__init__.py";
        assert!(modules(path, "__version__ = '1.10.4'\nfrom . import exceptions\n").is_empty());
        assert_eq!(modules(path, "__version__ = '1.10.4'\nfrom .poolmanager import PoolManager\n").len(), 1);
    }

    #[test]
    fn other_names_are_never_read() {
        for path in
            ["app/__init__.py", "__init__.py", "version.py", "requests/adapters.py", "requests.py", "vendor.txt"]
        {
            assert!(!PythonModules.wants(path, b""), "{path}");
        }
    }

    #[test]
    fn a_list_of_what_is_vendored() {
        let text = b"CacheControl==0.14.0\nrequests==2.32.3\n    idna==3.7 # via\n# no==1\nplain\nrange>=2\n";
        let sink = sink_of(&PythonModules, "pip/_vendor/vendor.txt", text);
        let rows: Vec<_> = sink
            .found
            .iter()
            .map(|found| (found.unit.as_str(), found.package.evidence, found.package.locations[0].span.unwrap().line))
            .collect();
        assert_eq!(
            rows,
            [
                ("pip/_vendor/CacheControl", Evidence::Embedded, 1),
                ("pip/_vendor/requests", Evidence::Embedded, 2),
                ("pip/_vendor/idna", Evidence::Embedded, 3)
            ]
        );
    }
}
