//! Packages that a Lambda runtime brings along: what a function imports from there needs no copy of its own.
//!
//! Without versions: Lambda changes them from month to month and from region to region, and its pages name none
//! (<https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html>,
//! <https://docs.aws.amazon.com/lambda/latest/dg/lambda-ruby.html>). A package without a version is listed, not matched:
//! a function that wants a verdict on its SDK ships it.

use crate::model::Ecosystem;

/// What a runtime brings along.
#[derive(Clone, Copy, Debug)]
pub struct Supplied {
    /// Whose names these are.
    pub ecosystem: Ecosystem,
    /// Packages that are always there, normalized.
    pub packages: &'static [&'static str],
    /// Names that are there too, but too many to list: a name, or the beginning of names with `*` behind it.
    families: &'static [&'static str],
}

impl Supplied {
    /// Whether the runtime has the package with this normalized name.
    pub fn has(&self, name: &str) -> bool {
        self.packages.contains(&name)
            || self.families.iter().any(|family| match family.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => name == *family,
            })
    }
}

/// `requests` was last there as `botocore.vendored`, which is not importable under its own name.
const PYTHON: Supplied = Supplied {
    ecosystem: Ecosystem::PyPI,
    packages: &["boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"],
    families: &["awslambdaric"],
};

const NODE_SDK_2: Supplied = Supplied { ecosystem: Ecosystem::Npm, packages: &["aws-sdk"], families: &[] };

const NODE_SDK_3: Supplied =
    Supplied { ecosystem: Ecosystem::Npm, packages: &[], families: &["@aws-sdk/*", "@smithy/*"] };

/// The SDK and Ruby's default gems (<https://stdgems.org>).
const RUBY: Supplied = Supplied {
    ecosystem: Ecosystem::RubyGems,
    packages: &[],
    families: &[
        "aws-sdk-*",
        "aws-sigv4",
        "aws-partitions",
        "aws-eventstream",
        "jmespath",
        "bundler",
        "date",
        "delegate",
        "digest",
        "erb",
        "error_highlight",
        "etc",
        "fileutils",
        "forwardable",
        "io-console",
        "ipaddr",
        "json",
        "net-http",
        "net-protocol",
        "open-uri",
        "open3",
        "openssl",
        "optparse",
        "pp",
        "prettyprint",
        "psych",
        "resolv",
        "securerandom",
        "shellwords",
        "singleton",
        "stringio",
        "strscan",
        "tempfile",
        "time",
        "timeout",
        "tmpdir",
        "tsort",
        "un",
        "uri",
        "weakref",
        "yaml",
        "zlib",
    ],
};

/// What the runtime with this identifier brings along.
pub fn supplied(runtime: &str) -> Option<Supplied> {
    let runtime = runtime.trim();
    if let Some(version) = runtime.strip_prefix("nodejs").and_then(|rest| rest.strip_suffix(".x")) {
        // SDK 3 came with Node.js 18, and SDK 2 went.
        return match version.parse::<u32>() {
            Ok(18..) => Some(NODE_SDK_3),
            Ok(_) => Some(NODE_SDK_2),
            Err(_) => None,
        };
    }
    let dotted = |prefix: &str| runtime.strip_prefix(prefix).is_some_and(|rest| rest.contains('.'));
    match () {
        () if dotted("python") => Some(PYTHON),
        () if dotted("ruby") => Some(RUBY),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runtime_has_its_own() {
        let has = |runtime, name| supplied(runtime).is_some_and(|supplied| supplied.has(name));
        assert!(has("python3.12", "boto3") && !has("python3.12", "requests"));
        assert!(has("nodejs20.x", "@aws-sdk/client-s3") && !has("nodejs20.x", "aws-sdk"));
        assert!(has("nodejs16.x", "aws-sdk") && !has("nodejs16.x", "@aws-sdk/client-s3"));
        assert!(has("ruby3.3", "aws-sdk-s3") && has("ruby3.3", "json") && !has("ruby3.3", "rails"));
        // Google's runtimes bring no SDK.
        for runtime in ["python312", "nodejs20", "ruby33", "java21", "provided.al2023"] {
            assert!(supplied(runtime).is_none(), "{runtime}");
        }
    }
}
