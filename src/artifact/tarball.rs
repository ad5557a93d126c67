//! Streams: tar, plain or compressed, and a compressed single file.
//!
//! What it cannot know: how many entries follow a point from which the stream cannot be decoded.

use std::collections::{HashSet, VecDeque};
use std::io;

use tar::Header;

use crate::model::{Gap, GapKind, escape_path_bytes};

use super::budget::{Budget, Decoder, End, Stop};
use super::magic::{HEAD, checksum_holds, is_tar};
use super::tape::{Slot, Tape};
use super::tar_header::{BLOCK, Extension, Member, padding};
use super::window::Windows;
use super::{EntryKind, Meta, Piece, Step, Stream, gaps, names};

/// The largest body of an extension header. GNU tar and libarchive draw the line at the same place.
const EXTENSION_MAX: u64 = 1 << 20;
/// The most that an entry's buffer starts with, whatever size is declared.
const FIRST_BUFFER: u64 = 1 << 20;

/// An entry that is being read.
struct Current {
    meta: Meta,
    /// Bytes still to come, `None` for a single file: it ends with the stream.
    left: Option<u64>,
    padding: u64,
    windows: Windows,
    buffer: Vec<u8>,
}

enum State {
    /// Nothing was read yet.
    New,
    /// Between entries.
    Between,
    /// In an entry.
    Within(Box<Current>),
    /// Nothing more.
    Done,
}

/// A tar, plain or compressed, or a compressed single file.
pub(crate) struct Tarball<'a> {
    tape: Tape<'a>,
    /// What a single file is called.
    name: String,
    /// The end of the compressed stream is checked by its decoder, so that a missing end marker means little.
    compressed: bool,
    state: State,
    scratch: Vec<u8>,
    pending: VecDeque<Step>,
    seen: HashSet<String>,
    /// Zero blocks in a row.
    zeros: u32,
    /// The end marker was passed.
    ended: bool,
    /// A block that is no header was met, and said.
    lost: bool,
}

impl<'a> Tarball<'a> {
    /// `name` is what a single file is called, should the stream hold no tar.
    pub(crate) fn new(decoder: Box<dyn Decoder + Send + 'a>, name: String, compressed: bool) -> Tarball<'a> {
        Tarball {
            tape: Tape::new(decoder),
            name,
            compressed,
            state: State::New,
            scratch: Vec::new(),
            pending: VecDeque::new(),
            seen: HashSet::new(),
            zeros: 0,
            ended: false,
            lost: false,
        }
    }

    /// Looks whether there is a tar.
    fn begin(&mut self, budget: &Budget) {
        let end = self.tape.load_head(budget);
        if is_tar(self.tape.head()) {
            self.state = State::Between;
            return;
        }
        let meta = Meta { name: self.name.clone(), kind: EntryKind::File, size_hint: 0, mode: None, link: None };
        if let Err(limit) = budget.charge_entry() {
            return self.fail(&limit.into());
        }
        if let End::Stopped(stop) = end {
            // Nothing follows that could be handed out in windows.
            let head = self.tape.head();
            let gap = gaps::stopped(&stop, Some(&meta.name), head.len() as u64);
            if !head.is_empty() {
                let piece = Piece { last: false, ..Piece::whole(head) }.to_owned();
                self.pending.push_back(Step::Window(meta.clone(), piece));
            }
            self.pending.push_back(Step::Lost { meta, begun: !head.is_empty(), gap });
            self.state = State::Done;
            return;
        }
        self.enter(meta, None);
    }

    fn enter(&mut self, meta: Meta, left: Option<u64>) {
        let padding = left.map_or(0, padding);
        let first = usize::try_from(meta.size_hint.saturating_add(1).min(FIRST_BUFFER)).unwrap_or(0);
        let (windows, buffer) = (Windows::default(), vec![0; first]);
        self.state = State::Within(Box::new(Current { meta, left, padding, windows, buffer }));
    }

    /// The archive ends here, unread.
    fn fail(&mut self, stop: &Stop) {
        let gap = gaps::stopped(stop, None, self.tape.produced());
        self.note(gap);
        self.state = State::Done;
    }

    fn note(&mut self, gap: Gap) {
        self.pending.push_back(Step::Note(gap));
    }

    /// The next piece of the entry that is being read.
    fn advance(&mut self, mut current: Box<Current>, budget: &Budget) -> Step {
        let mut slot;
        let decoder: &mut dyn Decoder = match &mut current.left {
            Some(left) => {
                slot = Slot { tape: &mut self.tape, left };
                &mut slot
            }
            None => &mut self.tape,
        };
        match current.windows.next(decoder, budget, &mut current.buffer) {
            Ok(Some(piece)) if piece.is_whole() => {
                let len = piece.bytes.len();
                let mut bytes = current.buffer;
                bytes.truncate(len);
                self.leave(current.left.map(|_| current.padding), budget);
                Step::Whole(current.meta, bytes)
            }
            Ok(Some(piece)) => {
                let piece = piece.to_owned();
                let meta = current.meta.clone();
                if piece.last {
                    self.leave(current.left.map(|_| current.padding), budget);
                } else {
                    self.state = State::Within(current);
                }
                Step::Window(meta, piece)
            }
            Ok(None) => unreachable!("the last piece of an entry leaves it"),
            Err(stop) => {
                let gap = gaps::stopped(&stop, Some(&current.meta.name), current.windows.read());
                if current.left.is_some() {
                    self.fail(&stop);
                } else {
                    self.state = State::Done;
                }
                Step::Lost { meta: current.meta, begun: current.windows.handed(), gap }
            }
        }
    }

    /// Goes on behind an entry. A single file has nothing behind it.
    fn leave(&mut self, padding: Option<u64>, budget: &Budget) {
        self.state = if padding.is_some() { State::Between } else { State::Done };
        if let Err(stop) = self.skip(padding.unwrap_or(0), budget) {
            self.fail(&stop);
        }
    }

    /// Passes over `count` bytes, counted like all others.
    fn skip(&mut self, count: u64, budget: &Budget) -> Result<(), Stop> {
        let mut left = count;
        let mut slot = Slot { tape: &mut self.tape, left: &mut left };
        loop {
            match budget.fill(&mut slot, &mut self.scratch, 0, 64 << 10).end {
                End::Full => {}
                End::Eof => return Ok(()),
                End::Stopped(stop) => return Err(stop),
            }
        }
    }

    /// The next block, `None` at the end of the stream.
    fn block(&mut self, budget: &Budget) -> Result<Option<Header>, Stop> {
        let filled = budget.fill(&mut self.tape, &mut self.scratch, 0, HEAD);
        match filled.end {
            End::Stopped(stop) => Err(stop),
            End::Eof if self.scratch[..filled.bytes].iter().all(|byte| *byte == 0) => Ok(None),
            End::Eof => Err(Stop::Io(io::Error::new(io::ErrorKind::UnexpectedEof, "the archive ends within a header"))),
            End::Full => Ok(Some(Header::from_byte_slice(&self.scratch[..HEAD]).clone())),
        }
    }

    /// Reads headers up to the next entry.
    fn find_entry(&mut self, budget: &Budget) -> Result<(), Stop> {
        let mut extension = Extension::default();
        while let Some(header) = self.block(budget)? {
            if header.as_bytes().iter().all(|byte| *byte == 0) {
                self.zeros += 1;
                self.ended |= self.zeros >= 2;
                continue;
            }
            if !checksum_holds(header.as_bytes()) {
                self.say_lost();
                continue;
            }
            if self.ended {
                self.ended = false;
                let detail = "entries follow the end of the archive; they are read, as `tar --ignore-zeros` does";
                self.note(gaps::note(GapKind::Mismatch, None, detail));
            }
            (self.zeros, self.lost) = (0, false);
            let kind = header.entry_type();
            if kind.is_gnu_longname()
                || kind.is_gnu_longlink()
                || kind.is_pax_local_extensions()
                || kind.is_pax_global_extensions()
            {
                self.extend(&header, &mut extension, budget)?;
                continue;
            }
            match Member::new(&header, std::mem::take(&mut extension)) {
                Ok(member) => {
                    budget.charge_entry()?;
                    if header.as_gnu().is_some_and(|gnu| kind.is_gnu_sparse() && gnu.is_extended()) {
                        self.skip_sparse_map(budget)?;
                    }
                    self.found(member);
                    return Ok(());
                }
                Err(why) => {
                    self.note(gaps::blocking(GapKind::Malformed, None, why));
                    self.lost = true;
                }
            }
        }
        if !extension.is_empty() || !self.ended && !self.compressed {
            let detail = "the archive ends without its end marker: entries may be missing";
            self.note(gaps::blocking(GapKind::Truncated, None, detail));
        } else if !self.ended {
            self.note(gaps::note(GapKind::Truncated, None, "the archive ends without its end marker"));
        }
        self.state = State::Done;
        Ok(())
    }

    fn extend(&mut self, header: &Header, extension: &mut Extension, budget: &Budget) -> Result<(), Stop> {
        let Ok(size) = header.entry_size() else {
            self.note(gaps::blocking(GapKind::Malformed, None, "the size of an extension header is no number"));
            return Ok(());
        };
        if size > EXTENSION_MAX {
            let detail = format!("an extension header of {size} bytes was passed over; a name or a size may be wrong");
            self.note(gaps::blocking(GapKind::Malformed, None, detail));
            return self.skip(size.saturating_add(padding(size)), budget);
        }
        let mut left = size;
        let mut slot = Slot { tape: &mut self.tape, left: &mut left };
        let filled = budget.fill(&mut slot, &mut self.scratch, 0, usize::try_from(size).unwrap_or(0));
        if let End::Stopped(stop) = filled.end {
            return Err(stop);
        }
        if let Err(why) = extension.take(header.entry_type(), &self.scratch[..filled.bytes]) {
            self.note(gaps::blocking(GapKind::Malformed, None, why));
        }
        self.skip(padding(size), budget)
    }

    /// A sparse map that does not fit its header goes on in blocks, each of which says whether another follows.
    fn skip_sparse_map(&mut self, budget: &Budget) -> Result<(), Stop> {
        const MORE: usize = 504;
        while let Some(block) = self.block(budget)? {
            if block.as_bytes()[MORE] == 0 {
                break;
            }
        }
        Ok(())
    }

    fn found(&mut self, member: Member) {
        let Member { meta, raw_name, size, sparse, sizes_differ } = member;
        let name = meta.name.clone();
        if let Some(gap) = names::unsafe_name(&raw_name, &name) {
            self.note(gap);
        }
        if let Some((declared, used)) = sizes_differ {
            let detail = format!("the header says {declared} bytes, its PAX record {used}; the record was followed");
            self.note(gaps::note(GapKind::Mismatch, Some(&name), detail));
        }
        if sparse {
            let detail = "a sparse file was read without its holes; offsets in it are those of the stored bytes";
            self.note(gaps::note(GapKind::Opaque, Some(&name), detail));
        }
        if meta.kind != EntryKind::Folder && !self.seen.insert(name.clone()) {
            let detail = "an earlier entry has the same name; unpacked, this one takes its place";
            self.note(gaps::note(GapKind::Duplicate, Some(&name), detail));
        }
        if meta.kind == EntryKind::File {
            self.enter(meta, Some(size));
        } else {
            self.pending.push_back(Step::Bare(meta));
        }
    }

    fn say_lost(&mut self) {
        if !std::mem::replace(&mut self.lost, true) {
            let at = self.tape.produced().saturating_sub(BLOCK);
            let detail =
                format!("the block before byte {at} of the decoded archive is no header; the next one is sought");
            let detail = if self.ended { format!("bytes follow the end of the archive: {detail}") } else { detail };
            self.note(gaps::blocking(GapKind::Malformed, None, detail));
        }
    }
}

impl Stream for Tarball<'_> {
    fn next(&mut self, budget: &Budget) -> Option<Step> {
        loop {
            if let Some(step) = self.pending.pop_front() {
                return Some(step);
            }
            match std::mem::replace(&mut self.state, State::Between) {
                State::New => self.begin(budget),
                State::Between => {
                    if let Err(stop) = self.find_entry(budget) {
                        self.fail(&stop);
                    }
                }
                State::Within(current) => return Some(self.advance(current, budget)),
                State::Done => {
                    self.state = State::Done;
                    return None;
                }
            }
        }
    }
}

/// What a compressed single file is called inside: its name without the suffix.
pub(crate) fn inner_name(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let stem = [".gz", ".gzip", ".zst", ".zstd"].iter().find_map(|suffix| {
        lower
            .strip_suffix(suffix)
            .filter(|stem| !stem.is_empty() && !stem.ends_with('/'))
            .map(|stem| &name[..stem.len()])
    });
    let file = stem.unwrap_or(name).rsplit('/').next().unwrap_or(name);
    if file.is_empty() { escape_path_bytes(b"data") } else { file.to_owned() }
}
