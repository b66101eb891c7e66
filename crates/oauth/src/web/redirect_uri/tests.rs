//! The rules of redirect URIs.

use proptest::prelude::*;

use crate::web::redirect_uri::*;

fn uri(raw: &str) -> RedirectUri {
    RedirectUri::parse(raw, &RedirectPolicy::default()).unwrap()
}

#[test]
fn redirect_uris_of_real_clients_are_accepted() {
    for (raw, kind, destination) in [
        ("https://claude.ai/api/mcp/auth_callback", RedirectKind::Https, "claude.ai"),
        ("https://chatgpt.com/connector_platform_oauth_redirect", RedirectKind::Https, "chatgpt.com"),
        ("https://www.cursor.com/agents/mcp/oauth/callback", RedirectKind::Https, "www.cursor.com"),
        ("cursor://anysphere.cursor-mcp/oauth/callback", RedirectKind::PrivateUse, "cursor"),
        ("claude://claude.ai/mcp-auth-callback/sdk", RedirectKind::PrivateUse, "claude"),
        ("http://localhost:8787/callback", RedirectKind::Loopback, "localhost:8787"),
        ("http://localhost/callback", RedirectKind::Loopback, "localhost"),
        ("http://127.0.0.1:33418/", RedirectKind::Loopback, "127.0.0.1:33418"),
        ("http://127.0.0.1:33418", RedirectKind::Loopback, "127.0.0.1:33418"),
        ("http://[::1]:3000/cb", RedirectKind::Loopback, "[::1]:3000"),
        ("https://localhost:3000/cb", RedirectKind::Https, "localhost:3000"),
        ("https://App.Example.com:8443/cb?x=1&encode=code&codes", RedirectKind::Https, "app.example.com:8443"),
    ] {
        let uri = uri(raw);
        assert_eq!((uri.kind(), uri.destination().as_str()), (kind, destination), "{raw}");
        assert!(uri.admits(&uri), "{raw}");
        assert_eq!(serde_json::from_str::<RedirectUri>(&serde_json::to_string(&uri).unwrap()).unwrap(), uri, "{raw}");
    }
}

#[test]
fn redirect_uris_that_could_leak_a_code_are_refused() {
    use InvalidRedirectUri as E;
    for (name, raw, why) in [
        ("http to another machine", "http://example.com/cb", E::PlainHttp),
        ("http to a name that looks local", "http://localhost.example.com/cb", E::PlainHttp),
        ("http to a subdomain of localhost", "http://app.localhost/cb", E::PlainHttp),
        ("other loopback address", "http://127.0.0.2/cb", E::PlainHttp),
        ("loopback literal in another case", "http://LOCALHOST/cb", E::PlainHttp),
        ("loopback address written at length", "http://[0:0:0:0:0:0:0:1]/cb", E::Url(InvalidUrl::Host)),
        ("dot segments", "https://example.com/./cb", E::Url(InvalidUrl::NotNormalized)),
        ("any address", "http://0.0.0.0/cb", E::PlainHttp),
        ("fragment", "https://example.com/cb#x", E::Fragment),
        ("empty fragment", "https://example.com/cb#", E::Fragment),
        ("a code of its own", "https://example.com/cb?x=1&code=stolen", E::Answer),
        ("a code of its own, encoded", "https://example.com/cb?c%6Fde=stolen", E::Answer),
        ("another issuer", "https://example.com/cb?iss=https://evil.example", E::Answer),
        ("a state of its own", "http://127.0.0.1/cb?state", E::Answer),
        ("user name", "https://claude.ai@evil.example/cb", E::Url(InvalidUrl::UserInfo)),
        ("several at signs", "https://a@b@c/cb", E::Url(InvalidUrl::UserInfo)),
        ("user name on loopback", "http://localhost@evil.example/cb", E::Url(InvalidUrl::UserInfo)),
        ("script", "javascript:alert(1)", E::Scheme),
        ("script in another case", "JaVaScRiPt:alert(1)", E::Scheme),
        ("script with a space", " javascript:alert(1)", E::Url(InvalidUrl::Character)),
        ("script with a newline", "java\nscript:alert(1)", E::Url(InvalidUrl::Character)),
        ("data", "data:text/html,x", E::Scheme),
        ("file", "file:///etc/passwd", E::Scheme),
        ("unknown scheme", "myapp://callback", E::Scheme),
        ("Cursor's scheme with another path", "cursor://anysphere.cursor-mcp/oauth/callbackx", E::Scheme),
        ("Claude's scheme with another path", "claude://claude.ai/mcp-auth-callback/other", E::Scheme),
        ("Claude's scheme with another host", "claude://evil.example/mcp-auth-callback/sdk", E::Scheme),
        ("Cursor's scheme with a query", "cursor://anysphere.cursor-mcp/oauth/callback?x", E::Scheme),
        ("out of band", "urn:ietf:wg:oauth:2.0:oob", E::Scheme),
        ("upper-case scheme", "HTTPS://example.com/cb", E::Scheme),
        ("relative", "/cb", E::Scheme),
        ("scheme only", "https://", E::Url(InvalidUrl::Host)),
        ("backslash", "https://example.com\\.evil.example/cb", E::Url(InvalidUrl::Character)),
        ("wildcard host", "https://*.example.com/cb", E::Url(InvalidUrl::Host)),
        ("not ASCII", "https://exаmple.com/cb", E::Url(InvalidUrl::Character)),
        ("header injection", "https://example.com/cb\r\nSet-Cookie: a=b", E::Url(InvalidUrl::Character)),
        ("null", "https://example.com/\0", E::Url(InvalidUrl::Character)),
        ("empty", "", E::Scheme),
    ] {
        assert_eq!(RedirectUri::parse(raw, &RedirectPolicy::default()), Err(why), "{name}");
    }
    let long = format!("https://example.com/{}", "a".repeat(MAX_REDIRECT_URI));
    assert_eq!(RedirectUri::parse(&long, &RedirectPolicy::default()), Err(E::TooLong));
}

#[test]
fn https_redirect_uris_are_compared_byte_for_byte() {
    let registered = uri("https://example.com/cb?x=1");
    for other in [
        "https://example.com/cb",
        "https://example.com/cb?x=2",
        "https://example.com/cb?x=1&y=2",
        "https://example.com/cb?y=2&x=1",
        "https://example.com/CB?x=1",
        "https://EXAMPLE.com/cb?x=1",
        "https://example.com:443/cb?x=1",
        "https://example.com/cb/?x=1",
        "https://example.com/%63b?x=1",
        "https://example.com.evil.example/cb?x=1",
        "http://localhost/cb?x=1",
    ] {
        assert!(!registered.admits(&uri(other)), "{other}");
    }
}

#[test]
fn only_the_port_of_a_loopback_redirect_uri_may_differ() {
    let registered = uri("http://localhost/callback?a=1");
    for (other, admitted) in [
        ("http://localhost:1/callback?a=1", true),
        ("http://localhost:65535/callback?a=1", true),
        ("http://127.0.0.1/callback?a=1", false),
        ("http://[::1]/callback?a=1", false),
        ("http://localhost/callback", false),
        ("http://localhost/callback?a=2", false),
        ("http://localhost/callback/?a=1", false),
        ("http://localhost:1/other?a=1", false),
        ("https://localhost/callback?a=1", false),
    ] {
        assert_eq!(registered.admits(&uri(other)), admitted, "{other}");
        assert_eq!(uri(other).admits(&registered), admitted, "{other} reversed");
    }
    assert!(uri("http://127.0.0.1:33418/").admits(&uri("http://127.0.0.1:50000/")));
    assert!(uri("http://[::1]:33418").admits(&uri("http://[::1]:50000")));
    assert!(!uri("https://localhost:1/cb").admits(&uri("https://localhost:2/cb")), "https has one port");
}

#[test]
fn private_use_uri_schemes_come_from_the_configuration() {
    let policy = RedirectPolicy::with_private_use("com.example.app:/cb, myapp://callback").unwrap();
    for raw in ["com.example.app:/cb", "myapp://callback", CURSOR] {
        let uri = RedirectUri::parse(raw, &policy).unwrap();
        assert_eq!(uri.kind(), RedirectKind::PrivateUse, "{raw}");
    }
    assert!(RedirectUri::parse("myapp://callback/x", &policy).is_err());
    for entry in ["javascript:alert(1)", "https://example.com", "HTTP://x", "x", "my app:/cb", "a:b#c", "a:", "1a:b"] {
        assert_eq!(RedirectPolicy::with_private_use(entry), Err(InvalidRedirectPolicy), "{entry}");
    }
}

/// Changes, inserts or removes one character.
fn mutated() -> impl Strategy<Value = (String, String)> {
    let registered = prop_oneof![
        Just("https://claude.ai/api/mcp/auth_callback"),
        Just("http://localhost:8787/callback"),
        Just("http://127.0.0.1/callback?x=1"),
        Just("http://[::1]:9/cb"),
        Just(CURSOR),
    ];
    (registered, any::<prop::sample::Index>(), any::<char>(), 0..3_u8).prop_map(|(registered, index, with, how)| {
        let mut characters: Vec<char> = registered.chars().collect();
        let at = index.index(characters.len());
        match how {
            0 => characters[at] = with,
            1 => characters.insert(at, with),
            _ => drop(characters.remove(at)),
        }
        (registered.to_owned(), characters.into_iter().collect())
    })
}

/// Returns the parts before and after the port. Does not use the parser.
fn around_port(raw: &str) -> (String, String) {
    let after_scheme = raw.split_once("://").map_or("", |(_, rest)| rest);
    let end = after_scheme.find(['/', '?', '#']).unwrap_or(after_scheme.len());
    let (authority, rest) = after_scheme.split_at(end);
    let digits = authority.trim_end_matches(|c: char| c.is_ascii_digit());
    (digits.strip_suffix(':').unwrap_or(authority).to_owned(), rest.to_owned())
}

proptest! {
    #[test]
    fn parsing_any_text_as_a_redirect_uri_does_not_panic(text in ".{0,60}") {
        let _ = RedirectUri::parse(&text, &RedirectPolicy::default());
    }

    #[test]
    fn a_changed_redirect_uri_matches_only_if_just_the_loopback_port_changed((registered, other) in mutated()) {
        if let Ok(requested) = RedirectUri::parse(&other, &RedirectPolicy::default())
            && uri(&registered).admits(&requested)
            && registered != other
        {
            prop_assert!(registered.starts_with("http://"), "{} for {}", other, registered);
            prop_assert!(other.starts_with("http://"), "{} for {}", other, registered);
            prop_assert_eq!(around_port(&registered), around_port(&other));
        }
    }

    #[test]
    fn a_loopback_redirect_uri_matches_with_every_port(port in 1..=u16::MAX) {
        let requested = format!("http://localhost:{port}/cb");
        prop_assert!(uri("http://localhost/cb").admits(&uri(&requested)));
    }

    #[test]
    fn an_accepted_redirect_uri_is_a_valid_header_value(text in "(https://|http://localhost|cursor:)[ -~\\r\\n\\t]{0,40}") {
        if let Ok(uri) = RedirectUri::parse(&text, &RedirectPolicy::default()) {
            prop_assert!(uri.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
        }
    }
}
