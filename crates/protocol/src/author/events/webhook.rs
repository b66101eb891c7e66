//! The signatures of webhooks: who signs what, and how it is checked.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::transport::headers::RequestHeaders;

/// How old a signed time may be, and how far in the future, in seconds. Stripe, Slack and Standard Webhooks all name five minutes.
const TOLERANCE: u64 = 5 * 60;
/// Maximum number of signatures in one header that are compared. A sender has two while it replaces its secret.
const MAX_SIGNATURES: usize = 8;

/// How a webhook proves who has sent it: the scheme of its sender, and the name of the secret that both know.
///
/// Set the secret with `npx wrangler secret put NAME`. A request without a valid signature is answered with 401 and does not
/// reach the handler.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, EventContext, ToolError, Webhook, WebhookRequest};
///
/// async fn paid(request: WebhookRequest, _cx: EventContext) -> Result<(), ToolError> {
///     mcp_connector::worker::console_log!("{} bytes", request.body().len());
///     Ok(())
/// }
///
/// let connector = Connector::new("shop", "1.0.0")
///     .webhook("/hooks/stripe", Webhook::stripe("STRIPE_WEBHOOK_SECRET"), paid);
/// assert_eq!(connector.check(), []);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    secret: String,
    scheme: Scheme,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Scheme {
    /// HMAC of the body in one header, after a prefix.
    Body { header: String, prefix: &'static str, encoding: Encoding, names: Deliveries },
    /// Standard Webhooks 1.0.0: `webhook-signature: v1,…`, over id, time and body.
    Standard,
    /// `Stripe-Signature: t=…,v1=…`, over time and body.
    Stripe,
    /// `X-Slack-Signature: v0=…`, over version, time and body.
    Slack,
}

/// What names a delivery whose body alone is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deliveries {
    /// Nothing that is known: two may have the same body.
    Unnamed,
    /// The signature: a body has the time of its event. A header with an id is not signed, so anybody who has a delivery could send it
    /// again under another id.
    BySignature,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Hex,
    Base64,
}

/// A request whose signature is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The id of the delivery, if the sender signs one.
    pub id: Option<String>,
}

impl Webhook {
    /// Checks the signature of GitHub: `X-Hub-Signature-256`. It signs no time, so an old delivery can be sent again: where that matters,
    /// remember [`WebhookRequest::id`](crate::author::events::webhook_request::WebhookRequest::id), which is made of the signature.
    /// `X-GitHub-Delivery` is not signed.
    #[must_use]
    pub fn github(secret: impl Into<String>) -> Self {
        let header = "x-hub-signature-256".to_owned();
        let names = Deliveries::BySignature;
        Self::new(secret, Scheme::Body { header, prefix: "sha256=", encoding: Encoding::Hex, names })
    }

    /// Checks the signature of Stripe: `Stripe-Signature`, not older than five minutes. The id of an event is in its body.
    #[must_use]
    pub fn stripe(secret: impl Into<String>) -> Self {
        Self::new(secret, Scheme::Stripe)
    }

    /// Checks the signature of Slack: `X-Slack-Signature`, not older than five minutes. The request with which Slack verifies
    /// the URL is answered without the handler.
    #[must_use]
    pub fn slack(secret: impl Into<String>) -> Self {
        Self::new(secret, Scheme::Slack)
    }

    /// Checks a signature by Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), not older than five
    /// minutes. The secret is the text that the sender shows, with its `whsec_`.
    #[must_use]
    pub fn standard(secret: impl Into<String>) -> Self {
        Self::new(secret, Scheme::Standard)
    }

    /// Checks HMAC-SHA256 of the body in `header`, in hexadecimal digits, with or without `sha256=` in front.
    #[must_use]
    pub fn hmac_sha256_hex(secret: impl Into<String>, header: impl Into<String>) -> Self {
        let header = header.into().to_ascii_lowercase();
        let names = Deliveries::Unnamed;
        Self::new(secret, Scheme::Body { header, prefix: "sha256=", encoding: Encoding::Hex, names })
    }

    /// Checks HMAC-SHA256 of the body in `header`, in Base64, with or without `sha256=` in front.
    #[must_use]
    pub fn hmac_sha256_base64(secret: impl Into<String>, header: impl Into<String>) -> Self {
        let header = header.into().to_ascii_lowercase();
        let names = Deliveries::Unnamed;
        Self::new(secret, Scheme::Body { header, prefix: "sha256=", encoding: Encoding::Base64, names })
    }

    fn new(secret: impl Into<String>, scheme: Scheme) -> Self {
        Self { secret: secret.into(), scheme }
    }

    /// Returns the name of the secret.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Checks a request at `now`, in seconds since 1970. Returns none if its signature is not valid, without saying why.
    #[must_use]
    #[doc(hidden)]
    pub fn verify(&self, secret: &str, headers: &impl RequestHeaders, body: &[u8], now: u64) -> Option<Verified> {
        // HMAC with an empty key is one that everybody can make.
        if secret.is_empty() {
            return None;
        }
        match &self.scheme {
            Scheme::Body { header, prefix, encoding, names } => {
                let sent = headers.get(header)?;
                let sent = sent.trim();
                let signature = encoding.decode(sent.strip_prefix(prefix).unwrap_or(sent))?;
                is_signed(secret.as_bytes(), &[body], [signature])?;
                let id = (*names == Deliveries::BySignature).then(|| URL_SAFE_NO_PAD.encode(signature));
                Some(Verified { id })
            }
            Scheme::Standard => {
                let (id, time) = (headers.get("webhook-id")?, headers.get("webhook-timestamp")?);
                is_recent(&time, now)?;
                let sent = headers.get("webhook-signature")?;
                let signatures = sent.split(' ').filter_map(|part| Encoding::Base64.decode(part.strip_prefix("v1,")?));
                let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
                let key = STANDARD.decode(encoded).ok().filter(|key| !key.is_empty())?;
                is_signed(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body], signatures)?;
                Some(Verified { id: Some(id) })
            }
            Scheme::Stripe => {
                let sent = headers.get("stripe-signature")?;
                let parts = || sent.split(',').filter_map(|part| part.trim().split_once('='));
                let time = parts().find(|(name, _)| *name == "t")?.1;
                is_recent(time, now)?;
                let signatures = parts().filter(|(name, _)| *name == "v1");
                let signatures = signatures.filter_map(|(_, value)| Encoding::Hex.decode(value));
                is_signed(secret.as_bytes(), &[time.as_bytes(), b".", body], signatures)?;
                Some(Verified { id: None })
            }
            Scheme::Slack => {
                let time = headers.get("x-slack-request-timestamp")?;
                is_recent(&time, now)?;
                let sent = headers.get("x-slack-signature")?;
                let signature = Encoding::Hex.decode(sent.strip_prefix("v0=")?)?;
                is_signed(secret.as_bytes(), &[b"v0:", time.as_bytes(), b":", body], [signature])?;
                Some(Verified { id: None })
            }
        }
    }

    /// Returns the answer to a signed request that only verifies the URL (Slack, `url_verification`).
    #[must_use]
    #[doc(hidden)]
    pub fn challenge(&self, body: &[u8]) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct UrlVerification {
            r#type: String,
            challenge: String,
        }
        if self.scheme != Scheme::Slack {
            return None;
        }
        let asked: UrlVerification = serde_json::from_slice(body).ok()?;
        (asked.r#type == "url_verification").then_some(asked.challenge)
    }
}

impl Encoding {
    fn decode(self, text: &str) -> Option<[u8; 32]> {
        let bytes = match self {
            Self::Base64 => STANDARD.decode(text).ok()?,
            Self::Hex => {
                let digits = text.as_bytes().chunks(2).map(|pair| {
                    let pair =
                        std::str::from_utf8(pair).ok().filter(|pair| pair.bytes().all(|of| of.is_ascii_hexdigit()))?;
                    u8::from_str_radix(pair, 16).ok()
                });
                digits.take(33).collect::<Option<_>>()?
            }
        };
        bytes.try_into().ok()
    }
}

/// Checks whether one of the signatures is the HMAC of the parts together. Each comparison takes the same time.
fn is_signed(key: &[u8], parts: &[&[u8]], signatures: impl IntoIterator<Item = [u8; 32]>) -> Option<()> {
    let mut mac = <Hmac<Sha256>>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    let is_one = |signature: [u8; 32]| mac.clone().verify_slice(&signature).is_ok();
    signatures.into_iter().take(MAX_SIGNATURES).any(is_one).then_some(())
}

/// Checks a signed time, in seconds since 1970.
fn is_recent(time: &str, now: u64) -> Option<()> {
    let is_number = time.len() <= 12 && time.bytes().all(|byte| byte.is_ascii_digit());
    let time: u64 = is_number.then(|| time.parse().ok())??;
    (now.abs_diff(time) <= TOLERANCE).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Headers<'a>(&'a [(&'a str, &'a str)]);

    impl RequestHeaders for Headers<'_> {
        fn get(&self, name: &str) -> Option<String> {
            self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        }
    }

    fn verified(webhook: &Webhook, secret: &str, headers: &[(&str, &str)], body: &str, now: u64) -> Option<Verified> {
        webhook.verify(secret, &Headers(headers), body.as_bytes(), now)
    }

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write as _;
        bytes.iter().fold(String::new(), |mut digits, byte| {
            write!(digits, "{byte:02x}").unwrap();
            digits
        })
    }

    fn mac(key: &[u8], text: &str) -> Vec<u8> {
        let mut mac = <Hmac<Sha256>>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }

    #[test]
    fn the_published_example_of_github_is_valid_and_nothing_near_it() {
        let webhook = Webhook::github("SECRET");
        let secret = "It's a Secret to Everybody";
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let headers = [("x-hub-signature-256", signature), ("x-github-delivery", "72d3162e")];
        let verified = |body, headers: &[_]| verified(&webhook, secret, headers, body, 0);
        let id = Some("dXEH6g6yUJ_CESIczphLijdXC211hsIsRvQ3nIsEPhc".to_owned());
        assert_eq!(verified("Hello, World!", &headers), Some(Verified { id: id.clone() }));
        let again = [("x-hub-signature-256", signature), ("x-github-delivery", "another")];
        assert_eq!(verified("Hello, World!", &again), Some(Verified { id }), "the delivery is the same");
        let upper = signature.to_ascii_uppercase().replace("SHA256", "sha256");
        assert!(verified("Hello, World!", &[("x-hub-signature-256", &upper)]).is_some());
        let (longer, signs) = (format!("{signature}00"), signature.replace("75", "+5"));
        for (name, body, value) in [
            ("another body", "Hello, World", signature),
            (
                "another signature",
                "Hello, World!",
                "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e18",
            ),
            ("a shorter one", "Hello, World!", "sha256=757107ea"),
            ("a longer one", "Hello, World!", &longer),
            ("no digits", "Hello, World!", "sha256=zz"),
            ("signs", "Hello, World!", &signs),
            ("nothing", "Hello, World!", ""),
        ] {
            assert_eq!(verified(body, &[("x-hub-signature-256", value)]), None, "{name}");
        }
        assert_eq!(verified("Hello, World!", &[]), None, "no header");
        assert_eq!(webhook.verify("", &Headers(&headers), b"Hello, World!", 0), None, "an empty secret");
    }

    #[test]
    fn the_published_example_of_slack_is_valid_within_five_minutes() {
        let webhook = Webhook::slack("SECRET");
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        let time = 1_531_420_618;
        let at = |now, time: &str| {
            let headers = [("x-slack-signature", signature), ("x-slack-request-timestamp", time)];
            verified(&webhook, "8f742231b10e8888abcd99yyyzzz85a5", &headers, body, now).is_some()
        };
        for (now, is) in
            [(time, true), (time + 300, true), (time - 300, true), (time + 301, false), (time - 301, false)]
        {
            assert_eq!(at(now, "1531420618"), is, "{now}");
        }
        for other in ["1531420619", "", "now", "-1", "99999999999999"] {
            assert!(!at(time, other), "{other}");
        }
    }

    #[test]
    fn a_stripe_signature_may_have_several_and_only_those_of_version_one_count() {
        let webhook = Webhook::stripe("SECRET");
        let good = hex(&mac(b"whsec_test", "1000.{}"));
        let at = |header: &str, now| verified(&webhook, "whsec_test", &[("stripe-signature", header)], "{}", now);
        let other = "0".repeat(64);
        assert!(at(&format!("t=1000,v1={good}"), 1000).is_some());
        assert!(at(&format!("t=1000,v1={other},v1={good},v0={other}"), 1300).is_some());
        for (name, header) in [
            ("version 0", format!("t=1000,v0={good}")),
            ("no time", format!("v1={good}")),
            ("another time", format!("t=1001,v1={good}")),
            ("too many", format!("t=1000{},v1={good}", format!(",v1={other}").repeat(MAX_SIGNATURES))),
        ] {
            assert_eq!(at(&header, 1000), None, "{name}");
        }
        assert_eq!(at(&format!("t=1000,v1={good}"), 1301), None, "too old");
    }

    #[test]
    fn the_published_example_of_standard_webhooks_is_valid() {
        let webhook = Webhook::standard("SECRET");
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = r#"{"test": 2432232314}"#;
        let (id, time) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330");
        let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let with =
            |id, time, signature| [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)];
        let now = 1_614_265_330;
        assert_eq!(
            verified(&webhook, secret, &with(id, time, signature), body, now),
            Some(Verified { id: Some(id.to_owned()) })
        );
        let two = format!("v1,AAAA v1a,x {signature}");
        assert!(verified(&webhook, secret, &with(id, time, &two), body, now).is_some(), "one of several");
        for (name, headers, secret) in [
            ("another id", with("msg_other", time, signature), secret),
            ("another version", with(id, time, "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), secret),
            ("an empty key", with(id, time, signature), "whsec_"),
            ("another key", with(id, time, signature), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSx"),
        ] {
            assert_eq!(verified(&webhook, secret, &headers, body, now), None, "{name}");
        }
        assert_eq!(verified(&webhook, secret, &with(id, time, signature), body, now + 301), None);
    }

    #[test]
    fn a_signature_of_ones_own_is_in_hex_or_base64() {
        let tag = mac(b"key", "body");
        let base64 = STANDARD.encode(&tag);
        for (webhook, value) in [
            (Webhook::hmac_sha256_hex("S", "X-Signature"), hex(&tag)),
            (Webhook::hmac_sha256_hex("S", "X-Signature"), format!("sha256={}", hex(&tag))),
            (Webhook::hmac_sha256_base64("S", "X-Signature"), base64.clone()),
            (Webhook::hmac_sha256_base64("S", "X-Signature"), format!("sha256={base64}")),
        ] {
            assert!(verified(&webhook, "key", &[("x-signature", &value)], "body", 0).is_some(), "{value}");
            assert_eq!(verified(&webhook, "other", &[("x-signature", &value)], "body", 0), None, "{value}");
        }
    }

    #[test]
    fn only_slack_asks_for_a_challenge() {
        let body = br#"{"type":"url_verification","challenge":"3eZb","token":"x"}"#;
        assert_eq!(Webhook::slack("S").challenge(body).as_deref(), Some("3eZb"));
        assert_eq!(Webhook::slack("S").challenge(br#"{"type":"event_callback","challenge":"x"}"#), None);
        assert_eq!(Webhook::github("S").challenge(body), None);
    }
}
