//! What a sweep tells somebody who did not ask: a summary of what is new, for `--notify`.
//!
//! Only what came since the last sweep is named, the worst first and few; the rest is counted. A secret's value is in no
//! finding, so it is in no notice either. `docs/notify.md` is the contract of the JSON body, version 1.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::escape::escape;
use super::facts::{self, document_id};
use super::json_text;
use super::news::{Item, News};
use super::words::{count, cut, plural};
use crate::model::Severity;
use crate::policy::Verdict;

/// Who reads the notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeFormat {
    /// A program: the body of `docs/notify.md`.
    Json,
    /// A channel of Slack, or of something that takes its messages.
    Slack,
}

impl NoticeFormat {
    /// The format of that name.
    pub fn by_id(id: &str) -> Option<NoticeFormat> {
        match id {
            "json" => Some(NoticeFormat::Json),
            "slack" => Some(NoticeFormat::Slack),
            _ => None,
        }
    }
}

/// Findings that the JSON body names.
const NAMED: usize = 50;
/// Characters of one text in it.
const LONG: usize = 500;
/// Findings that a message names, and gone functions.
const LINES: usize = 10;
/// Characters of one line in it: ten of them, with all that is escaped, stay below the 3,000 of a section
/// (<https://docs.slack.dev/reference/block-kit/blocks/section-block>).
const LINE: usize = 150;
/// Characters of a header (<https://docs.slack.dev/reference/block-kit/blocks/header-block>).
const HEADER: usize = 150;

/// The body that is posted; `None` of what is no sweep.
pub fn notice(verdict: &Verdict, format: NoticeFormat) -> Option<Vec<u8>> {
    let news = News::of(verdict)?;
    let mut out = Vec::new();
    let written = match format {
        NoticeFormat::Json => json_text::write_line(&mut out, &body(verdict, &news)),
        NoticeFormat::Slack => json_text::write_line(&mut out, &message(verdict, &news)),
    };
    written.ok().map(|()| out)
}

#[derive(Serialize)]
struct Body<'a> {
    schema_version: u32,
    r#type: &'static str,
    /// Equal for equal results: who gets one twice can tell.
    id: String,
    tool: Value,
    source: String,
    started_at: Option<&'a str>,
    since: Option<&'a str>,
    exit: u8,
    reasons: Vec<String>,
    functions: BTreeMap<&'static str, u64>,
    findings: Value,
    new: Vec<Value>,
    new_left_out: u64,
}

fn body<'a>(verdict: &'a Verdict, news: &News<'a>) -> Body<'a> {
    let (sweep, functions) = (news.sweep, &news.sweep.changes);
    let short = |text: &str| cut(text, LONG);
    let named = |item: &Item<'_>| {
        json!({
            "target": short(&item.change.target),
            "name": short(item.name),
            "kind": item.change.kind.word(),
            "id": short(&item.change.id),
            "severity": item.change.severity.word(),
            "title": short(&item.change.title),
            "purl": item.change.purl.as_deref().map(short),
            "fingerprint": item.change.fingerprint,
            "violates": item.violates(),
            "kev": item.is_exploited(),
            "risk": item.at.map(|at| verdict.targets[at].risk.score),
        })
    };
    Body {
        schema_version: 1,
        r#type: "tidewaiter.sweep",
        id: document_id("notice", verdict),
        tool: json!({ "name": facts::TOOL, "version": facts::VERSION }),
        source: short(&sweep.source),
        started_at: verdict.run.as_ref().map(|run| run.started_at.as_str()),
        since: sweep.since.as_deref(),
        exit: verdict.exit.code(),
        reasons: verdict.reasons.iter().take(LINES).map(|reason| short(reason)).collect(),
        functions: BTreeMap::from([
            ("total", sweep.functions),
            ("new", functions.new.len() as u64),
            ("changed", functions.changed.len() as u64),
            ("gone", functions.gone.len() as u64),
            ("failed", sweep.failed),
            ("incomplete", verdict.targets.iter().filter(|target| target.incomplete).count() as u64),
        ]),
        findings: json!({ "new": by_severity(&news.new), "fixed": by_severity(&news.fixed) }),
        new: news.new.iter().take(NAMED).map(named).collect(),
        new_left_out: news.new.len().saturating_sub(NAMED) as u64,
    }
}

fn by_severity(all: &[Item<'_>]) -> BTreeMap<&'static str, usize> {
    let n = |severity| all.iter().filter(|item| item.change.severity == severity).count();
    let counts = Severity::WORST_FIRST.map(|severity| (severity.word(), n(severity)));
    counts.into_iter().chain([("total", all.len())]).collect()
}

/// A message with blocks, and a line for where those are not shown
/// (<https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>).
fn message(verdict: &Verdict, news: &News<'_>) -> Value {
    let headline = headline(news);
    let line = |item: &Item<'_>| {
        let about = item.subject().map(|subject| format!(" {}", code(&subject))).unwrap_or_default();
        let exploited = if item.is_exploited() { ", known exploited" } else { "" };
        let title = plain(&cut(&item.change.title, LINE));
        let (name, id) = (code(item.name), code(&item.change.id));
        format!("• *{}{exploited}* {name} {id}{about}: {title}", item.word())
    };
    let mut blocks =
        vec![json!({ "type": "header", "text": { "type": "plain_text", "text": cut(&headline, HEADER) } })];
    let section =
        |text: String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } });
    // A block each: a text that is too long for one would lose the whole message.
    blocks.extend(news.new.iter().take(LINES).map(|item| section(line(item))));
    if let Some(more) = news.new.len().checked_sub(LINES + 1) {
        blocks.push(section(format!("and {} more", count(more as u64 + 1))));
    }
    let reasons = verdict.reasons.first().map(|reason| plain(&cut(reason, LINE)));
    let counts = [Some(plain(&cut(&news.work(), LONG))), Some(plain(&news.counts())), reasons];
    let context = |text: String| json!({ "type": "mrkdwn", "text": text, "verbatim": true });
    blocks
        .push(json!({ "type": "context", "elements": counts.into_iter().flatten().map(context).collect::<Vec<_>>() }));
    json!({ "text": headline, "blocks": blocks })
}

/// `Tidewaiter: 3 new findings in 2 functions, 1 fixed`.
fn headline(news: &News<'_>) -> String {
    let functions: BTreeSet<&str> = news.new.iter().map(|item| item.change.target.as_str()).collect();
    let within = match functions.len() as u64 {
        0 => String::new(),
        n => format!(" in {}", plural(n, "function", "functions")),
    };
    let new = plural(news.new.len() as u64, "new finding", "new findings");
    format!("Tidewaiter: {new}{within}, {} fixed", count(news.fixed.len() as u64))
}

/// Text in which nothing is a mention, a channel or a link
/// (<https://docs.slack.dev/messaging/formatting-message-text#escaping>).
fn plain(text: &str) -> String {
    escape(text).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The same as code, in which nothing is bold or struck out.
fn code(text: &str) -> String {
    let text = plain(&cut(text, LINE)).replace('`', "'");
    if text.trim().is_empty() { String::new() } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_is_more_than_text() {
        assert_eq!(plain("<!channel> & <@U1>"), "&lt;!channel&gt; &amp; &lt;@U1&gt;");
        assert_eq!(code("a`*b*`"), "`a'*b*'`");
        assert_eq!(code(" "), "");
        assert_eq!(plain("x\u{202e}y\n"), "x\\u{202e}y\\u{a}");
    }
}
