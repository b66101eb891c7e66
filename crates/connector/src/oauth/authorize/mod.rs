//! The authorization endpoint (RFC 6749 §3.1): the client's request, the person's consent, the login, and the code, in
//! this order and no other. A pending request is not stored. It travels sealed in the forms and is bound to a cookie of
//! the browser in which it began. So a person who never signs in costs no write, and nobody can finish what another
//! began.

mod ask;
mod callback;
mod code;
mod consent;
mod login;
mod login_page;
mod pending;

use worker::{Context, Env};

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::request_guard;
use crate::http::route::SignInStep;
use crate::http::site::Site;
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::Start;
use crate::oauth::sign_in_error::wrong_method;

/// Answers a request for one of the steps.
pub(crate) async fn answer(
    app: &App,
    site: &Site,
    step: SignInStep,
    incoming: &Incoming,
    runtime: (&Env, &Context),
) -> Answer {
    if let Some(refused) = request_guard::refused_host(site, &app.configuration, incoming) {
        return refused;
    }
    let is_form = matches!(step, SignInStep::Consent | SignInStep::Login);
    match (incoming.method(), is_form) {
        ("GET" | "HEAD", false) | ("POST", true) => {}
        (_, false) => return wrong_method("GET, HEAD", Start::Application),
        (_, true) => return wrong_method("POST", Start::Application),
    }
    let answer = async {
        let oauth = OAuthContext::for_page(app, site, Feature::AuthorizationServer, runtime).await?;
        match step {
            SignInStep::Ask => ask::asked(&oauth, incoming).await,
            SignInStep::Consent => consent::submitted(&oauth, incoming).await,
            SignInStep::Login => login::submitted(&oauth, incoming).await,
            SignInStep::Callback => callback::returned(&oauth, incoming).await,
        }
    };
    answer.await.unwrap_or_else(|error| error.into_answer(Start::Application, incoming.request_log()))
}
