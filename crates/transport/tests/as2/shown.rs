//! A server that asks for a certificate, and a client that shows one.

use std::io::Cursor;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme,
};
use tieline_transport::as2::client::{
    ClientTls, Destination, Failure, Outcome, Roots, Sent, TlsIdentity, send,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::house::{Company, DOCUMENT, OTHER, PARTNER, UTILITY, message};

/// Lets in who shows this certificate and has its key.
#[derive(Debug)]
struct Only(Vec<u8>, Arc<CryptoProvider>);

impl ClientCertVerifier for Only {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        match certificate.as_ref() == self.0 {
            true => Ok(ClientCertVerified::assertion()),
            false => Err(CertificateError::UnknownIssuer.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.1.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.1.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.1.signature_verification_algorithms.supported_schemes()
    }
}

/// A partner's server that takes who shows our certificate, and says 418 to each.
async fn demanding() -> Destination {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let (chain, key) = UTILITY.pem();
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).collect::<Result<Vec<_>, _>>();
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("our own");
    let only = Only(PARTNER.certificate().der().to_vec(), Arc::clone(&provider));
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("they are")
        .with_client_cert_verifier(Arc::new(only))
        .with_single_cert(chain.expect("our own"), key)
        .expect("they belong together");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it listens");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut bytes = Vec::new();
            while !bytes.ends_with(b"0\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => bytes.push(byte),
                    Err(_) => break,
                }
            }
            let answer = b"HTTP/1.1 418 Known\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    Destination::new(format!("https://{address}/as2").parse().expect("an address"))
}

async fn showing(to: &Destination, whose: Option<&Company>) -> Sent {
    let roots = Roots::from_pem(UTILITY.pem().0.as_bytes()).expect("a certificate");
    let identity: Option<TlsIdentity> = whose.map(Company::tls);
    let tls = ClientTls::new(&roots, identity.as_ref()).expect("it can be used");
    let to = Destination { tls: Some(tls), ..to.clone() };
    send(&to, &message(), Cursor::new(DOCUMENT)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_for_a_certificate_is_shown_ours() {
    let to = demanding().await;
    let known = showing(&to, Some(&PARTNER)).await;
    assert_eq!(known.status, Some(418), "{known:?}");
    for other in [None, Some(&*OTHER)] {
        let sent = showing(&to, other).await;
        assert_eq!(sent.status, None, "{sent:?}");
        let Outcome::NotDelivered(failure) = sent.outcome else { panic!("it was let in") };
        // With TLS 1.3 the refusal comes after our side is done.
        let is_refused = matches!(failure, Failure::Tls { .. } | Failure::Broken { .. });
        assert!(is_refused, "{failure}");
    }
}
