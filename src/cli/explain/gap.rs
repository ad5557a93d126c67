//! What a kind of gap means, whether it blocks, and what to do about it.

use std::io::{self, Write};

use crate::model::GapKind;

/// Explains a kind.
pub(super) fn write(out: &mut dyn Write, kind: GapKind) -> io::Result<()> {
    let (level, remedy) = told(kind);
    writeln!(out, "{}  {}", kind.word(), kind.meaning())?;
    writeln!(out, "kind       gap")?;
    writeln!(out, "level      {level}")?;
    writeln!(out, "to do      {remedy}")?;
    if !level.starts_with("note") {
        writeln!(out, "accept     [[accept-gaps]] with kind = \"{}\", a path and a reason in the policy", kind.word())?;
    }
    Ok(())
}

/// Its level, and what to do.
fn told(kind: GapKind) -> (&'static str, &'static str) {
    match kind {
        GapKind::Unreadable => (
            "blocking: what was not read could hold a package or a secret",
            "see that the program may read the file, and that nobody changes it meanwhile; pack a damaged archive anew",
        ),
        GapKind::Truncated => (
            "blocking; a note where an archive lacks nothing but its end mark",
            "hand over the whole file: a download or an upload was cut off",
        ),
        GapKind::Encrypted => ("blocking: nobody can say what is in it", "hand over what is inside, decrypted"),
        GapKind::Unsupported => (
            "blocking; a note for a part of a bill of materials that no advisory is kept for",
            "unpack it yourself and audit the result, or pack it as zip or tar.gz",
        ),
        GapKind::OverLimit => (
            "blocking; a note where only the owner of some files is not known",
            "raise the limit that is named (--max-entry-bytes, --max-target-bytes, --max-ratio, --max-entries, --max-depth, \
             --max-seconds), if you trust where the artifact comes from",
        ),
        GapKind::Checksum => (
            "blocking for an archive's own checksums; a note where a package's list of files cannot be compared",
            "fetch or build the artifact anew: it was damaged, or changed after it was packed",
        ),
        GapKind::Malformed => (
            "blocking where packages or secrets may be lost; a note where only details are",
            "have the tool that wrote the file write it again",
        ),
        GapKind::Duplicate => (
            "note: every copy is read",
            "pack the archive so that each name stands for one file; which one a runtime loads is not certain",
        ),
        GapKind::Mismatch => (
            "blocking where bytes cannot be told from it; else a note",
            "pack the archive anew; if you did not make it, ask who made it say two things",
        ),
        GapKind::UnsafeName => (
            "note: the entry is read like any other",
            "do not unpack the archive before you know where the name comes from",
        ),
        GapKind::Link => (
            "note; blocking where a package file is a link to something else",
            "name the link's target too, if the function uses it",
        ),
        GapKind::Opaque => (
            "note: it was searched for secrets, but its packages are not known; the grade is at most partial",
            "keep what names them: a source map or a metafile, --lockfile for a bundle, build information in programs",
        ),
        GapKind::Unversioned => (
            "note: listed and not compared; the grade is at most partial",
            "keep the package's metadata when packing, or hand over the lock file (--lockfile)",
        ),
        GapKind::BadVersion => (
            "blocking where a package's version cannot be compared; a note where bounds of an advisory cannot",
            "give the package a version in the form of its ecosystem",
        ),
        GapKind::Advisories => (
            "blocking where a found package cannot be compared; a note for feeds, and for what is compiled into others",
            "'tidewaiter db sync' fetches a database; --allow-seed says that the built-in seed is enough",
        ),
        GapKind::Unavailable => (
            "blocking: a part of the function was not audited",
            "hand it over: --layer FILE for a layer, --env-file FILE for the variables",
        ),
        GapKind::Runtime => (
            "note: nothing else depends on it",
            "see that --runtime has the cloud's own name of it, and that tidewaiter is of this year",
        ),
        GapKind::Internal => (
            "blocking: what was read of the entry before counts, the rest is not known",
            "please report it, with the file if you may give it away",
        ),
    }
}
