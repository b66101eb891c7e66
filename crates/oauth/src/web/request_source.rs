//! Where a request comes from, as a key for counters.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Where tries come from, as far as one can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestSource(String);

impl RequestSource {
    /// Returns the source for a browser that has signed in before, by its id.
    #[must_use]
    pub fn known_browser(id: &str) -> Self {
        Self(format!("b:{id}"))
    }

    /// Anybody else, by the address the request came from; all without one are one. Of IPv6 a /48 is one: it is what a single
    /// customer may be given (RFC 6177), with 65,536 networks in it.
    #[must_use]
    pub fn of_site(address: Option<&str>) -> Self {
        match canonical(address) {
            Some(IpAddr::V6(address)) => {
                let [a, b, c, ..] = address.segments();
                Self(format!("6:{a:x}:{b:x}:{c:x}"))
            }
            Some(IpAddr::V4(_)) | None => Self::of_subnet(address),
        }
    }

    /// The same by the one network, an IPv6 /64: for limits that guard computing time and no secret, where it matters more
    /// that few people share one.
    #[must_use]
    pub fn of_subnet(address: Option<&str>) -> Self {
        match canonical(address) {
            Some(IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                Self(format!("4:{a}.{b}.{c}"))
            }
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, ..] = address.segments();
                Self(format!("6:{a:x}:{b:x}:{c:x}:{d:x}"))
            }
            None => Self("?".to_owned()),
        }
    }

    /// A text for each of them.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is a browser that has signed in before.
    pub(crate) fn is_known_browser(&self) -> bool {
        self.0.starts_with("b:")
    }
}

fn canonical(address: Option<&str>) -> Option<IpAddr> {
    address?.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical())
}
