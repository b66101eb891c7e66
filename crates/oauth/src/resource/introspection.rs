//! Token introspection (RFC 7662): what a connector asks the authorization server that keeps its sign-in, over a Service Binding that
//! nobody else reaches, and the answers. Both are JSON, because the two are deployed at different times: a member that one of them does
//! not know is ignored.
//!
//! There are two questions. The first is about a token ([`IntrospectionResponse`]), once for each token. The second is about grants
//! whose tokens are known ([`GrantsRequest`]): whether they are valid, and what is known of their person. It takes the place of the look at
//! the object of the person, and is asked as often.
//!
//! Members beside those of RFC 7662 §2.2 and of OpenID Connect Core §5.1 are `grant`, `withheld_scope`, `groups`, `roles` and `claims`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::profile::{EmailSource, Profile};
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::resource::access_token::VerifiedToken;
use crate::resource::protected_resource::Resource;
use crate::resource::standing::Standing;

/// Path of the question about a token.
pub const INTROSPECTION_PATH: &str = "/introspect";
/// Path of the question about grants.
pub const GRANTS_PATH: &str = "/grants";
/// Maximum length of a question, in bytes.
pub const MAX_QUESTION: usize = 64 * 1024;
/// Maximum length of an answer, in bytes. What is known of a person takes 20 KB at most.
pub const MAX_ANSWER: usize = 128 * 1024;
/// Maximum number of grants in one question.
pub const MAX_GRANTS: usize = 2048;

/// An answer that is not what the question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the answer of the authorization server does not fit the question")]
pub struct UnexpectedAnswer;

/// The answer about a token (RFC 7662 §2.2).
#[derive(Debug, Serialize, Deserialize)]
pub struct IntrospectionResponse {
    active: bool,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    token: Option<ActiveToken>,
}

/// What an answer says of a token that is active.
#[derive(Debug, Serialize, Deserialize)]
struct ActiveToken {
    /// The only resource where the token is valid.
    aud: Resource,
    sub: Subject,
    client_id: ClientId,
    /// The scopes in the token.
    scope: ScopeSet,
    /// Until when the token is accepted.
    exp: Timestamp,
    jti: String,
    /// The name of the person in the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    /// The grant or the access key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grant: Option<GrantId>,
    #[serde(flatten)]
    person: Person,
}

/// What is known of the person of a grant.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Person {
    /// The scopes that the roles of the authorization server withhold at this moment.
    #[serde(default, skip_serializing_if = "ScopeSet::is_empty")]
    withheld_scope: ScopeSet,
    /// Whether an identity provider has said anything of the person, which may be nothing of what follows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    has_profile: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    email_verified: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preferred_username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    roles: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    claims: BTreeMap<String, Value>,
}

impl IntrospectionResponse {
    /// The answer about a token that is not valid, or not for the resource of the connector that asks. It says nothing else (§2.2).
    pub const INACTIVE: Self = Self { active: false, token: None };

    /// Creates the answer about a token that is valid for `resource`. What is known of its person comes from a look at the grant, and is
    /// `None` for a client that acts for itself.
    #[must_use]
    pub fn active(token: &VerifiedToken, resource: &Resource, standing: Option<&Standing>) -> Self {
        let caller = token.caller();
        let token = ActiveToken {
            aud: resource.clone(),
            sub: caller.subject.clone(),
            client_id: caller.client_id.clone(),
            scope: caller.scopes.clone(),
            exp: token.expires(),
            jti: token.id().to_owned(),
            username: caller.display_name.as_deref().map(str::to_owned),
            grant: caller.grant,
            person: standing.map(Person::of).unwrap_or_default(),
        };
        Self { active: true, token: Some(token) }
    }

    /// Returns the token and what is known of its person, or `None` if the token is not active.
    ///
    /// # Errors
    ///
    /// The answer is about another resource, or does not say what it has to.
    pub fn token(self, resource: &Resource) -> Result<Option<(VerifiedToken, Standing)>, UnexpectedAnswer> {
        let token = match (self.active, self.token) {
            (false, _) => return Ok(None),
            (true, Some(token)) if token.aud == *resource => token,
            (true, _) => return Err(UnexpectedAnswer),
        };
        let caller = Caller {
            display_name: token.username.map(Arc::from),
            grant: token.grant,
            ..Caller::new(token.sub, token.client_id, token.scope)
        };
        Ok(Some((VerifiedToken::new(caller, token.exp, &token.jti), token.person.standing())))
    }
}

/// The question which of some grants of a person are valid.
#[derive(Debug, Serialize, Deserialize)]
pub struct GrantsRequest {
    /// A resource of the connector that asks.
    pub resource: Resource,
    pub subject: Subject,
    /// At most [`MAX_GRANTS`].
    pub grants: Vec<GrantId>,
}

/// The answer about grants.
#[derive(Debug, Serialize, Deserialize)]
pub struct GrantsResponse {
    pub active: Vec<GrantId>,
    #[serde(flatten)]
    person: Person,
}

impl GrantsResponse {
    /// Creates the answer. Of a person without any of the grants it says nothing.
    #[must_use]
    pub fn new(active: Vec<GrantId>, standing: &Standing) -> Self {
        let person = if active.is_empty() { Person::default() } else { Person::of(standing) };
        Self { active, person }
    }

    /// Returns which grants are valid, and what is known of their person.
    #[must_use]
    pub fn into_parts(self) -> (Vec<GrantId>, Standing) {
        (self.active, self.person.standing())
    }
}

impl Person {
    fn of(standing: &Standing) -> Self {
        let withheld_scope = standing.withheld().clone();
        let Some(profile) = standing.profile() else { return Self { withheld_scope, ..Self::default() } };
        let text = |text: Option<&str>| text.map(str::to_owned);
        let claim = |(name, json): (&str, &str)| Some((name.to_owned(), serde_json::from_str(json).ok()?));
        Self {
            withheld_scope,
            has_profile: true,
            name: text(profile.name()),
            email: text(profile.email()),
            email_verified: profile.is_email_verified(),
            preferred_username: text(profile.login()),
            picture: text(profile.picture()),
            groups: profile.groups().to_vec(),
            roles: profile.roles().to_vec(),
            claims: profile.claims().filter_map(claim).collect(),
        }
    }

    fn standing(self) -> Standing {
        let source = if self.email_verified { EmailSource::Provider } else { EmailSource::Owner };
        let profile = self.has_profile.then(|| {
            Profile::default()
                .with_name(self.name.as_deref())
                .with_email(self.email.as_deref(), source)
                .with_login(self.preferred_username.as_deref())
                .with_picture(self.picture.as_deref())
                .with_groups(self.groups.iter().map(String::as_str))
                .with_roles(self.roles.iter().map(String::as_str))
                .with_claims(self.claims.iter().map(|(name, value)| (name.as_str(), value)))
        });
        Standing::new(profile, self.withheld_scope)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const EXPIRES: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const GRANT: GrantId = GrantId::from_bytes([0, 1, 2, 3, 4, 5, 6, 7]);

    fn resource(path: &str) -> Resource {
        Resource::parse(&format!("https://wiki.example{path}")).unwrap()
    }

    fn scopes(text: &str) -> ScopeSet {
        ScopeSet::parse(text).unwrap()
    }

    fn token() -> VerifiedToken {
        let (subject, client) = (Subject::new("owner").unwrap(), ClientId::new("app").unwrap());
        let caller = Caller::new(subject, client, scopes("pages:read pages:write"));
        let caller = Caller { grant: Some(GRANT), display_name: Some(Arc::from("Zo\u{eb}")), ..caller };
        VerifiedToken::new(caller, EXPIRES, "id")
    }

    fn standing() -> Standing {
        let (team, level) = (json!(["tools"]), json!(3));
        let profile = Profile::default()
            .with_name(Some("Zo\u{eb} D."))
            .with_email(Some("zoe@example.com"), EmailSource::Owner)
            .with_login(Some("zoe"))
            .with_picture(Some("https://p.example/z.png"))
            .with_groups(["staff"])
            .with_roles(["editor"])
            .with_claims([("level", &level), ("team", &team)]);
        Standing::new(Some(profile), scopes("pages:write"))
    }

    fn read(answer: &IntrospectionResponse) -> IntrospectionResponse {
        serde_json::from_slice(&serde_json::to_vec(answer).unwrap()).unwrap()
    }

    #[test]
    fn an_active_token_is_read_back_with_all_that_is_known_of_its_person() {
        for standing in [standing(), Standing::default(), Standing::new(Some(Profile::default()), ScopeSet::empty())] {
            let answer = IntrospectionResponse::active(&token(), &resource("/mcp"), Some(&standing));
            assert_eq!(read(&answer).token(&resource("/mcp")), Ok(Some((token(), standing))));
        }
    }

    #[test]
    fn an_answer_has_the_members_of_the_rfc_and_of_openid_connect() {
        let answer = IntrospectionResponse::active(&token(), &resource("/mcp"), Some(&standing()));
        let expected = json!({
            "active": true, "aud": "https://wiki.example/mcp", "sub": "owner", "client_id": "app",
            "scope": "pages:read pages:write", "exp": 1_800_000_000, "jti": "id", "username": "Zo\u{eb}",
            "grant": "0001020304050607", "withheld_scope": "pages:write", "has_profile": true, "name": "Zo\u{eb} D.",
            "email": "zoe@example.com", "preferred_username": "zoe", "picture": "https://p.example/z.png",
            "groups": ["staff"], "roles": ["editor"], "claims": {"level": 3, "team": ["tools"]},
        });
        assert_eq!(serde_json::to_value(answer).unwrap(), expected);
    }

    #[test]
    fn an_inactive_answer_says_nothing_else() {
        assert_eq!(serde_json::to_string(&IntrospectionResponse::INACTIVE).unwrap(), r#"{"active":false}"#);
        assert_eq!(read(&IntrospectionResponse::INACTIVE).token(&resource("/mcp")), Ok(None));
    }

    #[test]
    fn an_answer_about_another_resource_or_without_a_person_is_refused() {
        let answer = IntrospectionResponse::active(&token(), &resource("/private/mcp"), None);
        assert_eq!(read(&answer).token(&resource("/mcp")), Err(UnexpectedAnswer), "another audience");
        for text in [r#"{"active":true}"#, r#"{"active":true,"sub":"owner"}"#, r#"{"active":true,"aud":"x"}"#] {
            let answer: IntrospectionResponse = serde_json::from_str(text).unwrap();
            assert_eq!(answer.token(&resource("/mcp")), Err(UnexpectedAnswer), "{text}");
        }
    }

    #[test]
    fn an_answer_of_a_later_version_is_read() {
        let mut answer =
            serde_json::to_value(IntrospectionResponse::active(&token(), &resource("/mcp"), None)).unwrap();
        answer["new"] = json!({"member": 1});
        let read: IntrospectionResponse = serde_json::from_value(answer).unwrap();
        assert_eq!(read.token(&resource("/mcp")), Ok(Some((token(), Standing::default()))));
    }

    #[test]
    fn a_question_about_as_many_grants_as_there_may_be_is_not_too_long() {
        let (subject, grants) = (Subject::new(&"s".repeat(255)).unwrap(), vec![GRANT; MAX_GRANTS]);
        let request = GrantsRequest { resource: resource("/mcp"), subject, grants };
        let text = serde_json::to_vec(&request).unwrap();
        assert!(text.len() <= MAX_QUESTION, "{}", text.len());
        assert_eq!(serde_json::from_slice::<GrantsRequest>(&text).unwrap().grants, request.grants);
        assert!(
            serde_json::from_str::<GrantsRequest>(r#"{"resource":"https://a/mcp","subject":"a","grants":["x"]}"#)
                .is_err()
        );
    }

    #[test]
    fn of_a_person_without_grants_nothing_is_said() {
        let answer =
            |active: &[GrantId]| serde_json::to_value(GrantsResponse::new(active.to_vec(), &standing())).unwrap();
        assert_eq!(answer(&[]), json!({"active": []}));
        let parts = serde_json::from_value::<GrantsResponse>(answer(&[GRANT])).unwrap().into_parts();
        assert_eq!(parts, (vec![GRANT], standing()));
    }
}
