//! A saved result, read back into the verdict that it was written from.
//!
//! What no report shows is not in the file and comes back empty: the policy's lists, allow-comments, what a package
//! asks for beyond this target. Nothing is judged again.

mod lines;
mod sweep;
mod types;

use serde::Deserialize;

use crate::model::{
    Artifact, Coverage, Cvss, DatabaseInfo, Epss, Exploitation, Finding, FunctionConfig, Gap, Grade, Hook, Kev,
    Location, Package, Scan, SourceInfo, Span, Sweep, Tally, Verification,
};
use crate::policy::{
    Exit, Judged, JudgedGap, Lowers, Risk, Run, Settings, State, Target, Term, Upgrade, Verdict, Waived, WaiverNote,
};

use types::*;

/// A file that is no saved result.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No JSON, or JSON of something else.
    #[error("this is no result of 'tidewaiter scan' in the format json or ndjson")]
    Foreign,
    /// Written by a later program.
    #[error("it has schema version {0}, and this program reads version 1: render it with the program that wrote it")]
    Newer(u64),
    /// It says something that the contract does not allow; serde's words with line and column.
    #[error("it is damaged, or written by a later version of this program: {0}")]
    Damaged(#[from] serde_json::Error),
    /// The same of a line of NDJSON, from 1.
    #[error("line {0} is damaged, or written by a later version of this program: {1}")]
    Line(usize, serde_json::Error),
    /// A line of NDJSON names a target that has no line before it.
    #[error("line {0} belongs to a target that no line before it describes")]
    Astray(usize),
}

/// Reads a result of schema version 1, as one object or as lines.
///
/// # Errors
/// [`ReadError`]; its text may quote the file, so it has to be escaped before it is shown.
pub fn read(bytes: &[u8]) -> Result<Verdict, ReadError> {
    #[derive(Deserialize)]
    struct Head {
        schema_version: u64,
        tool: Tool,
    }
    #[derive(Deserialize)]
    struct Tool {
        name: String,
    }
    let in_lines = lines::is_one(bytes);
    let first = if in_lines { bytes.split(|&b| b == b'\n').next().unwrap_or_default() } else { bytes };
    let head = match serde_json::from_slice::<Head>(first) {
        Ok(head) => head,
        // What breaks off is told by its place; what is another thing is told as such.
        Err(error) if error.is_eof() => return Err(ReadError::Damaged(error)),
        Err(_) => return Err(ReadError::Foreign),
    };
    match (head.tool.name.as_str(), head.schema_version) {
        (env!("CARGO_PKG_NAME"), 1) if in_lines => Ok(lines::read(bytes)?.into()),
        (env!("CARGO_PKG_NAME"), 1) => Ok(serde_json::from_slice::<Report>(bytes)?.into()),
        (env!("CARGO_PKG_NAME"), newer) => Err(ReadError::Newer(newer)),
        _ => Err(ReadError::Foreign),
    }
}

impl From<Report> for Verdict {
    fn from(report: Report) -> Verdict {
        let default = Settings::default();
        let settings = Settings {
            fail_on: report.policy.fail_on.unwrap_or(default.fail_on),
            require_coverage: report.policy.require_coverage.unwrap_or(default.require_coverage),
            file: report.policy.file,
            ..Settings::default()
        };
        let Advisories { origin, snapshot, built_at, records, ecosystems, sources } = report.advisories;
        let read = |sources: Vec<Source>| sources.into_iter().map(SourceInfo::from).collect();
        Verdict {
            database: DatabaseInfo {
                origin,
                snapshot,
                built_at,
                records,
                ecosystems: read(ecosystems),
                feeds: read(sources),
            },
            targets: report.targets.into_iter().map(|target| target.into_target(settings.require_coverage)).collect(),
            settings,
            exit: match report.summary.exit {
                0 => Exit::Clean,
                1 => Exit::Violated,
                3 => Exit::Incomplete,
                _ => Exit::Failed,
            },
            reasons: report.summary.reasons,
            waivers_unused: report.policy.waivers_unused.into_iter().map(WaiverNote::from).collect(),
            waivers_expired: report.policy.waivers_expired.into_iter().map(WaiverNote::from).collect(),
            run: report.run.map(|run| Run {
                started_at: run.started_at,
                seconds: run.seconds,
                advisories_age_days: run.advisories_age_days,
                stale: run.stale,
            }),
            sweep: report.sweep.map(Sweep::from),
        }
    }
}

impl From<Source> for SourceInfo {
    fn from(source: Source) -> SourceInfo {
        let Source { name, records, newest, synced } = source;
        SourceInfo { name, records, newest, synced, from: None }
    }
}

impl TargetRead {
    fn into_target(mut self, required: Grade) -> Target {
        let requires = self.packages.iter_mut().map(|package| std::mem::take(&mut package.requires)).collect();
        let gaps: Vec<JudgedGap> = self.coverage.gaps.into_iter().map(JudgedGap::from).collect();
        let grade = self.coverage.grade;
        let (arn, cloud) = self.cloud.map(sweep::CloudRead::told).unwrap_or_default();
        let scan = Scan {
            id: self.id,
            name: self.name,
            kind: self.kind,
            config: FunctionConfig {
                arn,
                cloud,
                runtime: self.runtime,
                handler: self.handler,
                ..FunctionConfig::default()
            },
            artifacts: self.artifacts.into_iter().map(Artifact::from).collect(),
            coverage: Coverage {
                grade,
                tally: Tally {
                    seen: self.coverage.entries_seen,
                    read: self.coverage.entries_read,
                    gapped: self.coverage.entries_seen.saturating_sub(self.coverage.entries_read),
                    bytes: self.coverage.bytes_read,
                },
                attributed: grade > Grade::Blind,
                gaps: Vec::new(),
            },
            packages: self.packages.into_iter().map(Package::from).collect(),
            findings: Vec::new(),
            remedies: Vec::new(),
            hooks: self.hooks.into_iter().map(Hook::from).collect(),
        };
        Target {
            scan,
            findings: self.findings.into_iter().map(Judged::from).collect(),
            requires,
            upgrades: self.upgrades.into_iter().map(Upgrade::from).collect(),
            incomplete: grade < required || gaps.iter().any(JudgedGap::blocks),
            gaps,
            risk: self.risk.into(),
        }
    }
}

impl From<ArtifactRead> for Artifact {
    fn from(read: ArtifactRead) -> Artifact {
        let ArtifactRead { role, path, sha256, bytes, entries } = read;
        Artifact { role, path, sha256, bytes, entries }
    }
}

impl From<GapRead> for JudgedGap {
    fn from(read: GapRead) -> JudgedGap {
        let GapRead { location, kind, level, by, detail, accepted } = read;
        let gap = Gap { level, kind, location: location.into(), by, detail };
        JudgedGap { gap, accepted: accepted.map(Waived::from) }
    }
}

impl From<PackageRead> for Package {
    fn from(read: PackageRead) -> Package {
        Package {
            ecosystem: read.ecosystem,
            name: read.name,
            version: read.version,
            evidence: read.evidence,
            locations: locations(read.locations),
            direct: read.direct,
            dev: read.dev,
            requires: Vec::new(),
            ranges: Vec::new(),
            embedded_in: read.embedded_in,
            shadowed: read.shadowed,
            beside_installed: read.beside_installed,
            compiled_in: read.compiled_in,
        }
    }
}

impl From<FindingRead> for Judged {
    fn from(read: FindingRead) -> Judged {
        let score = read.epss.map(|score| Epss { score, percentile: read.epss_percentile.unwrap_or_default() });
        let kev = read.kev.then(|| read.kev_entry.unwrap_or_default());
        let finding = Finding {
            kind: read.kind,
            id: read.id,
            aliases: read.aliases,
            severity: read.severity,
            title: read.title,
            package: read.package,
            purl: read.purl,
            fixed: read.fixed,
            locations: locations(read.locations),
            rule: read.rule,
            confidence: read.confidence,
            redacted: read.redacted,
            fingerprint: read.fingerprint,
            origin: read.origin,
            cvss: read.cvss.map(|CvssRead { vector, score }| Cvss { vector, score }),
            exploitation: Exploitation {
                epss: score,
                kev: kev.map(|KevRead { added, due, ransomware }| Kev { added, due, ransomware }),
            },
            gates: read.gates,
            allowed_inline: false,
            verification: read.verification.map(|VerificationRead { answer, asked, detail }| Verification {
                answer,
                asked,
                detail,
            }),
            parts: Vec::new(),
            allowed_by: None,
            remediation: read.remediation,
        };
        let state = match read.state {
            StateRead::New => State::New,
            StateRead::Existing => State::Existing,
        };
        Judged { finding, state, waived: read.waived.map(Waived::from), violates: read.violates }
    }
}

impl From<WaiverNoteRead> for WaiverNote {
    fn from(WaiverNoteRead { file, line, text }: WaiverNoteRead) -> WaiverNote {
        WaiverNote { file, line, text }
    }
}

impl From<WaivedRead> for Waived {
    fn from(WaivedRead { by, reason, owner, expires }: WaivedRead) -> Waived {
        Waived { by, reason, owner, expires }
    }
}

fn locations(read: Vec<LocationRead>) -> Vec<Location> {
    read.into_iter().map(Location::from).collect()
}

impl From<LocationRead> for Location {
    fn from(read: LocationRead) -> Location {
        let span = match (read.offset, read.length, read.line, read.column) {
            (Some(offset), Some(length), Some(line), Some(column)) => Some(Span { offset, length, line, column }),
            _ => None,
        };
        Location { artifact: read.artifact, path: read.path, span }
    }
}

impl From<HookRead> for Hook {
    fn from(HookRead { location, what, expected }: HookRead) -> Hook {
        Hook { location: location.into(), what, expected }
    }
}

impl From<UpgradeRead> for Upgrade {
    fn from(read: UpgradeRead) -> Upgrade {
        let UpgradeRead { package, direct, path, from, to, closes, admitted } = read;
        Upgrade { package, direct, path, from, to, closes, admitted }
    }
}

impl From<RiskRead> for Risk {
    fn from(read: RiskRead) -> Risk {
        let term = |TermRead { name, points, because }| Term { name, points, because };
        let lowers = |LowersRead { what, points, score }| Lowers { what, points, score };
        Risk { score: read.score, terms: read.terms.into_iter().map(term).collect(), lowers: read.lowers.map(lowers) }
    }
}
