//! Where a request comes from, as a key for counters.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A network, or a browser that has signed in before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestSource(String);

impl RequestSource {
    /// Returns the source for a browser that has signed in before, by its id.
    #[must_use]
    pub fn known_browser(id: &str) -> Self {
        Self(format!("b:{id}"))
    }

    /// Returns the site of an address: an IPv4 /24 or an IPv6 /48. A single customer may be given a /48, which has 65,536 subnets
    /// (RFC 6177). All requests without an address are one source.
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

    /// Returns the subnet of an address: an IPv4 /24 or an IPv6 /64. For limits that protect computing time and no secret: few
    /// people should share one.
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

    /// Returns the key, which differs between sources.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is a browser that has signed in before.
    pub(crate) fn is_known_browser(&self) -> bool {
        self.0.starts_with("b:")
    }
}

/// Parses an address; an IPv4 address in the form of an IPv6 one becomes IPv4.
fn canonical(address: Option<&str>) -> Option<IpAddr> {
    address?.trim().parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one_source() {
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.254", true),
            ("192.0.2.1", "192.0.3.1", false),
            ("192.0.2.1", "::ffff:192.0.2.7", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", true),
            ("2001:db8:1:2::1", "2001:db8:2:2::1", false),
            ("nonsense", "other nonsense", true),
        ] {
            let (a, b) = (RequestSource::of_site(Some(one)), RequestSource::of_site(Some(other)));
            assert_eq!(a == b, same, "{one} {other}");
        }
        assert_eq!(RequestSource::of_site(None), RequestSource::of_site(Some("nonsense")));
        let subnet = |address| RequestSource::of_subnet(Some(address));
        assert_ne!(subnet("2001:db8:1:2::1"), subnet("2001:db8:1:3::1"), "a subnet is smaller than a site");
        assert_eq!(subnet("2001:db8:1:2::1"), subnet("2001:db8:1:2::2"));
    }
}
