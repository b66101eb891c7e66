//! The paths of the account page: which step and method does what.

use worker::{Context, Env};

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::request_guard;
use crate::http::route::AccountStep;
use crate::http::site::Site;
use crate::oauth::account::session::to_page;
use crate::oauth::account::{actions, clients, export, page, passkeys, people, protected_action, sign_in};
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::{Start, wrong_method};

/// Answers a request for the page or one of its forms.
pub(crate) async fn answer(
    app: &App,
    site: &Site,
    step: AccountStep,
    incoming: &Incoming,
    runtime: (&Env, &Context),
) -> Answer {
    if let Some(refused) = request_guard::refused_host(site, &app.configuration, incoming) {
        return refused;
    }
    let answer = async {
        let oauth = OAuthContext::for_page(app, site, Feature::AccessTokens, runtime).await?;
        match (incoming.method(), step) {
            ("GET" | "HEAD", AccountStep::Page) => page::show(&oauth, incoming).await,
            ("POST", AccountStep::Page) => actions::act(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::Clients) => clients::show(&oauth, incoming).await,
            ("POST", AccountStep::Clients) => clients::act(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::People) => people::show(&oauth, incoming).await,
            ("POST", AccountStep::People) => people::act(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::Export) => export::show(&oauth, incoming).await,
            ("POST", AccountStep::Export) => export::download(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::Confirm) => protected_action::show(&oauth, incoming),
            ("POST", AccountStep::Confirm) => protected_action::act(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::Passkeys) => Ok(to_page(None)),
            ("POST", AccountStep::Passkeys) => passkeys::add(&oauth, incoming).await,
            ("GET" | "HEAD", AccountStep::SignIn) => sign_in::begin(&oauth, incoming).await,
            ("POST", AccountStep::SignIn) => sign_in::enter(&oauth, incoming).await,
            _ => Ok(wrong_method("GET, HEAD, POST", Start::Account)),
        }
    };
    answer.await.unwrap_or_else(|error| error.into_answer(Start::Account, incoming.request_log()))
}
