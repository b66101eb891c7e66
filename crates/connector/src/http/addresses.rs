//! A list of networks in CIDR notation, such as `160.79.104.0/21`, `2001:db8::/32`, or one address alone (RFC 4632 §3.1,
//! RFC 4291 §2.3).

use std::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;

/// Most networks in one list.
const MAX_NETWORKS: usize = 256;

/// Networks from which requests are allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddressList(Vec<IpNet>);

/// A text that is no such list.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("list addresses or networks such as 160.79.104.0/21, separated by spaces")]
pub(crate) struct InvalidAddressList;

impl AddressList {
    /// Reads a list that is separated by spaces or commas.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidAddressList> {
        let entries = text.split([' ', ',', '\n', '\t']).filter(|entry| !entry.is_empty());
        let networks: Vec<IpNet> = entries.map(parse_network).collect::<Result<_, _>>()?;
        if networks.is_empty() || networks.len() > MAX_NETWORKS { Err(InvalidAddressList) } else { Ok(Self(networks)) }
    }

    /// Returns whether the address is in one of the networks. A text that is no address is in none.
    pub(crate) fn contains(&self, address: &str) -> bool {
        let address = address.trim().parse::<IpAddr>().map(|address| address.to_canonical());
        address.is_ok_and(|address| self.0.iter().any(|network| network.contains(&address)))
    }
}

/// Parses a network such as `160.79.104.0/21`, or an address alone.
fn parse_network(text: &str) -> Result<IpNet, InvalidAddressList> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| InvalidAddressList)?;
    // An IPv4 address in the form of an IPv6 one would never match: the addresses of requests are brought to IPv4.
    if network.addr().to_canonical() == network.addr() { Ok(network) } else { Err(InvalidAddressList) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_in_a_network_or_not() {
        for (list, address, is_in) in [
            ("160.79.104.0/21", "160.79.104.0", true),
            ("160.79.104.0/21", "160.79.111.255", true),
            ("160.79.104.0/21", "160.79.112.0", false),
            ("160.79.104.0/21", "160.79.103.255", false),
            ("160.79.105.7/21", "160.79.104.1", true),
            ("203.0.113.7", "203.0.113.7", true),
            ("203.0.113.7", "203.0.113.8", false),
            ("203.0.113.7", "::ffff:203.0.113.7", true),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "203.0.113.7", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("2001:db8::1/128", "2001:db8::1", true),
            ("2001:db8::1", "2001:db8::2", false),
            ("203.0.113.0/24, 2001:db8::/32\n198.51.100.1", "198.51.100.1", true),
            ("0.0.0.0/0 ::/0", "", false),
            ("0.0.0.0/0 ::/0", "203.0.113.7, 198.51.100.1", false),
            ("0.0.0.0/0 ::/0", "localhost", false),
            ("0.0.0.0/0 ::/0", "203.0.113.7:80", false),
        ] {
            assert_eq!(AddressList::parse(list).unwrap().contains(address), is_in, "{address} in {list}");
        }
    }

    #[test]
    fn an_invalid_list_of_networks_is_refused() {
        let many = "203.0.113.7 ".repeat(MAX_NETWORKS + 1);
        for text in [
            "",
            " , ",
            "203.0.113",
            "203.0.113.0/33",
            "::/129",
            "203.0.113.0/",
            "203.0.113.0/+8",
            "203.0.113.0/8/8",
            "*",
            "::ffff:1.2.3.4",
            &many,
        ] {
            assert_eq!(AddressList::parse(text), Err(InvalidAddressList), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_network_contains_the_addresses_with_its_prefix(own: u32, other: u32, prefix in 0_usize..=32) {
            let network = AddressList::parse(&format!("{}/{prefix}", std::net::Ipv4Addr::from_bits(own))).unwrap();
            // Random addresses begin alike only by chance.
            for other in [other, own, own ^ (other >> (prefix & 31))] {
                let (own, address) = (format!("{own:032b}"), std::net::Ipv4Addr::from_bits(other).to_string());
                let alike = own[..prefix] == format!("{other:032b}")[..prefix];
                proptest::prop_assert_eq!(network.contains(&address), alike, "{}", address);
            }
        }
    }
}
