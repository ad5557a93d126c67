//! The Security Finding Format of AWS Security Hub, schema version 2018-10-08
//! (<https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format.html>).
//!
//! A line is the body of one call of `BatchImportFindings`: at most 100 findings and 6 MB, all of one account and region,
//! since the call must come from that account and go to that region
//! (<https://docs.aws.amazon.com/securityhub/latest/partnerguide/guidelines-batchimportfindings.html>). A target that is
//! deployed nowhere has the account `000000000000`, which Security Hub refuses: whoever wants it there says where.
//!
//! Security Hub keeps what it was told: what is waived, what a sweep finds fixed, and what was seen as a whole is
//! archived by the same id. What it cannot be told: that a function is gone, or that a place can be listed again; it
//! forgets such findings after 90 days.

use std::collections::BTreeMap;
use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::deployed::Deployed;
use super::escape::escape;
use super::facts::{self, Known};
use super::ledger::{Entry, Line, lines};
use super::words::{cut, plural};
use super::{Part, Reporter, Style, json_text, place};
use crate::model::{ArtifactRole, Confidence, Finding, FindingKind, Severity};
use crate::policy::Verdict;

/// The reporter.
pub struct Asff;

/// Findings of one call.
const BATCH: usize = 100;
/// Bytes of one call: 6 MB, with room for what the call adds.
const BYTES: usize = 5_500_000;
/// Characters of fields (<https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html>).
const TITLE: usize = 256;
const DESCRIPTION: usize = 1_024;
const REMEDIATION: usize = 512;
const GENERATOR: usize = 512;
const FIELD: usize = 2_048;
/// Characters of most other texts, of which the service states no limit.
const TEXT: usize = 256;
/// Product fields of one finding are 50; so many remain for gaps.
const GAPS: usize = 40;
/// Tags of a resource.
const TAGS: usize = 50;
/// The account of what is deployed nowhere.
const NOWHERE: &str = "000000000000";

impl Reporter for Asff {
    fn id(&self) -> &'static str {
        "asff"
    }

    fn carries(&self, part: Part) -> bool {
        !matches!(part, Part::Packages | Part::IdleWaivers)
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let mut places: BTreeMap<(&str, &str, &str), Vec<Line<'_>>> = BTreeMap::new();
        let all = lines(verdict);
        for line in &all {
            places.entry(home(&line.deployed)).or_default().push(*line);
        }
        let moment = facts::rfc3339(facts::moment(verdict));
        let known: BTreeMap<&str, Known<'_>> =
            verdict.targets.iter().map(|one| (one.scan.id.as_str(), Known::of(&one.scan.packages))).collect();
        for lines in places.into_values() {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            for line in lines {
                let finding = json_text::present(finding(&line, known.get(line.id), &moment));
                let mut text = Vec::new();
                json_text::write_line(&mut text, &finding)?;
                if batch.len() == BATCH || bytes + text.len() > BYTES {
                    json_text::write_line(out, &json!({ "Findings": std::mem::take(&mut batch) }))?;
                    bytes = 0;
                }
                bytes += text.len();
                batch.push(finding);
            }
            json_text::write_line(out, &json!({ "Findings": batch }))?;
        }
        Ok(())
    }
}

/// Partition, account and region of a call.
fn home<'a>(deployed: &Deployed<'a>) -> (&'a str, &'a str, &'a str) {
    let account = deployed.account.filter(|account| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()));
    match (deployed.provider, account, deployed.region.filter(|region| is_region(region))) {
        (Some("aws"), Some(account), Some(region)) => {
            (deployed.partition.filter(|one| PARTITIONS.contains(one)).unwrap_or("aws"), account, region)
        }
        _ => ("aws", NOWHERE, "us-east-1"),
    }
}

/// Those that the format knows.
const PARTITIONS: [&str; 5] = ["aws", "aws-cn", "aws-us-gov", "aws-us-iso", "aws-us-iso-b"];

fn is_region(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn finding(line: &Line<'_>, known: Option<&Known<'_>>, moment: &str) -> Value {
    let (partition, account, region) = home(&line.deployed);
    let (title, description, remediation) = words(line, known);
    let severity = json!({ "Label": label(line), "Original": line.severity().word() });
    json!({
        "SchemaVersion": "2018-10-08",
        "Id": format!("tidewaiter/{}", line.uid()),
        "ProductArn": format!("arn:{partition}:securityhub:{region}:{account}:product/{account}/default"),
        "ProductName": "Tidewaiter",
        "CompanyName": "Tidewaiter",
        "GeneratorId": text(&format!("tidewaiter/{}", line.rule()), GENERATOR),
        "AwsAccountId": account,
        "Region": region,
        "CreatedAt": moment,
        "UpdatedAt": moment,
        "Title": text(&title, TITLE),
        "Description": text(&description, DESCRIPTION),
        "Remediation": remediation.map(|words| json!({ "Recommendation": { "Text": text(&words, REMEDIATION) } })),
        "FindingProviderFields": { "Severity": severity, "Types": types(line), "Confidence": confidence(line) },
        "RecordState": if is_open(line) { "ACTIVE" } else { "ARCHIVED" },
        "Resources": [resource(line, partition, region)],
        "Vulnerabilities": vulnerability(line, known).map(|one| [one]),
        "Malware": malware(line).map(|one| [one]),
        "ProductFields": fields(line),
    })
}

/// Whether somebody has to look at it.
fn is_open(line: &Line<'_>) -> bool {
    match line.entry {
        Entry::Found(judged) => judged.waived.is_none(),
        Entry::Fixed(_) => false,
        Entry::Coverage => line.blocking() > 0,
    }
}

/// Title, description, and what to do.
fn words(line: &Line<'_>, known: Option<&Known<'_>>) -> (String, String, Option<String>) {
    let name = line.name();
    match (line.entry, line.target) {
        (Entry::Found(judged), Some(target)) => {
            let finding = &judged.finding;
            let headline = known.map_or(finding.title.clone(), |known| known.headline(finding));
            let first = finding.locations.first().map(|one| place::exact(one, &target.scan.artifacts));
            let mut parts = vec![format!("{}: {headline}, in {name}.", finding.id)];
            parts.extend(finding.redacted.as_ref().map(|shape| format!("Its shape: {shape}.")));
            parts.extend(first.map(|first| format!("At {first}.")));
            if finding.locations.len() > 1 {
                parts.push(format!("{} in all.", plural(finding.locations.len() as u64, "place", "places")));
            }
            parts.extend(judged.waived.as_ref().map(|waived| format!("Waived by {}.", facts::waiver(waived))));
            (format!("{name}: {} ({})", headline, finding.id), parts.join(" "), Some(finding.remediation.clone()))
        }
        (Entry::Fixed(change), _) => {
            (format!("{name}: {} ({})", change.title, change.id), "It is no longer found.".to_owned(), None)
        }
        _ => {
            let gaps = line.target.map_or(0, |target| target.gaps.len()) as u64;
            let blocking = plural(line.blocking() as u64, "gap leaves", "gaps leave");
            let title = format!("{name}: {blocking} bytes unread that could hold a package or a secret");
            let all = plural(gaps, "gap of any kind was", "gaps of any kind were");
            let grade = line.target.map_or("blind", |target| target.scan.coverage.grade.word());
            (title, format!("Coverage of {name} is {grade}; {all} met. The product fields name them."), None)
        }
    }
}

/// The words of the format. An unknown severity is not none, and `INFORMATIONAL` says that there is no issue.
fn label(line: &Line<'_>) -> &'static str {
    match (line.kind(), line.severity()) {
        (Some(FindingKind::Informational), _) => "INFORMATIONAL",
        (None, Severity::Low) => "INFORMATIONAL",
        (_, Severity::Critical) => "CRITICAL",
        (_, Severity::High) => "HIGH",
        (_, Severity::Medium | Severity::Unknown) => "MEDIUM",
        (_, Severity::Low) => "LOW",
    }
}

/// <https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-findings-format-type-taxonomy.html>
fn types(line: &Line<'_>) -> Vec<&'static str> {
    let is_cve = match line.entry {
        Entry::Found(judged) => facts::cve(&judged.finding).is_some(),
        _ => line.rule().starts_with("CVE-"),
    };
    match line.kind() {
        Some(FindingKind::Vulnerability) if is_cve => vec!["Software and Configuration Checks/Vulnerabilities/CVE"],
        Some(FindingKind::Vulnerability | FindingKind::Code) => {
            vec!["Software and Configuration Checks/Vulnerabilities"]
        }
        Some(FindingKind::Malicious) => vec!["TTPs/Initial Access", "Effects/Data Exfiltration"],
        Some(FindingKind::Secret) => vec!["Sensitive Data Identifications/Passwords", "Effects/Data Exposure"],
        Some(FindingKind::Integrity) => vec!["Unusual Behaviors/Serverless"],
        Some(FindingKind::Runtime | FindingKind::Posture) => {
            vec!["Software and Configuration Checks/AWS Security Best Practices"]
        }
        Some(FindingKind::Informational) | None => vec!["Software and Configuration Checks"],
    }
}

fn confidence(line: &Line<'_>) -> Option<u8> {
    match line.entry {
        Entry::Found(judged) => Some(percent_of(judged.finding.confidence)),
        _ => None,
    }
}

/// A number from 0 to 100 in the middle of what the word means.
fn percent_of(confidence: Confidence) -> u8 {
    match confidence {
        Confidence::High => 95,
        Confidence::Medium => 70,
        Confidence::Low => 30,
    }
}

/// The function version, as Lambda names it.
fn resource(line: &Line<'_>, partition: &str, region: &str) -> Value {
    let is_lambda = line.is_lambda() && line.deployed.arn.is_some();
    let scan = line.target.map(|target| &target.scan);
    let config = scan.map(|scan| &scan.config);
    let cloud = config.and_then(|config| config.cloud.as_deref());
    let code = scan.and_then(|scan| scan.artifacts.iter().find(|artifact| artifact.role == ArtifactRole::Code));
    let details = json!({
        "FunctionName": text(line.deployed.function.unwrap_or(line.name()), TEXT),
        "Runtime": config.and_then(|config| config.runtime.as_deref()).map(|runtime| text(runtime, TEXT)),
        "Handler": config.and_then(|config| config.handler.as_deref()).map(|handler| text(handler, TEXT)),
        "Version": line.deployed.qualifier.map(|version| text(version, TEXT)),
        "Role": cloud.and_then(|cloud| cloud.role.as_ref()).map(|role| text(&role.arn, TEXT)),
        "LastModified": cloud.and_then(|cloud| cloud.modified.as_deref()).map(|moment| text(moment, TEXT)),
        "CodeSha256": code.and_then(|code| base64_of(code.sha256.as_deref()?)),
    });
    json!({
        "Type": if is_lambda { "AwsLambdaFunction" } else { "Other" },
        "Id": text(line.deployed.arn.unwrap_or(line.id), GENERATOR),
        "Partition": partition,
        "Region": region,
        "Tags": cloud.and_then(|cloud| cloud.details.as_ref()).map(|details| tags(&details.tags)),
        "Details": is_lambda.then(|| json!({ "AwsLambdaFunction": details })),
    })
}

fn tags(tags: &BTreeMap<String, String>) -> Map<String, Value> {
    // The map's values may not be empty, though a tag's may.
    let told = tags.iter().filter(|(name, value)| !name.trim().is_empty() && !value.trim().is_empty());
    told.take(TAGS).map(|(name, value)| (shown(name, 128), text(value, 256))).collect()
}

/// A digest as Lambda writes it (`CodeSha256`).
fn base64_of(hex: &str) -> Option<String> {
    let digit = |at: usize| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(digit).collect();
    Some(STANDARD.encode(bytes?))
}

fn vulnerability(line: &Line<'_>, known: Option<&Known<'_>>) -> Option<Value> {
    let (Entry::Found(judged), Some(target)) = (line.entry, line.target) else { return None };
    let finding = &judged.finding;
    if !matches!(finding.kind, FindingKind::Vulnerability | FindingKind::Malicious) {
        return None;
    }
    let package = known.and_then(|known| known.package(finding));
    let related: Vec<Value> = finding.aliases.iter().take(20).map(|id| text(id, TEXT)).collect();
    let exploited = finding.exploitation.kev.is_some();
    Some(json!({
        "Id": text(&finding.id, TEXT),
        "VulnerablePackages": package.map(|package| json!([{
            "Name": text(&package.name, TEXT),
            "Version": package.version.as_deref().map(|version| text(version, TEXT)),
            "PackageManager": package.ecosystem.name().to_uppercase(),
            "FilePath": finding.locations.first().map(|one| text(&place::display(one, &target.scan.artifacts), TEXT)),
            "FixedInVersion": finding.fixed.first().map(|version| text(version, TEXT)),
        }])),
        "Cvss": finding.cvss.as_ref().map(|cvss| json!([{
            "Version": facts::cvss_version(&cvss.vector),
            "BaseScore": cvss.score,
            "BaseVector": text(&cvss.vector, TEXT),
        }])),
        "RelatedVulnerabilities": (!related.is_empty()).then_some(related),
        "Vendor": { "Name": facts::published(&finding.id).0, "Url": facts::published(&finding.id).1 },
        "FixAvailable": if finding.fixed.is_empty() { "NO" } else { "YES" },
        "EpssScore": finding.exploitation.epss.map(|epss| epss.score),
        "ExploitAvailable": exploited.then_some("YES"),
    }))
}

fn malware(line: &Line<'_>) -> Option<Value> {
    let (Entry::Found(judged), Some(target)) = (line.entry, line.target) else { return None };
    let finding: &Finding = &judged.finding;
    (finding.kind == FindingKind::Malicious).then(|| {
        let first = finding.locations.first().map(|one| place::display(one, &target.scan.artifacts));
        json!({
            "Name": text(&finding.id, 64),
            "Path": first.map(|path| text(&path, REMEDIATION)),
            "State": "OBSERVED",
        })
    })
}

/// What has no field of its own.
fn fields(line: &Line<'_>) -> Map<String, Value> {
    let mut fields = Map::new();
    let mut put = |name: &str, value: &str| {
        if !value.trim().is_empty() {
            fields.insert(format!("tidewaiter/{name}"), text(value, FIELD));
        }
    };
    put("kind", line.kind().map_or("coverage", FindingKind::word));
    match (line.entry, line.target) {
        (Entry::Found(judged), Some(target)) => {
            let finding = &judged.finding;
            put("fingerprint", &finding.fingerprint);
            put("state", judged.state.word());
            put("violates", if judged.violates { "true" } else { "false" });
            put("origin", finding.origin.word());
            put("purl", finding.purl.as_deref().unwrap_or_default());
            put("redacted", finding.redacted.as_deref().unwrap_or_default());
            put("waived", &judged.waived.as_ref().map(facts::waiver).unwrap_or_default());
            put("risk", &target.risk.score.to_string());
        }
        (Entry::Fixed(change), _) => put("fingerprint", &change.fingerprint),
        _ => {
            put("coverage", line.target.map_or("blind", |target| target.scan.coverage.grade.word()));
            let gaps = line.unseen(1);
            for (at, gap) in gaps.iter().enumerate().take(GAPS) {
                put(&format!("gap/{:02}", at + 1), &cut(gap, TEXT * 2));
            }
            if gaps.len() > GAPS {
                put("gaps-left-out", &(gaps.len() - GAPS).to_string());
            }
        }
    }
    fields
}

/// Text that deceives nobody, of at most so many characters.
fn shown(raw: &str, most: usize) -> String {
    cut(&escape(raw), most)
}

/// The same for a field, which may not be blank.
fn text(raw: &str, most: usize) -> Value {
    let text = shown(raw, most);
    Value::from(if text.trim().is_empty() { "(no text)".to_owned() } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_deployed_nowhere_has_an_account_that_is_refused() {
        let arn = "arn:aws-cn:lambda:cn-north-1:123456789012:function:checkout";
        assert_eq!(home(&Deployed::named(arn)), ("aws-cn", "123456789012", "cn-north-1"));
        for odd in
            ["fn.zip", "arn:aws:lambda:eu-west-1:12:function:x", "arn:aws:lambda:EU \u{1b}:123456789012:function:x"]
        {
            assert_eq!(home(&Deployed::named(odd)), ("aws", NOWHERE, "us-east-1"));
        }
    }

    #[test]
    fn digests_are_written_as_lambda_writes_them() {
        assert_eq!(base64_of("00ff10").as_deref(), Some("AP8Q"));
        assert_eq!(base64_of("0"), None);
        assert_eq!(base64_of("zz"), None);
    }
}
