//! TLS of both sides: the certificate we show, and those of partners we believe.

use std::fmt;
use std::sync::Arc;

use ::aws_lc_rs::digest::{Context, SHA256};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, ServerConfig,
    SignatureScheme,
};

/// What cannot be used for TLS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// There is no certificate.
    #[error("there is no certificate in the file; give it as PEM, our own first")]
    NoCertificate,
    /// There is no private key.
    #[error("there is no private key in the file; give it as PEM, without a password")]
    NoKey,
    /// Certificate and key do not fit, or are of a kind that is not known.
    #[error("the certificate and the key cannot be used together: {0}")]
    Unusable(String),
    /// The system has no roots.
    #[error("the system has no certificates of authorities; install ca-certificates, or pin some")]
    NoRoots,
}

/// A certificate with its chain, and its key: of our server, or what we show to a partner's.
pub struct TlsIdentity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "TlsIdentity({} certificates)", self.chain.len())
    }
}

impl Clone for TlsIdentity {
    fn clone(&self) -> Self {
        Self { chain: self.chain.clone(), key: self.key.clone_key() }
    }
}

impl TlsIdentity {
    /// Reads a chain and a key from PEM files.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoCertificate`] and [`TlsError::NoKey`].
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let chain =
            certificates(chain).filter(|it| !it.is_empty()).ok_or(TlsError::NoCertificate)?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsError::NoKey)?;
        Ok(Self { chain, key })
    }

    /// A server that shows this certificate: TLS 1.2 and 1.3.
    pub(crate) fn server(&self) -> Result<Arc<ServerConfig>, TlsError> {
        let config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(self.chain.clone(), self.key.clone_key())
            .map_err(unusable)?;
        Ok(Arc::new(config))
    }
}

fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn unusable(error: rustls::Error) -> TlsError {
    TlsError::Unusable(error.to_string())
}

/// Whom a partner's server has to be certified by.
#[derive(Debug, Clone, Default)]
pub enum Roots {
    /// The authorities that the system knows.
    #[default]
    System,
    /// These certificates alone: the server's own, or those of its authorities.
    Pinned(Vec<Vec<u8>>),
}

impl Roots {
    /// Reads the certificates to pin from a PEM file.
    ///
    /// # Errors
    ///
    /// [`TlsError::NoCertificate`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, TlsError> {
        let list = certificates(pem).filter(|it| !it.is_empty()).ok_or(TlsError::NoCertificate)?;
        Ok(Self::Pinned(list.iter().map(|it| it.to_vec()).collect()))
    }
}

/// How we meet a partner's server. Reading the system's roots takes some milliseconds: keep it.
#[derive(Debug, Clone)]
pub struct ClientTls {
    pub(crate) config: Arc<ClientConfig>,
    /// A digest of whom we believe and what we show: two of the same meet a server alike.
    pub(crate) print: [u8; 32],
}

impl ClientTls {
    /// Prepares TLS 1.2 and 1.3 with these roots, and our own certificate if the partner asks for one.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if a certificate or key cannot be used.
    pub fn new(roots: &Roots, identity: Option<&TlsIdentity>) -> Result<Self, TlsError> {
        let verifier = Verifier::new(roots)?;
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some(identity) => builder
                .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
                .map_err(unusable)?,
        };
        Ok(Self { config: Arc::new(config), print: print(roots, identity) })
    }
}

fn print(roots: &Roots, identity: Option<&TlsIdentity>) -> [u8; 32] {
    let mut digest = Context::new(&SHA256);
    let mut put = |bytes: &[u8]| {
        digest.update(&(bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    match roots {
        Roots::System => put(b"system"),
        Roots::Pinned(list) => list.iter().for_each(|it| put(it)),
    }
    put(b"identity");
    identity.iter().flat_map(|it| &it.chain).for_each(|it| put(it));
    let mut print = [0; 32];
    print.copy_from_slice(digest.finish().as_ref());
    print
}

/// Believes a certificate that is pinned itself, and else those that authorities certify by name.
/// Many partners have a certificate that they signed themselves, which no chain leads to.
#[derive(Debug)]
struct Verifier {
    pinned: Vec<Vec<u8>>,
    chains: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(roots: &Roots) -> Result<Self, TlsError> {
        let mut store = RootCertStore::empty();
        let pinned = match roots {
            Roots::System => {
                store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                if store.is_empty() {
                    return Err(TlsError::NoRoots);
                }
                Vec::new()
            }
            Roots::Pinned(list) => {
                let list = list.clone();
                store.add_parsable_certificates(
                    list.iter().map(|it| CertificateDer::from(it.clone())),
                );
                list
            }
        };
        let chains = match store.is_empty() {
            true => None,
            false => {
                let built =
                    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
                        .build();
                Some(built.map_err(|error| TlsError::Unusable(error.to_string()))?)
            }
        };
        Ok(Self { pinned, chains, provider: provider() })
    }

    /// Whether a certificate that is pinned is valid at this time.
    fn is_valid(certificate: &[u8], now: UnixTime) -> bool {
        let Ok(now) = i64::try_from(now.as_secs()) else { return false };
        // One of another kind of key is not read; then its holder proves to have the key, which is
        // what it was pinned for.
        tieline_smime::Certificate::from_der(certificate).map_or(true, |certificate| {
            let (from, until) = certificate.valid();
            (from..=until).contains(&now)
        })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.pinned.iter().any(|pinned| pinned == certificate.as_ref()) {
            return match Self::is_valid(certificate, now) {
                true => Ok(ServerCertVerified::assertion()),
                false => Err(CertificateError::Expired.into()),
            };
        }
        match &self.chains {
            Some(chains) => chains.verify_server_cert(certificate, chain, name, ocsp, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
