//! The host of a URL: a DNS name or an IP address in its usual form.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Maximum length of a host name (RFC 1035 §2.3.4).
const MAX_HOST: usize = 253;

/// The host of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A DNS name in lower case.
    Name(String),
    /// An IPv4 address, written as four decimal numbers without leading zeros.
    V4(Ipv4Addr),
    /// An IPv6 address, written in brackets.
    V6(Ipv6Addr),
}

impl Host {
    /// Takes the host that the parser found, or returns `None` for a name that DNS does not allow: with an empty label, or with a
    /// hyphen at either end of a label.
    pub(crate) fn from_parsed(host: &url::Host<&str>) -> Option<Self> {
        match host {
            url::Host::Domain(name) if name.len() <= MAX_HOST && name.split('.').all(is_label) => {
                Some(Self::Name((*name).to_owned()))
            }
            url::Host::Domain(_) => None,
            url::Host::Ipv4(address) => Some(Self::V4(*address)),
            url::Host::Ipv6(address) => Some(Self::V6(*address)),
        }
    }

    /// Returns whether the host is a loopback host: `localhost` and its subdomains (RFC 6761 §6.3), `127.0.0.0/8`, `::1`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::V4(address) => address.is_loopback(),
            Self::V6(address) => address.is_loopback(),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => url::Host::<&str>::Ipv6(*address).fmt(f),
        }
    }
}

/// Returns whether a text is a label of a DNS name. RFC 952 does not allow underscores, but such names resolve and are in use.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}
