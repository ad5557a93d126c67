//! Variables that make a runtime load code before the handler, and whether what they name is there.
//!
//! Of a value only the places that it names are ever shown, and only if they look like one: options carry passwords.

use std::collections::BTreeSet;

use crate::formats::file_list::resolve;
use crate::model::ArtifactRole;

/// How a variable names code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grammar {
    /// One file.
    File,
    /// Files between colons, semicolons or blanks.
    Files,
    /// Folders between colons.
    Folders,
    /// Options of `node` (<https://nodejs.org/api/cli.html#node_optionsoptions>).
    Node,
    /// Options of the Java virtual machine
    /// (<https://docs.oracle.com/en/java/javase/21/docs/specs/jvmti.html#tooloptions>).
    Java,
    /// Options of `ruby`.
    Ruby,
}

const VARIABLES: [(&str, Grammar); 15] = [
    // https://docs.aws.amazon.com/lambda/latest/dg/runtimes-modify.html
    ("AWS_LAMBDA_EXEC_WRAPPER", Grammar::File),
    ("BASH_ENV", Grammar::File),
    // https://learn.microsoft.com/en-us/dotnet/core/runtime-config/debugging-profiling
    ("CORECLR_PROFILER_PATH", Grammar::File),
    // https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md
    ("DOTNET_STARTUP_HOOKS", Grammar::Files),
    ("JAVA_TOOL_OPTIONS", Grammar::Java),
    ("JDK_JAVA_OPTIONS", Grammar::Java),
    ("LD_LIBRARY_PATH", Grammar::Folders),
    ("LD_PRELOAD", Grammar::Files),
    ("NODE_OPTIONS", Grammar::Node),
    ("NODE_PATH", Grammar::Folders),
    ("PHP_INI_SCAN_DIR", Grammar::Folders),
    ("PYTHONPATH", Grammar::Folders),
    ("PYTHONSTARTUP", Grammar::File),
    ("RUBYOPT", Grammar::Ruby),
    ("_JAVA_OPTIONS", Grammar::Java),
];

/// Wrappers that vendors of observability document, and one for web servers.
const VENDORS: [(&str, &str); 5] = [
    ("/opt/bootstrap", "AWS Lambda Web Adapter"),
    ("/opt/datadog_wrapper", "Datadog"),
    ("/opt/dynatrace", "Dynatrace"),
    ("/opt/lumigo_wrapper", "Lumigo"),
    ("/opt/otel-", "OpenTelemetry"),
];

/// What a variable names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// A file; relative to the function's folder.
    File(&'a str),
    /// A name that an interpreter or a linker looks up.
    Name(&'a str),
    /// A folder in which modules or libraries are looked for.
    Folder(&'a str),
    /// Program text.
    Text,
}

/// Where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In an artifact.
    Deployed(usize),
    /// Belongs to the runtime, or is looked up there.
    Runtime,
    /// Whoever runs in the function can write there.
    Writable,
    /// A file system that is mounted.
    Mounted,
    /// In `/opt`, and no layer that was handed over has it.
    NoLayer,
    /// A folder of which no artifact has a file.
    Empty,
    /// Nowhere.
    Missing,
    /// In the variable itself.
    Text,
}

/// Everything that a variable loads; nothing for all others.
pub(super) fn targets<'a>(name: &str, value: &'a str) -> Vec<Target<'a>> {
    let Some((_, grammar)) = VARIABLES.iter().find(|(known, _)| *known == name) else { return Vec::new() };
    let value = value.trim();
    match grammar {
        Grammar::File => Some(value).filter(|value| !value.is_empty()).map(Target::File).into_iter().collect(),
        Grammar::Files => {
            let parts = value.split([':', ';', ' ']).filter(|part| !part.is_empty());
            parts.map(|part| if part.contains('/') { Target::File(part) } else { Target::Name(part) }).collect()
        }
        // An empty part is the folder that the function runs in, or PHP's own.
        Grammar::Folders => value.split(':').filter(|part| !part.is_empty()).map(Target::Folder).collect(),
        Grammar::Node => node(&words(value)),
        Grammar::Java => java(&words(value)),
        Grammar::Ruby => words(value)
            .iter()
            .filter_map(|word| match (word.strip_prefix("-r"), word.strip_prefix("-I")) {
                (Some(module), _) if !module.is_empty() => Some(module_or_file(module)),
                (_, Some(folder)) if !folder.is_empty() => Some(Target::Folder(folder)),
                _ => None,
            })
            .collect(),
    }
}

/// Splits at blanks; quotes hold a word together. A quote inside a word stays: such a word is no place anyway.
fn words(value: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = value.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, next) = match first {
            '"' | '\'' => rest[1..].split_once(first).unwrap_or((&rest[1..], "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        out.push(word);
        rest = next.trim_start();
    }
    out
}

fn node<'a>(words: &[&'a str]) -> Vec<Target<'a>> {
    const LOADS: [&str; 5] = ["-r", "--require", "--import", "--loader", "--experimental-loader"];
    let mut out = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (option, value) = word.split_once('=').map_or((*word, None), |(option, value)| (option, Some(value)));
        if LOADS.contains(&option)
            && let Some(value) = value.or_else(|| words.next().copied())
        {
            out.push(module_or_file(value.trim_matches(['"', '\''])));
        }
    }
    out
}

fn java<'a>(words: &[&'a str]) -> Vec<Target<'a>> {
    let agent = |word: &&'a str| {
        let file = |rest: &'a str| Target::File(rest.split(['=', ',']).next().unwrap_or(rest));
        word.strip_prefix("-javaagent:")
            .or_else(|| word.strip_prefix("-agentpath:"))
            .or_else(|| word.strip_prefix("-Xbootclasspath/a:"))
            .map(file)
            .or_else(|| Some(Target::Name(word.strip_prefix("-agentlib:")?.split('=').next()?)))
    };
    words.iter().filter_map(agent).collect()
}

fn module_or_file(value: &str) -> Target<'_> {
    if value.starts_with("data:") {
        Target::Text
    } else if let Some(path) = value.strip_prefix("file://") {
        Target::File(path)
    } else if value.starts_with(['/', '.']) {
        Target::File(value)
    } else {
        Target::Name(value)
    }
}

/// The files of a function's artifacts, by their path at the first level.
pub(super) struct Files<'a> {
    artifacts: Vec<(ArtifactRole, BTreeSet<&'a str>)>,
}

impl<'a> Files<'a> {
    /// Takes the artifacts in their order.
    pub fn new(artifacts: impl Iterator<Item = (ArtifactRole, &'a [String])>) -> Files<'a> {
        let set = |files: &'a [String]| files.iter().map(String::as_str).collect();
        Files { artifacts: artifacts.map(|(role, files)| (role, set(files))).collect() }
    }

    /// Where a target is.
    pub fn find(&self, target: Target<'_>) -> Place {
        match target {
            Target::Text => Place::Text,
            Target::File(path) => self.path(path, false),
            Target::Folder(path) => self.path(path, true),
            Target::Name(name) => {
                // A package may be named by a path within it.
                let scope = usize::from(name.starts_with('@'));
                let end = name.match_indices('/').nth(scope).map_or(name.len(), |(at, _)| at);
                let package = &name[..end];
                let code = ["node_modules", ".", "lib"].into_iter().map(|folder| (ArtifactRole::Code, folder));
                let layers = ["nodejs/node_modules", "lib", "ruby/lib"].into_iter();
                let layers = layers.map(|folder| (ArtifactRole::Layer, folder));
                let found = code
                    .chain(layers)
                    .find_map(|(role, folder)| self.in_role(role, &format!("{folder}/{package}"), false));
                // What is in no artifact is looked up in the runtime.
                found.map_or(Place::Runtime, Place::Deployed)
            }
        }
    }

    fn path(&self, path: &str, folder: bool) -> Place {
        const OWN: [&str; 8] =
            ["/var/runtime", "/var/lang", "/usr", "/lib", "/lib64", "/bin", "/etc", "/home/site/ext"];
        const CODE: [&str; 3] = ["/var/task", "/home/site/wwwroot", "/workspace"];
        let plain = path.strip_prefix('/').map(|rest| format!("/{}", resolve("", rest).unwrap_or_default()));
        let path = plain.as_deref().unwrap_or(path);
        let below = |root: &str| {
            let rest = path.strip_prefix(root)?;
            if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
        };
        // What lies on a drive of Windows cannot be looked up by the names of Linux.
        if path.contains('\\') || OWN.iter().any(|root| below(root).is_some()) {
            return Place::Runtime;
        }
        let (role, inner) = if let Some(inner) = CODE.iter().find_map(|root| below(root)) {
            (ArtifactRole::Code, inner)
        } else if let Some(inner) = below("/opt") {
            (ArtifactRole::Layer, inner)
        } else if !path.starts_with('/') {
            (ArtifactRole::Code, path)
        } else if below("/tmp").is_some() || below("/dev/shm").is_some() {
            return Place::Writable;
        } else if below("/mnt").is_some() {
            return Place::Mounted;
        } else {
            return Place::Missing;
        };
        match (self.in_role(role, inner, folder), role) {
            (Some(artifact), _) => Place::Deployed(artifact),
            (None, _) if folder => Place::Empty,
            (None, ArtifactRole::Layer) => Place::NoLayer,
            (None, _) => Place::Missing,
        }
    }

    /// The last artifact of a role that has the file, under its own name or with what an interpreter adds to it.
    fn in_role(&self, role: ArtifactRole, path: &str, folder: bool) -> Option<usize> {
        let path = resolve("", path).unwrap_or_default();
        let inside = format!("{path}/");
        let begins = |files: &BTreeSet<&str>, prefix: &str| {
            files.range(prefix..).next().is_some_and(|file| file.starts_with(prefix))
        };
        let has = |files: &BTreeSet<&str>| {
            path.is_empty()
                || files.contains(path.as_str())
                || begins(files, &inside)
                || (!folder
                    && ["js", "cjs", "mjs", "rb", "node", "json"]
                        .iter()
                        .any(|end| files.contains(format!("{path}.{end}").as_str())))
        };
        self.artifacts.iter().rposition(|(own, files)| *own == role && has(files))
    }
}

/// The target in words. What does not look like a place is not shown.
pub(super) fn shown(target: Target<'_>) -> String {
    let (Target::File(text) | Target::Name(text) | Target::Folder(text)) = target else {
        return "program text of its own".to_owned();
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '@' | '+');
    if text.len() > 200 || !text.chars().all(plain) {
        return "a place that is not shown".to_owned();
    }
    match VENDORS.iter().find(|(path, _)| text.starts_with(path)) {
        Some((_, vendor)) => format!("{text} ({vendor})"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_their_runtimes_read_them() {
        use Target::{File, Folder, Name, Text};
        for (name, value, expected) in [
            ("AWS_LAMBDA_EXEC_WRAPPER", " /opt/w ", vec![File("/opt/w")]),
            ("NODE_OPTIONS", "--max-old-space-size=1 -r ./a.js --require=b/c", vec![File("./a.js"), Name("b/c")]),
            (
                "NODE_OPTIONS",
                "--import data:text/javascript,x --loader \"/opt/x y.mjs\"",
                vec![Text, File("/opt/x y.mjs")],
            ),
            ("NODE_OPTIONS", "--import=file:///opt/x.mjs --require", vec![File("/opt/x.mjs")]),
            (
                "JAVA_TOOL_OPTIONS",
                "-Dp=x -javaagent:/opt/a.jar=key=v -agentlib:jdwp=x",
                vec![File("/opt/a.jar"), Name("jdwp")],
            ),
            ("LD_PRELOAD", "/opt/lib/a.so:b.so", vec![File("/opt/lib/a.so"), Name("b.so")]),
            ("PYTHONPATH", "/opt/python::lib", vec![Folder("/opt/python"), Folder("lib")]),
            (
                "RUBYOPT",
                "-W0 -rbundler/setup -I/opt/lib -r/opt/x",
                vec![Name("bundler/setup"), Folder("/opt/lib"), File("/opt/x")],
            ),
            ("DOTNET_STARTUP_HOOKS", "/opt/a.dll:/opt/b.dll", vec![File("/opt/a.dll"), File("/opt/b.dll")]),
            ("HOME", "/opt/x", vec![]),
            ("NODE_OPTIONS", "", vec![]),
        ] {
            assert_eq!(targets(name, value), expected, "{name}={value}");
        }
    }

    #[test]
    fn targets_are_found_where_they_lie() {
        let owned = |files: &[&str]| files.iter().map(|file| (*file).to_owned()).collect::<Vec<String>>();
        let code = owned(&["index.js", "lib/hook.js", "node_modules/@s/a/register.js"]);
        let layer = owned(&["datadog_wrapper", "python/a.py", "nodejs/node_modules/b/index.js"]);
        let files = Files::new([(ArtifactRole::Code, &code[..]), (ArtifactRole::Layer, &layer[..])].into_iter());
        use Target::{File, Folder, Name};
        for (target, place) in [
            (File("/opt/datadog_wrapper"), Place::Deployed(1)),
            (File("/opt/datadog"), Place::NoLayer),
            (File("./lib/hook"), Place::Deployed(0)),
            (File("/var/task/lib/hook.js"), Place::Deployed(0)),
            (File("/var/task/../../tmp/x"), Place::Writable),
            (File("lib/none.js"), Place::Missing),
            (File("/tmp/x.so"), Place::Writable),
            (File("/usr/lib64/libm.so"), Place::Runtime),
            (File("/usr/../srv/x"), Place::Missing),
            (File("/etcetera"), Place::Missing),
            (Name("@s/a/register"), Place::Deployed(0)),
            (Name("b"), Place::Deployed(1)),
            (Name("node:diagnostics"), Place::Runtime),
            (Folder("/opt/python"), Place::Deployed(1)),
            (Folder("/opt/none"), Place::Empty),
            (Folder("/tmp/lib"), Place::Writable),
            (Folder("/mnt/efs/lib"), Place::Mounted),
        ] {
            assert_eq!(files.find(target), place, "{target:?}");
        }
    }

    #[test]
    fn what_looks_like_no_place_is_not_shown() {
        assert_eq!(shown(Target::File("/opt/otel-instrument")), "/opt/otel-instrument (OpenTelemetry)");
        for text in ["a b", "https://user:pass@host/x", "x=y", &"a".repeat(201)] {
            assert_eq!(shown(Target::File(text)), "a place that is not shown");
        }
    }
}
