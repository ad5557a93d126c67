//! A zip's central directory as it is written, compared with what lies at the places it names.

use std::collections::HashSet;

use memchr::memmem;
use rawzip::{CreatorSystem, MAX_CENTRAL_DIRECTORY_RECORD_SIZE, ZipArchive, ZipFileHeaderRecord, ZipLocator};
use thiserror::Error;

use crate::model::{Gap, GapKind, Level};

use super::bytes::{Bytes, Peek};
use super::zip::{Draft, Listing, Record};
use super::zip_local::{LocalHeader, unicode_name};
use super::{gaps, names, zip_salvage};

/// End records that are tried before the directory counts as missing: a comment may hold the signature.
const TRIES: usize = 16;
/// The end record without its comment.
const END_RECORD: u64 = 22;

/// Why the directory gives nothing.
#[derive(Debug, Error)]
pub(crate) enum NoDirectory {
    /// The file is cut short, or is no zip.
    #[error("it has no end record")]
    NoEnd,
    /// The end record leads nowhere.
    #[error("its end record does not lead to a directory")]
    Lost,
}

/// Lists what the directory lists, then what it leaves out.
///
/// # Errors
/// That there is no directory to walk; nothing was listed then.
pub(crate) fn list(bytes: &Bytes<'_>, listing: &mut Listing<'_>) -> Result<(), NoDirectory> {
    let mut buffer = vec![0; MAX_CENTRAL_DIRECTORY_RECORD_SIZE];
    let archive = locate(bytes, &mut buffer)?;
    let declared = archive.entries_hint();
    let mut walked = 0u64;
    // Other names of entries, by index.
    let mut others: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut entries = archive.entries(&mut buffer);
    let broken = loop {
        match entries.next_entry() {
            Ok(Some(entry)) => {
                walked += 1;
                let name = entry.file_path().as_bytes();
                if listing.add(draft(&entry)) {
                    let more = [names::until_nul(name).map(<[u8]>::to_vec), unicode_name(entry.extra_fields())];
                    others.extend(more.into_iter().flatten().map(|other| (listing.records.len() - 1, other)));
                }
                // Counting what is over the limit must not take for ever either.
                if walked.is_multiple_of(4096) && listing.is_full() && listing.budget.check_time().is_err() {
                    listing.counted = false;
                    break None;
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    if walked == 0 && (declared > 0 || broken.is_some()) {
        return Err(NoDirectory::Lost);
    }
    if let Some(error) = broken {
        let detail = format!("the directory breaks off after {walked} of {declared} entries: {error}");
        listing.gaps.push(gaps::blocking(GapKind::Malformed, None, detail));
    } else if walked & 0xffff != declared & 0xffff {
        // The classic end record counts modulo 65,536, and many writers leave it at that.
        let detail = format!("the end record counts {declared} entries, the directory lists {walked}");
        listing.note(GapKind::Mismatch, None, detail);
    }
    compare(bytes, listing, &mut others);
    let full = listing.is_full();
    let holes = holes(&mut listing.records, &mut listing.gaps, archive.directory_offset());
    let trailing = (archive.end_offset(), bytes.len());
    if !full {
        for (from, to) in holes.into_iter().chain([trailing]).filter(|(from, to)| from < to) {
            zip_salvage::hole(bytes, from, to, listing);
        }
        zip_salvage::leftover(bytes, archive.eocd_offset() + END_RECORD, archive.end_offset(), false, listing);
    }
    // After the holes were sought: these share the bytes of their entries, and that is no overlap.
    add_names(others, listing);
    Ok(())
}

/// Lists entries under their other names, unless the directory has the same bytes under that name already.
fn add_names(others: Vec<(usize, Vec<u8>)>, listing: &mut Listing<'_>) {
    if others.is_empty() {
        return;
    }
    let mut known: HashSet<(u64, String)> =
        listing.records.iter().map(|record| (record.header, record.meta.name.clone())).collect();
    for (index, raw) in others {
        if known.insert((listing.records[index].header, names::clean_zip(&raw))) {
            listing.add_name(index, &raw);
        }
    }
}

/// Finds the last end record that leads to a directory.
fn locate<'b, 'a>(bytes: &'b Bytes<'a>, buffer: &mut [u8]) -> Result<ZipArchive<&'b Bytes<'a>>, NoDirectory> {
    let mut end = bytes.len();
    let mut reason = NoDirectory::NoEnd;
    for _ in 0..TRIES {
        match ZipLocator::new().locate_in_reader(bytes, buffer, end) {
            Ok(archive) => {
                let found = archive.eocd_offset();
                let leads = match archive.entries(buffer).next_entry() {
                    Ok(Some(_)) => true,
                    Ok(None) => archive.entries_hint() == 0,
                    Err(_) => false,
                };
                if leads {
                    return Ok(archive);
                }
                (end, reason) = (found, NoDirectory::Lost);
            }
            Err((_, error)) => match error.eocd_offset() {
                Some(found) => (end, reason) = (found, NoDirectory::Lost),
                None => break,
            },
        }
    }
    Err(reason)
}

fn draft<'n>(entry: &'n ZipFileHeaderRecord<'_>) -> Draft<'n> {
    let unix = matches!(entry.version_made_by().creator_system(), CreatorSystem::UNIX | CreatorSystem::MACOS);
    let mode = entry.external_attributes() >> 16;
    Draft {
        name: entry.file_path().as_bytes(),
        mode: (unix && mode != 0).then_some(mode),
        flags: entry.flags().bits(),
        method: entry.compression_method(),
        crc: Some(entry.crc32()),
        header: entry.local_header_offset(),
        data: None,
        packed: entry.compressed_size_hint(),
        size: Some(entry.uncompressed_size_hint()),
    }
}

/// Finds each entry's data through its local header, and says where the two headers differ.
fn compare(bytes: &Bytes<'_>, listing: &mut Listing<'_>, others: &mut Vec<(usize, Vec<u8>)>) {
    let mut order: Vec<usize> = (0..listing.records.len()).collect();
    order.sort_by_key(|index| listing.records[*index].header);
    let mut peek = Peek::new(bytes);
    let mut notes = Vec::new();
    for index in order {
        let record = &mut listing.records[index];
        let Ok(Some(local)) = LocalHeader::read(&mut peek, record.header) else { continue };
        record.data = Some(local.data);
        if let Some((level, detail)) = difference(record, &local) {
            let gap = gaps::note(GapKind::Mismatch, Some(&record.meta.name), detail);
            notes.push((index, Gap { level, ..gap }));
        }
        let other = !record.is_named(&local.name);
        let more = [other.then_some(local.name), local.unicode];
        others.extend(more.into_iter().flatten().map(|name| (index, name)));
        // Encrypted by either header is encrypted.
        record.flags |= local.flags & 0x41;
    }
    notes.sort_by_key(|(index, _)| *index);
    listing.gaps.extend(notes.into_iter().map(|(_, gap)| gap));
}

/// Where the headers differ. It blocks where a tool that believes the local one would see other bytes than were read;
/// another name is read, too, and an empty view hides nothing.
fn difference(record: &Record, local: &LocalHeader) -> Option<(Level, String)> {
    let mut parts = Vec::new();
    let mut level = Level::Note;
    if !record.is_named(&local.name) {
        parts.push(format!("the name `{}` against `{}`", record.meta.name, names::clean_zip(&local.name)));
    }
    if local.method != record.method {
        parts.push(format!("method {} against {}", record.method, local.method));
        level = Level::Blocking;
    }
    if (local.flags ^ record.flags) & 0x41 != 0 {
        parts.push("encrypted in one alone".to_owned());
    }
    // With a descriptor the local sizes are zero, or already right.
    let open = local.has_descriptor();
    for (what, listed, said) in
        [("packed size", record.packed, local.packed), ("size", record.meta.size_hint, local.size)]
    {
        if said != listed && !(open && said == 0) {
            parts.push(format!("{what} {listed} against {said}"));
            if said != 0 {
                level = Level::Blocking;
            }
        }
    }
    if let Some(listed) = record.crc.filter(|listed| *listed != local.crc && !(open && local.crc == 0)) {
        parts.push(format!("checksum {listed:08x} against {:08x}", local.crc));
    }
    (!parts.is_empty()).then(|| (level, format!("the directory and the local header differ: {}", parts.join(", "))))
}

/// The ranges before the directory that no entry accounts for. Ranges that two entries share are said once.
fn holes(records: &mut [Record], gaps: &mut Vec<Gap>, directory: u64) -> Vec<(u64, u64)> {
    let mut spans: Vec<(u64, u64, bool, usize)> = records
        .iter()
        .enumerate()
        .filter(|(_, record)| record.data.is_some())
        .map(|(index, record)| (record.header, record.end(), record.has_descriptor(), index))
        .collect();
    spans.sort_unstable();
    let mut holes = Vec::new();
    let (mut cursor, mut descriptor, mut shared, mut example) = (0, false, 0u64, None);
    for (from, to, has_descriptor, index) in spans {
        if from > cursor {
            push_hole(&mut holes, cursor, from.min(directory), descriptor);
        } else if from < cursor {
            shared += 1;
            example.get_or_insert(index);
        }
        if to >= cursor {
            (cursor, descriptor) = (to, has_descriptor);
        }
    }
    if let Some(index) = example {
        let name = &records[index].meta.name;
        let detail = format!("{shared} entries lie over the bytes of others, the first is `{name}`");
        gaps.push(gaps::note(GapKind::Mismatch, None, detail));
    }
    if cursor > directory && !records.is_empty() {
        let detail = "the bytes of an entry reach into the directory";
        gaps.push(gaps::note(GapKind::Mismatch, None, detail));
    } else {
        push_hole(&mut holes, cursor, directory, descriptor);
    }
    holes
}

fn push_hole(holes: &mut Vec<(u64, u64)>, from: u64, to: u64, descriptor: bool) {
    // A descriptor takes 12 to 24 bytes, too few for a header: it need not be read to be sure.
    let expected = descriptor && to.saturating_sub(from) <= 24;
    if from < to && !expected {
        holes.push((from, to));
    }
}

/// Finds local headers.
pub(crate) fn header_finder() -> memmem::Finder<'static> {
    memmem::Finder::new(b"PK\x03\x04")
}
