//! Networks of clients: whether two requests come from the same place.
//!
//! An address does not prove who sends a request. It distinguishes two windows of one app from a thief elsewhere, as the rule on
//! refresh tokens requires ([`Rotation`](crate::grants::refresh::rotation::Rotation)).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// Number of low bits of an IPv4 address that are ignored.
const IPV4_HOST_BITS: u32 = 12;
/// Number of low bits of an IPv6 address that are ignored.
const IPV6_HOST_BITS: u32 = 80;

/// The network that a request came from: an IPv4 /20 or an IPv6 /48.
///
/// A value exists only for an address that distinguishes senders. Equal values are the same network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Network {
    /// The first 20 bits of an IPv4 address.
    V4(u32),
    /// The first 48 bits of an IPv6 address.
    V6(u64),
}

impl Network {
    /// Returns the network of an address, or `None` if the address is missing, malformed, or among `shared`: those from which unrelated
    /// senders come, a thief among them.
    #[must_use]
    pub fn of(address: Option<&str>, shared: &[IpAddr]) -> Option<Self> {
        let address = address?.trim().parse::<IpAddr>().ok()?.to_canonical();
        if shared.contains(&address) {
            return None;
        }
        match address {
            IpAddr::V4(address) => Some(Self::V4(address.to_bits().unbounded_shr(IPV4_HOST_BITS))),
            IpAddr::V6(address) => u64::try_from(address.to_bits().unbounded_shr(IPV6_HOST_BITS)).ok().map(Self::V6),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_ipv4_20_or_one_ipv6_48_are_the_same_network() {
        for (one, other, same) in [
            ("198.51.96.1", "198.51.96.1", true),
            ("198.51.96.0", "198.51.111.255", true),
            ("198.51.95.255", "198.51.96.0", false),
            ("198.51.111.255", "198.51.112.0", false),
            ("2001:db8:1::1", "2001:db8:1:ffff::2", true),
            ("2001:db8:1:ffff::", "2001:db8:2::", false),
            ("::ffff:198.51.96.1", "198.51.96.2", true),
            (" 198.51.96.1 ", "198.51.96.2", true),
            ("::", "0.0.0.0", false),
        ] {
            let networks = [one, other].map(|address| Network::of(Some(address), &[]).unwrap());
            assert_eq!(networks[0] == networks[1], same, "{one} and {other}");
        }
    }

    #[test]
    fn a_shared_or_invalid_address_identifies_no_network() {
        for address in [None, Some(""), Some("?"), Some("localhost"), Some("198.51.96"), Some("198.51.96.0/20")] {
            assert_eq!(Network::of(address, &[]), None, "{address:?}");
        }
        let shared = ["2001:db8:1::103", "198.51.96.1"].map(|address| address.parse().unwrap());
        for address in ["2001:db8:1::103", "198.51.96.1", "::ffff:198.51.96.1"] {
            assert_eq!(Network::of(Some(address), &shared), None, "{address}");
            assert!(Network::of(Some(address), &[]).is_some(), "{address}");
        }
        for neighbour in ["2001:db8:1::102", "2001:db8:1:1::103", "198.51.96.2"] {
            assert!(Network::of(Some(neighbour), &shared).is_some(), "{neighbour}");
        }
    }
}
