//! A certified OpenID provider, run by Node.js.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use super::binary::root;

/// A running provider, which ends with the value.
pub struct OpenIdProvider {
    process: Child,
    /// Its issuer and the tokens it gave.
    pub info: Value,
}

impl OpenIdProvider {
    /// Starts the provider and lets it give tokens for this audience. `None`, said loudly, where it
    /// is not installed; in continuous integration that is a failure.
    pub fn start(audience: &str) -> Option<Self> {
        let folder = root().join("tests").join("openid-provider");
        if !folder.join("node_modules").join("oidc-provider").exists() {
            let text = "the OpenID provider is not installed: run `cargo xtask test --only peers`";
            assert!(std::env::var_os("CI").is_none(), "{text}");
            eprintln!("NOT RUN: {text}");
            return None;
        }
        let mut process = Command::new("node")
            .arg("provider.mjs")
            .arg(audience)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let out = process.stdout.take().expect("the provider's output");
        let info = BufReader::new(out)
            .lines()
            .map_while(Result::ok)
            .find(|line| line.starts_with('{'))
            .expect("the provider says what it is");
        Some(Self {
            process,
            info: serde_json::from_str(&info).expect("JSON"),
        })
    }

    /// The issuer's address.
    pub fn issuer(&self) -> &str {
        self.info["issuer"].as_str().expect("an issuer")
    }

    /// A token by its name in `provider.mjs`.
    pub fn token(&self, name: &str) -> &str {
        self.info["tokens"][name].as_str().expect("a token")
    }
}

impl Drop for OpenIdProvider {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
