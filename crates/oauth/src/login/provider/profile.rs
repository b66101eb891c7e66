//! The claims of an identity provider about a person: from an ID token (OpenID Connect Core §3.1.3), the userinfo endpoint
//! (§5.3), or GitHub's `GET /user`. The Worker makes the requests; this module checks the answers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;

use crate::external_issuer::token::subject_of;
use crate::login::account::{Account, TooLong};
use crate::login::admission::Admission;
use crate::login::allowed_users::AllowedUsers;
use crate::login::disallowed_user::{DisallowedUser, EmailStatus, EmailTrust};
use crate::login::person::Person;
use crate::login::provider::error::LoginError;
use crate::login::provider::response::ProviderResponse;
use crate::web::discovery::ExternalIssuer;

/// How much the clock of a provider may differ, in seconds.
const LEEWAY: u64 = 60;

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
}

impl UserProfile {
    /// Returns the person, if the list allows them.
    pub fn admitted(self, allowed: &AllowedUsers) -> Result<Person, LoginError> {
        if !allowed.allows(&self.account) {
            return Err(LoginError::NotAllowed(Box::new(self.disallowed_user)));
        }
        let admission = match self.email_trust {
            EmailTrust::VerifiedOnly => Admission::Account(self.account),
            EmailTrust::Trusted => Admission::AccountWithTrustedEmail(self.account),
        };
        Ok(Person { subject: self.subject, display_name: self.display_name, admission })
    }

    /// Reads an ID token from the provider's token endpoint. The signature is not checked, because the token came from the
    /// provider over TLS (OpenID Connect Core §3.1.3.7, 6.). Everything else is.
    pub fn of_id_token(
        token: &str,
        issuer: &ExternalIssuer,
        client_id: &str,
        nonce: &str,
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
        if claims.text("nonce") != Some(nonce) {
            return Err(bad("another sign-in"));
        }
        let expires = claims.0.get("exp").and_then(Value::as_u64).map(Timestamp::from_seconds);
        if expires.is_none_or(|expires| now >= expires.plus(LEEWAY)) {
            return Err(bad("expired"));
        }
        Self::of_claims(&claims, issuer, email)
    }

    /// Adds the claims of the userinfo endpoint (OpenID Connect Core §5.3), which must be about the same person.
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
        Ok(Self { subject: self.subject, display_name, account, email_trust, disallowed_user })
    }

    /// Returns whether the userinfo endpoint may have an address.
    #[must_use]
    pub const fn lacks_email(&self) -> bool {
        self.account.email.is_none()
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
        })
    }

    /// Reads the answer of GitHub's `GET /user`.
    pub fn of_github(answer: &[u8], github: &ExternalIssuer) -> Result<Self, LoginError> {
        let user = ProviderResponse::read(answer)?;
        let id = user.0.get("id").and_then(Value::as_u64).ok_or(LoginError::InvalidResponse("no user"))?.to_string();
        let login = user.text("login");
        Ok(Self {
            subject: subject_of(github, &id).map_err(|_| LoginError::InvalidResponse("no user"))?,
            display_name: user.text("name").or(login).map(str::to_owned),
            disallowed_user: DisallowedUser::new(github, &id, EmailStatus::NotRequested),
            account: Account::new(github, &id, login, None)
                .map_err(|TooLong| LoginError::InvalidResponse("no user"))?,
            email_trust: EmailTrust::VerifiedOnly,
        })
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
        UserProfile::of_id_token(&token, &issuer(), "us", "n", email, NOW)
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
                UserProfile::of_id_token(text, &issuer(), "us", "n", EmailTrust::VerifiedOnly, NOW).is_err(),
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
            let admitted = id_token(&changes).unwrap().admitted(&AllowedUsers::parse(allowed).unwrap());
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
                let admitted = id_token_with(&changes, email).unwrap().admitted(&list);
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
            let Err(LoginError::NotAllowed(disallowed_user)) = id_token(&changes).unwrap().admitted(&list) else {
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
        let person = profile.admitted(&everybody).unwrap();
        assert!(!person.subject.as_str().contains('@'));
        assert_eq!(person.display_name.as_deref(), Some("Jane"));
    }

    #[test]
    fn userinfo_must_have_the_subject_of_the_id_token() {
        let profile = || id_token(&json!({"email": null})).unwrap();
        assert!(profile().lacks_email());
        let same = br#"{"sub": "248289", "email": "jane@example.com", "email_verified": true}"#;
        let admitted = profile().with_userinfo(same, &issuer(), EmailTrust::VerifiedOnly).unwrap();
        assert!(admitted.admitted(&AllowedUsers::parse("jane@example.com").unwrap()).is_ok());
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
            assert!(profile.lacks_email(), "{name}");
            let profile = profile.with_userinfo(answer, &issuer(), EmailTrust::Trusted).unwrap();
            assert_eq!(profile.admitted(&list).is_ok(), good, "{name}");
        }
    }

    #[test]
    fn a_github_user_has_a_numeric_id_and_a_login() {
        let github = ExternalIssuer::parse("https://github.com").unwrap();
        let user = br#"{"id": 583231, "login": "octocat", "name": null, "email": "x@example.com"}"#;
        for (allowed, good) in [("OctoCat", true), ("583231", true), ("octo", false), ("x@example.com", false)] {
            let profile = UserProfile::of_github(user, &github).unwrap();
            assert_eq!(profile.admitted(&AllowedUsers::parse(allowed).unwrap()).is_ok(), good, "{allowed}");
        }
        let impostor = UserProfile::of_github(br#"{"id": 9, "login": "583231"}"#, &github).unwrap();
        assert!(impostor.admitted(&AllowedUsers::parse("583231").unwrap()).is_err(), "a login like another's number");
    }
}
