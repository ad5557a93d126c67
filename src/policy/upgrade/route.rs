//! How a package comes into a function: the shortest way from what the function asks for.

use std::collections::{BTreeMap, VecDeque};

use crate::model::{Package, PackageId};

use super::LONGEST_PATH;

/// The way to every package of a target.
pub(super) struct Routes<'a> {
    packages: &'a [Package],
    steps: Vec<Option<Step>>,
}

/// How one package is reached.
#[derive(Clone, Copy)]
struct Step {
    /// What requires it; `None` for the first of a way.
    from: Option<usize>,
    first: usize,
    /// Packages of the way.
    length: usize,
}

impl<'a> Routes<'a> {
    /// Follows what is required, and what ships a copy, once from all packages that the function asks for; then, for
    /// what that does not reach, from those that nothing requires.
    pub(super) fn new(packages: &'a [Package], requires: &[Vec<PackageId>]) -> Routes<'a> {
        let ids: Vec<PackageId> = packages.iter().map(Package::id).collect();
        let places: BTreeMap<&PackageId, usize> = ids.iter().enumerate().map(|(at, id)| (id, at)).collect();
        let mut needs: Vec<Vec<usize>> = requires
            .iter()
            .map(|required| required.iter().filter_map(|id| places.get(id).copied()).collect())
            .collect();
        needs.resize(packages.len(), Vec::new());
        for (at, package) in packages.iter().enumerate() {
            for outer in package.embedded_in.iter().filter_map(|id| places.get(id)) {
                needs[*outer].push(at);
            }
        }
        let mut needed = vec![false; packages.len()];
        for (at, required) in needs.iter().enumerate() {
            required.iter().filter(|other| **other != at).for_each(|other| needed[*other] = true);
        }
        let mut routes = Routes { packages, steps: vec![None; packages.len()] };
        routes.follow(&needs, |at| packages[at].direct == Some(true));
        routes.follow(&needs, |at| !needed[at]);
        routes
    }

    /// One search through the whole graph, breadth first, however many packages it begins with.
    fn follow(&mut self, needs: &[Vec<usize>], is_first: impl Fn(usize) -> bool) {
        let mut queue = VecDeque::new();
        for first in (0..self.packages.len()).filter(|at| is_first(*at)) {
            if self.steps[first].is_none() {
                self.steps[first] = Some(Step { from: None, first, length: 1 });
                queue.push_back(first);
            }
        }
        while let Some(at) = queue.pop_front() {
            let Some(step) = self.steps[at] else { continue };
            for &next in &needs[at] {
                if self.steps[next].is_none() {
                    self.steps[next] = Some(Step { from: Some(at), first: step.first, length: step.length + 1 });
                    queue.push_back(next);
                }
            }
        }
    }

    /// What the function asks for to get the package, if that is known.
    pub(super) fn direct(&self, at: usize) -> Option<PackageId> {
        let first = &self.packages[self.steps[at]?.first];
        (first.direct == Some(true)).then(|| first.id())
    }

    /// The package that requires it, on its way; not the one that ships it as a copy.
    pub(super) fn above(&self, at: usize) -> Option<&'a Package> {
        let above = self.steps[at]?.from.filter(|_| self.packages[at].embedded_in.is_empty())?;
        Some(&self.packages[above])
    }

    /// See [`super::Upgrade::path`].
    pub(super) fn path(&self, at: usize) -> Vec<PackageId> {
        let id = |at: usize| self.packages[at].id();
        match self.steps[at] {
            // A ring that nothing outside requires.
            None => vec![id(at)],
            Some(step) if step.length > LONGEST_PATH => vec![id(step.first), id(at)],
            Some(_) => {
                let back = std::iter::successors(Some(at), |at| self.steps[*at].and_then(|step| step.from));
                let mut path: Vec<PackageId> = back.map(id).collect();
                path.reverse();
                path
            }
        }
    }
}
