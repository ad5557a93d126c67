//! Tidewaiter audits what is really deployed: function archives, layers and environment.
//!
//! One crate in six floors. A file may use its own floor or a lower one; two folders on one floor meet only through
//! [`model`]. The test `floors` reads the sources and fails on an upward or sideways use.
//!
//! ```text
//! 5  cli         arguments as typed, options as resolved, one file per command, progress, exit
//! 4  report      one file per output format; escape.rs
//! 4  sweep       many functions night after night: what is known, what changed, what is new
//! 3  audit       the pipeline for one target (the only user of rayon), then resolve: layers, owners, shadows
//! 3  policy      thresholds, waivers, baseline; judge(scans) -> Verdict: the only filter; upgrade plan, risk, what came and went
//! 2  extract     one file per package format; join makes one list of what they found
//! 2  secret      the secret engine and its rules
//! 2  matching    package x advisory -> finding; alias groups; fix versions
//! 2  integrity   files against their package's own list; what runs before the handler
//! 2  runtime     until when a runtime gets patches, and what it brings along
//! 2  source      where functions come from: local paths, environment files, what is deployed
//! 2  verify      asks vendors whether a secret still works, where the user wants that
//! 2  notify      posts a signed notice to a webhook, where the user wants that
//! 1  artifact    bytes to entries under one budget
//! 1  formats     readers that several above need
//! 1  advisory    the OSV cache: records, feeds (EPSS, KEV), store, snapshot, sync, bundle, seed
//! 0  model       nouns without I/O
//! 0  version     one file per version order
//! ```
#![deny(unsafe_code, missing_docs)]

pub mod advisory;
pub mod artifact;
pub mod audit;
pub mod cli;
pub mod extract;
pub mod formats;
pub mod integrity;
pub mod matching;
pub mod model;
pub mod notify;
pub mod policy;
pub mod report;
pub mod runtime;
pub mod secret;
pub mod source;
pub mod sweep;
pub mod verify;
pub mod version;
