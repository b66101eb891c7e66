//! Sealed values. None opens that was not sealed here.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::{Fixed, NOW, key_ring, text};
use mcp_connector_oauth::authorize::consent::ConsentedRequest;
use mcp_connector_oauth::crypto::seal::{Sealable, Sealed};
use mcp_connector_oauth::login::known_browser::KnownBrowser;
use mcp_connector_oauth::login::provider::pending_login::PendingLogin;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    fn opens<T: Sealable>(input: &str) -> bool {
        Sealed::<T>::from_text(input).open(b"binding", NOW, key_ring().seal()).is_ok()
    }
    let input = text(input);
    assert!(
        !opens::<ConsentedRequest>(input) && !opens::<PendingLogin>(input) && !opens::<KnownBrowser>(input),
        "nobody guesses a tag"
    );
    // And what is sealed opens, but not with anything else at its end.
    let browser = KnownBrowser::new(&Fixed);
    if let Ok(sealed) = Sealed::seal(&browser, input.as_bytes(), NOW.plus(60), key_ring().seal(), &Fixed) {
        assert!(sealed.open(input.as_bytes(), NOW, key_ring().seal()).is_ok_and(|again| again == browser));
        let longer = Sealed::<KnownBrowser>::from_text(&format!("{}{input}", sealed.as_str()));
        assert!(input.is_empty() || longer.open(input.as_bytes(), NOW, key_ring().seal()).is_err());
    }
    true
}
