//! The bytes of a zip that no directory accounts for: entries that are hidden from it, or that outlived it.

use rawzip::CompressionMethod;

use crate::model::GapKind;

use super::budget::{Budget, Decoder, End};
use super::bytes::{Bytes, Peek};
use super::gaps;
use super::inflate::Inflate;
use super::zip::{Draft, Listing};
use super::zip_directory::{NoDirectory, header_finder};
use super::zip_local::LocalHeader;

/// Runs of bytes shorter than this hold neither a package nor a secret worth the name.
const TRIVIAL: u64 = 16;
/// The end of the block that Android puts before the directory (<https://source.android.com/docs/security/features/apksigning/v2>).
const SIGNING_BLOCK: &[u8] = b"APK Sig Block 42";
/// How much is inflated at once while the end of an entry is sought.
const STEP: usize = 64 << 10;

/// Lists what can be saved of an archive without a directory, and says that it has none.
pub(crate) fn whole(bytes: &Bytes<'_>, error: &NoDirectory, listing: &mut Listing<'_>) {
    let rest = walk(bytes, 0, bytes.len(), listing);
    let saved = listing.records.len();
    let gap = if saved == 0 {
        gaps::blocking(
            GapKind::Malformed,
            None,
            format!("the archive could not be opened: {error}, and no entry was found"),
        )
    } else {
        let kind = match error {
            NoDirectory::NoEnd => GapKind::Truncated,
            NoDirectory::Lost => GapKind::Malformed,
        };
        gaps::blocking(
            kind,
            None,
            format!("the archive is incomplete: {error}; {saved} entries were found in front of it"),
        )
    };
    listing.gaps.push(gap);
    if saved > 0 {
        for (from, to) in rest {
            leftover(bytes, from, to, false, listing);
        }
    }
}

/// Lists what a range holds that the directory leaves out.
pub(crate) fn hole(bytes: &Bytes<'_>, from: u64, to: u64, listing: &mut Listing<'_>) {
    let before = listing.records.len();
    let rest = walk(bytes, from, to, listing);
    for index in before..listing.records.len() {
        let detail = "the entry is in the archive but not in its directory";
        let name = listing.records[index].meta.name.clone();
        listing.note(GapKind::Mismatch, Some(&name), detail);
    }
    let begins = listing.records.get(before).is_some_and(|record| record.header == 0);
    if begins {
        // A directory that knows nothing of the first entries is another archive's: the end of an inner one, with
        // the outer cut off, or a second archive put behind the first.
        let detail = "the archive begins with entries that its directory does not know: it is cut short, or two archives are joined";
        listing.gaps.push(gaps::blocking(GapKind::Malformed, None, detail));
    }
    for (from, to) in rest {
        // A stub before the first entry is how self-extracting programs are made.
        leftover(bytes, from, to, from > 0, listing);
    }
}

/// Walks local headers and adds their entries. Returns the ranges between them.
fn walk(bytes: &Bytes<'_>, from: u64, to: u64, listing: &mut Listing<'_>) -> Vec<(u64, u64)> {
    let finder = header_finder();
    let mut peek = Peek::new(bytes);
    let mut rest = Vec::new();
    let (mut pos, mut done) = (from, from);
    // Whether a descriptor's signature may still follow: asked once, or many headers would each search to the end.
    let mut descriptors = true;
    while let Ok(Some(hit)) = peek.find(&finder, pos, to) {
        if listing.budget.check_time().is_err() {
            break;
        }
        let local = match LocalHeader::read(&mut peek, hit) {
            Ok(Some(local)) if local.is_plausible() && local.data <= to => local,
            _ => {
                pos = hit + 4;
                continue;
            }
        };
        let extent = Extent::of(bytes, &mut peek, &local, to, listing.budget, &mut descriptors);
        let draft = Draft {
            name: &local.name,
            mode: None,
            flags: local.flags,
            method: local.method,
            crc: extent.crc,
            header: hit,
            data: Some(local.data),
            packed: extent.packed,
            size: extent.size,
        };
        if !listing.add(draft) {
            listing.counted = false;
            break;
        }
        if hit > done {
            rest.push((done, hit));
        }
        // Behind an entry whose end is in doubt, the next one is sought from where its data begin: a damaged size must
        // not hide those that are intact.
        pos = if extent.sure { extent.end } else { local.data };
        pos = pos.min(to);
        done = done.max(extent.end.min(to));
    }
    if done < to {
        rest.push((done, to));
    }
    rest
}

/// How far an entry without a directory reaches.
struct Extent {
    packed: u64,
    /// Behind the descriptor, if there is one.
    end: u64,
    crc: Option<u32>,
    size: Option<u64>,
    sure: bool,
}

impl Extent {
    fn of(
        bytes: &Bytes<'_>,
        peek: &mut Peek<'_, '_>,
        local: &LocalHeader,
        to: u64,
        budget: &Budget,
        descriptors: &mut bool,
    ) -> Extent {
        let open = local.has_descriptor() && local.packed == 0;
        if !open {
            let end = local.data.saturating_add(local.packed);
            let (crc, size) = (Some(local.crc), Some(local.size));
            return Extent { packed: local.packed, end: end.min(to), crc, size, sure: end <= to };
        }
        let packed = match local.method {
            CompressionMethod::DEFLATE => inflated_end(bytes, local.data, to, budget),
            _ if *descriptors => {
                let found = peek.find(&memchr::memmem::Finder::new(b"PK\x07\x08"), local.data, to);
                *descriptors = matches!(found, Ok(Some(_)));
                found.ok().flatten().map(|at| at - local.data)
            }
            _ => None,
        };
        let Some(packed) = packed else {
            return Extent { packed: to - local.data, end: to, crc: None, size: None, sure: false };
        };
        let end = local.data + packed;
        let (crc, length) = descriptor(peek.at(end, 24).unwrap_or(&[]), packed);
        Extent { packed, end: (end + length).min(to), crc, size: None, sure: true }
    }
}

/// Where a deflate stream of unknown length ends: only decoding it can tell.
fn inflated_end(bytes: &Bytes<'_>, from: u64, to: u64, budget: &Budget) -> Option<u64> {
    let mut inflate = Inflate::new(bytes, from, to);
    let mut buffer = Vec::new();
    loop {
        match budget.fill(&mut inflate, &mut buffer, 0, STEP).end {
            End::Full => {}
            End::Eof => return Some(inflate.consumed()),
            End::Stopped(_) => return None,
        }
    }
}

/// The checksum and the length of a descriptor. The signature is optional and the sizes have two widths, so the
/// packed size decides (APPNOTE 4.3.9).
fn descriptor(bytes: &[u8], packed: u64) -> (Option<u32>, u64) {
    let word = |at: usize| bytes.get(at..at + 4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let signed = bytes.starts_with(b"PK\x07\x08");
    let at = if signed { 4 } else { 0 };
    let low = word(at + 4).map(u64::from);
    if low != Some(packed & 0xffff_ffff) {
        return (None, 0);
    }
    // The wide form has the upper half of the packed size where the narrow one has the decoded size.
    let wide = word(at + 8).map(u64::from) == Some(packed >> 32) && bytes.len() >= at + 20 && packed > 0;
    (word(at), (at + if wide { 20 } else { 12 }) as u64)
}

/// Bytes that belong to no entry become an entry of their own, so that they are searched like any other. That they are
/// there is said where it is `suspect`.
pub(crate) fn leftover(bytes: &Bytes<'_>, from: u64, to: u64, suspect: bool, listing: &mut Listing<'_>) {
    if to.saturating_sub(from) < TRIVIAL || is_padding(bytes, from, to) {
        return;
    }
    let name = format!("[unlisted bytes at {from}]");
    let draft = Draft {
        name: name.as_bytes(),
        mode: None,
        flags: 0,
        method: CompressionMethod::STORE,
        crc: None,
        header: from,
        data: Some(from),
        packed: to - from,
        size: None,
    };
    if listing.add(draft) && suspect && !is_signing_block(bytes, from, to) {
        let detail = format!("{} bytes belong to no entry; they are searched like a file", to - from);
        listing.note(GapKind::Mismatch, Some(&name), detail);
    }
}

/// The block that signs an Android package: ordinary in its place, and read all the same.
fn is_signing_block(bytes: &Bytes<'_>, from: u64, to: u64) -> bool {
    let mut tail = [0; SIGNING_BLOCK.len()];
    let at = to.saturating_sub(SIGNING_BLOCK.len() as u64).max(from);
    matches!(bytes.copy_at(&mut tail, at), Ok(got) if got == tail.len()) && tail == *SIGNING_BLOCK
}

/// Zeros, as writers put them in front of data that are to be aligned.
fn is_padding(bytes: &Bytes<'_>, from: u64, to: u64) -> bool {
    let mut buffer = [0; 4096];
    let mut pos = from;
    while pos < to {
        let want = usize::try_from(to - pos).unwrap_or(usize::MAX).min(buffer.len());
        match bytes.copy_at(&mut buffer[..want], pos) {
            Ok(got) if got > 0 && buffer[..got].iter().all(|byte| *byte == 0) => pos += got as u64,
            _ => return false,
        }
    }
    true
}
