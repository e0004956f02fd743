//! Which addresses are asked.

use reqwest::Url;

/// An address that may be asked: `https`, or `http` on this machine, without a user or a query.
pub(crate) fn parse(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    let allowed = match url.scheme() {
        "https" => url.host_str().is_some(),
        "http" => is_local(&url),
        _ => false,
    };
    (bare && allowed).then_some(url)
}

/// Whether an address is on this machine.
pub(crate) fn is_local(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        host == "localhost"
            || host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    })
}
