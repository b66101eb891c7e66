//! A request that a person has consented to, while it is found out who the person is.

use mcp_connector_oauth::authorize::consent::ConsentedRequest;
use mcp_connector_oauth::authorize::prompt::LoginOptions;
use mcp_connector_oauth::login::login_form::LoginDecision;
use mcp_connector_oauth::login::passkeys::ceremony::Purpose;
use mcp_connector_oauth::login::provider::pending_login::LoginPurpose;
use mcp_connector_oauth::web::cookie::BrowserNonce;

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::authorize::{code, login_page};
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::passkey;
use crate::oauth::identity::provider::Identity as _;
use crate::oauth::identity::provider::Step;
use crate::oauth::identity::settings::Provider;
use crate::oauth::sign_in_error::SignInError;
use crate::oauth::sign_in_error::Start;

/// A request that a person has consented to, and the browser in which they have.
pub(crate) struct Pending<'a> {
    pub(crate) consented: Box<ConsentedRequest>,
    pub(crate) browser: BrowserNonce,
    /// The sealed request, for the next form.
    pub(crate) sealed: &'a str,
}

impl Pending<'_> {
    /// Returns the answer, or a page with what the person can do instead.
    pub(crate) fn answered(
        &self,
        oauth: &OAuthContext<'_>,
        incoming: &Incoming,
        answer: Result<Answer, SignInError>,
    ) -> Answer {
        let has_accounts = oauth.configuration().provider.as_ref().is_some_and(Provider::has_accounts);
        let again = if has_accounts { LoginDecision::AnotherAccount } else { LoginDecision::Again };
        let start = Start::Pending { sealed: self.sealed, again };
        answer.unwrap_or_else(|error| error.into_answer(start, incoming.request_log()))
    }

    /// Finds out who the person is, or begins to.
    pub(crate) async fn identify(
        &self,
        oauth: &OAuthContext<'_>,
        incoming: &Incoming,
        options: LoginOptions,
    ) -> Result<Answer, SignInError> {
        let purpose = LoginPurpose::Client(self.consented.clone());
        match oauth.configuration().provider.begin(oauth, incoming, purpose, options, &self.browser).await? {
            Step::Login => {
                let offer = passkey::offer(oauth, incoming, Purpose::SignIn, self.sealed);
                Ok(login_page::page(oauth, self.consented.request(), self.sealed, offer, None))
            }
            Step::Redirect(redirect) => Ok(redirect.into()),
            Step::Known(person) => code::for_person(oauth, &self.consented, &person).await,
        }
    }
}
