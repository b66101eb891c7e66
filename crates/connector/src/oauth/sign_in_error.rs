//! The pages that tell a person why a sign-in does not go on: what happened, what they can do, and the way back to
//! where they came from.

use std::borrow::Cow;

use worker::console_error;

use crate::config::configuration::Closed;
use crate::http::answer::{Answer, RETRY_CLOSED};
use crate::http::incoming::BodyError;
use crate::http::route::{ACCOUNT_PATH, LOGIN_PATH, OTHER_ACCOUNT_PATH};
use crate::log::request_log::RequestLog;
use crate::oauth::identity::upstream::UpstreamError;
use crate::pages;
use crate::pages::FormTarget;
use crate::pages::error::{ErrorWords, NextStep};
use mcp_connector_base::outage::Outage;
use mcp_connector_oauth::authorize::authorization_request::error::PageError;
use mcp_connector_oauth::clients::metadata_document::fetch_limits::PERIOD;
use mcp_connector_oauth::login::login_form::LoginDecision;
use mcp_connector_oauth::login::passphrase::WeakPassphrase;
use mcp_connector_oauth::login::provider::error::LoginError;
use mcp_connector_oauth::token::client_authentication::NotDescribed;
use mcp_connector_oauth::web::redirect_uri::InvalidRedirectUri;
use mcp_connector_protocol::Unavailable;

/// Answers a request for a page that cannot be opened directly, for example a reload.
pub(crate) fn wrong_method(allowed: &'static str, start: Start<'_>) -> Answer {
    let (what_happened, what_to_do, next) = match start {
        Start::Application | Start::Pending { .. } => {
            ("A sign-in starts in the app that you want to connect.", "Go back and connect again.", NextStep::None)
        }
        Start::Account => ("It belongs to your account page.", "Open your account page again.", TO_ACCOUNT),
    };
    let words = ErrorWords {
        title: "This page cannot be opened directly",
        what_happened: what_happened.into(),
        what_to_do: what_to_do.into(),
    };
    let page = pages::error(&words, &next);
    Answer::page(405, page).header("allow", allowed)
}

/// Why a sign-in does not go on.
pub(crate) enum SignInError {
    /// Nobody can sign in here.
    NotSetUp(WeakPassphrase),
    /// Nobody can sign in until the owner has corrected a setting, which is named, or added the lines of a binding.
    Closed { reason: String, lines: Option<String> },
    /// The request is not valid, and there is no redirect URI that could be told.
    Request(PageError),
    /// A form that came from another site.
    ExternalForm,
    /// A form that none of this server's pages has sent.
    BrokenForm,
    /// An answer that the identity provider has not sent like this.
    BrokenAnswer,
    /// A form that was not read.
    Unread(BodyError),
    /// The browser does not send the cookie that it was given.
    NoCookie,
    /// The form is too old.
    Expired {
        /// The redirect that tells the client, if one waits.
        back: Option<String>,
    },
    /// The form was made for another browser, or not by this server.
    OtherBrowser,
    /// The form belongs to an earlier sign-in to the account page.
    StaleForm,
    /// Only the owner may do this.
    NotTheOwner,
    /// The owner has ended the client for everybody.
    ClientEnded {
        /// The redirect that tells the client.
        back: String,
    },
    /// The roles of the person allow nothing of what was asked for.
    NoRole {
        /// The redirect that tells the client.
        back: String,
    },
    /// The person has none of the groups that the endpoint requires.
    NoGroup {
        /// The redirect that tells the client.
        back: String,
    },
    /// Too many sign-ins wait to be finished.
    TooMany,
    /// The code of this page was redeemed before.
    Finished,
    /// The identity provider did not say who the person is, or the person may not sign in.
    Login(LoginError),
    /// Too many client documents were fetched.
    TooManyFetches,
    /// Something is out of reach.
    Outage(Outage),
}

impl From<Closed<'_>> for SignInError {
    fn from(closed: Closed<'_>) -> Self {
        Self::Closed { reason: closed.to_string(), lines: closed.lines() }
    }
}

impl From<NotDescribed> for SignInError {
    fn from(error: NotDescribed) -> Self {
        match error {
            NotDescribed::Outage(outage) => Self::Outage(outage),
            NotDescribed::TooManyFetches => Self::TooManyFetches,
        }
    }
}

impl From<LoginError> for SignInError {
    fn from(error: LoginError) -> Self {
        Self::Login(error)
    }
}

impl From<UpstreamError> for SignInError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Outage(outage) => Self::Outage(outage),
            UpstreamError::Login(error) => Self::Login(error),
        }
    }
}

impl From<PageError> for SignInError {
    fn from(error: PageError) -> Self {
        Self::Request(error)
    }
}

impl From<Outage> for SignInError {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

impl From<Unavailable> for SignInError {
    fn from(Unavailable: Unavailable) -> Self {
        Self::Outage(Outage::Storage)
    }
}

/// Where a person began, and has to begin again.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// In the app that they want to connect.
    Application,
    /// In the app, whose request the person has consented to. The login can be begun again, or the app can be told.
    Pending {
        /// The consented request, for a form of this browser.
        sealed: &'a str,
        /// How the person may be asked again who they are.
        again: LoginDecision,
    },
    /// At their account page.
    Account,
}

/// Returns whether the owner has decided that a client is not allowed.
const fn is_policy(error: PageError) -> bool {
    matches!(error, PageError::ClientNotAllowed | PageError::RedirectUri(InvalidRedirectUri::NotAllowed))
}

/// What a person reads whose app the owner does not allow.
const CLIENT_NOT_ALLOWED: ErrorWords<'static> = ErrorWords {
    title: "This app may not connect here",
    what_happened: Cow::Borrowed(
        "The owner of this connector allows only certain apps. This app, or the place that would receive the access, is not one of them.",
    ),
    what_to_do: Cow::Borrowed(PageError::ClientNotAllowed.remedy()),
};

/// Returns what a person reads whose app has sent a request that does not work.
fn request_words(error: PageError) -> ErrorWords<'static> {
    if is_policy(error) {
        return CLIENT_NOT_ALLOWED;
    }
    // An app may be unknown because this server has forgotten it, and a scheme because its owner has not allowed it.
    let is_fault_of_app =
        !matches!(error, PageError::UnknownClient | PageError::RedirectUri(InvalidRedirectUri::Scheme));
    let fault = if is_fault_of_app { " This is the app’s fault, not yours." } else { "" };
    ErrorWords {
        title: "The app’s request does not work",
        what_happened: format!("{error}{fault}").into(),
        what_to_do: error.remedy().into(),
    }
}

/// What a person reads who has none of the groups that the endpoint requires.
const NO_GROUP: ErrorWords<'static> = ErrorWords {
    title: "You are not in a group that may use this",
    what_happened: Cow::Borrowed(
        "Only members of certain groups may use this connector, and your identity provider does not list you in any of them.",
    ),
    what_to_do: Cow::Borrowed("Ask the owner which group you need, and connect again once you are in it."),
};

const TO_ACCOUNT: NextStep<'static> = NextStep::Link { path: ACCOUNT_PATH, words: "Your account" };

impl<'a> Start<'a> {
    /// Returns what the person can do on the page itself.
    fn next_step(self, error: &'a SignInError) -> NextStep<'a> {
        match (self, error) {
            // Another account may have the group or the role.
            (
                Self::Pending { sealed, again: again @ LoginDecision::AnotherAccount },
                SignInError::NoRole { .. } | SignInError::NoGroup { .. },
            )
            | (Self::Pending { sealed, again }, SignInError::Login(LoginError::NotAllowed(_))) => {
                NextStep::SignIn { form: FormTarget { action: LOGIN_PATH, sealed }, again }
            }
            (
                _,
                SignInError::ClientEnded { back }
                | SignInError::NoRole { back }
                | SignInError::NoGroup { back }
                | SignInError::Expired { back: Some(back) },
            ) => NextStep::Link { path: back, words: "Back to the app" },
            (Self::Application, _) | (Self::Pending { .. }, SignInError::Finished) => NextStep::None,
            (Self::Pending { sealed, .. }, _) => {
                NextStep::SignIn { form: FormTarget { action: LOGIN_PATH, sealed }, again: LoginDecision::Again }
            }
            (Self::Account, SignInError::Login(LoginError::NotAllowed(_))) => {
                NextStep::Link { path: OTHER_ACCOUNT_PATH, words: "Sign in as somebody else" }
            }
            (Self::Account, _) => TO_ACCOUNT,
        }
    }
}

impl SignInError {
    /// Returns the reason for the log.
    fn reason(&self) -> String {
        match self {
            Self::NotSetUp(weak) => weak.to_string(),
            Self::Closed { reason, .. } => reason.clone(),
            Self::Request(error) => error.to_string(),
            Self::ExternalForm => "a form of another site".to_owned(),
            Self::BrokenForm => "a broken form".to_owned(),
            Self::BrokenAnswer => "a broken answer of a provider".to_owned(),
            Self::Unread(error) => error.to_string(),
            Self::StaleForm => "a form of an earlier session".to_owned(),
            Self::NoCookie => "no cookie".to_owned(),
            Self::Expired { .. } => "an expired form".to_owned(),
            Self::OtherBrowser => "a form of another browser".to_owned(),
            Self::Finished => "a page whose code was already redeemed".to_owned(),
            Self::NotTheOwner => "not the owner".to_owned(),
            Self::ClientEnded { .. } => "the owner has ended the client".to_owned(),
            Self::NoRole { .. } => "no role of the person allows it".to_owned(),
            Self::NoGroup { .. } => "the person has none of the groups of REQUIRED_GROUPS".to_owned(),
            Self::TooMany => "too many sign-ins under way".to_owned(),
            Self::Login(LoginError::NotAllowed(_)) => "the person is not on the list".to_owned(),
            Self::Login(error) => error.to_string(),
            Self::TooManyFetches => "too many client documents".to_owned(),
            Self::Outage(outage) => outage.to_string(),
        }
    }

    /// Returns the page, with the id of the request in the log.
    pub(crate) fn into_answer(self, start: Start<'_>, log: &RequestLog) -> Answer {
        log.reason(self.reason());
        if let Self::Login(LoginError::NotAllowed(disallowed_user)) = &self {
            // A line of its own, because what can be put on the list may be longer than a reason.
            console_error!("sign-in: {disallowed_user}. {} request {}", disallowed_user.owner_remedy(), log.id());
        }
        let (status, words) = match &self {
            Self::NotSetUp(WeakPassphrase::Missing) => return Answer::page(503, pages::not_set_up()),
            Self::NotSetUp(_) => return Answer::page(503, pages::weak_passphrase()),
            Self::Closed { reason, lines } => {
                return Answer::page(503, pages::closed(reason, lines.as_deref())).header("retry-after", RETRY_CLOSED);
            }
            Self::Request(_)
            | Self::ExternalForm
            | Self::BrokenForm
            | Self::BrokenAnswer
            | Self::Unread(_)
            | Self::NoCookie
            | Self::Expired { .. }
            | Self::OtherBrowser
            | Self::StaleForm
            | Self::NotTheOwner
            | Self::ClientEnded { .. }
            | Self::NoRole { .. }
            | Self::NoGroup { .. }
            | Self::TooMany
            | Self::Finished
            | Self::Login(_)
            | Self::TooManyFetches
            | Self::Outage(_) => (self.status(), self.words(start)),
        };
        let is_limited = matches!(self, Self::TooManyFetches);
        let next = start.next_step(&self);
        let page = pages::failure(&words, &next, log.id());
        let answer = Answer::page(status, page);
        if let Self::Outage(outage) = self {
            return answer.header("retry-after", outage.retry_after().to_string());
        }
        if is_limited {
            return answer.header("retry-after", PERIOD.to_string());
        }
        answer
    }

    const fn status(&self) -> u16 {
        match self {
            Self::Request(error) if is_policy(*error) => 403,
            Self::Request(_)
            | Self::BrokenForm
            | Self::BrokenAnswer
            | Self::NoCookie
            | Self::Expired { .. }
            | Self::OtherBrowser => 400,
            Self::ExternalForm
            | Self::StaleForm
            | Self::NotTheOwner
            | Self::ClientEnded { .. }
            | Self::NoRole { .. }
            | Self::NoGroup { .. }
            | Self::Login(_) => 403,
            Self::Finished => 409,
            Self::TooManyFetches => 429,
            Self::NotSetUp(_) | Self::Closed { .. } | Self::TooMany | Self::Outage(_) => 503,
            Self::Unread(error) => error.status(),
        }
    }

    /// Returns what happened, whose fault it is, and the one thing to do.
    fn words(&self, start: Start<'_>) -> ErrorWords<'static> {
        let again = match start {
            Start::Application => "Go back to the app and connect again.",
            Start::Pending { .. } => "Try again, or go back to the app.",
            Start::Account => "Open your account page again.",
        };
        let words = |title, what_happened: &str, what_to_do: &str| ErrorWords {
            title,
            what_happened: what_happened.to_owned().into(),
            what_to_do: what_to_do.to_owned().into(),
        };
        match self {
            Self::Request(error) => request_words(*error),
            Self::ExternalForm => words(
                "This form came from another site",
                "Another site tried to send it in your name. Nothing was done.",
                again,
            ),
            Self::BrokenForm | Self::BrokenAnswer => words(
                if matches!(self, Self::BrokenForm) {
                    "This form cannot be read"
                } else {
                    "This answer cannot be read"
                },
                "It arrived incomplete or changed, which is not your fault. Nothing was done.",
                again,
            ),
            Self::Unread(error) => words("This form cannot be read", &format!("{error} Nothing was done."), again),
            Self::StaleForm => words(
                "This page is out of date",
                "It belongs to an earlier sign-in in this browser. Nothing was done.",
                again,
            ),
            Self::NoCookie => words(
                "Your browser did not send a cookie",
                "The cookie shows that the sign-in is still yours. This browser blocks or has deleted it.",
                &format!("Allow cookies for this site. {again}"),
            ),
            Self::Expired { .. } => words(
                "This page has expired",
                "It was open for too long: a sign-in page is good for ten minutes. Nothing was done.",
                again,
            ),
            Self::OtherBrowser => words(
                "This page belongs to another browser",
                "Or this browser has lost the cookie that it was given. Nothing was done.",
                again,
            ),
            Self::Finished => words(
                "This sign-in is already finished",
                "The app already has its answer.",
                "Close this page and look at the app. If it is not connected, connect again.",
            ),
            Self::TooMany => words(
                "Too many sign-ins at once",
                "Several that you began are not finished yet. They expire after a minute.",
                &format!("Wait a minute. {again}"),
            ),
            Self::NotTheOwner => words(
                "Only the owner may do that",
                "You are signed in, but not as the owner of this connector.",
                "Ask the owner.",
            ),
            Self::ClientEnded { .. } => words(
                "This app is turned off here",
                "The owner of this server has ended its access for everybody.",
                "Ask the owner, or use another app.",
            ),
            Self::NoRole { .. } => words(
                "Your role does not allow this",
                "The owner of this connector has given you no role for anything that the app asks for.",
                "Ask the owner for a role. Signing in again as the same person does not change it.",
            ),
            Self::NoGroup { .. } => NO_GROUP,
            Self::Login(LoginError::NotAllowed(user)) => words(
                "You cannot use this connector yet",
                &user.received_claims(),
                &format!("{} Ask the owner, or sign in there as somebody else.", user.owner_remedy()),
            ),
            Self::Login(_) => words(
                "The identity provider did not sign you in",
                "It did not say who you are. The fault is there, or in a setting of this connector, and not yours.",
                again,
            ),
            Self::TooManyFetches => words(
                "Too many requests",
                "Descriptions of apps were looked up too often for your network, or at this app’s site.",
                "Wait a minute and load this page again.",
            ),
            Self::NotSetUp(_) | Self::Closed { .. } | Self::Outage(_) => words(
                "This does not work at the moment",
                "A service that this connector needs does not answer. It is not your fault, and nothing is lost.",
                "Wait a moment and load this page again.",
            ),
        }
    }
}
