//! Makes findings, hooks and notes of what was seen.

use std::collections::{BTreeMap, BTreeSet};

use super::checks::*;
use super::variable::{Files, Place, Target, shown, targets};
use super::{Check, Nature, Standing, Trace, Traces, What};
use crate::formats::node_modules::package_root;
use crate::formats::paths::{file_name, folder_of};
use crate::model::{
    ArtifactRole, Confidence, EnvFile, Exploitation, Finding, Gap, GapKind, Hook, Location, Origin, PackageId,
    Severity, fingerprint,
};

const BY: &str = "integrity";

/// What the function as a whole tells.
pub struct Ground<'a> {
    /// Role and files of the first level of every artifact, in order.
    pub artifacts: Vec<(ArtifactRole, &'a [String])>,
    /// The runtime's identifier.
    pub runtime: Option<&'a str>,
    /// The function's variables, where they are known.
    pub variables: Option<Variables<'a>>,
    /// Layers that the configuration names were not handed over.
    pub lacks_layers: bool,
    /// The installed package that a place belongs to, with its purl.
    pub owner: &'a dyn Fn(&Location) -> Option<(PackageId, String)>,
}

/// A function's variables as an artifact.
pub struct Variables<'a> {
    /// Its index.
    pub artifact: usize,
    /// Names and values.
    pub file: &'a EnvFile,
    /// Those that hold a secret: not even a part of their values is shown.
    pub secret: BTreeSet<&'a [String]>,
}

/// The judgement on one target.
#[derive(Debug, Default)]
pub struct Judged {
    /// In no particular order.
    pub findings: Vec<Finding>,
    /// What runs before the handler, sorted.
    pub hooks: Vec<Hook>,
    /// What could not be compared.
    pub gaps: Vec<Gap>,
}

/// Judges one target.
pub fn judge(traces: Traces, ground: &Ground<'_>) -> Judged {
    let mut judge = Judge { ground, out: Judged::default() };
    let mut seen = traces.seen;
    seen.sort();
    seen.dedup();
    judge.files(&seen);
    judge.startup_files(&seen);
    judge.npm(&seen);
    judge.notes(&seen);
    judge.layers_and_bootstraps();
    judge.variables();
    judge.out.hooks.sort();
    judge.out.hooks.dedup();
    judge.out
}

struct Judge<'a> {
    ground: &'a Ground<'a>,
    out: Judged,
}

/// What is to become a finding.
struct Claim<'a> {
    check: &'static Check,
    severity: Severity,
    confidence: Confidence,
    title: String,
    /// Sorted, not empty.
    places: Vec<Location>,
    /// What tells it from others of the same check and places.
    subject: &'a str,
    origin: Origin,
}

impl Judge<'_> {
    /// Files that differ, and files that nobody lists: one finding for each package and severity.
    fn files(&mut self, seen: &[Trace]) {
        let planted: BTreeSet<&Location> =
            seen.iter().filter(|trace| matches!(trace.what, What::Planted { .. })).map(|trace| &trace.place).collect();
        let mut groups: BTreeMap<(&str, Severity, Location), Vec<Location>> = BTreeMap::new();
        for Trace { place, what } in seen {
            let (check, severity, by) = match what {
                What::Changed { list, nature } => {
                    let severity = match nature {
                        Nature::Code => Severity::High,
                        Nature::Metadata => Severity::Medium,
                        Nature::Script | Nature::Data => Severity::Low,
                    };
                    (&FILE_CHANGED, severity, list.clone())
                }
                What::Planted { package } => (&FILE_PLANTED, Severity::High, place.beside(package)),
                What::Orphan { package, source } if !planted.contains(&place.beside(source)) => {
                    (&FILE_PLANTED, Severity::Low, place.beside(package))
                }
                _ => continue,
            };
            groups.entry((check.id, severity, by)).or_default().push(place.clone());
        }
        for ((id, severity, by), places) in groups {
            let check = if id == FILE_CHANGED.id { &FILE_CHANGED } else { &FILE_PLANTED };
            let first = places.first().map_or("", Location::innermost);
            let (count, whose) = (places.len(), by.innermost());
            let title = match (id == FILE_CHANGED.id, count) {
                (true, 1) => format!("{first} differs from {whose}"),
                (true, _) => format!("{count} files differ from {whose}, such as {first}"),
                (false, 1) => format!("{first} lies in a package whose RECORD does not name it"),
                (false, _) => {
                    format!("{count} files lie in a package whose RECORD names none of them, such as {first}")
                }
            };
            let origin = Origin::Dependency;
            let claim = Claim { check, severity, confidence: Confidence::High, title, places, subject: whose, origin };
            self.find(claim, Some(&by));
        }
    }

    /// Files that Python reads when it starts.
    fn startup_files(&mut self, seen: &[Trace]) {
        for Trace { place, what } in seen {
            let What::Startup { runs, standing } = what else { continue };
            let name = file_name(place.innermost());
            let does = if *runs { "runs code when Python starts" } else { "adds to Python's search path" };
            let known = match standing {
                Standing::Recorded => "its package lists it",
                Standing::Unrecorded => "no RECORD lists it",
                Standing::NoList => "there is no RECORD to ask",
            };
            let expected = *standing != Standing::Unrecorded;
            self.hook(place.clone(), format!("{name} {does}; {known}"), expected);
            if expected {
                continue;
            }
            // What packs a virtual environment takes the file along that makes it one.
            let virtualenv = name == "_virtualenv.pth";
            let (severity, confidence) = match (runs, virtualenv) {
                (true, false) => (Severity::High, Confidence::Medium),
                (true, true) => (Severity::Low, Confidence::Low),
                (false, _) => (Severity::Low, Confidence::Medium),
            };
            let title = format!("{name} {does}, and {known}");
            let places = vec![place.clone()];
            let origin = Origin::Own;
            self.find(Claim { check: &STARTUP_FILE, severity, confidence, title, places, subject: "", origin }, None);
        }
    }

    /// Scripts of installation, and programs where none are expected.
    fn npm(&mut self, seen: &[Trace]) {
        let native: BTreeSet<Location> = seen
            .iter()
            .filter(|trace| trace.what == What::HoldsNative)
            .map(|trace| trace.place.beside(folder_of(trace.place.innermost())))
            .collect();
        let mut strays: BTreeMap<Location, Vec<Location>> = BTreeMap::new();
        for Trace { place, what } in seen {
            match what {
                What::InstallScript { name, suspicion } => {
                    let what = format!("npm ran its script {name} when it was installed, not in the function");
                    self.hook(place.clone(), what, suspicion.is_none());
                    if let Some(suspicion) = suspicion {
                        let title = format!("its script {name} is suspicious: {suspicion}");
                        let (severity, confidence) = (Severity::High, Confidence::Medium);
                        let (places, origin) = (vec![place.clone()], Origin::Dependency);
                        let check = &INSTALL_SCRIPT;
                        self.find(
                            Claim { check, severity, confidence, title, places, subject: name, origin },
                            Some(place),
                        );
                    }
                }
                What::Native => {
                    if let Some(root) = package_root(place.innermost()).map(|root| place.beside(root))
                        && !native.contains(&root)
                    {
                        strays.entry(root).or_default().push(place.clone());
                    }
                }
                _ => {}
            }
        }
        for (root, places) in strays {
            let first = places.first().map_or("", Location::innermost);
            let title = format!("{first} is a program or library for Linux, and its package announces none");
            let (severity, confidence) = (Severity::Medium, Confidence::Low);
            let manifest = root.beside(&format!("{}/package.json", root.innermost()));
            let (check, origin) = (&STRAY_BINARY, Origin::Dependency);
            self.find(Claim { check, severity, confidence, title, places, subject: "", origin }, Some(&manifest));
        }
    }

    /// What could not be compared: notes, one for each list.
    fn notes(&mut self, seen: &[Trace]) {
        let mut notes: BTreeMap<(&Location, &str), usize> = BTreeMap::new();
        for Trace { place, what } in seen {
            let (list, why) = match what {
                What::Stripped { list } => {
                    (list, "libraries differ as 'strip' leaves them, and what they contained before cannot be seen")
                }
                What::Uncompared { list } => (list, "digests are of a kind that is not compared"),
                What::Unordered => (place, "the archive is read from front to back, so that no file was compared"),
                _ => continue,
            };
            *notes.entry((list, why)).or_default() += 1;
        }
        let notes = notes.into_iter().map(|((list, why), count)| {
            Gap::note(GapKind::Checksum, list.clone(), BY, format!("{why} (count: {count})"))
        });
        self.out.gaps.extend(notes);
    }

    /// Programs that Lambda starts by their place: extensions, and the runtime's own
    /// (<https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>,
    /// <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html>).
    fn layers_and_bootstraps(&mut self) {
        let ground = self.ground;
        for (artifact, (role, files)) in ground.artifacts.iter().enumerate() {
            for file in files.iter() {
                let place = || Location::artifact(artifact).child(file);
                if *role == ArtifactRole::Layer && folder_of(file) == "extensions" {
                    let what = format!("Lambda starts the extension /opt/{file} beside the runtime");
                    self.hook(place(), what, true);
                }
                if file == "bootstrap" && matches!(role, ArtifactRole::Code | ArtifactRole::Layer) {
                    self.bootstrap(place(), *role);
                }
            }
        }
    }

    fn bootstrap(&mut self, place: Location, role: ArtifactRole) {
        let custom = |runtime: &str| runtime.starts_with("provided");
        let wrapper = self.ground.variables.as_ref().is_some_and(|variables| {
            variables.file.variables.iter().any(|(name, value)| {
                name == "AWS_LAMBDA_EXEC_WRAPPER" && value.trim() == "/opt/bootstrap" && role == ArtifactRole::Layer
            })
        });
        // A layer's may be the wrapper of variables that nobody told us.
        let unknown = role == ArtifactRole::Layer && self.ground.variables.is_none();
        match self.ground.runtime.filter(|runtime| !custom(runtime) && !wrapper && !unknown) {
            None => {
                let what =
                    if wrapper { "the runtime starts through it" } else { "it is the program of a custom runtime" };
                self.hook(place, what.to_owned(), true);
            }
            Some(runtime) => {
                self.hook(place.clone(), format!("the runtime {runtime} has its own and never starts it"), false);
                let title = format!("a bootstrap lies beside the managed runtime {runtime}");
                let (severity, confidence) = (Severity::Low, Confidence::Medium);
                let (check, places, origin) = (&STRAY_BOOTSTRAP, vec![place], Origin::Own);
                self.find(Claim { check, severity, confidence, title, places, subject: "", origin }, None);
            }
        }
    }

    fn variables(&mut self) {
        let Some(variables) = &self.ground.variables else { return };
        let mut files = None;
        for (name, value) in &variables.file.variables {
            for target in targets(name, value) {
                let files = files.get_or_insert_with(|| Files::new(self.ground.artifacts.iter().copied()));
                let found = files.find(target);
                let place =
                    Location::artifact(variables.artifact).child(&crate::model::escape_path_bytes(name.as_bytes()));
                let words = if variables.secret.contains(place.path.as_slice()) {
                    "a place that is not shown".to_owned()
                } else {
                    shown(target)
                };
                self.variable(name, target, &words, found, place);
            }
        }
    }

    fn variable(&mut self, name: &str, target: Target<'_>, words: &str, found: Place, place: Location) {
        let folder = matches!(target, Target::Folder(_));
        let does = if folder { "looks for code in" } else { "loads" };
        let (where_, severity) = match found {
            Place::Deployed(artifact) => {
                let code = self.ground.artifacts.get(artifact).is_some_and(|(role, _)| *role == ArtifactRole::Code);
                (if code { "part of the function's code" } else { "part of a layer" }, None)
            }
            Place::Runtime => ("left to the runtime", None),
            // An empty folder loads nothing.
            Place::Empty => ("where nothing that was handed over lies", None),
            Place::NoLayer if self.ground.lacks_layers => ("perhaps in a layer that was not handed over", None),
            Place::NoLayer => ("in none of the layers that were handed over", Some(Severity::Medium)),
            Place::Missing => ("in no artifact of the function", Some(Severity::Medium)),
            Place::Mounted if folder => ("on a file system that was not seen", Some(Severity::Low)),
            Place::Mounted => ("on a file system that was not seen", Some(Severity::Medium)),
            Place::Writable if folder => ("where anything in the function can write", Some(Severity::Medium)),
            Place::Writable => ("where anything in the function can write", Some(Severity::High)),
            Place::Text => ("written in the variable", Some(Severity::High)),
        };
        let name = crate::model::escape_path_bytes(name.as_bytes());
        self.hook(place.clone(), format!("{name} {does} {words}, {where_}"), severity.is_none());
        let Some(severity) = severity else { return };
        let title = format!("{name} {does} {words}, {where_}");
        let (check, confidence, places) = (&STARTUP_VARIABLE, Confidence::Medium, vec![place]);
        let origin = Origin::Environment;
        self.find(Claim { check, severity, confidence, title, places, subject: words, origin }, None);
    }

    fn hook(&mut self, location: Location, what: String, expected: bool) {
        self.out.hooks.push(Hook { location, what, expected });
    }

    /// Adds a finding, about the package that owns `owner`.
    fn find(&mut self, claim: Claim<'_>, owner: Option<&Location>) {
        let Claim { check, severity, confidence, title, places, subject, origin } = claim;
        let (package, purl) = owner.and_then(|place| (self.ground.owner)(place)).unzip();
        let paths: Vec<String> = places.iter().map(|place| place.path.join("!")).collect();
        let whose = package.as_ref().map_or("", |id: &PackageId| id.0.as_str());
        let mut parts = vec![check.kind.word(), check.id, severity.word(), whose, subject];
        parts.extend(paths.iter().map(String::as_str));
        let fingerprint = fingerprint(&parts);
        self.out.findings.push(Finding {
            kind: check.kind,
            id: check.id.to_owned(),
            aliases: Vec::new(),
            severity,
            title,
            package,
            purl,
            fixed: Vec::new(),
            fingerprint,
            locations: places,
            rule: None,
            confidence,
            redacted: None,
            origin,
            cvss: None,
            exploitation: Exploitation::default(),
            gates: true,
            allowed_inline: false,
            verification: None,
            parts: Vec::new(),
            allowed_by: None,
            remediation: check.remediation.to_owned(),
        });
    }
}
