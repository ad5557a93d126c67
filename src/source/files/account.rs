//! Functions of saved configurations: each version once, with what points to it and what else was saved of it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::names::Name;
use super::tree::unseen;
use crate::model::{Details, Gap, GapKind, Location, Role};
use crate::source::Unseen;
use crate::source::arn::FunctionArn;
use crate::source::aws_json::{self, Access, Alias, Configuration, Document, Page};

/// An output of the command line that was saved.
pub(super) struct Output {
    /// The file's path. Shared: a file may hold a million outputs.
    pub path: Rc<str>,
    /// RFC 3339: when it was saved.
    pub at: Rc<str>,
    /// What it says.
    pub document: Document,
}

/// A function version that was saved.
pub(super) struct Function {
    pub configuration: Configuration,
    /// RFC 3339: when that was saved.
    pub at: String,
    /// Files that hold its configuration by itself.
    pub own: BTreeSet<String>,
    pub used_by: BTreeSet<String>,
    pub event_sources: BTreeSet<String>,
    pub details: Option<Details>,
    /// Resource policies, each once for every version that it holds for.
    policies: Vec<String>,
    pub gaps: Vec<Gap>,
}

/// Everything that configurations and their company tell.
#[derive(Default)]
pub(super) struct Account {
    /// By id.
    pub functions: BTreeMap<String, Function>,
    /// Of layer versions by ARN: SHA-256, and the file that tells it.
    pub layers: BTreeMap<String, (Option<String>, String)>,
    /// Outputs that name no function.
    pub nameless: Vec<Output>,
    /// Pages without the pages after them.
    pub unseen: Vec<Unseen>,
    /// ARNs of versions that the edge has copies of.
    edge: BTreeSet<String>,
    /// By the alias' ARN.
    aliases: BTreeMap<String, Alias>,
    roles: BTreeMap<String, Role>,
    policies: BTreeMap<String, String>,
}

impl Account {
    /// Takes all outputs together.
    pub fn of(outputs: Vec<Output>) -> Account {
        let mut account = Account::default();
        let mut later = Vec::new();
        for Output { path, at, document } in outputs {
            match document {
                Document::Function(function) => account.function(*function, &path, &at, true),
                Document::Functions(page) => {
                    let functions = account.items(page, &path);
                    functions.into_iter().for_each(|function| account.function(function, &path, &at, false));
                }
                Document::Aliases(page) => {
                    let aliases = account.items(page, &path).into_iter();
                    account.aliases.extend(aliases.map(|alias| (alias.arn.clone(), alias)));
                }
                Document::Access(page) => {
                    for one in account.items(page, &path) {
                        match one {
                            Access::Role(role) => drop(account.roles.insert(role.arn.clone(), role)),
                            Access::Policy(arn, document) => drop(account.policies.insert(arn, document)),
                        }
                    }
                }
                Document::Layer(layer) => drop(account.layers.insert(layer.arn, (layer.sha256, path.to_string()))),
                document => later.push(Output { path, at, document }),
            }
        }
        account.point();
        // What names functions or their aliases, once these are known.
        later.into_iter().for_each(|output| account.call(output));
        account.leave_out_old_versions();
        account.give_roles();
        account.functions.values_mut().for_each(Function::join_policies);
        account
    }

    /// What of a list is there; that there is more is told.
    fn items<T>(&mut self, page: Page<T>, path: &str) -> Vec<T> {
        if page.cut {
            let detail = "it is one page of a list, and those behind it are not there; save the whole list";
            self.unseen.push(unseen(path, &detail));
        }
        page.items
    }

    fn function(&mut self, configuration: Configuration, path: &str, at: &str, own: bool) {
        if let Some(master) = configuration.master {
            self.edge.insert(master);
            return;
        }
        let arn = configuration.environment.config.arn.as_deref().and_then(FunctionArn::parse);
        let version = configuration.version.as_deref();
        let id = match (arn, &configuration.environment.config.name) {
            (Some(arn), _) => format!("{}:{}", arn.unqualified, version.or(arn.qualifier).unwrap_or("$LATEST")),
            (None, Some(name)) => format!("{}/{name}", Name::of(path).folder).trim_start_matches('/').to_owned(),
            (None, None) => path.to_owned(),
        };
        // Asked for by an alias, it is the version behind it under the alias' name.
        let asked = arn.and_then(|arn| arn.qualifier).filter(|asked| version.is_some_and(|version| version != *asked));
        let asked = asked.map(|alias| format!("alias {alias}"));
        let function = match self.functions.entry(id) {
            Entry::Occupied(known) => {
                let known = known.into_mut();
                known.join(configuration, path, at);
                known
            }
            Entry::Vacant(place) => place.insert(Function {
                configuration,
                at: at.to_owned(),
                own: BTreeSet::new(),
                used_by: BTreeSet::new(),
                event_sources: BTreeSet::new(),
                details: None,
                policies: Vec::new(),
                gaps: Vec::new(),
            }),
        };
        function.used_by.extend(asked);
        function.own.extend(own.then(|| path.to_owned()));
    }

    /// Names what points to a version.
    fn point(&mut self) {
        for master in &self.edge {
            if let Some(function) = self.functions.get_mut(master) {
                function.used_by.insert("edge".to_owned());
            }
        }
        let mut lost = Vec::new();
        for alias in self.aliases.values() {
            let Some(arn) = FunctionArn::parse(&alias.arn) else { continue };
            for version in &alias.versions {
                match self.functions.get_mut(&format!("{}:{version}", arn.unqualified)) {
                    Some(function) => drop(function.used_by.insert(format!("alias {}", alias.name))),
                    None => lost.push((arn.unqualified.to_owned(), version.clone())),
                }
            }
        }
        lost.into_iter().for_each(|(unqualified, version)| self.lost(&unqualified, &version));
    }

    /// A version that something points to, but that was not saved. Lists of a whole account name functions that nobody
    /// meant to save; of those that somebody did, a version that is called must not be missing without a word.
    fn lost(&mut self, unqualified: &str, version: &str) {
        let family = format!("{unqualified}:");
        let mut others = self.functions.range(family.clone()..).map(|(id, _)| id);
        if !others.next().is_some_and(|id| id.starts_with(&family)) {
            return;
        }
        let name = FunctionArn::parse(unqualified).map_or(unqualified, |arn| arn.name);
        let detail = format!(
            "something points to version {version} of {name}, of which nothing was saved; save what `aws lambda \
             get-function --function-name {name} --qualifier {version}` prints, and its archive"
        );
        self.unseen.push(Unseen { prefix: format!("{family}{version}"), detail });
    }

    /// Says who calls a function, and from where.
    fn call(&mut self, Output { path, at, document }: Output) {
        match document {
            Document::Mappings(page) => {
                for mapping in self.items(page, &path) {
                    self.each(&mapping.function, |function| {
                        function.used_by.insert("event source".to_owned());
                        function.event_sources.extend(mapping.sources.iter().cloned());
                    });
                }
            }
            Document::Provisioned(page) => {
                for one in self.items(page, &path) {
                    self.each(&one.function, |function| {
                        function.used_by.insert("provisioned concurrency".to_owned());
                    });
                }
            }
            // That there is no address says so of the function that it lies beside.
            Document::Urls(page) if page.items.is_empty() && !page.cut => {
                self.nameless.push(Output { path, at, document: Document::Urls(page) });
            }
            Document::Urls(page) => {
                for mut one in self.items(page, &path) {
                    let qualifier = FunctionArn::parse(&one.function).and_then(|arn| arn.qualifier);
                    one.url.qualifier = qualifier.map(str::to_owned);
                    self.each(&one.function, |function| function.details(&at).urls.push(one.url.clone()));
                }
            }
            Document::Policy(policy) => {
                // A resource policy names its function and nothing else.
                let arns: BTreeSet<String> = aws_json::resources(&policy).into_iter().collect();
                let mut found = false;
                for arn in arns.iter().filter(|_| arns.len() == 1) {
                    self.each(arn, |function| {
                        found = true;
                        function.details(&at);
                        function.policies.push(policy.clone());
                    });
                }
                if !found {
                    self.nameless.push(Output { path, at, document: Document::Policy(policy) });
                }
            }
            document => self.nameless.push(Output { path, at, document }),
        }
    }

    /// Tells the versions that an ARN means: by itself `$LATEST`, with an alias all that it points to.
    fn each(&mut self, arn: &str, mut tell: impl FnMut(&mut Function)) {
        let Some(parts) = FunctionArn::parse(arn) else { return };
        let alone = [parts.qualifier.unwrap_or("$LATEST").to_owned()];
        let versions = self.aliases.get(arn).map_or(&alone[..], |alias| &alias.versions);
        for version in versions {
            if let Some(function) = self.functions.get_mut(&format!("{}:{version}", parts.unqualified)) {
                tell(function);
            }
        }
        // An alias that was not saved itself could lead to any version.
        if !self.aliases.contains_key(arn)
            && !self.functions.contains_key(&format!("{}:{}", parts.unqualified, alone[0]))
        {
            self.lost(parts.unqualified, &alone[0]);
        }
    }

    /// Lists tell of every version that was ever published. Those that nobody saved by itself and that nothing points
    /// to are not called.
    fn leave_out_old_versions(&mut self) {
        self.functions.retain(|id, function| {
            FunctionArn::parse(id).is_none_or(|arn| arn.qualifier == Some("$LATEST"))
                || !function.own.is_empty()
                || !function.used_by.is_empty()
        });
    }

    fn give_roles(&mut self) {
        for function in self.functions.values_mut() {
            let Some(cloud) = &mut function.configuration.environment.config.cloud else { continue };
            let Some(role) = cloud.role.as_mut() else { continue };
            let Some(known) = self.roles.get(&role.arn) else { continue };
            *role = known.clone();
            for (arn, document) in &mut role.attached {
                document.clone_from(self.policies.get(arn).unwrap_or(&String::new()));
            }
            role.boundary_policy = role.boundary.as_ref().and_then(|arn| self.policies.get(arn).cloned());
        }
    }
}

impl Function {
    /// What is asked apart from the configuration, `at` some time: the oldest of several counts.
    pub fn details(&mut self, at: &str) -> &mut Details {
        let details = self.details.get_or_insert_with(|| Details { asked: at.to_owned(), ..Details::default() });
        if *at < *details.asked {
            at.clone_into(&mut details.asked);
        }
        details
    }

    /// The resource policies of a version and of the aliases that lead to it hold together.
    fn join_policies(&mut self) {
        if let Some(details) = &mut self.details {
            details.policy = joined(&std::mem::take(&mut self.policies));
        }
    }

    /// Takes the later of two configurations.
    fn join(&mut self, other: Configuration, path: &str, at: &str) {
        let (old, new) = (&self.configuration, &other);
        let differ = |old: &[_], new: &[_]| !old.is_empty() && !new.is_empty() && old != new;
        let is_other = old.sha256.as_ref().zip(new.sha256.as_ref()).is_some_and(|(old, new)| old != new)
            || old.environment.config.layers != new.environment.config.layers
            || differ(&old.environment.variables, &new.environment.variables);
        if is_other {
            let dated = old.modified.is_some() && new.modified.is_some() && old.modified != new.modified;
            let which = if dated { "the later one counts" } else { "nothing tells which is the later one" };
            let detail = format!("it is described differently in `{path}` and elsewhere; {which}");
            let place = Location::artifact(0);
            let gap = if dated { Gap::note } else { Gap::blocking }(GapKind::Mismatch, place, "files", detail);
            // A file may say so a million times.
            if self.gaps.last() != Some(&gap) {
                self.gaps.push(gap);
            }
        }
        // `get-function` prints what lists do not.
        let tells_more = |one: &Configuration| {
            (one.tags.is_some(), one.reserved.is_some(), one.image.as_ref().is_some_and(|image| !image.is_empty()))
        };
        if (&new.modified, tells_more(new)) > (&old.modified, tells_more(old)) {
            (self.configuration, self.at) = (other, at.to_owned());
        }
    }
}

/// One policy with the statements of all, each once.
fn joined(policies: &[String]) -> Option<String> {
    let (first, others) = policies.split_first()?;
    if others.iter().all(|other| other == first) {
        return Some(first.clone());
    }
    let mut known = BTreeSet::new();
    let statements = policies.iter().filter_map(|policy| aws_json::statements(policy)).flatten();
    let statements: Vec<&str> = statements.filter(|statement| known.insert(*statement)).collect();
    Some(format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(",")))
}
