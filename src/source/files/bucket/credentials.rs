//! Whom we are to S3: whoever `sweep aws` is, by the chain of Amazon's own clients. `object_store` reads neither profiles
//! nor what `aws sso login` left, and asks a machine for minutes that is none of Amazon's.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_lambda::config::{ProvideCredentials, SharedCredentialsProvider};
use futures_util::future::BoxFuture;
use object_store::aws::AwsCredential;
use object_store::{CredentialProvider, Error, Result};
use tokio::sync::Mutex;

use super::failure::CREDENTIALS;

/// Credentials that end sooner are asked for anew: a request with its repetitions takes no longer.
const SPARE: Duration = Duration::from_secs(5 * 60);

/// Credentials and when they end, which is never for those of a user.
type Kept = (Arc<AwsCredential>, Option<SystemTime>);

/// The chain, asked once for as long as its answer holds.
#[derive(Debug)]
pub(super) struct Credentials {
    provider: SharedCredentialsProvider,
    kept: Mutex<Option<Kept>>,
}

impl Credentials {
    pub(super) fn new(provider: SharedCredentialsProvider) -> Arc<Credentials> {
        Arc::new(Credentials { provider, kept: Mutex::default() })
    }

    async fn current(&self) -> Result<Arc<AwsCredential>> {
        let mut kept = self.kept.lock().await;
        let soon = SystemTime::now() + SPARE;
        if let Some((credential, _)) = kept.as_ref().filter(|(_, end)| end.is_none_or(|end| end > soon)) {
            return Ok(credential.clone());
        }
        let told = self.provider.provide_credentials().await;
        let told = told.map_err(|error| Error::Generic { store: CREDENTIALS, source: Box::new(error) })?;
        let credential = Arc::new(AwsCredential {
            key_id: told.access_key_id().to_owned(),
            secret_key: told.secret_access_key().to_owned(),
            token: told.session_token().map(str::to_owned),
        });
        *kept = Some((credential.clone(), told.expiry()));
        Ok(credential)
    }
}

impl CredentialProvider for Credentials {
    type Credential = AwsCredential;

    // As the macro `async_trait` would write it.
    fn get_credential<'a, 'b>(&'a self) -> BoxFuture<'b, Result<Arc<AwsCredential>>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(self.current())
    }
}
