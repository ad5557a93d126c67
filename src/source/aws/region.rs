//! One region of one account: what its listings tell.

use std::collections::{BTreeMap, BTreeSet};

use aws_config::{Region as SdkRegion, SdkConfig};
use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{
    EventSourceMappingConfiguration, FunctionConfiguration, FunctionVersion, ProvisionedConcurrencyConfigListItem,
};

use super::super::Unseen;
use super::failure::describe;
use super::metrics::{self, Calls};
use super::pace::Paces;
use super::pointers::{LATEST, Pointers, split};
use super::selection::Selection;

/// A region of an account, and what asks it.
pub(super) struct Region {
    pub name: String,
    pub account: String,
    /// `arn:aws:lambda:eu-west-1:123456789012:`
    pub prefix: String,
    pub lambda: Client,
    cloudwatch: aws_sdk_cloudwatch::Client,
    pub paces: Paces,
}

/// What a region's listings told.
#[derive(Default)]
pub(super) struct Listed {
    /// Every version of every function that is looked at.
    pub versions: Vec<FunctionConfiguration>,
    /// By function's name.
    pub pointers: BTreeMap<String, Pointers>,
    /// Versions of this or another region that the edge has copies of: ARNs.
    pub edge: BTreeSet<String>,
    /// When functions were last called, or why that is not known of any.
    pub calls: Option<Result<Calls, String>>,
    /// What points to the versions of one function could not be asked, by its name.
    pub refused: BTreeMap<String, Vec<String>>,
    /// Why event sources are not known.
    pub no_sources: Option<String>,
    /// Some functions, or that there are none.
    pub answered: bool,
    /// What could not be listed.
    pub unseen: Vec<Unseen>,
}

impl Region {
    pub(super) fn new(config: &SdkConfig, partition: &str, account: &str, name: &str) -> Region {
        let config = config.to_builder().region(SdkRegion::new(name.to_owned())).build();
        Region {
            name: name.to_owned(),
            account: account.to_owned(),
            prefix: format!("arn:{partition}:lambda:{name}:{account}:"),
            lambda: Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            paces: Paces::default(),
        }
    }

    /// Asks for everything that is listed for all functions at once, and for what points to published versions.
    pub(super) async fn list(&self, selection: &Selection) -> Listed {
        let mut listed = Listed::default();
        match self.functions(selection, &mut listed).await {
            Ok(()) => listed.answered = true,
            Err(detail) => {
                // What came before stays: it is there.
                listed.answered = !listed.versions.is_empty();
                listed.unseen.push(Unseen { prefix: self.prefix.clone(), detail });
            }
        }
        if selection.needs_tags() {
            self.drop_other_tags(selection, &mut listed).await;
        }
        let published = listed.versions.iter().filter(|function| function.version() != Some(LATEST));
        let published: BTreeSet<String> = published.filter_map(|one| one.function_name().map(str::to_owned)).collect();
        for name in published {
            let pointers = listed.pointers.entry(name.clone()).or_default();
            let aliases = self.aliases(&name, pointers).await;
            let provisioned = self.provisioned(&name, pointers).await;
            let refused: Vec<String> = [aliases, provisioned].into_iter().filter_map(Result::err).collect();
            if !refused.is_empty() {
                listed.refused.insert(name, refused);
            }
        }
        if listed.versions.is_empty() {
            return listed;
        }
        listed.no_sources = self.event_sources(&mut listed).await.err();
        let names: BTreeSet<&str> = listed.versions.iter().filter_map(|function| function.function_name()).collect();
        listed.calls = Some(metrics::ask(&self.cloudwatch, &Vec::from_iter(names)).await);
        listed
    }

    /// All versions, the edge's copies among them.
    ///
    /// The reference says that `MasterRegion` leaves only copies, its former text that `ALL` means every function
    /// (<https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html>). Whichever holds: where nothing but
    /// copies comes, the functions are asked for once more.
    async fn functions(&self, selection: &Selection, listed: &mut Listed) -> Result<(), String> {
        if !self.pages(Some("ALL"), selection, listed).await? {
            self.pages(None, selection, listed).await?;
        }
        Ok(())
    }

    /// Whether there was any function that is no copy.
    async fn pages(&self, master: Option<&str>, selection: &Selection, listed: &mut Listed) -> Result<bool, String> {
        let (mut marker, mut any) = (None, false);
        loop {
            self.paces.other.turn().await;
            let call = self.lambda.list_functions().function_version(FunctionVersion::All);
            let page = call.set_master_region(master.map(str::to_owned)).set_marker(marker).send().await;
            let page = page.map_err(|error| describe("lambda:ListFunctions", &error))?;
            marker = page.next_marker().map(str::to_owned);
            for function in page.functions.into_iter().flatten() {
                match function.master_arn() {
                    Some(master) => {
                        listed.edge.insert(master.to_owned());
                    }
                    None => {
                        any = true;
                        if function.function_name().is_some_and(|name| selection.admits(name)) {
                            listed.versions.push(function);
                        }
                    }
                }
            }
            if marker.is_none() {
                return Ok(any);
            }
        }
    }

    /// Tags stand in no listing: one `GetFunction` for each function that its name admits.
    async fn drop_other_tags(&self, selection: &Selection, listed: &mut Listed) {
        let names = listed.versions.iter().filter_map(|function| function.function_name().map(str::to_owned));
        let mut admitted = BTreeSet::new();
        for name in names.collect::<BTreeSet<String>>() {
            self.paces.function.turn().await;
            match self.lambda.get_function().function_name(&name).send().await {
                Ok(function) => {
                    if selection.admits_tags(function.tags()) {
                        admitted.insert(name);
                    }
                }
                Err(error) => {
                    let prefix = format!("{}function:{name}:", self.prefix);
                    let detail = format!("its tags are not known: {}", describe("lambda:GetFunction", &error));
                    listed.unseen.push(Unseen { prefix, detail });
                }
            }
        }
        listed.versions.retain(|function| function.function_name().is_some_and(|name| admitted.contains(name)));
    }

    async fn aliases(&self, name: &str, pointers: &mut Pointers) -> Result<(), String> {
        let mut marker = None;
        loop {
            self.paces.other.turn().await;
            let page = self.lambda.list_aliases().function_name(name).set_marker(marker).send().await;
            let page = page.map_err(|error| describe("lambda:ListAliases", &error))?;
            for alias in page.aliases() {
                let versions = pointers.aliases.entry(alias.name().unwrap_or_default().to_owned()).or_default();
                versions.extend(alias.function_version().map(str::to_owned));
                let shifted = alias.routing_config().and_then(|routing| routing.additional_version_weights());
                versions.extend(shifted.into_iter().flat_map(|weights| weights.keys().cloned()));
            }
            marker = page.next_marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(());
            }
        }
    }

    async fn provisioned(&self, name: &str, pointers: &mut Pointers) -> Result<(), String> {
        let mut marker = None;
        loop {
            self.paces.other.turn().await;
            let call = self.lambda.list_provisioned_concurrency_configs().function_name(name);
            let page = call.set_marker(marker).send().await;
            let page = page.map_err(|error| describe("lambda:ListProvisionedConcurrencyConfigs", &error))?;
            let arns = page.provisioned_concurrency_configs().iter();
            let arns = arns.filter_map(ProvisionedConcurrencyConfigListItem::function_arn);
            pointers.provisioned.extend(arns.filter_map(split).map(|(_, qualifier)| qualifier.to_owned()));
            marker = page.next_marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(());
            }
        }
    }

    async fn event_sources(&self, listed: &mut Listed) -> Result<(), String> {
        let mut marker = None;
        loop {
            self.paces.other.turn().await;
            let page = self.lambda.list_event_source_mappings().set_marker(marker).send().await;
            let page = page.map_err(|error| describe("lambda:ListEventSourceMappings", &error))?;
            for mapping in page.event_source_mappings() {
                let Some((name, qualifier)) = mapping.function_arn().and_then(split) else { continue };
                let pointers = listed.pointers.entry(name.to_owned()).or_default();
                pointers.sources.entry(qualifier.to_owned()).or_default().extend(sources(mapping));
            }
            marker = page.next_marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(());
            }
        }
    }
}

/// A Kafka cluster of one's own has no ARN, but addresses.
fn sources(mapping: &EventSourceMappingConfiguration) -> Vec<String> {
    let own = mapping.self_managed_event_source().and_then(|source| source.endpoints());
    let own = own.into_iter().flat_map(|endpoints| endpoints.values().flatten());
    mapping
        .event_source_arn()
        .into_iter()
        .map(str::to_owned)
        .chain(own.map(|server| format!("kafka:{server}")))
        .collect()
}
