//! Networks, written as people do it: `160.79.104.0/21`, `2001:db8::/32`, or one address alone (RFC 4632 §3.1, RFC 4291 §2.3).

use std::net::IpAddr;

use thiserror::Error;

/// Most networks in one list.
const MAX_NETWORKS: usize = 256;

/// Networks from which somebody may call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AddressList(Vec<Network>);

/// A text that is no such list.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("list addresses or networks such as 160.79.104.0/21, separated by spaces")]
pub(crate) struct InvalidAddressList;

/// All addresses that begin like this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    /// How many bits count.
    prefix: u32,
}

impl AddressList {
    /// Reads a list that is separated by spaces or commas.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidAddressList> {
        let entries = text.split([' ', ',', '\n', '\t']).filter(|entry| !entry.is_empty());
        let networks: Vec<Network> = entries.map(Network::parse).collect::<Result<_, _>>()?;
        if networks.is_empty() || networks.len() > MAX_NETWORKS { Err(InvalidAddressList) } else { Ok(Self(networks)) }
    }

    /// Whether the address is in one of the networks. What is no address is in none.
    pub(crate) fn contains(&self, address: &str) -> bool {
        let address = address.trim().parse::<IpAddr>().map(|address| address.to_canonical());
        address.is_ok_and(|address| self.0.iter().any(|network| network.contains(address)))
    }
}

impl Network {
    fn parse(text: &str) -> Result<Self, InvalidAddressList> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| InvalidAddressList)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        // `parse` would take a sign.
        let prefix = match prefix {
            None => longest,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().map_err(|_| InvalidAddressList)?
            }
            Some(_) => return Err(InvalidAddressList),
        };
        // An IPv4 address in the form of an IPv6 one would never match: those that come are brought to IPv4.
        if prefix > longest || address.to_canonical() != address {
            return Err(InvalidAddressList);
        }
        Ok(Self { address, prefix })
    }

    fn contains(self, address: IpAddr) -> bool {
        let (different, length) = match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(address)) => (u128::from(own.to_bits() ^ address.to_bits()), 32_u32),
            (IpAddr::V6(own), IpAddr::V6(address)) => (own.to_bits() ^ address.to_bits(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => return false,
        };
        // With no bit that counts the shift would be as wide as the number.
        different.checked_shr(length.saturating_sub(self.prefix)).unwrap_or(0) == 0
    }
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
    fn a_list_that_makes_no_sense_is_refused() {
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
        fn a_network_has_the_addresses_that_begin_alike(own: u32, other: u32, prefix in 0_usize..=32) {
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
