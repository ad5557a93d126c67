//! Walks an artifact: each entry is decoded once, if it is not stored as another one is, and shown to everyone who wants
//! it.

mod indexed;

use std::borrow::Cow;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use super::whole::Whole;
use super::{Input, Options, Progress, mask, opaque};
use crate::artifact::{
    self, Budget, Magic, Meta, OpenError, Opened, OverLimit, Piece, Step, Stream, open_bytes, open_input, open_path,
};
use crate::extract::{self, Entry, Needs, Sink};
use crate::integrity::{self, Batch, Hand, Known, Reading, Traces};
use crate::model::{Artifact, ArtifactRole, Gap, GapKind, Location, SecretMatch, Tally, TargetKind, sha256};
use crate::secret::LeftOut;

/// Everything that reading one artifact gave, in no particular order.
#[derive(Default)]
pub(super) struct Part {
    /// What extractors found.
    pub sink: Sink,
    /// What the secret engine found.
    pub secrets: Vec<SecretMatch>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Entries and bytes.
    pub tally: Tally,
    /// Names of the files at the first level, for laying layers over one another.
    pub files: Vec<String>,
    /// Bytes that were read, but not understood.
    pub opaque: opaque::Opaque,
    /// What was seen of the files' integrity.
    pub traces: Traces,
}

impl Part {
    /// Takes everything out of another one.
    fn append(&mut self, mut other: Part) {
        self.sink.append(other.sink);
        self.secrets.append(&mut other.secrets);
        self.gaps.append(&mut other.gaps);
        self.tally += other.tally;
        self.files.append(&mut other.files);
        self.opaque.append(other.opaque);
        self.traces.append(other.traces);
    }

    fn join(mut self, other: Part) -> Part {
        self.append(other);
        self
    }

    /// Whether nothing tells what was read.
    fn is_unknown(&self) -> bool {
        let Sink { found, sboms, bundles, .. } = &self.sink;
        let named = !found.is_empty() || !sboms.is_empty() || !bundles.is_empty() || self.sink.explains();
        !named && self.gaps.is_empty() && self.opaque.is_empty()
    }
}

/// A walked artifact.
pub(super) struct Walked {
    /// What was handed over.
    pub artifact: Artifact,
    /// What it gave.
    pub part: Part,
}

/// Opens and walks one artifact, as that of index 0.
pub(super) fn artifact(
    role: ArtifactRole,
    input: &Input,
    budget: &Budget,
    options: &Options<'_>,
) -> Result<(TargetKind, Walked), OpenError> {
    let asks_for_places = options.engine.asks_for_places();
    let place = Location::artifact(0);
    let (kind, path, sha256, bytes, entries, mut part) = match input {
        Input::Path(path) => {
            let whole = Whole::new(path);
            let walker = Walker { role, budget, options, asks_for_places, whole: Some(&whole) };
            let walk = || {
                let opened = open_path(path, budget)?;
                let alone = is_single(&opened.opened);
                Ok((opened.is_folder, opened.bytes, alone, walker.opened(&place, opened.opened, 0)))
            };
            // The digest is a pass of its own over the file; it runs beside all of the walk, also where that has only one
            // thread's work to do.
            let (walked, begun) = rayon::join(walk, || whole.begin());
            let (is_folder, bytes, alone, (entries, part)) = walked?;
            let digest = if is_folder { None } else { Some(whole.finish(begun?)?) };
            let kind = if is_folder { TargetKind::Folder } else { TargetKind::Artifact };
            let bytes = if is_folder { part.tally.bytes } else { bytes };
            let kind = if alone && !part.sink.sboms.is_empty() { TargetKind::Sbom } else { kind };
            (kind, path.display().to_string(), digest, bytes, entries, part)
        }
        Input::Bytes { name, bytes } => {
            let walker = Walker { role, budget, options, asks_for_places, whole: None };
            let opened = open_input(bytes, name, budget);
            let alone = is_single(&opened);
            let (entries, mut part) = walker.opened(&place, opened, 0);
            if alone && part.is_unknown() {
                part.gaps.push(Gap::blocking(GapKind::Unsupported, place.clone(), "artifact", NAMELESS));
            }
            let digest = sha256(bytes);
            let kind = if alone && !part.sink.sboms.is_empty() { TargetKind::Sbom } else { TargetKind::Artifact };
            (kind, name.clone(), Some(digest), bytes.len() as u64, entries, part)
        }
    };
    part.sink.artifact = (kind == TargetKind::Artifact).then(|| super::input_name(input));
    let role = if kind == TargetKind::Sbom { ArtifactRole::Sbom } else { role };
    let artifact = Artifact { role, path, sha256, bytes, entries };
    Ok((kind, Walked { artifact, part }))
}

/// Many formats are known by the names of their files, which bytes alone do not have.
const NAMELESS: &str = "neither an archive, a program nor a bill of materials; a lock file or a script is known by its \
                        name: name the file instead";

/// Whether something is one file, no archive.
fn is_single(opened: &Opened<'_>) -> bool {
    matches!(opened, Opened::Indexed(archive) if !archive.nests())
}

struct Walker<'a> {
    role: ArtifactRole,
    budget: &'a Budget,
    options: &'a Options<'a>,
    /// See [`Engine::asks_for_places`](crate::secret::Engine::asks_for_places).
    asks_for_places: bool,
    /// The artifact itself, where it is a file.
    whole: Option<&'a Whole<'a>>,
}

/// What was found in an entry that was searched as a whole.
struct Searched {
    /// Bytes of the entry.
    len: usize,
    /// The secrets, by their places in the part.
    found: Range<usize>,
}

impl Walker<'_> {
    /// Walks an opened archive; returns the number of its files beside what they gave.
    fn opened(&self, place: &Location, opened: Opened<'_>, depth: u32) -> (u64, Part) {
        let part = match opened {
            Opened::Indexed(archive) => self.indexed(place, archive.as_ref(), depth),
            Opened::Stream(stream) => self.stream(place, stream, depth),
            Opened::NotAnArchive => Part::default(),
        };
        (part.files.len() as u64, part)
    }

    /// Compares an entry with the lists of its archive, or reads it as one of them.
    fn compare<'k>(
        &self,
        here: &Location,
        piece: Piece<'_>,
        batch: &Batch<'k>,
        reading: &mut Reading<'_, 'k>,
        part: &mut Part,
    ) {
        let compare = || {
            let mut traces = Traces::default();
            if integrity::is_list(here.innermost()) && piece.is_whole() {
                traces.read_list(here, piece.bytes);
            }
            let lot = reading.piece(here, self.role, piece, &mut traces);
            (traces, lot)
        };
        let (traces, lot) = guarded(compare).unzip();
        self.keep(here, traces, part);
        if let Some(lot) = lot.flatten() {
            let place = here.outer();
            batch.deal(&lot, 1).into_iter().for_each(|hand| self.compare_hand(&place, hand, part));
            batch.take_back(lot);
        }
    }

    /// Compares files of an archive that have waited.
    fn compare_hand(&self, place: &Location, hand: Hand<'_, '_>, part: &mut Part) {
        let Some(differing) = guarded(|| hand.compare()) else {
            part.gaps.push(failed(place, "integrity"));
            return;
        };
        for file in differing {
            let tell = || {
                let mut traces = Traces::default();
                file.tell(&mut traces);
                traces
            };
            self.keep(file.place(), guarded(tell), part);
        }
    }

    /// Keeps what was compared, `None` for what failed.
    fn keep(&self, here: &Location, traces: Option<Traces>, part: &mut Part) {
        match traces.map(|traces| (self.budget.charge_facts(traces.facts()), traces)) {
            Some((Ok(()), traces)) => part.traces.append(traces),
            Some((Err(limit), _)) => part.gaps.push(over_limit(here, "integrity", limit)),
            None => part.gaps.push(failed(here, "integrity")),
        }
    }

    fn stream(&self, place: &Location, mut stream: Box<dyn Stream + '_>, depth: u32) -> Part {
        // Decoding happens under the bridge's lock, the analysis outside of it.
        let mut part = std::iter::from_fn(|| stream.next(self.budget))
            .par_bridge()
            .map(|step| self.step(place, step, depth))
            .reduce(Part::default, Part::join);
        // A list may come behind its files, and no byte is read twice.
        part.traces.leave_uncompared();
        part
    }

    fn step(&self, place: &Location, step: Step, depth: u32) -> Part {
        let mut part = Part::default();
        match step {
            Step::Bare(meta) => self.link(place, &meta, &mut part),
            Step::Note(gap) => part.gaps.push(self.rebase(place, gap)),
            Step::Whole(meta, bytes) => {
                let here = self.begin(place, &meta, depth, &mut part);
                // Nothing waits: there is no list yet to compare with.
                let known = Known::default();
                let batch = Batch::new(&known, None);
                self.compare(&here, Piece::whole(&bytes), &batch, &mut batch.reading(&meta.name), &mut part);
                self.piece(&here, Piece::whole(&bytes), Some(depth), &mut part);
                self.finish(&mut part, place, Ok(()));
            }
            Step::Window(meta, window) => {
                let here = match window.first {
                    true => self.begin(place, &meta, depth, &mut part),
                    false => place.child(&self.name(&meta.name).0),
                };
                self.piece(&here, window.borrow(), Some(depth), &mut part);
                if window.last {
                    self.finish(&mut part, place, Ok(()));
                }
            }
            Step::Lost { meta, begun, gap } => {
                if !begun {
                    self.begin(place, &meta, depth, &mut part);
                }
                self.finish(&mut part, place, Err(gap));
            }
        }
        part
    }

    /// An entry's name without the secrets in it, and these.
    fn name<'n>(&self, name: &'n str) -> (Cow<'n, str>, Vec<SecretMatch>) {
        guarded(|| mask::name(self.options.engine, name)).unwrap_or((Cow::Borrowed(name), Vec::new()))
    }

    /// Counts an entry whose bytes follow, and says where it is.
    fn begin(&self, place: &Location, meta: &Meta, depth: u32, part: &mut Part) -> Location {
        self.count(part, 1);
        let (name, found) = self.name(&meta.name);
        let here = place.child(&name);
        part.secrets.extend(found.into_iter().map(|one| SecretMatch { location: here.clone(), ..one }));
        if depth == 0 {
            part.files.push(name.into_owned());
        }
        here
    }

    /// A link is not followed, but its target is text that somebody wrote; and where a package file is a link to
    /// something else, its bytes were read under a name that says nothing.
    fn link(&self, place: &Location, meta: &Meta, part: &mut Part) {
        let Some(target) = &meta.link else { return };
        let here = place.child(&self.name(&meta.name).0);
        self.search(&here, Piece::whole(target.as_bytes()), part);
        for extractor in extract::ALL {
            if extractor.goes_by_name() && extractor.wants(&meta.name, &[]) && !extractor.wants(target, &[]) {
                let detail = "a package file is a link to a file that is none by its name: it was not read as one";
                part.gaps.push(Gap::blocking(GapKind::Link, here.clone(), extractor.id(), detail));
            }
        }
    }

    fn count(&self, part: &mut Part, n: u64) {
        part.tally.seen += n;
        Progress::add(&self.options.progress.seen, n);
    }

    /// The end of an entry: read, or a gap.
    fn finish(&self, part: &mut Part, place: &Location, end: Result<(), Gap>) {
        match end {
            Ok(()) => part.tally.read += 1,
            Err(gap) => {
                part.tally.gapped += 1;
                part.gaps.push(self.rebase(place, gap));
            }
        }
        Progress::add(&self.options.progress.done, 1);
    }

    /// Searches bytes of an entry and shows them to everyone else. Without a depth the entry was looked at as an archive
    /// already. Returns what a copy of the entry need not be searched for again.
    fn piece(&self, here: &Location, piece: Piece<'_>, depth: Option<u32>, part: &mut Part) -> Option<Searched> {
        let (before, gaps) = (part.secrets.len(), part.gaps.len());
        self.search(here, piece, part);
        let found = before..part.secrets.len();
        let is_all = piece.is_whole() && part.gaps.len() == gaps;
        self.show(here, piece, before, depth, part);
        is_all.then_some(Searched { len: piece.bytes.len(), found })
    }

    /// Shows bytes of an entry to everyone but the secret engine, what that found in them blanked out: the secrets of
    /// `part` from `found` on.
    fn show(&self, here: &Location, piece: Piece<'_>, found: usize, depth: Option<u32>, part: &mut Part) {
        // Windows overlap; what was seen before is not counted again.
        let fresh = if piece.first { piece.bytes.len() } else { piece.bytes.len().saturating_sub(self.overlap()) };
        part.tally.bytes += fresh as u64;
        Progress::add(&self.options.progress.bytes, fresh as u64);
        if !piece.first {
            return;
        }
        let bytes = mask::masked(piece.bytes, &part.secrets[found..]);
        self.extract(here, Piece { bytes: &bytes, ..piece }, part);
        if let Some(depth) = depth {
            self.nested(here, piece, depth, part);
        }
    }

    /// Shows bytes to the secret engine.
    fn search(&self, here: &Location, piece: Piece<'_>, part: &mut Part) {
        let scan = || {
            let mut found = Vec::new();
            let left_out = self.options.engine.scan(here, piece, &mut found);
            (found, left_out)
        };
        match guarded(scan) {
            Some((mut found, left_out)) => {
                part.secrets.append(&mut found);
                let LeftOut { matches, encoded } = left_out;
                if matches > 0 {
                    let detail = format!("{matches} more matches were left out: nearly all of it looks like secrets");
                    part.gaps.push(Gap::blocking(GapKind::OverLimit, here.clone(), "secret", detail));
                }
                if encoded > 0 {
                    let detail = format!("{encoded} encoded stretches were not searched: they decode to too much");
                    part.gaps.push(Gap::blocking(GapKind::OverLimit, here.clone(), "secret", detail));
                }
            }
            None => part.gaps.push(failed(here, "secret")),
        }
    }

    /// Puts the archive's own place in front of a relative one.
    fn rebase(&self, place: &Location, gap: Gap) -> Gap {
        let mut path = place.path.clone();
        path.extend(gap.location.path.iter().map(|name| self.name(name).0.into_owned()));
        Gap { location: Location { artifact: place.artifact, path, span: gap.location.span }, ..gap }
    }

    fn overlap(&self) -> usize {
        self.budget.limits().window_overlap
    }

    fn extract(&self, here: &Location, piece: Piece<'_>, part: &mut Part) {
        let path = here.innermost();
        let head = &piece.bytes[..piece.bytes.len().min(512)];
        let mut explained = false;
        for extractor in extract::ALL {
            if !extractor.wants(path, head) {
                continue;
            }
            if extractor.needs() == Needs::Whole && !piece.is_whole() {
                explained = true;
                part.gaps.push(Gap::blocking(
                    GapKind::OverLimit,
                    here.clone(),
                    extractor.id(),
                    "a package file is larger than an entry may be to be read whole; raise --max-entry-bytes",
                ));
                continue;
            }
            let entry = Entry { location: here, bytes: piece.bytes };
            let read = || {
                let mut sink = Sink::default();
                extractor.extract(&entry, &mut sink);
                sink
            };
            match guarded(read) {
                Some(sink) => {
                    explained |= sink.explains();
                    match self.budget.charge_facts(sink.facts()) {
                        Ok(()) => part.sink.append(sink),
                        Err(limit) => part.gaps.push(over_limit(here, extractor.id(), limit)),
                    }
                }
                None => {
                    explained = true;
                    part.gaps.push(failed(here, extractor.id()));
                }
            }
        }
        // The host of a single-file program is a part of the runtime that the list inside it names.
        if !explained && !artifact::is_dotnet_bundle(piece.bytes) {
            part.opaque.look(here, piece);
        }
    }

    /// An entry that is itself an archive is walked over the same bytes.
    fn nested(&self, here: &Location, piece: Piece<'_>, depth: u32, part: &mut Part) {
        if !piece.is_whole() {
            if Magic::of(piece.bytes).is_archive() || artifact::is_dotnet_bundle(piece.bytes) {
                part.gaps.push(Gap::blocking(
                    GapKind::OverLimit,
                    here.clone(),
                    "artifact",
                    "an archive inside an archive is larger than an entry may be to be opened; raise --max-entry-bytes",
                ));
            }
            return;
        }
        let opened = match guarded(|| open_bytes(piece.bytes, here.innermost(), self.budget)) {
            Some(Opened::NotAnArchive) => return,
            Some(opened) => opened,
            None => return part.gaps.push(failed(here, "artifact")),
        };
        if let Err(limit) = self.budget.check_depth(depth + 1) {
            part.gaps.push(over_limit(here, "artifact", limit));
            return;
        }
        let (_, inner) = self.opened(here, opened, depth + 1);
        part.append(inner);
    }
}

/// Runs a part of the program that must not take the scan down with it.
///
/// The panic's message is dropped: it could quote the artifact.
pub(super) fn guarded<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}

fn over_limit(here: &Location, by: &str, limit: OverLimit) -> Gap {
    Gap::blocking(GapKind::OverLimit, here.clone(), by, limit.to_string())
}

/// The gap of a part of the program that failed.
pub(super) fn failed(here: &Location, by: &str) -> Gap {
    Gap::blocking(GapKind::Internal, here.clone(), by, "this part of the program failed here; please report it")
}
