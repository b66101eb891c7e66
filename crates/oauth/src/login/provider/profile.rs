//! The claims of an identity provider about a person: from an ID token (OpenID Connect Core §3.1.3), the userinfo endpoint
//! (§5.3), or GitHub's `GET /user`. The Worker makes the requests; this module checks the answers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::json;
use mcp_connector_base::json::limit::MemoryLimit;
use mcp_connector_base::profile::EmailSource;
use mcp_connector_base::timestamp::Timestamp;

use crate::external_issuer::identity_claims::IdentityClaims;
use crate::external_issuer::token::subject_of;
use crate::login::account::{Account, TooLong};
use crate::login::account_session::RECENT_SIGN_IN;
use crate::login::admission::Admission;
use crate::login::allowed_users::AllowedUsers;
use crate::login::disallowed_user::{DisallowedUser, EmailStatus, EmailTrust};
use crate::login::person::{Person, ProviderIdentity};
use crate::login::provider::error::LoginError;
use crate::login::provider::response::ProviderResponse;
use crate::web::discovery::ExternalIssuer;

/// How much the clock of a provider may differ, in seconds.
const LEEWAY: u64 = 60;
/// Maximum length of an e-mail address, in bytes.
const MAX_EMAIL: usize = 320;
/// Maximum size of a list of GitHub, in bytes. A hundred teams with their organizations are half of it.
pub const MAX_GITHUB_LIST: usize = 512 * 1024;

/// The claims of a provider about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserProfile {
    subject: Subject,
    display_name: Option<String>,
    account: Account,
    /// Why the address counts: the provider calls it verified, or is trusted. Without an address it is
    /// [`EmailTrust::VerifiedOnly`].
    email_trust: EmailTrust,
    /// What the provider sent, for a person who is not on the list.
    disallowed_user: DisallowedUser,
    /// All claims, of which the settings say which are kept.
    claims: json::Object,
}

impl UserProfile {
    /// Returns the person, if the list allows them, with the claims that are kept.
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::NotAllowed`] if the list does not allow the person.
    pub fn admitted(self, allowed: &AllowedUsers, kept: &IdentityClaims) -> Result<Person, LoginError> {
        if !allowed.allows(&self.account) {
            return Err(LoginError::NotAllowed(Box::new(self.disallowed_user)));
        }
        let source = match self.email_trust {
            EmailTrust::VerifiedOnly => EmailSource::Provider,
            EmailTrust::Trusted => EmailSource::Owner,
        };
        let email = self.account.email.as_deref().map(|email| (email, source));
        let profile = kept.profile(&self.claims, email).with_login(self.account.login.as_deref());
        let identity = Some(Box::new(ProviderIdentity { profile, refresh_token: None, tokens: None }));
        let admission = match self.email_trust {
            EmailTrust::VerifiedOnly => Admission::Account(self.account),
            EmailTrust::Trusted => Admission::AccountWithTrustedEmail(self.account),
        };
        Ok(Person { subject: self.subject, display_name: self.display_name, admission, identity })
    }

    /// Reads an ID token from the provider's token endpoint. The signature is not checked, because the token came from the
    /// provider over TLS (OpenID Connect Core §3.1.3.7, 6.). Everything else is. `nonce` is that of the sign-in; an ID token from a
    /// refresh need not have one (§12.2).
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::InvalidResponse`] if the token has no claims that can be read, is of another issuer, for
    /// another client or of another sign-in, has expired, or names no subject.
    pub fn of_id_token(
        token: &str,
        issuer: &ExternalIssuer,
        client_id: &str,
        nonce: Option<&str>,
        email: EmailTrust,
        now: Timestamp,
    ) -> Result<Self, LoginError> {
        let bad = LoginError::InvalidResponse;
        let claims = token.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
        let claims = ProviderResponse::read(&claims.unwrap_or_default())?;
        if claims.text("iss") != Some(issuer.as_str()) {
            return Err(bad("another issuer"));
        }
        let audiences = claims.texts("aud");
        let party = claims.text("azp");
        if !audiences.contains(&client_id) || (audiences.len() > 1 && party.is_none()) {
            return Err(bad("another audience"));
        }
        if party.is_some_and(|party| party != client_id) {
            return Err(bad("another authorized party"));
        }
        if nonce.is_some() && claims.text("nonce") != nonce {
            return Err(bad("another sign-in"));
        }
        let expires = claims.0.get("exp").and_then(Value::as_u64).map(Timestamp::from_seconds);
        if expires.is_none_or(|expires| now >= expires.plus(LEEWAY)) {
            return Err(bad("expired"));
        }
        Self::of_claims(&claims, issuer, email)
    }

    /// Reads the answer of the userinfo endpoint, where a refresh has given no ID token.
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::InvalidResponse`] if the answer is not a JSON object, or names no subject.
    pub fn of_userinfo(answer: &[u8], issuer: &ExternalIssuer, email: EmailTrust) -> Result<Self, LoginError> {
        Self::of_claims(&ProviderResponse::read(answer)?, issuer, email)
    }

    /// Adds the claims of the userinfo endpoint (OpenID Connect Core §5.3), which must be about the same person.
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::InvalidResponse`] if the answer is not a JSON object, names no subject, or is about
    /// another person.
    pub fn with_userinfo(self, answer: &[u8], issuer: &ExternalIssuer, email: EmailTrust) -> Result<Self, LoginError> {
        // A userinfo response without `email_verified` does not change what the token says about it.
        let is_unverified = self.disallowed_user.is_unverified();
        let email = if is_unverified { EmailTrust::VerifiedOnly } else { email };
        let more = Self::of_claims(&ProviderResponse::read(answer)?, issuer, email)?;
        if more.subject != self.subject {
            return Err(LoginError::InvalidResponse("another person"));
        }
        // The userinfo endpoint repeats the claims of the token, or has more.
        let says_more = more.disallowed_user.has_address() && !is_unverified;
        let disallowed_user = if says_more { more.disallowed_user } else { self.disallowed_user };
        let email_trust = if self.account.email.is_some() { self.email_trust } else { more.email_trust };
        let account = Account { email: self.account.email.or(more.account.email), ..self.account };
        let display_name = self.display_name.or(more.display_name);
        let mut claims = more.claims;
        claims.extend(self.claims);
        Ok(Self { subject: self.subject, display_name, account, email_trust, disallowed_user, claims })
    }

    /// Checks that the provider has authenticated the person in the last ten minutes, as far as it says when it did (`auth_time`,
    /// OpenID Connect Core §2). It has to say so where `max_age` was sent, but not all providers do.
    ///
    /// # Errors
    ///
    /// Fails if it was longer ago: the person, or somebody at their browser, has taken the question out of the request.
    pub fn check_authenticated_anew(&self, now: Timestamp) -> Result<(), LoginError> {
        let at = self.claims.get("auth_time").and_then(Value::as_u64).map(Timestamp::from_seconds);
        if at.is_some_and(|at| now >= at.plus(RECENT_SIGN_IN + LEEWAY)) {
            return Err(LoginError::InvalidResponse("`auth_time` is too old"));
        }
        Ok(())
    }

    /// Returns whether the userinfo endpoint may have more: an address, or a claim that the owner has named.
    #[must_use]
    pub fn lacks(&self, kept: &IdentityClaims) -> bool {
        self.account.email.is_none() || kept.are_missing_in(&self.claims)
    }

    /// Returns what the person is called at the provider, for a page: an address, which need not be verified, or a name.
    #[must_use]
    pub fn account_name(&self) -> Option<&str> {
        let names = ["email", "preferred_username", "name"].into_iter();
        names.filter_map(|name| self.claims.get(name)).find_map(Value::as_str)
    }

    /// Returns the subject at this server.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    fn of_claims(claims: &ProviderResponse, issuer: &ExternalIssuer, trust: EmailTrust) -> Result<Self, LoginError> {
        let id = claims.text("sub").unwrap_or_default();
        // Some providers write it as a string.
        let verified = claims.0.get("email_verified").filter(|verified| !verified.is_null());
        let is_verified = verified.is_some_and(|verified| *verified == true || *verified == "true");
        let is_trusted = trust == EmailTrust::Trusted && verified.is_none();
        let email = claims.text("email").filter(|_| is_verified || is_trusted).map(str::to_owned);
        let email_trust = if email.is_some() && !is_verified { trust } else { EmailTrust::VerifiedOnly };
        let address = match (claims.text("email"), claims.text("preferred_username")) {
            (Some(_), _) if email.is_some() => EmailStatus::Verified,
            (Some(email), _) if verified.is_none() => EmailStatus::Unspecified(email.to_owned()),
            (Some(email), _) => EmailStatus::Unverified(email.to_owned()),
            (None, Some(name)) => EmailStatus::PreferredUsername(name.to_owned()),
            (None, None) => EmailStatus::Missing,
        };
        Ok(Self {
            display_name: claims.text("name").map(str::to_owned),
            account: Account::new(issuer, id, None, email.as_deref())
                .map_err(|TooLong| LoginError::InvalidResponse("a subject that is too long"))?,
            email_trust,
            disallowed_user: DisallowedUser::new(issuer, id, address),
            subject: subject_of(issuer, id).map_err(|_| LoginError::InvalidResponse("no subject"))?,
            claims: claims.0.as_object().cloned().unwrap_or_default(),
        })
    }

    /// Reads the answer of GitHub's `GET /user`.
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::InvalidResponse`] if the answer is not a JSON object with the `id` of a user.
    pub fn of_github(answer: &[u8], github: &ExternalIssuer) -> Result<Self, LoginError> {
        let user = ProviderResponse::read(answer)?;
        let id = user.0.get("id").and_then(Value::as_u64).ok_or(LoginError::InvalidResponse("no user"))?.to_string();
        let login = user.text("login");
        let mut claims = user.0.as_object().cloned().unwrap_or_default();
        claims.retain(|name, _| !matches!(name.as_str(), "groups" | "roles"));
        for (name, value) in [("name", user.text("name").or(login)), ("picture", user.text("avatar_url"))] {
            claims.insert(name.to_owned(), value.into());
        }
        Ok(Self {
            claims,
            subject: subject_of(github, &id).map_err(|_| LoginError::InvalidResponse("no user"))?,
            display_name: user.text("name").or(login).map(str::to_owned),
            disallowed_user: DisallowedUser::new(github, &id, EmailStatus::NotRequested),
            account: Account::new(github, &id, login, None)
                .map_err(|TooLong| LoginError::InvalidResponse("no user"))?,
            email_trust: EmailTrust::VerifiedOnly,
        })
    }

    /// Adds the answer of GitHub's `GET /user/emails`: the address that is primary and verified.
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::InvalidResponse`] if the answer is not a JSON list.
    pub fn with_github_emails(mut self, answer: &[u8]) -> Result<Self, LoginError> {
        let is_true = |entry: &Value, member: &str| entry.get(member) == Some(&Value::Bool(true));
        let emails = list(answer)?;
        let primary = emails.iter().find(|entry| is_true(entry, "primary") && is_true(entry, "verified"));
        let email = primary.and_then(|entry| entry.get("email")).and_then(Value::as_str).map(str::to_owned);
        if email.is_some() {
            self.disallowed_user = self.disallowed_user.with_verified_address();
        }
        self.account.email = email.filter(|email| email.len() <= MAX_EMAIL);
        Ok(self)
    }

    /// Adds the answers of GitHub's `GET /user/orgs` and `GET /user/teams` as groups: `acme`, `acme/tools`.
    ///
    /// # Errors
    ///
    /// Returns [`LoginError::InvalidResponse`] if one of the answers is not a JSON list.
    pub fn with_github_groups(mut self, organizations: &[u8], teams: &[u8]) -> Result<Self, LoginError> {
        let text = |entry: &Value, member: &str| entry.get(member).and_then(Value::as_str).map(str::to_owned);
        let organizations = list(organizations)?.iter().filter_map(|entry| text(entry, "login")).collect::<Vec<_>>();
        let teams = list(teams)?;
        let teams = teams.iter().filter_map(|entry| {
            Some(format!("{}/{}", text(entry.get("organization")?, "login")?, text(entry, "slug")?))
        });
        let groups: Vec<Value> = organizations.into_iter().chain(teams).map(Value::from).collect();
        self.claims.insert("groups".to_owned(), groups.into());
        Ok(self)
    }
}

/// Reads a list of GitHub.
fn list(answer: &[u8]) -> Result<Vec<Value>, LoginError> {
    match json::read(answer, MemoryLimit::of_text(MAX_GITHUB_LIST)) {
        Ok(Value::Array(list)) => Ok(list),
        Ok(_) | Err(_) => Err(LoginError::InvalidResponse("not a list")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn issuer() -> ExternalIssuer {
        ExternalIssuer::parse("https://id.example").unwrap()
    }

    fn id_token(changes: &Value) -> Result<UserProfile, LoginError> {
        id_token_with(changes, EmailTrust::VerifiedOnly)
    }

    fn id_token_with(changes: &Value, email: EmailTrust) -> Result<UserProfile, LoginError> {
        let mut claims = json!({
            "iss": "https://id.example", "aud": "us", "sub": "248289", "nonce": "n", "exp": NOW.plus(300),
            "email": "Jane@Example.com", "email_verified": true, "name": "Jane"
        });
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let token = format!("e30.{}.AA", URL_SAFE_NO_PAD.encode(claims.to_string()));
        UserProfile::of_id_token(&token, &issuer(), "us", Some("n"), email, NOW)
    }

    #[test]
    fn an_authentication_of_long_ago_proves_nothing() {
        for (name, auth_time, is_proof) in [
            ("it does not say when", Value::Null, true),
            ("just now", json!(NOW), true),
            ("ten minutes ago", json!(NOW.seconds_since(Timestamp::from_seconds(RECENT_SIGN_IN))), true),
            ("yesterday", json!(NOW.seconds_since(Timestamp::from_seconds(24 * 3600))), false),
        ] {
            let profile = id_token(&json!({ "auth_time": auth_time })).unwrap();
            assert_eq!(profile.check_authenticated_anew(NOW).is_ok(), is_proof, "{name}");
        }
    }

    #[test]
    fn an_id_token_needs_our_audience_and_the_nonce_of_this_login() {
        for (name, changes, good) in [
            ("as it should be", json!({}), true),
            ("list of one audience", json!({"aud": ["us"]}), true),
            ("several audiences and us as party", json!({"aud": ["us", "x"], "azp": "us"}), true),
            ("several audiences and no party", json!({"aud": ["us", "x"]}), false),
            ("another audience", json!({"aud": "them"}), false),
            ("no audience", json!({"aud": null}), false),
            ("another party", json!({"azp": "them"}), false),
            ("another issuer", json!({"iss": "https://id.example/"}), false),
            ("another nonce", json!({"nonce": "m"}), false),
            ("no nonce", json!({"nonce": null}), false),
            ("expired", json!({"exp": NOW.minus(61)}), false),
            ("no end", json!({"exp": null}), false),
            ("empty subject", json!({"sub": ""}), false),
            ("no subject", json!({"sub": null}), false),
        ] {
            assert_eq!(id_token(&changes).is_ok(), good, "{name}");
        }
        for text in ["", "a", "a.b.c", "e30.e30.AA", "e30.W10.AA"] {
            assert!(
                UserProfile::of_id_token(text, &issuer(), "us", Some("n"), EmailTrust::VerifiedOnly, NOW).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn only_allowed_users_sign_in() {
        for (name, changes, allowed, good) in [
            ("subject", json!({}), "248289", true),
            ("another subject", json!({}), "24828", false),
            ("address in another case", json!({}), "jane@example.com", true),
            ("address that is not verified", json!({"email_verified": false}), "jane@example.com", false),
            ("address of which nothing is said", json!({"email_verified": null}), "jane@example.com", false),
            ("verified, as a text", json!({"email_verified": "true"}), "jane@example.com", true),
            ("domain", json!({}), "bob@other.example @example.com", true),
            ("end of a domain", json!({}), "@ample.com", false),
            ("domain in the local part", json!({"email": "a@example.com@evil.example"}), "@example.com", false),
            ("everybody", json!({}), "*", true),
        ] {
            let admitted = id_token(&changes)
                .unwrap()
                .admitted(&AllowedUsers::parse(allowed).unwrap(), &IdentityClaims::default());
            assert_eq!(admitted.is_ok(), good, "{name}");
        }
    }

    #[test]
    fn an_unverified_e_mail_address_counts_only_where_the_owner_trusts_the_issuer() {
        let list = AllowedUsers::parse("jane@example.com").unwrap();
        for (name, changes, trusted) in [
            ("as Entra ID sends it", json!({"email_verified": null}), true),
            ("not verified", json!({"email_verified": false}), false),
            ("not verified, as a text", json!({"email_verified": "false"}), false),
            ("a name", json!({"email": null, "preferred_username": "jane@example.com"}), false),
            ("a name that looks verified", json!({"email": null, "upn": "jane@example.com"}), false),
        ] {
            for (email, good) in [(EmailTrust::VerifiedOnly, false), (EmailTrust::Trusted, trusted)] {
                let admitted = id_token_with(&changes, email).unwrap().admitted(&list, &IdentityClaims::default());
                assert_eq!(admitted.is_ok(), good, "{name}, {email:?}");
            }
        }
    }

    #[test]
    fn a_disallowed_user_is_shown_what_the_provider_said() {
        let list = AllowedUsers::parse("bob").unwrap();
        for (changes, arrived) in [
            (json!({}), "Your verified address"),
            (json!({"email_verified": null}), "the address Jane@Example.com without saying that it is verified"),
            (json!({"email_verified": false}), "the address Jane@Example.com as not verified"),
            (json!({"email": null, "preferred_username": "jane@example.com"}), "only the name jane@example.com"),
            (json!({"email": null}), "It sent no address."),
        ] {
            let Err(LoginError::NotAllowed(disallowed_user)) =
                id_token(&changes).unwrap().admitted(&list, &IdentityClaims::default())
            else {
                panic!("{arrived}")
            };
            assert!(
                disallowed_user.received_claims().contains("https://id.example calls you 248289."),
                "{disallowed_user:?}"
            );
            assert!(disallowed_user.received_claims().contains(arrived), "{}", disallowed_user.received_claims());
        }
    }

    #[test]
    fn an_e_mail_address_is_never_a_display_name() {
        let everybody = AllowedUsers::parse("*").unwrap();
        let profile = id_token(&json!({"sub": "jane@example.com"})).unwrap();
        let person = profile.admitted(&everybody, &IdentityClaims::default()).unwrap();
        assert!(!person.subject.as_str().contains('@'));
        assert_eq!(person.display_name.as_deref(), Some("Jane"));
    }

    #[test]
    fn userinfo_must_have_the_subject_of_the_id_token() {
        let profile = || id_token(&json!({"email": null})).unwrap();
        assert!(profile().lacks(&IdentityClaims::default()));
        let same = br#"{"sub": "248289", "email": "jane@example.com", "email_verified": true}"#;
        let admitted = profile().with_userinfo(same, &issuer(), EmailTrust::VerifiedOnly).unwrap();
        assert!(
            admitted.admitted(&AllowedUsers::parse("jane@example.com").unwrap(), &IdentityClaims::default()).is_ok()
        );
        assert!(
            profile()
                .with_userinfo(br#"{"sub": "other", "email": "jane@example.com"}"#, &issuer(), EmailTrust::VerifiedOnly)
                .is_err()
        );
    }

    #[test]
    fn an_address_that_the_token_calls_not_verified_is_not_trusted_because_userinfo_says_nothing_of_it() {
        let list = AllowedUsers::parse("jane@example.com").unwrap();
        let silent = br#"{"sub": "248289", "email": "jane@example.com"}"#;
        let verified = br#"{"sub": "248289", "email": "jane@example.com", "email_verified": true}"#;
        for (name, changes, answer, good) in [
            ("no address in the token", json!({"email": null, "email_verified": null}), &silent[..], true),
            ("not verified in the token", json!({"email_verified": false}), &silent[..], false),
            ("not verified in the token, verified since", json!({"email_verified": false}), &verified[..], true),
        ] {
            let profile = id_token_with(&changes, EmailTrust::Trusted).unwrap();
            assert!(profile.lacks(&IdentityClaims::default()), "{name}");
            let profile = profile.with_userinfo(answer, &issuer(), EmailTrust::Trusted).unwrap();
            assert_eq!(profile.admitted(&list, &IdentityClaims::default()).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn a_github_user_has_a_numeric_id_and_a_login() {
        let github = ExternalIssuer::parse("https://github.com").unwrap();
        let user = br#"{"id": 583231, "login": "octocat", "name": null, "email": "x@example.com"}"#;
        for (allowed, good) in [("OctoCat", true), ("583231", true), ("octo", false), ("x@example.com", false)] {
            let profile = UserProfile::of_github(user, &github).unwrap();
            assert_eq!(
                profile.admitted(&AllowedUsers::parse(allowed).unwrap(), &IdentityClaims::default()).is_ok(),
                good,
                "{allowed}"
            );
        }
        let impostor = UserProfile::of_github(br#"{"id": 9, "login": "583231"}"#, &github).unwrap();
        assert!(
            impostor.admitted(&AllowedUsers::parse("583231").unwrap(), &IdentityClaims::default()).is_err(),
            "a login like another's number"
        );
    }
    #[test]
    fn the_profile_has_the_address_only_if_it_counts_and_says_who_vouches_for_it() {
        for (name, changes, trust, email, trusted) in [
            ("verified", json!({}), EmailTrust::VerifiedOnly, true, true),
            ("not verified", json!({"email_verified": false}), EmailTrust::Trusted, false, false),
            ("as Entra ID sends it", json!({"email_verified": null}), EmailTrust::VerifiedOnly, false, false),
            ("as Entra ID sends it, trusted", json!({"email_verified": null}), EmailTrust::Trusted, true, false),
        ] {
            let person = id_token_with(&changes, trust).unwrap();
            let person = person.admitted(&AllowedUsers::parse("*").unwrap(), &IdentityClaims::default()).unwrap();
            let profile = person.identity.unwrap().profile;
            assert_eq!(profile.email().is_some(), email, "{name}");
            assert_eq!(profile.without_trusted_email().email().is_some(), trusted, "{name}");
        }
    }

    #[test]
    fn userinfo_adds_claims_and_changes_none_of_the_id_token() {
        let kept = IdentityClaims::parse("groups team").unwrap();
        let profile = id_token(&json!({"team": "tools"})).unwrap();
        assert!(profile.lacks(&kept) && !profile.lacks(&IdentityClaims::default()));
        let more = br#"{"sub": "248289", "groups": ["staff"], "team": "sales", "name": "Somebody"}"#;
        let profile = profile.with_userinfo(more, &issuer(), EmailTrust::VerifiedOnly).unwrap();
        let person = profile.admitted(&AllowedUsers::parse("*").unwrap(), &kept).unwrap();
        let profile = person.identity.unwrap().profile;
        assert_eq!((profile.groups(), profile.name()), (&["staff".to_owned()][..], Some("Jane")));
        assert_eq!(profile.claim::<String>("team").as_deref(), Some("tools"));
    }

    #[test]
    fn a_github_user_has_a_verified_address_and_groups_from_the_lists_of_the_api() {
        let github = ExternalIssuer::parse("https://github.com").unwrap();
        let user = br#"{"id": 583231, "login": "octocat", "avatar_url": "https://a.example/1", "groups": ["forged"]}"#;
        let emails = br#"[{"email": "x@example.com", "primary": false, "verified": true},
            {"email": "jane@example.com", "primary": true, "verified": true}]"#;
        let teams = br#"[{"slug": "tools", "organization": {"login": "acme"}}, {"slug": "lost"}]"#;
        let profile = UserProfile::of_github(user, &github).unwrap().with_github_emails(emails).unwrap();
        let person = profile.clone().with_github_groups(br#"[{"login": "acme"}]"#, teams).unwrap();
        let list = AllowedUsers::parse("jane@example.com").unwrap();
        let person = person.admitted(&list, &IdentityClaims::default()).unwrap();
        let known = &person.identity.as_ref().unwrap().profile;
        assert_eq!(known.groups(), ["acme", "acme/tools"]);
        assert_eq!((person.email(), known.login()), (Some("jane@example.com"), Some("octocat")));
        assert_eq!((known.name(), known.picture()), (Some("octocat"), Some("https://a.example/1")));
        let without = profile.admitted(&list, &IdentityClaims::default()).unwrap();
        assert!(without.identity.unwrap().profile.groups().is_empty(), "what a person writes is no group");
        for unverified in [&br#"[{"email": "jane@example.com", "primary": true, "verified": false}]"#[..], b"[]"] {
            let profile = UserProfile::of_github(user, &github).unwrap().with_github_emails(unverified).unwrap();
            assert!(profile.admitted(&list, &IdentityClaims::default()).is_err());
        }
    }
}
