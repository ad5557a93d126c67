//! Which source the arguments name.

use anyhow::Result;

use crate::cli::args::{AwsArgs, SweepFrom};
use crate::source::{BucketOptions, Files, Source};

/// The source; it asks nobody yet.
pub(super) fn source(from: &SweepFrom) -> Result<Box<dyn Source>> {
    match from {
        SweepFrom::Files(files) => {
            let options = BucketOptions { endpoint: files.endpoint_url.clone(), ca_cert: files.ca_cert.clone() };
            Ok(Box::new(Files::open(&files.place, &options)?))
        }
        SweepFrom::Aws(args) => aws(args),
    }
}

/// Every filter, in words: a function that another filter leaves out is not gone.
pub(super) fn filters(from: &SweepFrom) -> Vec<String> {
    let SweepFrom::Aws(aws) = from else { return Vec::new() };
    let names = aws.names.iter().map(|name| format!("name {name}"));
    names.chain(aws.tags.iter().map(|tag| format!("tag {tag}"))).collect()
}

#[cfg(not(feature = "aws"))]
fn aws(_args: &AwsArgs) -> Result<Box<dyn Source>> {
    anyhow::bail!("this program was built without 'sweep aws'; build it with: cargo install tidewaiter --features aws")
}

#[cfg(feature = "aws")]
fn aws(args: &AwsArgs) -> Result<Box<dyn Source>> {
    use crate::source::{Aws, AwsOptions};
    let options = AwsOptions {
        regions: args.regions.clone(),
        all_regions: args.all_regions,
        profiles: args.profiles.clone(),
        roles: roles(&args.role_arns)?,
        endpoint_url: args.endpoint_url.clone(),
        names: args.names.clone(),
        tags: args.tags.iter().map(|tag| pair(tag)).collect::<Result<_>>()?,
        ca_cert: args.ca_cert.clone(),
        config_file: None,
    };
    Ok(Box::new(Aws::new(options)?))
}

/// Roles, those of files among them: one a line, `#` begins a comment.
#[cfg(feature = "aws")]
fn roles(named: &[String]) -> Result<Vec<String>> {
    /// Two thousand accounts have a file of 200 KB.
    const MAX_FILE: u64 = 4 << 20;
    let mut roles = Vec::new();
    for one in named {
        let Some(file) = one.strip_prefix('@') else {
            roles.push(one.clone());
            continue;
        };
        let text = crate::cli::options::small_text(std::path::Path::new(file), MAX_FILE)?;
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        roles.extend(lines.filter(|line| !line.is_empty()).map(str::to_owned));
    }
    Ok(roles)
}

#[cfg(feature = "aws")]
fn pair(tag: &str) -> Result<(String, String)> {
    let pair = tag.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    pair.ok_or_else(|| anyhow::anyhow!("--tag wants KEY=VALUE, such as team=payments; got '{}'", tag.escape_default()))
}
