//! What only the whole artifact can tell: an extractor sees one file at a time, a package often has several.

use std::collections::{HashMap, HashSet};

use super::{Archive, Place, place};
use crate::extract::{Found, Owns, Sink};
use crate::model::Evidence;

fn unit(found: &Found) -> Option<Place<'_>> {
    found.package.locations.first().map(|location| place(location, &found.unit))
}

impl Sink {
    /// Brings together what was read from the files of one package. To be called once, when every entry was read.
    ///
    /// - Every jar becomes its packages (`java::settle`).
    /// - A hint completes the package of its unit, or becomes one where nothing else named it.
    /// - A Python module with a well-known name becomes a package where no distribution claims it.
    /// - A package that is listed among another package's files is embedded in it.
    /// - A .NET package whose list names assemblies of which none is there was trimmed: it is only named.
    /// - An owner that lists its files owns no more than those: its folder claims were for want of a list.
    pub fn settle(&mut self) {
        self.settle_jars();
        self.use_hints();
        self.use_modules();
        self.embed();
        self.trim();
        self.prefer_lists();
    }

    fn use_hints(&mut self) {
        let hints = std::mem::take(&mut self.hints);
        let named: HashSet<Place<'_>> = self.found.iter().filter_map(unit).collect();
        let (known, unknown): (Vec<_>, Vec<_>) =
            hints.iter().partition(|hint| unit(hint).is_some_and(|unit| named.contains(&unit)));
        let asked_for: HashSet<Place<'_>> =
            known.into_iter().filter(|hint| hint.package.direct == Some(true)).filter_map(unit).collect();
        let unknown: Vec<Found> = unknown.into_iter().cloned().collect();
        for found in &mut self.found {
            if unit(found).is_some_and(|unit| asked_for.contains(&unit)) {
                found.package.direct = Some(true);
            }
        }
        self.found.extend(unknown);
    }

    fn embed(&mut self) {
        // By path the unit that lists it, `None` where two do: lists may repeat one path as often as an archive at it
        // holds packages, so that neither is walked over for each of the other.
        let mut listed: HashMap<Place<'_>, Option<&str>> = HashMap::new();
        for claim in &self.claims {
            let Owns::Files(files) = &claim.owns else { continue };
            for file in files {
                let by = listed.entry(place(&claim.location, file)).or_insert(Some(claim.unit.as_str()));
                *by = by.filter(|unit| *unit == claim.unit);
            }
        }
        let by_another = |found: &Found| {
            // Its own file, and the archives around it: a list of files names an egg or a wheel, not what is inside.
            let location = found.package.locations.first().filter(|_| found.package.evidence == Evidence::Installed)?;
            let mut places = location.path.iter().enumerate();
            places.find_map(|(depth, name)| {
                let by = listed.get(&(
                    Archive { artifact: location.artifact, container: &location.path[..depth] },
                    name.as_str(),
                ))?;
                (*by != Some(found.unit.as_str())).then_some(())
            })
        };
        let embedded: Vec<bool> = self.found.iter().map(|found| by_another(found).is_some()).collect();
        drop(listed);
        for (found, embedded) in self.found.iter_mut().zip(embedded) {
            if embedded {
                found.package.evidence = Evidence::Embedded;
            }
        }
    }

    fn trim(&mut self) {
        let there: HashSet<Place<'_>> =
            self.found.iter().filter(|found| found.is_assembly()).filter_map(unit).collect();
        let mut kept: HashMap<Place<'_>, bool> = HashMap::new();
        for claim in self.claims.iter().filter(|claim| claim.location.innermost().ends_with(".deps.json")) {
            let Owns::Files(files) = &claim.owns else { continue };
            let assemblies = || files.iter().filter(|file| file.ends_with(".dll"));
            let native_only = assemblies().next().is_none() && !files.is_empty();
            let any = native_only || assemblies().any(|file| there.contains(&place(&claim.location, file)));
            *kept.entry(place(&claim.location, &claim.unit)).or_default() |= any;
        }
        let gone: Vec<bool> =
            self.found.iter().map(|found| unit(found).is_some_and(|unit| kept.get(&unit) == Some(&false))).collect();
        for (found, gone) in self.found.iter_mut().zip(gone) {
            if gone {
                found.package.evidence = Evidence::Locked;
            }
        }
    }

    fn prefer_lists(&mut self) {
        let listing: HashSet<Place<'_>> = self
            .claims
            .iter()
            .filter(|claim| matches!(claim.owns, Owns::Files(_)))
            .map(|claim| place(&claim.location, &claim.unit))
            .collect();
        let keep: Vec<bool> = self
            .claims
            .iter()
            .map(|claim| match claim.owns {
                Owns::Files(_) => true,
                Owns::Folder(_) => !listing.contains(&place(&claim.location, &claim.unit)),
            })
            .collect();
        let mut keep = keep.into_iter();
        self.claims.retain(|_| keep.next().unwrap_or(true));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::Claim;
    use crate::model::Location;
    use crate::model::{Ecosystem, Package};

    fn at(path: &str) -> Location {
        Location::artifact(0).child(path)
    }

    fn package(name: &str, path: &str) -> Package {
        Package::new(Ecosystem::PyPI, name, Some("1".to_owned()), Evidence::Installed, at(path))
    }

    fn claim(path: &str, unit: &str, owns: Owns) -> Claim {
        Claim { location: at(path), unit: unit.to_owned(), owns }
    }

    #[test]
    fn a_hint_counts_where_nothing_better_was_read() {
        let mut sink = Sink::default();
        sink.installed(package("Real", "a-1.dist-info/METADATA"), "a-1.dist-info");
        sink.hint(package("a", "a-1.dist-info/RECORD"), "a-1.dist-info");
        let asked = Package { direct: Some(true), ..package("a", "a-1.dist-info/REQUESTED") };
        sink.hint(asked, "a-1.dist-info");
        sink.hint(package("b", "b-1.dist-info/RECORD"), "b-1.dist-info");
        sink.settle();
        let found: Vec<_> = sink.found.iter().map(|f| (f.package.name.as_str(), f.package.direct)).collect();
        assert_eq!(found, [("Real", Some(true)), ("b", None)]);
        assert!(sink.hints.is_empty());
    }

    #[test]
    fn a_package_among_anothers_files_is_embedded() {
        let mut sink = Sink::default();
        sink.installed(package("outer", "outer-1.dist-info/METADATA"), "outer-1.dist-info");
        sink.installed(package("inner", "outer/third/inner-1.dist-info/METADATA"), "outer/third/inner-1.dist-info");
        let egg = Package { locations: vec![at("outer/test.egg").child("EGG-INFO/PKG-INFO")], ..package("egg", "") };
        sink.installed(egg, "");
        let files = ["outer-1.dist-info/METADATA", "outer/third/inner-1.dist-info/METADATA", "outer/test.egg"];
        let files = files.map(str::to_owned);
        sink.claims.push(claim("outer-1.dist-info/RECORD", "outer-1.dist-info", Owns::Files(files.to_vec())));
        sink.settle();
        let found: Vec<_> = sink.found.iter().map(|f| f.package.evidence).collect();
        assert_eq!(found, [Evidence::Installed, Evidence::Embedded, Evidence::Embedded]);
    }

    #[test]
    fn a_list_that_repeats_an_archive_costs_no_more_for_what_is_in_it() {
        let start = crate::formats::clock::spent();
        let mut sink = Sink::default();
        for index in 0..50_000 {
            let place = at("a.egg").child(&format!("{index}/EGG-INFO/PKG-INFO"));
            sink.installed(Package { locations: vec![place], ..package("egg", "") }, "");
        }
        let files = vec!["a.egg".to_owned(); 200_000];
        sink.claims.push(claim("outer-1.dist-info/RECORD", "outer-1.dist-info", Owns::Files(files)));
        sink.settle();
        assert!(sink.found.iter().all(|found| found.package.evidence == Evidence::Embedded));
        assert!((crate::formats::clock::spent() - start).as_secs() < 10);
    }

    #[test]
    fn a_list_of_files_is_the_whole_truth() {
        let mut sink = Sink::default();
        for unit in ["a", "b"] {
            sink.claims.push(claim("top_level.txt", unit, Owns::Folder("tests".to_owned())));
        }
        sink.claims.push(claim("RECORD", "a", Owns::Files(vec!["a.py".to_owned()])));
        sink.settle();
        let left: Vec<_> = sink.claims.iter().map(|c| (c.unit.as_str(), matches!(c.owns, Owns::Folder(_)))).collect();
        assert_eq!(left, [("b", true), ("a", false)]);
    }
}
