//! A CVE's id as a number pair, which sorts and takes six bytes.

use std::fmt;

/// The id of a CVE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cve {
    pub(super) year: u16,
    /// The scheme allows up to nineteen digits (<https://github.com/CVEProject/cve-schema>); none has come near ten.
    pub(super) number: u32,
}

impl Cve {
    /// `None` for every other id, and for another spelling of one.
    pub(super) fn parse(id: &str) -> Option<Cve> {
        let (year, number) = id.strip_prefix("CVE-")?.split_once('-')?;
        let cve = Cve { year: year.parse().ok()?, number: number.parse().ok()? };
        (cve.to_string() == id).then_some(cve)
    }
}

impl fmt::Display for Cve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CVE-{:04}-{:04}", self.year, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_spelling_is_an_id() {
        for id in ["CVE-1999-0001", "CVE-2021-44228", "CVE-2018-1000001", "CVE-9999-4294967295"] {
            assert_eq!(Cve::parse(id).map(|cve| cve.to_string()).as_deref(), Some(id));
        }
        for id in [
            "",
            "CVE-",
            "CVE-2021",
            "CVE-2021-1",
            "CVE-2021-044228",
            "CVE-21-44228",
            "CVE-2021-+4228",
            "CVE-2021-4294967296",
            "CVE-99999-0001",
            "cve-2021-44228",
            " CVE-2021-44228",
            "GHSA-jfh8-c2jp-5v3q",
        ] {
            assert_eq!(Cve::parse(id), None, "{id}");
        }
    }
}
