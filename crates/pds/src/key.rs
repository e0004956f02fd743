//! The private key that signs for the application.

use std::fmt;
use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::crypto::ring::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::SigningKey;

/// An RSA private key. It cannot be printed.
#[derive(Clone)]
pub struct PrivateKey(Arc<dyn SigningKey>);

/// Why a key cannot be used. Never holds any of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnusableKey {
    /// It is no PEM file with a private key.
    NoKey,
    /// It is not an RSA key of 2048 to 8192 bits.
    NotRsa,
}

impl fmt::Display for UnusableKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoKey => {
                "there is no private key in it: give a PEM file that begins with BEGIN PRIVATE KEY"
            }
            Self::NotRsa => "the key is not an RSA key: PDS takes RS512 only, from a 4096-bit key",
        })
    }
}

impl std::error::Error for UnusableKey {}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(…)")
    }
}

impl PrivateKey {
    /// A key as PEM, in PKCS#8 or PKCS#1.
    ///
    /// # Errors
    /// [`UnusableKey`] when there is no RSA key in it.
    pub fn from_pem(pem: &[u8]) -> Result<Self, UnusableKey> {
        let der = PrivateKeyDer::from_pem_slice(pem).map_err(|_| UnusableKey::NoKey)?;
        let key = any_supported_type(&der).map_err(|_| UnusableKey::NotRsa)?;
        let key = Self(key);
        key.sign(b"").ok_or(UnusableKey::NotRsa)?;
        Ok(key)
    }

    /// Signs as RS512 does: RSASSA-PKCS1-v1_5 with SHA-512 (RFC 7518, section 3.3).
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.0
            .choose_scheme(&[SignatureScheme::RSA_PKCS1_SHA512])?
            .sign(message)
            .ok()
    }
}
