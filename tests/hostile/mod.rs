//! Archives that are broken, lying or meant to do harm. For each: no panic, bounded memory and time, every intact
//! entry read, and everything else said as a gap.

mod bombs;
mod folders;
mod streams;
mod zips;

use tidewaiter::artifact::{Budget, EntryKind, Limits, Opened, Step, open_bytes, open_input};
use tidewaiter::model::{Gap, GapKind, Level};

/// What reading an archive from end to end gave.
#[derive(Debug, Default)]
pub struct Seen {
    /// Files in their order: name, bytes, and whether they were all read.
    pub files: Vec<(String, Vec<u8>, bool)>,
    /// Links with their targets.
    pub links: Vec<(String, String)>,
    /// Folders and devices.
    pub bare: Vec<(String, EntryKind)>,
    /// Of the archive and of its entries.
    pub gaps: Vec<Gap>,
}

impl Seen {
    /// Reads everything, and checks the promises that hold for every archive on the way.
    pub fn of(opened: Opened<'_>, budget: &Budget) -> Seen {
        let mut seen = Seen::default();
        match opened {
            Opened::Indexed(archive) => {
                seen.gaps.extend_from_slice(archive.gaps());
                let mut scratch = Vec::new();
                for index in 0..archive.len() {
                    let meta = archive.meta(index);
                    assert!(!meta.name.is_empty());
                    match meta.kind {
                        EntryKind::File => {
                            let (mut bytes, mut last) = (Vec::new(), false);
                            let result = archive.read(index, budget, &mut scratch, &mut |piece| {
                                assert!(!last, "a piece follows the last one");
                                assert_eq!(piece.first, bytes.is_empty() && piece.offset == 0);
                                let at = usize::try_from(piece.offset).unwrap();
                                assert!(at <= bytes.len(), "no byte is left out");
                                bytes.truncate(at);
                                bytes.extend_from_slice(piece.bytes);
                                last = piece.last;
                            });
                            assert!(last || result.is_err(), "an entry without an end has a gap");
                            seen.files.push((meta.name.clone(), bytes, result.is_ok()));
                            seen.gaps.extend(result.err().map(|gap| *gap));
                        }
                        EntryKind::Link => seen.links.push((meta.name.clone(), meta.link.clone().unwrap())),
                        kind => seen.bare.push((meta.name.clone(), kind)),
                    }
                }
            }
            Opened::Stream(mut stream) => {
                let mut current: Option<(String, Vec<u8>)> = None;
                while let Some(step) = stream.next(budget) {
                    match step {
                        Step::Whole(meta, bytes) => seen.files.push((meta.name, bytes, true)),
                        Step::Bare(meta) => match meta.link {
                            Some(target) => seen.links.push((meta.name, target)),
                            None => seen.bare.push((meta.name, meta.kind)),
                        },
                        Step::Window(meta, piece) => {
                            let (name, mut bytes) = current.take().unwrap_or((meta.name, Vec::new()));
                            let at = usize::try_from(piece.offset).unwrap();
                            assert!(at <= bytes.len(), "no byte is left out");
                            bytes.truncate(at);
                            bytes.extend_from_slice(&piece.bytes);
                            if piece.last {
                                seen.files.push((name, bytes, true));
                            } else {
                                current = Some((name, bytes));
                            }
                        }
                        Step::Lost { meta, gap, .. } => {
                            let (_, bytes) = current.take().unwrap_or_default();
                            seen.files.push((meta.name, bytes, false));
                            seen.gaps.push(gap);
                        }
                        Step::Note(gap) => seen.gaps.push(gap),
                    }
                }
                assert!(current.is_none(), "an entry without an end has a gap");
                assert!(stream.next(budget).is_none());
            }
            Opened::NotAnArchive => panic!("not an archive"),
        }
        for gap in &seen.gaps {
            assert_eq!(gap.by, "artifact");
            assert!(gap.location.artifact == 0 && gap.location.path.len() <= 1, "{gap:?}");
        }
        seen
    }

    /// Reads bytes as an archive that the user named.
    pub fn input(bytes: &[u8]) -> Seen {
        Seen::input_within(bytes, Limits::default())
    }

    /// The same with other limits.
    pub fn input_within(bytes: &[u8], limits: Limits) -> Seen {
        let budget = Budget::new(limits);
        Seen::of(open_input(bytes, "input.zip", &budget), &budget)
    }

    /// Reads bytes as an archive inside another.
    pub fn nested(bytes: &[u8]) -> Seen {
        let budget = Budget::default();
        Seen::of(open_bytes(bytes, "inner", &budget), &budget)
    }

    /// The bytes of a file that was read to its end.
    pub fn whole(&self, name: &str) -> &[u8] {
        let found = self.files.iter().find(|(other, _, whole)| other == name && *whole);
        &found.unwrap_or_else(|| panic!("{name} is not among {:?}, gaps {:?}", self.names(), self.gaps)).1
    }

    /// The names of all files.
    pub fn names(&self) -> Vec<&str> {
        self.files.iter().map(|(name, _, _)| name.as_str()).collect()
    }

    /// The one gap of a kind.
    pub fn gap(&self, kind: GapKind) -> &Gap {
        let found: Vec<&Gap> = self.gaps.iter().filter(|gap| gap.kind == kind).collect();
        assert_eq!(found.len(), 1, "{kind:?} among {:?}", self.gaps);
        found[0]
    }

    /// Whether a verdict could stand on this.
    pub fn is_blocked(&self) -> bool {
        self.gaps.iter().any(|gap| gap.level == Level::Blocking)
    }
}
