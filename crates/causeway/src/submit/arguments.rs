//! The command line of `causeway submit`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::Format;

/// `causeway submit`.
#[derive(Debug, Args)]
pub struct Submit {
    /// The export.
    pub input: PathBuf,
    /// The server: its address, or that of its FHIR API.
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// The source's name, as the server's operator gave it.
    #[arg(long)]
    pub source: String,
    /// What day or moment the export is true of, where the file does not say so itself.
    #[arg(long)]
    pub as_of: Option<String>,
    /// The id of this sending: the same id again is the same sending. Default: a new one.
    #[arg(long, value_name = "UUID")]
    pub request_id: Option<String>,
    /// Wait until the file has been read, and print the report.
    #[arg(long)]
    pub wait: bool,
    /// How long to wait at most, in seconds.
    #[arg(long, default_value_t = 3600, requires = "wait")]
    pub wait_seconds: u64,
    /// How often a sending that the network broke is tried again.
    #[arg(long, default_value_t = 8)]
    pub retries: u32,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// How the client proves who it is.
    #[command(flatten)]
    pub proof: Proof,
}

/// How the client proves who it is.
#[derive(Debug, Clone, Args)]
pub struct Proof {
    /// The client's id, as the issuer registered it.
    #[arg(long, requires = "key", conflicts_with = "token_file")]
    pub client_id: Option<String>,
    /// The client's private key, as PEM (PKCS #8, or PKCS #1 for RSA): signs a client assertion.
    #[arg(long, value_name = "FILE", requires = "client_id")]
    pub key: Option<PathBuf>,
    /// The key's id, as the issuer registered it.
    #[arg(long, requires = "key")]
    pub key_id: Option<String>,
    /// How the assertion is signed. Default: RS512 for an RSA key, ES384 for one on P-384.
    #[arg(long, value_enum, requires = "key")]
    pub algorithm: Option<Algorithm>,
    /// Where tokens are to be had. Default: where the server says.
    #[arg(long, value_name = "URL", requires = "key")]
    pub token_url: Option<String>,
    /// The scope that is asked for.
    #[arg(long, default_value = "system/*.cruds")]
    pub scope: String,
    /// A file that holds an access token, instead of a key.
    #[arg(long, value_name = "FILE", required_unless_present = "key")]
    pub token_file: Option<PathBuf>,
}

/// An algorithm for client assertions (RFC 7518, section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Algorithm {
    /// RSA PKCS #1 with SHA-512, which the NHS API platform wants.
    #[value(name = "RS512")]
    Rs512,
    /// RSA PKCS #1 with SHA-384, of SMART backend services.
    #[value(name = "RS384")]
    Rs384,
    /// ECDSA on P-384 with SHA-384, of SMART backend services.
    #[value(name = "ES384")]
    Es384,
}

impl Algorithm {
    /// Its name in a token's header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs512 => "RS512",
            Self::Rs384 => "RS384",
            Self::Es384 => "ES384",
        }
    }
}
