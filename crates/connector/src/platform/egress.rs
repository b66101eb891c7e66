//! The addresses from which the requests of other people's programs come.

use std::net::{IpAddr, Ipv6Addr};

/// The addresses from which Cloudflare sends the requests of all customers' Workers. They tell nobody from a thief, who may have a Worker,
/// too.
pub(crate) const SHARED_EGRESS: [IpAddr; 1] = [IpAddr::V6(Ipv6Addr::new(0x2a06, 0x98c0, 0x3600, 0, 0, 0, 0, 0x103))];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_egress_of_workers_is_as_cloudflare_writes_it() {
        assert_eq!(SHARED_EGRESS.map(|address| address.to_string()), ["2a06:98c0:3600::103"]);
    }
}
