//! Fills the contract's types from a verdict.

use crate::model::{Answer, Artifact, Cvss, Hook, Location, Package, PackageId, SourceInfo};
use crate::policy::{Judged, JudgedGap, Risk, Upgrade, Verdict, Waived, WaiverNote};
use crate::report::place;
use crate::report::summary::{self, Summary};

use super::*;

impl<'a> Report<'a> {
    pub(super) fn of(verdict: &'a Verdict) -> Report<'a> {
        let summary = Summary::of(verdict);
        let [critical, high, medium, low, unknown] = summary.worst_first;
        Report {
            schema_version: 1,
            tool: Tool::this(),
            advisories: advisories(verdict),
            targets: Targets(&verdict.targets),
            policy: PolicyV1 {
                file: verdict.settings.file.as_deref(),
                fail_on: verdict.settings.fail_on.iter().map(|severity| severity.word()).collect(),
                require_coverage: verdict.settings.require_coverage.word(),
                waivers_unused: verdict.waivers_unused.iter().map(waiver_note).collect(),
                waivers_expired: verdict.waivers_expired.iter().map(waiver_note).collect(),
            },
            sweep: verdict.sweep.as_ref().map(sweep::sweep),
            summary: SummaryV1 {
                findings: SeverityCounts { critical, high, medium, low, unknown },
                gaps: GapCounts { blocking: summary.blocking, note: summary.notes, accepted: summary.accepted },
                exit: verdict.exit.code(),
                reasons: &verdict.reasons,
            },
            run: verdict.run.as_ref().map(|run| RunV1 {
                started_at: &run.started_at,
                seconds: run.seconds,
                advisories_age_days: run.advisories_age_days,
                stale: run.stale,
            }),
        }
    }
}

fn advisories(verdict: &Verdict) -> AdvisoriesV1<'_> {
    let database = &verdict.database;
    AdvisoriesV1 {
        origin: database.origin.word(),
        note: summary::advisories(verdict),
        snapshot: &database.snapshot,
        built_at: &database.built_at,
        records: database.records,
        ecosystems: database.ecosystems.iter().map(source).collect(),
        sources: database.feeds.iter().map(source).collect(),
    }
}

fn source(info: &SourceInfo) -> SourceV1<'_> {
    let (newest, synced) = (info.newest.as_deref(), info.synced.as_deref());
    SourceV1 { name: &info.name, records: info.records, newest, synced }
}

pub(super) fn target(target: &Target) -> TargetV1<'_> {
    let scan = &target.scan;
    let artifacts = &scan.artifacts;
    TargetV1 {
        id: &scan.id,
        name: &scan.name,
        kind: scan.kind.word(),
        cloud: sweep::cloud(&scan.config),
        runtime: scan.config.runtime.as_deref(),
        handler: scan.config.handler.as_deref(),
        artifacts: artifacts.iter().map(artifact).collect(),
        coverage: CoverageV1 {
            grade: scan.coverage.grade.word(),
            entries_seen: scan.coverage.tally.seen,
            entries_read: scan.coverage.tally.read,
            bytes_read: scan.coverage.tally.bytes,
            gaps: target.gaps.iter().map(|judged| gap(judged, artifacts)).collect(),
        },
        packages: scan.packages.iter().zip(&target.requires).map(|(p, ids)| package(p, ids, artifacts)).collect(),
        findings: target.findings.iter().map(|judged| finding(judged, artifacts)).collect(),
        hooks: scan.hooks.iter().map(|one| hook(one, artifacts)).collect(),
        upgrades: target.upgrades.iter().map(upgrade).collect(),
        risk: risk(&target.risk),
    }
}

fn artifact(artifact: &Artifact) -> ArtifactV1<'_> {
    ArtifactV1 {
        role: artifact.role.word(),
        path: &artifact.path,
        sha256: artifact.sha256.as_deref(),
        bytes: artifact.bytes,
        entries: artifact.entries,
    }
}

pub(super) fn gap<'a>(judged: &'a JudgedGap, artifacts: &[Artifact]) -> GapV1<'a> {
    let gap = &judged.gap;
    GapV1 {
        location: location(&gap.location, artifacts),
        kind: gap.kind.word(),
        level: gap.level.word(),
        by: &gap.by,
        detail: &gap.detail,
        accepted: judged.accepted.as_ref().map(waived),
    }
}

fn package<'a>(package: &'a Package, requires: &'a [PackageId], artifacts: &[Artifact]) -> PackageV1<'a> {
    PackageV1 {
        id: package.id().0,
        purl: Some(package.purl()),
        ecosystem: package.ecosystem.name(),
        name: &package.name,
        version: package.version.as_deref(),
        evidence: package.evidence.word(),
        locations: locations(&package.locations, artifacts),
        direct: package.direct,
        dev: package.dev,
        embedded_in: package.embedded_in.iter().map(|id| id.0.as_str()).collect(),
        requires: requires.iter().map(|id| id.0.as_str()).collect(),
        shadowed: package.shadowed,
        beside_installed: package.beside_installed,
        compiled_in: package.compiled_in,
    }
}

pub(super) fn finding<'a>(judged: &'a Judged, artifacts: &[Artifact]) -> FindingV1<'a> {
    let finding = &judged.finding;
    FindingV1 {
        kind: finding.kind.word(),
        id: &finding.id,
        aliases: &finding.aliases,
        severity: finding.severity.word(),
        state: judged.state.word(),
        title: &finding.title,
        package: finding.package.as_ref().map(|id| id.0.as_str()),
        purl: finding.purl.as_deref(),
        fixed: &finding.fixed,
        locations: locations(&finding.locations, artifacts),
        rule: finding.rule.as_deref(),
        confidence: finding.confidence.word(),
        redacted: finding.redacted.as_deref(),
        fingerprint: &finding.fingerprint,
        origin: finding.origin.word(),
        cvss: finding.cvss.as_ref().map(|Cvss { vector, score }| CvssV1 { vector, score: *score }),
        epss: finding.exploitation.epss.map(|epss| epss.score),
        epss_percentile: finding.exploitation.epss.map(|epss| epss.percentile),
        kev: finding.exploitation.kev.is_some(),
        kev_entry: finding.exploitation.kev.as_ref().map(|kev| KevV1 {
            added: kev.added.as_deref(),
            due: kev.due.as_deref(),
            ransomware: kev.ransomware,
        }),
        imported: "unknown",
        verified: match finding.verification.as_ref().map(|verification| verification.answer) {
            Some(Answer::Live) => Some(true),
            Some(Answer::Dead) => Some(false),
            Some(Answer::Unknown) | None => None,
        },
        verification: finding.verification.as_ref().map(|verification| VerificationV1 {
            answer: verification.answer.word(),
            asked: &verification.asked,
            detail: &verification.detail,
        }),
        remediation: &finding.remediation,
        waived: judged.waived.as_ref().map(waived),
        gates: finding.gates,
        violates: judged.violates,
    }
}

fn hook<'a>(hook: &'a Hook, artifacts: &[Artifact]) -> HookV1<'a> {
    HookV1 { location: location(&hook.location, artifacts), what: &hook.what, expected: hook.expected }
}

fn waived(waived: &Waived) -> WaivedV1<'_> {
    WaivedV1 {
        by: &waived.by,
        reason: &waived.reason,
        owner: waived.owner.as_deref(),
        expires: waived.expires.map(|day| day.to_string()),
    }
}

fn waiver_note(note: &WaiverNote) -> WaiverNoteV1<'_> {
    WaiverNoteV1 { file: &note.file, line: note.line, text: &note.text }
}

fn locations<'a>(all: &'a [Location], artifacts: &[Artifact]) -> Vec<LocationV1<'a>> {
    all.iter().map(|one| location(one, artifacts)).collect()
}

fn location<'a>(location: &'a Location, artifacts: &[Artifact]) -> LocationV1<'a> {
    LocationV1 {
        artifact: location.artifact,
        path: &location.path,
        display: place::display(location, artifacts),
        line: location.span.map(|span| span.line),
        column: location.span.map(|span| span.column),
        offset: location.span.map(|span| span.offset),
        length: location.span.map(|span| span.length),
    }
}

fn upgrade(upgrade: &Upgrade) -> UpgradeV1<'_> {
    UpgradeV1 {
        package: &upgrade.package.0,
        direct: upgrade.direct.as_ref().map(|id| id.0.as_str()),
        path: upgrade.path.iter().map(|id| id.0.as_str()).collect(),
        from: &upgrade.from,
        to: &upgrade.to,
        closes: &upgrade.closes,
        admitted: upgrade.admitted,
    }
}

fn risk(risk: &Risk) -> RiskV1<'_> {
    let terms = risk.terms.iter().map(|term| TermV1 { name: &term.name, points: term.points, because: &term.because });
    let lowers = risk.lowers.as_ref().map(|one| LowersV1 { what: &one.what, points: one.points, score: one.score });
    RiskV1 { score: risk.score, terms: terms.collect(), lowers }
}
