//! Certificates of an organisation's own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

use super::write;

/// An authority that no machine trusts, and a server that it vouches for.
pub struct Authority {
    /// Its certificate, in PEM form.
    pub file: PathBuf,
    /// The server's side of TLS.
    pub server: Arc<ServerConfig>,
}

impl Authority {
    /// The server's certificate bears this host; the authority's is written to the folder.
    pub fn new(folder: &Path, host: &str) -> Authority {
        let named = |hosts: Vec<String>, name: &str| {
            let mut params = CertificateParams::new(hosts).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            params
        };
        let (own_key, server_key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let mut params = named(Vec::new(), "An authority of the tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&own_key).unwrap();
        let issuer = Issuer::new(params, own_key);
        let of_server = named(vec![host.to_owned()], "A server of the tests").signed_by(&server_key, &issuer).unwrap();

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::try_from(server_key.serialize_der()).unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![of_server.der().clone()], key).unwrap();
        let file = write(folder, "authority.pem", certificate.pem().as_bytes());
        Authority { file, server: Arc::new(config) }
    }
}
