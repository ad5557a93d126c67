//! One HTML file for people who look rather than read.
//!
//! It holds all that it needs, works from a disk, and asks nobody for anything: a content security policy allows the one
//! style sheet and the one script that are part of it, by their digests, and forbids every request. Rust draws what
//! matters as plain markup (pictures, functions, upgrades, figures), which needs no script and prints; the script adds
//! the two lists, of findings and of gaps, with filters and search, from data that lie beside it as JSON. It shows a page
//! of rows at a time, so that 20,000 findings cost what 50 do.
//!
//! Names of the artifact reach the markup through [`Text`] and the data through `escape` and [`text::Inert`]; the script makes
//! text of them, never markup, and links only to advisories whose ids have their database's form.

mod about;
mod cloud;
mod data;
mod gaps;
mod overview;
mod picture;
mod sweep;
mod targets;
mod text;
mod upgrades;

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use super::news::News;
use super::words::{count, plural};
use super::{Part, Reporter, Style};
use crate::policy::{Exit, Verdict};
use data::Data;
use text::Text;

const STYLE: &str = concat!(
    include_str!("html/base.css"),
    include_str!("html/overview.css"),
    include_str!("html/sections.css"),
    include_str!("html/list.css"),
    include_str!("html/sweep.css"),
    include_str!("html/print.css"),
);
const SCRIPT: &str = concat!(
    include_str!("html/dom.js"),
    include_str!("html/facets.js"),
    include_str!("html/list.js"),
    include_str!("html/findings.js"),
    include_str!("html/gaps.js"),
    include_str!("html/page.js"),
);

/// The reporter.
pub struct Html;

impl Reporter for Html {
    fn id(&self) -> &'static str {
        "html"
    }

    fn carries(&self, part: Part) -> bool {
        part != Part::Packages
    }

    fn write(&self, verdict: &Verdict, _: &Style, out: &mut dyn Write) -> io::Result<()> {
        let data = Data::of(verdict)?;
        let steps = upgrades::steps(verdict);
        head(verdict, steps.len(), out)?;
        overview::verdict(verdict, out)?;
        let news = News::of(verdict);
        if let Some(news) = &news {
            sweep::write(news, out)?;
        }
        overview::cards(verdict, out)?;
        targets::write(verdict, news.as_ref(), out)?;
        upgrades::write(verdict, &steps, out)?;
        findings(verdict, data.left_out, out)?;
        gaps::write(verdict, out)?;
        about::write(verdict, out)?;
        out.write_all(b"</main>\n<script type=\"application/json\" id=\"data\">")?;
        data.write(out)?;
        write!(out, "</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")
    }
}

/// The digest of an inline element, as a content security policy names it (<https://www.w3.org/TR/CSP3/#grammardef-hash-source>).
fn source_of(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

/// Everything before the first section.
fn head(verdict: &Verdict, upgrades: usize, out: &mut dyn Write) -> io::Result<()> {
    let (script, style) = (source_of(SCRIPT), source_of(STYLE));
    let title = match &verdict.targets[..] {
        [only] => only.scan.name.clone(),
        all => overview::counted(all),
    };
    let title = Text(&title);
    let day = verdict.run.as_ref().map_or("", |run| run.started_at.split('T').next().unwrap_or_default());
    let day = Text(day);
    let findings: usize = verdict.targets.iter().map(|target| target.findings.len()).sum();
    let gaps: usize = verdict.targets.iter().map(|target| target.gaps.len()).sum();
    let (targets, findings, gaps) = (count(verdict.targets.len() as u64), count(findings as u64), count(gaps as u64));
    let upgrades = match upgrades as u64 {
        0 => String::new(),
        n => format!("<a href=\"#upgrades\">Upgrades <span class=\"figure\">{}</span></a>", count(n)),
    };
    let news = if verdict.sweep.is_some() { "<a href=\"#news\">What is new</a>" } else { "" };
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src {script}; style-src {style}; \
         base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} - Tidewaiter</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n\
         <header><div class=\"brand\"><svg class=\"logo\" viewBox=\"0 0 32 32\" aria-hidden=\"true\">\
         <path d=\"M4 12l4 8h16l4-8zM16 3v9M16 4l7 5h-7M3 25q3.2-3 6.5 0t6.5 0 6.5 0 6.5 0\"/></svg>\
         <div><h1>{title}</h1><p>Tidewaiter report <span>{day}</span></p></div></div>\n\
         <button type=\"button\" id=\"theme\" hidden>Theme</button></header>\n\
         <nav class=\"sections\" aria-label=\"Sections\">{news}<a href=\"#overview\">Overview</a>\
         <a href=\"#functions\">Functions <span class=\"figure\">{targets}</span></a>{upgrades}\
         <a href=\"#findings\">Findings <span class=\"figure\">{findings}</span></a>\
         <a href=\"#gaps\">Not seen <span class=\"figure\">{gaps}</span></a>\
         <a href=\"#about\">About</a></nav>\n<main>\n"
    )
}

/// The place that the script fills.
fn findings(verdict: &Verdict, left_out: usize, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(
        b"<section id=\"findings\" aria-labelledby=\"findings-title\">\n<h2 id=\"findings-title\">Findings</h2>\n",
    )?;
    if verdict.targets.iter().all(|target| target.findings.is_empty()) {
        let seen =
            if verdict.exit == Exit::Clean { "None." } else { "None in what was seen; what was not is told below." };
        return write!(out, "<p class=\"calm\">{seen}</p>\n</section>\n");
    }
    if left_out > 0 {
        let left_out = plural(left_out as u64, "finding that breaks", "findings that break");
        writeln!(out, "<p class=\"lead\">Not listed here: {left_out} no policy; --format json lists all.</p>")?;
    }
    out.write_all(
        b"<noscript><p class=\"lead\">The list of all findings, with filters and search, needs JavaScript. The worst of each \
        function stand above.</p></noscript>\n<div id=\"finding-list\"></div>\n</section>\n",
    )
}
