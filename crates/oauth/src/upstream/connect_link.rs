//! The mark in a link that leads a person to the page on which they connect an upstream account ("URL Mode").
//!
//! The mark gives access to nothing: the page asks for a sign-in, and connects the account of whoever is signed in. It only tells the
//! page for whom the link was made, so that somebody else is not led to connect an account for whose sake nobody waits. It is short,
//! because a model may have to repeat the link.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::keys::mac::MacKey;
use crate::upstream::name::UpstreamName;

/// Lifetime of a link, in seconds: as long as a call waits for its next round.
pub const LINK_LIFETIME: u64 = 30 * 60;
/// Length of the MAC in a mark, in bytes.
const TAG_LENGTH: usize = 12;
const TIME_LENGTH: usize = 4;

/// Why the page does not go on from a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConnectLinkError {
    #[error("a link that has expired")]
    Expired,
    /// The link was made for another person, or not by this server. The mark does not say which.
    #[error("a link that was made for somebody else")]
    SomebodyElse,
}

/// Returns the mark of a link for `subject`: 22 characters of base64url.
#[must_use]
pub fn mark(subject: &Subject, upstream: &UpstreamName, now: Timestamp, key: &MacKey) -> String {
    // Minutes, so that the time has four bytes until the year 10000.
    let expires = u32::try_from(now.plus(LINK_LIFETIME).as_seconds() / 60).unwrap_or(u32::MAX).to_be_bytes();
    let tag = key.tag(&[&expires, upstream.as_str().as_bytes(), subject.as_str().as_bytes()]);
    let tag = tag.first_chunk::<TAG_LENGTH>().copied().unwrap_or_default();
    URL_SAFE_NO_PAD.encode([expires.as_slice(), &tag].concat())
}

/// Checks that a link was made for `subject`.
///
/// # Errors
///
/// [`ConnectLinkError`] says why the page does not go on.
pub fn check(
    mark: &str,
    subject: &Subject,
    upstream: &UpstreamName,
    now: Timestamp,
    key: &MacKey,
) -> Result<(), ConnectLinkError> {
    let mut bytes = [0; TIME_LENGTH + TAG_LENGTH];
    if URL_SAFE_NO_PAD.decode_slice(mark, &mut bytes) != Ok(bytes.len()) {
        return Err(ConnectLinkError::SomebodyElse);
    }
    let (expires, tag) = bytes.split_first_chunk::<TIME_LENGTH>().ok_or(ConnectLinkError::SomebodyElse)?;
    if !key.verify(&[expires, upstream.as_str().as_bytes(), subject.as_str().as_bytes()], tag) {
        return Err(ConnectLinkError::SomebodyElse);
    }
    if now.as_seconds() / 60 >= u64::from(u32::from_be_bytes(*expires)) {
        return Err(ConnectLinkError::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::testing::test_keys::ring;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn name(text: &str) -> UpstreamName {
        UpstreamName::parse(text).unwrap()
    }

    fn subject(text: &str) -> Subject {
        Subject::new(text).unwrap()
    }

    fn made() -> String {
        mark(&subject("jane"), &name("github"), NOW, &ring(1).connect_link())
    }

    #[test]
    fn a_link_is_for_one_person_and_one_service_for_half_an_hour() {
        assert_eq!(made().len(), 22);
        for (rule, who, upstream, later, ring_of, expected) in [
            ("its person", "jane", "github", 0, 1, Ok(())),
            ("its last minute", "jane", "github", LINK_LIFETIME - 60, 1, Ok(())),
            ("its end", "jane", "github", LINK_LIFETIME, 1, Err(ConnectLinkError::Expired)),
            ("another person", "bob", "github", 0, 1, Err(ConnectLinkError::SomebodyElse)),
            ("another service", "jane", "acme", 0, 1, Err(ConnectLinkError::SomebodyElse)),
            ("another server", "jane", "github", 0, 2, Err(ConnectLinkError::SomebodyElse)),
        ] {
            let key = ring(ring_of).connect_link();
            assert_eq!(check(&made(), &subject(who), &name(upstream), NOW.plus(later), &key), expected, "{rule}");
        }
    }

    proptest! {
        #[test]
        fn a_changed_mark_is_nobodys(at in any::<prop::sample::Index>(), to in "[A-Za-z0-9_-]") {
            let mut changed = made();
            let at = at.index(changed.len());
            changed.replace_range(at..=at, &to);
            prop_assume!(changed != made());
            let checked = check(&changed, &subject("jane"), &name("github"), NOW, &ring(1).connect_link());
            prop_assert_eq!(checked, Err(ConnectLinkError::SomebodyElse));
        }

        #[test]
        fn any_text_is_a_mark_of_nobody(text in "\\PC{0,60}|[A-Za-z0-9_-]{0,60}") {
            let checked = check(&text, &subject("jane"), &name("github"), NOW, &ring(1).connect_link());
            prop_assert_eq!(checked, Err(ConnectLinkError::SomebodyElse));
        }
    }
}
