//! Whom we are to AWS: a profile or the environment's credentials, and the roles that they take on.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region as SdkRegion, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_account::types::RegionOptStatus;
use aws_sdk_lambda::config::{IdentityCache, SharedCredentialsProvider, SharedHttpClient};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};

use super::super::SourceError;
use super::AwsOptions;
use super::failure::describe;

/// Attempts at a call; the pauses between them grow to some seconds.
const ATTEMPTS: u32 = 6;
const CONNECT: Duration = Duration::from_secs(15);
/// For one attempt. A page of a listing takes AWS a second or two.
const ATTEMPT: Duration = Duration::from_secs(60);

/// One account, as credentials see it.
pub(super) struct Session {
    /// `profile audit`, `arn:aws:iam::123456789012:role/audit`
    pub name: String,
    pub config: SdkConfig,
    /// Partition and account, where the role's ARN tells them.
    pub known: Option<(String, String)>,
}

/// What AWS says that we are.
pub(super) struct Identity {
    /// `aws`, `aws-cn`, `aws-us-gov`
    pub partition: String,
    pub account: String,
}

/// One session for each profile, or for each role that the credentials may take on.
///
/// # Errors
/// For a file of certificates that cannot be read, and for roles of several profiles: whose they are is not said.
pub(super) async fn open(options: &AwsOptions) -> Result<Vec<Session>, SourceError> {
    let http = http(options)?;
    let mut own = Vec::new();
    for profile in &options.profiles {
        let config = load(options, &http, Some(profile)).await;
        own.push(Session { name: format!("profile {profile}"), config, known: None });
    }
    if own.is_empty() {
        let config = load(options, &http, None).await;
        own.push(Session { name: "the environment's credentials".to_owned(), config, known: None });
    }
    if options.roles.is_empty() {
        return Ok(own);
    }
    let [base] = &own[..] else {
        return Err(SourceError("roles can be taken on by one profile only: run once for each profile".to_owned()));
    };
    let mut sessions = Vec::new();
    for arn in &options.roles {
        let known = parse_role(arn).ok_or_else(|| SourceError(format!("{arn:?} is no role's ARN")))?;
        let provider =
            AssumeRoleProvider::builder(arn).session_name("tidewaiter").configure(&base.config).build().await;
        let config = base
            .config
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(provider))
            .identity_cache(IdentityCache::lazy().build())
            .build();
        sessions.push(Session { name: arn.clone(), config, known: Some(known) });
    }
    Ok(sessions)
}

/// What the environment says of Amazon, for who asks for something else than functions.
///
/// # Errors
/// For a file of certificates that cannot be read.
pub(in crate::source) async fn environment(ca_cert: Option<&Path>) -> Result<SdkConfig, SourceError> {
    let options = AwsOptions { ca_cert: ca_cert.map(Path::to_owned), ..AwsOptions::default() };
    Ok(load(&options, &http(&options)?, None).await)
}

/// Partition and account of `arn:aws:iam::123456789012:role/audit`.
fn parse_role(arn: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", account, role] = parts[..] else { return None };
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    (is_account && role.starts_with("role/")).then(|| (partition.to_owned(), account.to_owned()))
}

async fn load(options: &AwsOptions, http: &SharedHttpClient, profile: Option<&str>) -> SdkConfig {
    let patience = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    // Both kinds of file may be told what the other one holds.
    let files = options
        .config_file
        .as_ref()
        .map(|path: &PathBuf| EnvConfigFiles::builder().with_file(EnvConfigFileKind::Config, path.clone()).build());
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(http.clone())
        .retry_config(RetryConfig::adaptive().with_max_attempts(ATTEMPTS))
        .timeout_config(patience);
    if let Some(files) = &files {
        loader = loader.profile_files(files.clone());
    }
    if let Some(url) = &options.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(region) = options.regions.first() {
        loader = loader.region(SdkRegion::new(region.clone()));
    }
    let Some(profile) = profile else { return loader.load().await };
    let config = loader.profile_name(profile).load().await;
    // A profile that is named goes before variables, as in AWS's own command line; the SDK has it the other way round.
    let mut context = ProviderConfig::without_region().with_http_client(http.clone());
    context = context.with_region(config.region().cloned());
    let mut provider = ProfileFileCredentialsProvider::builder().configure(&context).profile_name(profile);
    if let Some(files) = files {
        provider = provider.profile_files(files);
    }
    config.to_builder().credentials_provider(SharedCredentialsProvider::new(provider.build())).build()
}

/// Connections with this program's ideas of trust, through the proxies of the environment: without being told so, the
/// SDK uses none.
fn http(options: &AwsOptions) -> Result<SharedHttpClient, SourceError> {
    let mut trusted = TrustStore::empty().with_native_roots(true);
    if let Some(path) = &options.ca_cert {
        let pem = fs::read(path).map_err(|error| SourceError(format!("{}: {error}", path.display())))?;
        trusted = trusted.with_pem_certificate(pem);
    }
    let context = TlsContext::builder().with_trust_store(trusted).build();
    let context = context.map_err(|error| SourceError(error.to_string()))?;
    Ok(Builder::new().build_with_connector_fn(move |settings, components| {
        let mut connector = Connector::builder().proxy_config(ProxyConfig::from_env());
        connector.set_connector_settings(settings.cloned());
        connector.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        connector.tls_provider(Provider::Rustls(CryptoMode::Ring)).tls_context(context.clone()).build()
    }))
}

impl Session {
    /// Asks who we are. Needs no permission.
    pub(super) async fn identify(&self) -> Result<Identity, String> {
        let answer = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let answer = answer.map_err(|error| describe("sts:GetCallerIdentity", &error))?;
        let partition = answer.arn().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws").to_owned();
        let account = answer.account().ok_or("sts:GetCallerIdentity: no account")?.to_owned();
        Ok(Identity { partition, account })
    }

    /// The regions to look at: those that were named, all that are enabled, or the configured one.
    pub(super) async fn regions(&self, options: &AwsOptions) -> Result<Vec<String>, String> {
        if !options.all_regions {
            let configured = self.config.region().map(|region| region.as_ref().to_owned());
            let named = if options.regions.is_empty() { Vec::from_iter(configured) } else { options.regions.clone() };
            return if named.is_empty() {
                Err("no region: name one, or have all looked at".to_owned())
            } else {
                Ok(named)
            };
        }
        // Not EC2's `DescribeRegions`: its client alone takes longer to compile than all the others.
        let mut call = aws_sdk_account::config::Builder::from(&self.config);
        if self.config.region().is_none() {
            call = call.region(SdkRegion::from_static("us-east-1"));
        }
        let client = aws_sdk_account::Client::from_conf(call.build());
        let (mut regions, mut token) = (Vec::new(), None);
        loop {
            let page = client
                .list_regions()
                .region_opt_status_contains(RegionOptStatus::Enabled)
                .region_opt_status_contains(RegionOptStatus::EnabledByDefault)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| describe("account:ListRegions", &error))?;
            regions.extend(page.regions().iter().filter_map(|region| region.region_name().map(str::to_owned)));
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(regions);
            }
        }
    }
}
