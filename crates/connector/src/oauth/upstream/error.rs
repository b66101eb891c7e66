//! The pages that tell a person why an upstream account is not connected: what happened, and the way on.

use std::borrow::Cow;

use mcp_connector_base::outage::Outage;
use mcp_connector_oauth::authorize::provider_error::ProviderError;
use mcp_connector_oauth::login::provider::error::LoginError;
use mcp_connector_oauth::upstream::connect_link::ConnectLinkError;
use mcp_connector_oauth::upstream::pending_connection::ConnectionError;

use crate::http::answer::Answer;
use crate::http::route::{ACCOUNT_PATH, OTHER_ACCOUNT_PATH, connect_path};
use crate::log::request_log::RequestLog;
use crate::oauth::identity::upstream::UpstreamError;
use crate::oauth::upstream::services::{NotSetUp, UpstreamService};
use crate::pages;
use crate::pages::error::{ErrorWords, NextStep};

/// Why an account is not connected.
#[derive(Debug)]
pub(crate) enum ConnectError {
    /// The service cannot be used until the owner has corrected a setting.
    NotSetUp(NotSetUp),
    /// The link that led here is not for this person, or has expired.
    Link(ConnectLinkError),
    /// The answer of the service does not count.
    Answer(ConnectionError),
    /// The service, or the person there, has refused.
    Refused(ProviderError),
    /// The service does not redeem its code, or its answer does not fit.
    Service(LoginError),
    /// The service does not answer.
    Outage(Outage),
}

impl From<UpstreamError> for ConnectError {
    fn from(error: UpstreamError) -> Self {
        match error {
            UpstreamError::Outage(outage) => Self::Outage(outage),
            UpstreamError::Login(error) => Self::Service(error),
        }
    }
}

impl From<LoginError> for ConnectError {
    fn from(error: LoginError) -> Self {
        Self::Service(error)
    }
}

impl ConnectError {
    fn reason(&self) -> String {
        match self {
            Self::NotSetUp(error) => error.to_string(),
            Self::Link(error) => error.to_string(),
            Self::Answer(error) => error.to_string(),
            Self::Refused(error) => format!("upstream: {}", error.code()),
            Self::Service(LoginError::TokenEndpoint(error)) => format!("upstream: the code was refused: {error}"),
            Self::Service(LoginError::InvalidResponse(what)) => format!("upstream: the answer does not fit: {what}"),
            Self::Service(LoginError::NotAllowed(_)) => "upstream: another person".to_owned(),
            Self::Outage(outage) => outage.to_string(),
        }
    }

    /// Returns the page, with the id of the request in the log.
    pub(crate) fn into_answer(self, service: &UpstreamService, log: &RequestLog) -> Answer {
        log.reason(self.reason());
        let title = &service.title;
        let again = connect_path(service.name.as_str());
        let try_again = NextStep::Link { path: &again, words: "Try again" };
        let account = NextStep::Link { path: ACCOUNT_PATH, words: "Your account" };
        let other = NextStep::Link { path: OTHER_ACCOUNT_PATH, words: "Sign in as somebody else" };
        let nothing = "Nothing was connected.";
        let (status, heading, what_happened, what_to_do, next) = match &self {
            Self::NotSetUp(_) => (
                503,
                format!("{title} is not set up"),
                format!("The owner of this connector has to set a variable or a secret for {title} first."),
                "Ask the owner. The page of this connector says what is missing.",
                account,
            ),
            Self::Link(ConnectLinkError::Expired) => (
                400,
                "This link has expired".to_owned(),
                format!("A link to connect {title} is good for half an hour. {nothing}"),
                "Ask your app again, or connect it from your account page.",
                account,
            ),
            Self::Link(ConnectLinkError::SomebodyElse) => (
                403,
                "This link is not for you".to_owned(),
                format!(
                    "It was made for another person than the one who is signed in here, or it is incomplete. {nothing}"
                ),
                "If somebody sent it to you, close this page. If it is yours, sign in as the person who uses the app.",
                other,
            ),
            Self::Answer(ConnectionError::NotExpected) => (
                400,
                "This answer was not expected here".to_owned(),
                format!(
                    "It belongs to another browser, or it was used already. If you did not come from {title} just now, close this \
                     page. {nothing}"
                ),
                "Begin again in this browser.",
                try_again,
            ),
            Self::Answer(ConnectionError::Expired) => (
                400,
                "That took too long".to_owned(),
                format!("You have ten minutes at {title}. {nothing}"),
                "Begin again.",
                try_again,
            ),
            Self::Answer(ConnectionError::SomebodyElse) => (
                403,
                "You are not signed in as the same person".to_owned(),
                format!("Your sign-in here has ended, or somebody else has signed in meanwhile. {nothing}"),
                "Sign in and begin again.",
                try_again,
            ),
            Self::Refused(error) if error.code() == "access_denied" => (
                403,
                format!("{title} was not connected"),
                format!("You, or {title}, did not allow it. {nothing}"),
                "Try again if you want to connect it.",
                try_again,
            ),
            Self::Refused(error) => (
                403,
                format!("{title} was not connected"),
                format!("{title} answered with the error {}. {nothing}", error.code()),
                "Try again. If it happens again, tell the owner of this connector.",
                try_again,
            ),
            Self::Service(LoginError::TokenEndpoint(error)) => (
                403,
                format!("{title} was not connected"),
                format!("{title} did not accept its own code: {error}. {nothing}"),
                "Try again. If it happens again, tell the owner of this connector.",
                try_again,
            ),
            Self::Service(_) => (
                403,
                format!("{title} was not connected"),
                format!("The answer of {title} does not fit this sign-in. {nothing}"),
                "Try again. If it happens again, tell the owner of this connector.",
                try_again,
            ),
            Self::Outage(_) => (
                503,
                format!("{title} does not answer"),
                format!("This connector cannot reach {title} at the moment. It is not your fault. {nothing}"),
                "Try again in a minute.",
                try_again,
            ),
        };
        let (what_happened, what_to_do): (Cow<'_, str>, Cow<'_, str>) = (what_happened.into(), what_to_do.into());
        let words = ErrorWords { title: &heading, what_happened, what_to_do };
        let answer = Answer::page(status, pages::failure(&words, &next, log.id()));
        match self {
            Self::Outage(outage) => answer.header("retry-after", outage.retry_after().to_string()),
            Self::NotSetUp(_) | Self::Link(_) | Self::Answer(_) | Self::Refused(_) | Self::Service(_) => answer,
        }
    }
}
