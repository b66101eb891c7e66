//! The `state` of a request to an identity provider: the sealed request or, if that is too long for a URL, the name of cookies
//! that hold it. A long `state` of the client makes the request long.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use mcp_connector_base::random::Random;

use crate::web::cookie::{clear_cookie, cookies, set_cookie};
use crate::web::web_url::WebScheme;

/// Maximum length of a `state` in a URL, in bytes. Servers refuse URLs of 8 KB and more, and this URL has other parameters.
const MAX_IN_URL: usize = 4 * 1024;
/// Length of the part in each cookie, in bytes.
const PART: usize = 3600;
/// Maximum number of cookies for one request. The longest request fits.
const MAX_PARTS: usize = 7;
/// Lifetime of the cookies, in seconds: that of their content.
const MAX_AGE: u32 = 10 * 60;
/// The prefix of their names.
const NAMES: &str = "mcp-request-";
/// The prefix of a name. A sealed request has no dots.
const PREFIX: &str = "cookies.";
/// Maximum number of requests that a browser has in cookies. It is small, because the browser sends all of them with each
/// request.
const MAX_CARRIED: usize = 3;
/// Maximum number of cookies that are read. A browser has at most those of four requests.
const MAX_LOOKED_AT: usize = 4 * MAX_PARTS;

/// A `state` for a provider, and its cookies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderState {
    pub state: String,
    /// Values for `Set-Cookie`.
    pub set_cookies: Vec<String>,
}

impl ProviderState {
    /// Creates the `state` for a sealed request. The last two requests that the browser has in its cookies already stay
    /// there.
    #[must_use]
    pub fn new(sealed: &str, scheme: WebScheme, cookie_header: Option<&str>, random: &impl Random) -> Self {
        if sealed.len() <= MAX_IN_URL {
            return Self { state: sealed.to_owned(), set_cookies: Vec::new() };
        }
        let mut id = [0; 12];
        random.fill(&mut id);
        let id = URL_SAFE_NO_PAD.encode(id);
        let carried = carried(scheme, cookie_header);
        let mut ids: Vec<&str> = Vec::new();
        for (id, _) in &carried {
            if !ids.contains(id) {
                ids.push(id);
            }
        }
        let surplus = ids.len().saturating_sub(MAX_CARRIED - 1);
        let is_surplus = |id: &str| ids.iter().take(surplus).any(|old| *old == id);
        let old = carried.iter().filter(|(id, _)| is_surplus(id));
        let mut set_cookies: Vec<String> = old.map(|(id, at)| clear_cookie(scheme, &name(id, *at))).collect();
        let parts = sealed.as_bytes().chunks(PART).filter_map(|part| std::str::from_utf8(part).ok());
        let parts = parts.zip(0_usize..);
        set_cookies.extend(parts.filter_map(|(part, at)| set_cookie(scheme, &name(&id, at), part, MAX_AGE)));
        Self { state: [PREFIX, &id].concat(), set_cookies }
    }

    /// Returns the sealed request of a `state`, or `None` if its cookies are missing.
    #[must_use]
    pub fn sealed<'a>(state: &'a str, scheme: WebScheme, cookie_header: Option<&str>) -> Option<Cow<'a, str>> {
        let Some(id) = state.strip_prefix(PREFIX) else { return Some(Cow::Borrowed(state)) };
        let mut sealed = String::new();
        for at in 0..MAX_PARTS {
            let name = name(id, at);
            let mut parts = cookies(scheme, cookie_header).filter(|(known, _)| *known == name);
            match (parts.next(), parts.next()) {
                (Some((_, part)), None) => sealed.push_str(part),
                (None, _) => break,
                // Another site has added one.
                (Some(_), Some(_)) => return None,
            }
        }
        (!sealed.is_empty()).then_some(Cow::Owned(sealed))
    }

    /// Returns the `Set-Cookie` headers that remove the cookies of a `state`.
    #[must_use]
    pub fn clear(state: &str, scheme: WebScheme, cookie_header: Option<&str>) -> Vec<String> {
        let Some(id) = state.strip_prefix(PREFIX) else { return Vec::new() };
        let carried = carried(scheme, cookie_header);
        let its_own = carried.iter().filter(|(known, _)| *known == id);
        its_own.map(|(id, at)| clear_cookie(scheme, &name(id, *at))).collect()
    }
}

fn name(id: &str, at: usize) -> String {
    format!("{NAMES}{id}-{at}")
}

/// Returns the cookies of requests, each by the name of its request and its part, in the order in which the browser received
/// them. Returns only the last ones, to limit the work.
fn carried(scheme: WebScheme, cookie_header: Option<&str>) -> Vec<(&str, usize)> {
    let mut found: Vec<(&str, usize)> = Vec::new();
    for (known, _) in cookies(scheme, cookie_header) {
        let part = known.strip_prefix(NAMES).and_then(|rest| rest.rsplit_once('-'));
        let part = part.and_then(|(id, at)| Some((id, at.parse().ok()?)));
        found.extend(part.filter(|(id, at)| is_id(id) && *at < MAX_PARTS));
    }
    let surplus = found.len().saturating_sub(MAX_LOOKED_AT);
    found.split_off(surplus)
}

fn is_id(id: &str) -> bool {
    id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorize::consent::MAX_SEALED_REQUEST;
    use crate::testing::test_keys::TestRandom;

    const HTTPS: WebScheme = WebScheme::Https;

    fn state(sealed: &str, header: Option<&str>, seed: u64) -> ProviderState {
        ProviderState::new(sealed, HTTPS, header, &TestRandom::from(seed))
    }

    /// Returns the `Cookie` header of a browser that received these headers one after the other.
    fn shown(set: &[String]) -> String {
        let mut jar: Vec<(&str, &str)> = Vec::new();
        for header in set {
            let (name, value) = header.split(';').next().unwrap().split_once('=').unwrap();
            jar.retain(|(known, _)| *known != name);
            if !value.is_empty() {
                jar.push((name, value));
            }
        }
        jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn a_login_that_fits_into_the_url_goes_there_and_a_larger_one_into_cookies() {
        for (length, cookies) in [(1, 0), (MAX_IN_URL, 0), (MAX_IN_URL + 1, 2), (3 * PART, 3), (MAX_SEALED_REQUEST, 7)]
        {
            let sealed: String = ('a'..='z').cycle().take(length).collect();
            let sent = state(&sealed, None, 1);
            assert!(sent.state.len() <= MAX_IN_URL, "{length}");
            assert_eq!(sent.set_cookies.len(), cookies, "{length}");
            for cookie in &sent.set_cookies {
                assert!(cookie.starts_with("__Host-mcp-request-") && cookie.contains("; Max-Age=600;"), "{cookie}");
                assert!(cookie.split(';').next().unwrap().len() < 4096, "browsers keep no more");
            }
            let header = shown(&sent.set_cookies);
            assert_eq!(ProviderState::sealed(&sent.state, HTTPS, Some(&header)).as_deref(), Some(sealed.as_str()));
            let cleared = ProviderState::clear(&sent.state, HTTPS, Some(&header));
            assert_eq!(shown(&[sent.set_cookies, cleared].concat()), "", "{length}: nothing is left behind");
        }
    }

    #[test]
    fn a_browser_has_at_most_three_pending_logins_and_the_oldest_is_dropped() {
        let (mut given, mut states) = (Vec::new(), Vec::new());
        for seed in 0..4_u8 {
            let sealed = char::from(b'a' + seed).to_string().repeat(3 * PART);
            let header = shown(&given);
            let sent = state(&sealed, Some(&header), u64::from(seed) * 100);
            given.extend(sent.set_cookies);
            states.push((sent.state, sealed));
        }
        let header = shown(&given);
        for (at, (state, sealed)) in states.iter().enumerate() {
            let found = ProviderState::sealed(state, HTTPS, Some(&header));
            assert_eq!(found.as_deref(), (at > 0).then_some(sealed.as_str()), "{at}");
        }
    }

    #[test]
    fn a_header_full_of_login_cookies_clears_a_limited_number() {
        let nasty = (0..1200).map(|n| format!("__Host-mcp-request-{n:016}-{}=c; ", n % 9)).collect::<Vec<_>>().concat();
        let sent = state(&"a".repeat(3 * PART), Some(&nasty), 1);
        assert!((1..=3 + MAX_LOOKED_AT).contains(&sent.set_cookies.len()), "{}", sent.set_cookies.len());
        assert_eq!(sent.set_cookies.iter().filter(|cookie| !cookie.contains("Max-Age=0")).count(), 3);
        let one = format!("{nasty}{}", shown(&sent.set_cookies));
        let cleared = ProviderState::clear(&sent.state, HTTPS, Some(&one));
        assert_eq!(cleared.len(), 3, "its own are still found: they came last");
    }

    #[test]
    fn a_state_without_its_cookies_opens_no_pending_login() {
        let sent = state(&"a".repeat(3 * PART), None, 1);
        let header = shown(&sent.set_cookies);
        let twice = format!("{header}; {}", header.split("; ").next().unwrap());
        for (name, state, header) in [
            ("another browser", sent.state.as_str(), ""),
            ("another name", "cookies.AAAAAAAAAAAAAAAA", &*header),
            ("no name", "cookies.", &*header),
            ("one put beside it", sent.state.as_str(), &*twice),
        ] {
            assert_eq!(ProviderState::sealed(state, HTTPS, Some(header)), None, "{name}");
        }
        assert_eq!(ProviderState::sealed(&sent.state, WebScheme::Http, Some(&header)), None, "set by another host");
        let nasty = "__Host-mcp-request-a\r\nb-0=c; __Host-mcp-request--0=c";
        assert_eq!(state(&"a".repeat(3 * PART), Some(nasty), 1).set_cookies.len(), 3, "no name that is none of ours");
    }
}
