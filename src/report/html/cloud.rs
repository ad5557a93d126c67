//! What the cloud says of a function, for its details.

use std::io::{self, Write};

use crate::model::{Cloud, FunctionConfig};
use crate::report::deployed::Deployed;
use crate::report::words::{count, list};

use super::text::Text;

/// Event sources and addresses before the rest is counted.
const SHOWN: usize = 5;

/// When it was last called, in a few words. Of the function: metrics tell nothing of its versions.
fn invoked(cloud: &Cloud) -> String {
    let day = |moment: &str| moment.split('T').next().unwrap_or(moment).to_owned();
    match (&cloud.invoked, &cloud.calls_known_since) {
        (Some(moment), _) => format!("function last called {}", day(moment)),
        (None, Some(since)) => format!("function not called since {}", day(since)),
        (None, None) => "not known when last called".to_owned(),
    }
}

/// Where it is deployed and when it was called: names alone repeat over regions and accounts.
pub fn told(config: &FunctionConfig) -> Vec<String> {
    let Some(cloud) = &config.cloud else { return Vec::new() };
    let Deployed { account, region, qualifier, .. } = Deployed::of(config);
    let place = [account, region, qualifier].into_iter().flatten().map(str::to_owned);
    place.chain([invoked(cloud)]).collect()
}

/// The facts as a list; nothing of what is deployed nowhere.
pub fn write(config: &FunctionConfig, out: &mut dyn Write) -> io::Result<()> {
    let Some(cloud) = &config.cloud else { return Ok(()) };
    let details = cloud.details.as_ref();
    let urls = details.into_iter().flat_map(|details| &details.urls).map(|url| match url.auth.as_str() {
        "NONE" => format!("{} (anybody may call it)", url.url),
        auth => format!("{} ({auth})", url.url),
    });
    let facts = [
        ("used by", few(cloud.used_by.iter().cloned())),
        ("called", invoked(cloud)),
        ("changed", cloud.modified.clone().unwrap_or_default()),
        ("role", cloud.role.as_ref().map_or(String::new(), |role| role.arn.clone())),
        ("events", few(cloud.event_sources.iter().cloned())),
        ("address", few(urls)),
    ];
    out.write_all(b"<h3>Deployed</h3><dl>")?;
    for (name, text) in facts.iter().filter(|(_, text)| !text.is_empty()) {
        write!(out, "<dt>{name}</dt><dd>{}</dd>", Text(text))?;
    }
    out.write_all(b"</dl>")
}

fn few(all: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = all.collect();
    let more = all.len().saturating_sub(SHOWN);
    let rest = (more > 0).then(|| format!("and {} more", count(more as u64)));
    list(all.into_iter().take(SHOWN).chain(rest))
}
