//! One function: what is known of it, what has to be asked, and its sealed scan in the state.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Duration};

use super::shelf::{FAILED, Shelf, key};
use super::state::{FunctionHead, Stamp, State, StateError};
use super::{Reading, moment, print};
use crate::audit::{self, Contents};
use crate::model::{
    Artifact, ArtifactRole, Coverage, Details, FunctionConfig, Gap, GapKind, Location, Scan, Tally, TargetKind,
};
use crate::source::{Archive, Code, Deployed, Source};

/// Which part of the program the gaps name.
const BY: &str = "source";

/// How a function fared.
pub(super) struct Done {
    pub print: String,
    /// An archive of it was fetched in this sweep.
    pub fetched: bool,
    /// Something of it could not be had.
    pub failed: bool,
}

/// Where functions are worked on.
pub(super) struct Desk<'a> {
    source: &'a dyn Source,
    state: &'a State,
    reading: &'a Reading<'a>,
    stamp: &'a Stamp,
    shelf: &'a Shelf<'a>,
    policy: String,
}

/// Archives of a function, as far as they could be had.
struct Had {
    /// Code, then layers; stand-ins for what is missing.
    parts: Vec<Contents>,
    keys: Vec<String>,
    fetched: bool,
    /// Why the code is not there.
    no_code: Option<String>,
    /// Why something is not there, the code or a layer.
    missing: Vec<Gap>,
}

impl<'a> Desk<'a> {
    pub fn new(
        source: &'a dyn Source,
        state: &'a State,
        reading: &'a Reading<'a>,
        stamp: &'a Stamp,
        shelf: &'a Shelf<'a>,
    ) -> Desk<'a> {
        Desk { source, state, reading, stamp, shelf, policy: reading.policy_digest() }
    }

    /// Brings the state up to what the source says of a function. Once this returns it is on disk.
    pub fn function(&self, function: &Deployed) -> Result<Done, StateError> {
        let print = print(self.state.key(), function);
        let known = self.state.head(&function.id)?;
        let same = known.as_ref().is_some_and(|known| known.print == print);
        let gaps = function.gaps.clone();
        let (config, detail_gaps) = self.described(function, known.as_ref(), same);
        let usable = |known: &FunctionHead| {
            same && known.stamp == *self.stamp && known.policy == self.policy && known.trouble.is_empty()
        };
        if let Some(known) = known.as_ref().filter(|known| usable(known)) {
            let now = FunctionHead { config, gaps, detail_gaps, ..known.clone() };
            if now != *known {
                self.state.set_head(&function.id, &now)?;
                self.state.flush()?;
            }
            return Ok(Done { print, fetched: false, failed: false });
        }
        let Had { parts, keys, fetched, no_code, missing } = self.archives(function)?;
        // A scan of another program cannot be read; one that was itself a makeshift says nothing.
        let before = known.filter(|known| known.stamp.program == self.stamp.program && !known.print.is_empty());
        if let (Some(reason), Some(before)) = (no_code, before) {
            let detail = format!(
                "its code could not be had: {reason}; what is told is what it was on {}, and nothing of it counts as fixed",
                before.scanned
            );
            let trouble = vec![Gap::blocking(GapKind::Unavailable, Location::artifact(0), BY, detail)];
            self.state.set_head(&function.id, &FunctionHead { config, gaps, detail_gaps, trouble, ..before })?;
            self.state.flush()?;
            return Ok(Done { print, fetched, failed: true });
        }
        let scan = self.assembled(function, parts);
        let (scan, trouble) = match scan {
            Ok(scan) => (scan, missing),
            Err(failure) => (blind(&function.id, vec![Gap::clone(&failure)]), vec![*failure]),
        };
        let failed = !trouble.is_empty();
        let head = FunctionHead {
            print: if failed { String::new() } else { print.clone() },
            stamp: self.stamp.clone(),
            policy: self.policy.clone(),
            scanned: moment(self.reading.now),
            config,
            gaps,
            detail_gaps,
            trouble,
            archives: keys,
        };
        self.state.set_function(&function.id, &head, &scan)?;
        self.state.flush()?;
        Ok(Done { print, fetched, failed })
    }

    /// Configuration with details, which are asked for where they may be others, and what could not be had of these.
    fn described(&self, function: &Deployed, known: Option<&FunctionHead>, same: bool) -> (FunctionConfig, Vec<Gap>) {
        let mut config = function.environment.config.clone();
        let old = known.and_then(|known| Some((known.details()?.clone(), known.detail_gaps.clone())));
        let (details, gaps) = match old {
            Some((old, gaps)) if same && !self.source.details_are_free() && !self.is_old(&old) => (Some(old), gaps),
            old => {
                let asked = catch_unwind(AssertUnwindSafe(|| self.source.details(function)));
                let failed = || Gap::blocking(GapKind::Internal, Location::artifact(0), BY, FAILED);
                let (details, gaps) = asked.unwrap_or_else(|_| (None, vec![failed()]));
                // What could not be asked is as it was; what is not there any more is not.
                let old = old.filter(|_| !gaps.is_empty());
                (details.or_else(|| old.map(|(old, _)| old)), gaps)
            }
        };
        if let Some(cloud) = &mut config.cloud {
            cloud.details = details;
        }
        (config, gaps)
    }

    fn is_old(&self, details: &Details) -> bool {
        let asked = DateTime::parse_from_rfc3339(&details.asked);
        let most = Duration::days(i64::from(self.reading.details_every));
        // Asked in the future: the clock was wrong then or is now.
        let fresh = Duration::zero()..most;
        asked.map_or(true, |asked| !fresh.contains(&self.reading.now.signed_duration_since(asked)))
    }

    /// Everything that the function consists of.
    fn archives(&self, function: &Deployed) -> Result<Had, StateError> {
        let mut had = Had { parts: Vec::new(), keys: Vec::new(), fetched: false, no_code: None, missing: Vec::new() };
        match &function.code {
            Code::Archive(code) => had.no_code = self.take(function, ArtifactRole::Code, code, &mut had)?,
            Code::Image(address) => {
                let detail = "it is a container image, which is not read".to_owned();
                had.parts.push(Contents::missing(ArtifactRole::Code, address, detail));
            }
        }
        for layer in &function.layers {
            self.take(function, ArtifactRole::Layer, layer, &mut had)?;
        }
        Ok(had)
    }

    /// Adds an archive, or a stand-in for it; returns why it is missing.
    fn take(
        &self,
        function: &Deployed,
        role: ArtifactRole,
        archive: &Archive,
        had: &mut Had,
    ) -> Result<Option<String>, StateError> {
        match self.shelf.take(function, role, archive)? {
            Ok(shelved) => {
                had.fetched |= shelved.fetched;
                had.keys.push(key(role, archive));
                had.parts.push(shelved.contents.called(&archive.name));
                Ok(None)
            }
            Err(reason) => {
                let place = Location::artifact(had.parts.len());
                let detail = format!("{} could not be had: {reason}", archive.name);
                had.missing.push(Gap::blocking(GapKind::Unavailable, place, BY, detail.clone()));
                had.parts.push(Contents::missing(role, &archive.name, detail));
                Ok(Some(reason))
            }
        }
    }

    /// Lays the function together.
    fn assembled(&self, function: &Deployed, parts: Vec<Contents>) -> Result<Scan, Box<Gap>> {
        let file = &function.environment;
        let lay = || {
            let options = self.reading.audit();
            // Sealed as well, since it is compared with what was.
            let variables = audit::read_environment("environment", file, &options).seal(self.state.sealer()).open();
            let environment = (!file.variables.is_empty() || file.error.is_some()).then_some((file, variables));
            audit::assemble(&function.id, parts, environment, file.config.clone(), &options)
        };
        let laid = catch_unwind(AssertUnwindSafe(|| self.reading.pool.install(lay)));
        let failure = |_| Box::new(Gap::blocking(GapKind::Internal, Location::artifact(0), "sweep", FAILED));
        let mut scan = laid.map_err(failure)?;
        if let Code::Image(_) = &function.code {
            // Whatever its variables tell, of the function itself nothing is known.
            let detail = "the parts of a container image are not named";
            scan.coverage.add(vec![Gap::note(GapKind::Opaque, Location::artifact(0), BY, detail)]);
        }
        scan.id.clone_from(&function.id);
        Ok(scan)
    }
}

/// A target of which nothing was seen.
pub(super) fn blind(id: &str, gaps: Vec<Gap>) -> Scan {
    Scan {
        id: id.to_owned(),
        name: id.to_owned(),
        kind: TargetKind::Function,
        config: FunctionConfig::default(),
        artifacts: vec![Artifact { role: ArtifactRole::Code, path: id.to_owned(), sha256: None, bytes: 0, entries: 0 }],
        coverage: Coverage::new(Tally::default(), false, gaps),
        packages: Vec::new(),
        findings: Vec::new(),
        remedies: Vec::new(),
        hooks: Vec::new(),
    }
}
