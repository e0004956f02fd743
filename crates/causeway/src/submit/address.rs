//! The server that a file is sent to.

use reqwest::Url;

use crate::exit::Failure;

/// A server's address, without the path of its FHIR API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    root: String,
    /// Scheme, host and port: what another address must share for a token to be sent there.
    origin: (String, String, Option<u16>),
    local: bool,
}

fn origin(url: &Url) -> (String, String, Option<u16>) {
    (
        url.scheme().to_owned(),
        url.host_str().unwrap_or_default().to_owned(),
        url.port_or_known_default(),
    )
}

fn is_local(url: &Url) -> bool {
    match url.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => false,
    }
}

/// Whether credentials may be sent to an address: `https`, or `http` on this machine.
pub fn safe(text: &str) -> Result<Url, Failure> {
    let url = Url::parse(text)
        .map_err(|error| Failure::usage(format!("{text} is not an address: {error}")))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_local(&url) => Ok(url),
        _ => Err(Failure::usage(format!(
            "{text} is not https: a token and a care record must not cross a network in the clear"
        ))),
    }
}

impl Address {
    /// From what the user gave: the server, its FHIR base, or the path that files go to.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let url = safe(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(Failure::usage("--to must be an address without ? and #"));
        }
        let mut root = text.trim_end_matches('/');
        for ending in ["/submissions", "/fhir/R4"] {
            root = root.strip_suffix(ending).unwrap_or(root);
        }
        Ok(Self {
            root: root.trim_end_matches('/').to_owned(),
            origin: origin(&url),
            local: is_local(&url),
        })
    }

    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        self.local
    }

    /// Where files go.
    pub fn submissions(&self) -> String {
        format!("{}/submissions", self.root)
    }

    /// Where the server says how to get tokens.
    pub fn smart_configuration(&self) -> String {
        format!("{}/fhir/R4/.well-known/smart-configuration", self.root)
    }

    /// Where what a `Location` names is found at the server that the user gave: it may know itself by
    /// another address, and a token goes nowhere else.
    pub fn location(&self, location: &str) -> Option<String> {
        let base = Url::parse(&self.submissions()).ok()?;
        let url = base.join(location).ok()?;
        if origin(&url) == self.origin {
            return Some(url.to_string());
        }
        let id = url.path_segments()?.next_back()?;
        (!id.is_empty()).then(|| format!("{}/{id}", self.submissions()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_address_is_given_the_files_go_to_one_place() {
        for text in [
            "https://care.example",
            "https://care.example/",
            "https://care.example/fhir/R4",
            "https://care.example/fhir/R4/",
            "https://care.example/submissions",
        ] {
            let to = Address::parse(text).unwrap();
            assert_eq!(to.submissions(), "https://care.example/submissions");
        }
        let below = Address::parse("http://127.0.0.1:8080/x/fhir/R4").unwrap();
        assert_eq!(below.submissions(), "http://127.0.0.1:8080/x/submissions");
    }

    #[test]
    fn a_token_goes_to_no_other_server() {
        let to = Address::parse("https://care.example").unwrap();
        assert_eq!(
            to.location("/submissions/a").as_deref(),
            Some("https://care.example/submissions/a")
        );
        for elsewhere in [
            "https://other.example/submissions/a",
            "//other.example/a",
            "http://care.example/submissions/a",
            "https://care.example:8443/submissions/a",
        ] {
            let found = to.location(elsewhere).unwrap();
            assert_eq!(found, "https://care.example/submissions/a", "{elsewhere}");
        }
        for clear in ["http://care.example", "ftp://care.example", "care.example"] {
            assert!(Address::parse(clear).is_err(), "{clear}");
        }
        for here in ["http://localhost:1", "http://[::1]:1", "http://127.0.0.9"] {
            assert!(Address::parse(here).is_ok(), "{here}");
        }
    }
}
