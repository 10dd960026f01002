//! TLS as redis-py's URL parameters describe it.
//!
//! Owns what a server's certificate is checked against. Where `ssl_ca_certs` names a file, only
//! that is trusted and the system's store is not even read, so that a private CA works in a
//! container without one.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore,
    SignatureScheme,
};

use super::endpoint::TlsOptions;

/// Starts a session with `host`; nothing is sent yet.
///
/// Errors name the file that cannot be read or holds no certificate or key.
pub(super) fn session(options: &TlsOptions, host: &str) -> io::Result<ClientConnection> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Check::new(options, provider)?));
    let config = match &options.cert_file {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let key = options.key_file.as_ref().unwrap_or(file);
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| unreadable("private key", key, &error))?;
            builder
                .with_client_auth_cert(certificates(file)?, key)
                .map_err(|error| unreadable("client certificate", file, &error))?
        }
    };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "the host is not a valid name"))?;
    ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)
}

fn certificates(file: &Path) -> io::Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_file_iter(file)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable("certificate", file, &error))?;
    if found.is_empty() {
        return Err(unreadable("certificate", file, &"there is none in it"));
    }
    Ok(found)
}

fn trusted(options: &TlsOptions) -> io::Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    let certificates = match &options.ca_file {
        Some(file) => certificates(file)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    // A system's store may hold one that webpki cannot read; what remains decides.
    store.add_parsable_certificates(certificates);
    if store.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no certificate authority is known, neither from `ssl_ca_certs` nor from the system",
        ));
    }
    Ok(store)
}

fn unreadable(what: &str, file: &Path, why: &dyn std::fmt::Display) -> io::Error {
    let message = format!("cannot read the {what} `{}`: {why}", file.display());
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// Checks a server's certificate as far as the URL asks for it.
///
/// The handshake's signature is checked always: it proves that the peer holds the key.
#[derive(Debug)]
struct Check {
    provider: Arc<CryptoProvider>,
    /// `None` accepts any certificate (`ssl_cert_reqs=none`).
    authorities: Option<Arc<WebPkiServerVerifier>>,
    /// Whether it has to be made out to the host that was asked for.
    by_name: bool,
}

impl Check {
    fn new(options: &TlsOptions, provider: Arc<CryptoProvider>) -> io::Result<Self> {
        let authorities = if options.verify {
            let roots = Arc::new(trusted(options)?);
            let builder = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
            Some(builder.build().map_err(io::Error::other)?)
        } else {
            None
        };
        Ok(Self { provider, authorities, by_name: options.check_hostname })
    }
}

impl ServerCertVerifier for Check {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authorities) = &self.authorities else {
            return Ok(ServerCertVerified::assertion());
        };
        // The chain is checked before the name, so a wrong name means a good chain.
        match authorities.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.by_name => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
