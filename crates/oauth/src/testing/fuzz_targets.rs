//! The decoders of this half that take bytes from outside, for `fuzz/`.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use serde_json::Value;

use crate::authorize::authorization_request::AuthorizationQuery;
use crate::authorize::consent::ConsentedRequest;
use crate::authorize::prompt::LoginOptions;
use crate::authorize::scope_catalogue::ScopeCatalogue;
use crate::clients::client_authentication::PresentedClient;
use crate::clients::client_id::registered_client;
use crate::clients::client_id_metadata::{ClientIdUrl, parse_document};
use crate::clients::registration::Registration;
use crate::crypto::keys::master::MasterKey;
use crate::crypto::keys::ring::KeyRing;
use crate::crypto::seal::{Sealable, Sealed};
use crate::external_issuer::keys::{Algorithm, ExternalKey, ExternalKeys};
use crate::external_issuer::token::{ExternalPolicy, SignatureVerifier, verify_external};
use crate::grants::authorization_code::AuthorizationCode;
use crate::grants::grant::Grant;
use crate::grants::message::{Call, Reply};
use crate::grants::pending_code::PendingCode;
use crate::grants::refresh_token::RefreshToken;
use crate::login::identity::{AtProvider, Profile};
use crate::login::provider_metadata::ProviderMetadata;
use crate::login::provider_state::ProviderState;
use crate::login::throttle::{KnownBrowser, Throttle};
use crate::login::unlisted::EmailClaim;
use crate::resource::access_token::{Expected, verify};
use crate::resource::bearer::{Bearer, MAX_BEARER_LENGTH};
use crate::resource::protected_resource::{Resource, ResourceServer};
use crate::web::cookie::{BrowserNonce, HostCookie};
use crate::web::discovery::{Discovery, ExternalIssuer};
use crate::web::form::{Parameters, with_query};
use crate::web::origin::{Issuer, Origin};
use crate::web::redirect_uri::{RedirectPolicy, RedirectUri};
use crate::web::web_url::{WebScheme, WebUrl};
use mcp_connector_base::codec::{decode, encode};
use mcp_connector_base::fuzz_target::Target;
use mcp_connector_base::identifier::ClientId;
use mcp_connector_base::outage::Outage;
use mcp_connector_base::row::Row;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::{Random, Timestamp};

/// All of them.
pub const TARGETS: &[Target] = &[
    Target {
        name: "form_body",
        run: form_body,
        seeds: &[b"grant_type=authorization_code&code=mc1_abc&client_id=c1_x&code_verifier=a%2Bb+c", b"a=%C3%B6&&b&=c&a=1"],
    },
    Target {
        name: "authorization_request",
        run: authorization_request,
        seeds: &[
            b"response_type=code&client_id=c1_x&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcb&state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&resource=https%3A%2F%2Fmcp.example.com%2Fmcp",
            b"client_id=https://app.example/c.json&client_id=x",
            b"client_id=c1_x&prompt=login+select_account&login_hint=jane%40example.com&resource=https%3A%2F%2Fmcp.example.com%2Fmcp",
        ],
    },
    Target {
        name: "client_authentication",
        run: client_authentication,
        seeds: &[b"Basic YTpi\nclient_id=a", b"\nclient_id=a&client_secret=b", b"Basic YSUyMDpiKw==\n", b"\nclient_id=a&client_assertion=e30.e30.AA"],
    },
    Target {
        name: "redirect_uri",
        run: redirect_uri,
        seeds: &[
            b"https://claude.ai/api/mcp/auth_callback",
            b"http://127.0.0.1:8080/callback?x=%20y",
            b"http://[::1]/cb",
            b"cursor://anysphere.cursor-mcp/oauth/callback",
            b"https://user@a.example\\@b.example/%2e%2e/#f",
        ],
    },
    Target { name: "web_url", run: web_url, seeds: &[b"https://MCP.example.com:443/a/b?x#y", b"https://MCP.example.com/a/./b", b"http://[::ffff:1.2.3.4]:1/", b"https://2130706433/"] },
    Target { name: "scope", run: scope, seeds: &[b"notes:read profile notes:write", b"a  b a", b"a\"b"] },
    Target {
        name: "client_metadata",
        run: client_metadata,
        seeds: &[
            br#"{"client_id":"https://app.example/c.json","client_name":"App","redirect_uris":["https://app.example/cb","http://127.0.0.1/cb"],"token_endpoint_auth_method":"none"}"#,
            br#"{"client_id":"https://app.example/c.json","client_name":"A","redirect_uris":["https://a.example/"],"token_endpoint_auth_methods_supported":["private_key_jwt","none"],"jwks_uri":null}"#,
        ],
    },
    Target {
        name: "client_id_url",
        run: client_id_url,
        seeds: &[b"https://app.example/c.json", b"https://127.1/c", b"https://app.example:8443/a/../b?x"],
    },
    Target {
        name: "registration",
        run: registration,
        seeds: &[
            br#"{"client_name":"App","redirect_uris":["http://127.0.0.1:1/cb","cursor://anysphere.cursor-mcp/oauth/callback"],"grant_types":["authorization_code","refresh_token"],"scope":"a b","token_endpoint_auth_method":"client_secret_post"}"#,
        ],
    },
    Target {
        name: "registered_client_id",
        run: registered_client_id,
        seeds: &[b"c1_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v", b"c1_"],
    },
    Target {
        name: "access_token",
        run: access_token,
        seeds: &[b"eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6IngifQ.eyJpc3MiOiJodHRwczovL21jcC5leGFtcGxlLmNvbSJ9.AAAA", b"{\"iss\":\"https://mcp.example.com\"}"],
    },
    Target {
        name: "external_token",
        run: external_token,
        seeds: &[
            br#"{"alg":"EdDSA","typ":"at+jwt","kid":"k"}.{"iss":"https://id.example","aud":"https://mcp.example.com/mcp","sub":"s","client_id":"c","exp":2000000000,"iat":1,"scope":"a b"}"#,
            br#"{"alg":"EdDSA","typ":"JWT"}.{"iss":"https://id.example","aud":["x","https://mcp.example.com/mcp"],"sub":"s","azp":"c","exp":2e9,"nbf":0,"scp":["a"]}"#,
            br#"{"alg":"none"}.{}"#,
        ],
    },
    Target {
        name: "id_token",
        run: id_token,
        seeds: &[br#"{"iss":"https://id.example","aud":"us","sub":"1","nonce":"n","exp":2000000000,"email":"a@b.example","email_verified":"true","name":"A"}"#],
    },
    Target {
        name: "provider_documents",
        run: provider_documents,
        seeds: &[
            br#"{"issuer":"https://id.example","authorization_endpoint":"https://id.example/a","token_endpoint":"https://id.example/t","jwks_uri":"https://id.example/j"}"#,
            br#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"k","use":"sig"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"OKP","crv":"Ed25519","x":"AA"}]}"#,
            br#"{"id":583231,"login":"octocat","name":null}"#,
        ],
    },
    Target { name: "sealed_text", run: sealed_text, seeds: &[b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v", b"AA"] },
    Target {
        name: "cookie_header",
        run: cookie_header,
        seeds: &[b"a=b; __Host-mcp-known=AAECAwQFBgcICQoLDA0ODw; c", b"__Host-mcp-known=x; __Host-mcp-known=y", b";;==;"],
    },
    Target { name: "bearer_header", run: bearer_header, seeds: &[b"Bearer abc.def.ghi~+/-_==", b"bearer  x", b"Bearer a, Bearer b", b"Basic YTpi"] },
    Target { name: "opaque_tokens", run: opaque_tokens, seeds: &[b"mc1_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v", b"mr1_AAEC"] },
    Target { name: "compact", run: compact, seeds: &[&[1, 0], &[2, 1], &[1, 1, 16, 0, 0], &[2, 5, 16], &[1, 0, 3, b'a', b'b', b'c', 0xff, 0xff, 0xff, 0xff, 0x0f]] },
];

const NOW: Timestamp = Timestamp::from_seconds(1_900_000_000);

/// The same bytes each time.
struct Fixed;

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

/// Takes every signature for good, so that what is behind it is reached.
struct AnySignature;

impl SignatureVerifier for AnySignature {
    async fn verify(&self, _: Algorithm, _: &ExternalKey, _: &[u8], _: &[u8]) -> Result<bool, Outage> {
        Ok(true)
    }
}

/// What a future gives that never waits.
fn done<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn ring() -> KeyRing {
    KeyRing::new(&MasterKey::generate(&Fixed), &[])
}

fn text(input: &[u8]) -> &str {
    std::str::from_utf8(input).unwrap_or_default()
}

fn form_body(input: &[u8]) -> bool {
    let Ok(parameters) = Parameters::parse(input) else { return false };
    let Ok(Some(code)) = parameters.get("code") else { return false };
    let written = with_query("", &[("code", code)]);
    let again = Parameters::parse(written.trim_start_matches('?').as_bytes());
    assert!(again.is_ok_and(|again| again.get("code") == Ok(Some(code))), "what is written is read again as the same");
    true
}

fn authorization_request(input: &[u8]) -> bool {
    let Ok(query) = AuthorizationQuery::parse(text(input)) else { return false };
    assert!(query.client_id().as_str().is_ascii());
    let (Ok(parameters), Ok(origin)) = (Parameters::parse(input), Origin::of("https://mcp.example.com")) else {
        return false;
    };
    if let Ok(login) = LoginOptions::read(&parameters) {
        let hint = login.login_hint().unwrap_or_default();
        assert!(hint.len() <= 320 && !hint.contains(char::is_control), "what a provider is sent is bounded");
        assert!(login.prompt(None).is_none_or(|prompt| prompt.split(' ').count() <= 2), "and made of known words");
    }
    let resources = ResourceServer::new(&origin);
    let Ok(resource) = resources.requested(&parameters) else { return false };
    assert!(resource.as_str().starts_with("https://mcp.example.com/"), "a resource of ours");
    true
}

/// A header, and in the next line a body.
fn client_authentication(input: &[u8]) -> bool {
    let (header, body) = text(input).split_once('\n').unwrap_or_default();
    let Ok(body) = Parameters::parse(body.as_bytes()) else { return false };
    PresentedClient::parse(Some(header).filter(|header| !header.is_empty()), &body).is_ok()
}

fn redirect_uri(input: &[u8]) -> bool {
    let policy = RedirectPolicy::default();
    let Ok(uri) = RedirectUri::parse(text(input), &policy) else { return false };
    assert_eq!(uri.as_str(), text(input), "kept byte for byte");
    assert!(uri.admits(&uri), "it admits itself");
    assert!(!uri.as_str().contains(['#', '\\', ' ', '\r', '\n', '"', '<']), "{}", uri.as_str());
    let lower = uri.as_str().to_ascii_lowercase();
    assert!(!lower.starts_with("javascript:") && !lower.starts_with("data:"), "{lower}");
    let _ = (uri.destination(), uri.kind());
    true
}

fn web_url(input: &[u8]) -> bool {
    let Ok(url) = WebUrl::parse(text(input)) else { return false };
    let origin = url.origin();
    assert!(Origin::of(origin.as_str()).is_ok_and(|again| again == origin), "an origin is its own origin");
    let _ = Resource::parse(text(input));
    if let Ok(issuer) = Issuer::parse(text(input)) {
        assert!(Issuer::parse(issuer.as_str()).is_ok_and(|again| again == issuer));
    }
    true
}

fn scope(input: &[u8]) -> bool {
    let Ok(scopes) = ScopeSet::parse(text(input)) else { return false };
    assert_eq!(ScopeSet::parse(scopes.as_str()).as_ref(), Ok(&scopes), "what is written is read again as the same");
    // RFC 6749 §3.3 allows a comma; within the quotes of a challenge it means nothing.
    assert!(!scopes.as_str().contains(['"', '\\', '\n', '\r']), "it cannot break out of a quoted string");
    assert!(scopes.difference(&scopes).is_empty() && scopes.contains_all(&scopes));
    true
}

fn client_metadata(input: &[u8]) -> bool {
    let (Ok(id), Ok(own)) = (ClientId::new("https://app.example/c.json"), Origin::of("https://mcp.example.com")) else {
        return false;
    };
    let Ok(url) = ClientIdUrl::parse(&id, &own) else { return false };
    let Ok(client) = parse_document(input, &url, &RedirectPolicy::default()) else { return false };
    assert!(client.id == id && !client.redirect_uris.is_empty() && client.secrets.is_empty());
    true
}

fn client_id_url(input: &[u8]) -> bool {
    let (Ok(id), Ok(own)) = (ClientId::new(text(input)), Origin::of("https://mcp.example.com")) else { return false };
    let Ok(url) = ClientIdUrl::parse(&id, &own) else { return false };
    assert!(url.as_str() == text(input) && url.as_str().starts_with("https://"), "fetched byte for byte");
    assert!(
        url.host().parse::<std::net::IpAddr>().is_err() && url.host().contains('.') && url.host() != "mcp.example.com"
    );
    true
}

fn registration(input: &[u8]) -> bool {
    let policy = RedirectPolicy::default();
    let Ok(registration) = Registration::parse(input, &policy) else { return false };
    let ring = ring();
    let Ok(issued) =
        crate::clients::client_id::register(registration, NOW, &Fixed, ring.client_id(), &ScopeCatalogue::default())
    else {
        return false;
    };
    let known = registered_client(issued.client_id(), &policy, ring.client_id());
    assert!(
        known.is_ok_and(|known| known.registered_at == NOW && !known.client.redirect_uris.is_empty()),
        "what is issued is known"
    );
    true
}

fn registered_client_id(input: &[u8]) -> bool {
    let Ok(id) = ClientId::new(text(input)) else { return false };
    assert!(registered_client(&id, &RedirectPolicy::default(), ring().client_id()).is_err(), "nobody guesses a MAC");
    true
}

/// A token as it is, or the claims of one, signed by nobody.
fn access_token(input: &[u8]) -> bool {
    let (Ok(issuer), Ok(resource)) =
        (Issuer::parse("https://mcp.example.com"), Resource::parse("https://mcp.example.com/mcp"))
    else {
        return false;
    };
    let keys = ring().signing(NOW);
    let expected = Expected { issuer: &issuer, resource: &resource, epochs: &[] };
    let header = format!("Bearer {}", text(input));
    let Ok(Some(bearer)) = Bearer::from_authorization([header.as_str()]) else { return false };
    assert!(verify(&bearer, &keys, &expected, NOW).is_err(), "nobody guesses a signature");
    true
}

/// Header and claims, as JSON with a dot between them; the signature is always good.
fn external_token(input: &[u8]) -> bool {
    // RFC 8037, appendix A.2.
    let keys =
        br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"k"}]}"#;
    let (Ok(issuer), Ok(keys)) = (ExternalIssuer::parse("https://id.example"), ExternalKeys::parse(keys)) else {
        return false;
    };
    let (header, claims) = text(input).split_once('.').unwrap_or_default();
    let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
    let header = format!("Bearer {}.{}.{}", encode(header), encode(claims), encode(&"s".repeat(64)));
    let Ok(Some(bearer)) = Bearer::from_authorization([header.as_str()]) else { return false };
    let policy =
        ExternalPolicy { issuer: &issuer, audiences: &["https://mcp.example.com/mcp"], accept_plain_jwt: true };
    let Some(Ok(verified)) = done(verify_external(&bearer, &keys, &AnySignature, &policy, NOW)) else { return false };
    assert!(verified.expires() > NOW.minus(600), "it has not expired");
    let claims: Value = serde_json::from_str(claims).unwrap_or_default();
    assert!(claims.get("iss").is_some_and(|iss| iss == "https://id.example"));
    let ours = "https://mcp.example.com/mcp";
    let is_ours = |aud: &Value| aud == ours || aud.as_array().is_some_and(|all| all.iter().any(|one| one == ours));
    assert!(claims.get("aud").is_some_and(is_ours), "for us");
    true
}

fn id_token(input: &[u8]) -> bool {
    let Ok(issuer) = ExternalIssuer::parse("https://id.example") else { return false };
    let token = format!("e30.{}.AA", URL_SAFE_NO_PAD.encode(input));
    let _ = Profile::of_id_token(text(input), &issuer, "us", "n", EmailClaim::VerifiedOnly, NOW);
    if Profile::of_id_token(&token, &issuer, "us", "n", EmailClaim::VerifiedOnly, NOW).is_err() {
        return false;
    }
    let claims: Value = serde_json::from_slice(input).unwrap_or_default();
    assert!(claims.get("iss").is_some_and(|iss| iss == "https://id.example"), "of this issuer");
    assert!(claims.get("nonce").is_some_and(|nonce| nonce == "n"), "for this sign-in");
    true
}

fn provider_documents(input: &[u8]) -> bool {
    let Ok(issuer) = ExternalIssuer::parse("https://id.example") else { return false };
    if let Ok(metadata) = ProviderMetadata::parse(input, &issuer) {
        for endpoint in [&metadata.authorization_endpoint, &metadata.token_endpoint] {
            let is_local = Origin::of(endpoint).is_ok_and(|origin| origin.is_loopback());
            assert!(endpoint.starts_with("https://") || is_local, "{endpoint}");
        }
    }
    if let Ok(keys) = ExternalKeys::parse(input) {
        let _ = keys.select(Some("k"), Algorithm::Rs256).map(|key| key.material().to_jwk());
    }
    let _ = Discovery::parse(input, &issuer).map(|discovery| discovery.jwks_uri().to_owned());
    let _ = Profile::of_github(input, &issuer);
    true
}

fn sealed_text(input: &[u8]) -> bool {
    fn opens<T: Sealable>(input: &str) -> bool {
        Sealed::<T>::from_text(input).open(b"binding", NOW, ring().seal()).is_ok()
    }
    let input = text(input);
    assert!(
        !opens::<ConsentedRequest>(input) && !opens::<AtProvider>(input) && !opens::<KnownBrowser>(input),
        "nobody guesses a tag"
    );
    // And what is sealed opens, but not with anything else at its end.
    let browser = KnownBrowser::new(&Fixed);
    if let Ok(sealed) = Sealed::seal(&browser, input.as_bytes(), NOW.plus(60), ring().seal(), &Fixed) {
        assert!(sealed.open(input.as_bytes(), NOW, ring().seal()).is_ok_and(|again| again == browser));
        let longer = Sealed::<KnownBrowser>::from_text(&format!("{}{input}", sealed.as_str()));
        assert!(input.is_empty() || longer.open(input.as_bytes(), NOW, ring().seal()).is_err());
    }
    true
}

fn cookie_header(input: &[u8]) -> bool {
    let _ = BrowserNonce::all(WebScheme::Https, Some(text(input)));
    let _ = BrowserNonce::all(WebScheme::Http, Some(text(input)));
    let _ = ProviderState::sealed("cookies.AAAAAAAAAAAAAAAA", WebScheme::Http, Some(text(input)));
    let _ = ProviderState::sealed(text(input), WebScheme::Http, Some("a=b"));
    let Some(value) = HostCookie::new("mcp-known").read(WebScheme::Https, Some(text(input))) else { return false };
    assert!(!value.is_empty() && !value.contains(';'), "{value:?}");
    true
}

fn bearer_header(input: &[u8]) -> bool {
    let Ok(Some(bearer)) = Bearer::from_authorization([text(input)]) else { return false };
    assert!(!bearer.as_str().is_empty() && bearer.as_str().len() <= MAX_BEARER_LENGTH);
    assert!(!bearer.as_str().contains([',', ' ', '"']), "one token");
    true
}

fn opaque_tokens(input: &[u8]) -> bool {
    assert!(AuthorizationCode::parse(text(input), ring().routing()).is_err(), "nobody guesses a MAC");
    assert!(RefreshToken::parse(text(input), ring().routing()).is_err(), "nobody guesses a MAC");
    true
}

/// What our own rows and messages hold, if somebody else has written them.
fn compact(input: &[u8]) -> bool {
    fn again<T: serde::Serialize + serde::de::DeserializeOwned>(input: &[u8]) {
        if let Ok(value) = decode::<T>(input) {
            let written = encode(&value).unwrap_or_default();
            assert!(decode::<T>(&written).is_ok(), "what is written is read again");
        }
    }
    fn row<T: Row>(input: &[u8]) {
        if let Ok(value) = T::from_row(input) {
            let written = value.to_row().unwrap_or_default();
            assert!(T::from_row(&written).is_ok(), "what is written is read again");
        }
    }
    row::<Grant>(input);
    row::<PendingCode>(input);
    row::<Throttle>(input);
    again::<Call>(input);
    again::<Reply>(input);
    again::<ConsentedRequest>(input);
    let _ = MasterKey::from_kept(input);
    true
}

#[cfg(test)]
mod tests {
    use mcp_connector_base::fuzz_driver::drive;

    use super::*;

    #[test]
    fn every_decoder_takes_anything_and_keeps_its_word() {
        drive(TARGETS);
    }
}
