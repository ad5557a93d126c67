//! What every exception of a policy has: somebody who answers for it, why, and until when.

use chrono::NaiveDate;

use super::{Waived, WaiverNote};

/// Who answers for an exception, where that is written, and until when it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Basis {
    /// The file as the user named it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In the words of whoever answers for it; never empty.
    pub reason: String,
    /// Who that is, where the file says so.
    pub owner: Option<String>,
    /// The day (UTC) from which on it holds no longer, as in Trivy and OSV-Scanner.
    pub expires: Option<NaiveDate>,
}

impl Basis {
    /// Whether it holds no longer.
    pub fn is_expired(&self, today: NaiveDate) -> bool {
        self.expires.is_some_and(|expires| expires <= today)
    }

    /// `tidewaiter.toml:7`.
    pub fn by(&self) -> String {
        format!("{}:{}", self.file, self.line)
    }

    /// What a finding or a gap says that rests on it.
    pub(super) fn waived(&self) -> Waived {
        Waived { by: self.by(), reason: self.reason.clone(), owner: self.owner.clone(), expires: self.expires }
    }

    /// Points at it.
    pub(super) fn note(&self, text: String) -> WaiverNote {
        WaiverNote { file: self.file.clone(), line: self.line, text }
    }

    /// The same for one that has expired.
    pub(super) fn expired_note(&self, what: &str) -> WaiverNote {
        let owner = self.owner.as_ref().map(|owner| format!(" (owner: {owner})")).unwrap_or_default();
        let day = self.expires.map(|day| day.to_string()).unwrap_or_default();
        self.note(format!("{what}{owner}: expired on {day}"))
    }
}
