//! Which file answers a request for a page of an upstream account, and who has to sign in first.

use worker::{Context, Env};

use mcp_connector_oauth::upstream::connect_target::ConnectTarget;

use crate::app::state::App;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::http::request_guard;
use crate::http::route::{ACCOUNT_PATH, UpstreamStep, upstream_name};
use crate::http::site::Site;
use crate::oauth::account::session::session;
use crate::oauth::account::sign_in::sign_in_page;
use crate::oauth::answers::see_other;
use crate::oauth::context::OAuthContext;
use crate::oauth::sign_in_error::{SignInError, Start, wrong_method};
use crate::oauth::upstream::services::UpstreamService;
use crate::oauth::upstream::{callback, connect};
use crate::pages;
use crate::pages::account::notice::{Notice, Outcome};
use crate::pages::error::{ErrorWords, NextStep};

/// Answers a request for one of the pages.
pub(crate) async fn answer(
    app: &App,
    site: &Site,
    step: UpstreamStep,
    incoming: &Incoming,
    runtime: (&Env, &Context),
) -> Answer {
    if let Some(refused) = request_guard::refused_host(site, &app.configuration, incoming) {
        return refused;
    }
    let name = upstream_name(incoming.path());
    let Some(service) = name.and_then(|name| app.upstreams.find(name.as_str())) else { return unknown() };
    let answer = async {
        let oauth = OAuthContext::for_page(app, site, Feature::AccessTokens, runtime).await?;
        match (incoming.method(), step) {
            ("GET" | "HEAD", UpstreamStep::Connect) => show(&oauth, incoming, service).await,
            ("POST", UpstreamStep::Connect) => connect::act(&oauth, incoming, service).await,
            ("GET", UpstreamStep::Callback) => callback::returned(&oauth, incoming, service).await,
            (_, UpstreamStep::Connect) => Ok(wrong_method("GET, HEAD, POST", Start::Account)),
            (_, UpstreamStep::Callback) => Ok(wrong_method("GET", Start::Account)),
        }
    };
    answer.await.unwrap_or_else(|error| error.into_answer(Start::Account, incoming.request_log()))
}

/// Shows the page on which the account is connected, or the sign-in that leads to it.
async fn show(oauth: &OAuthContext<'_>, incoming: &Incoming, service: &UpstreamService) -> Result<Answer, SignInError> {
    let mark = connect::mark_of(incoming)?;
    let target = ConnectTarget { upstream: service.name.clone(), mark };
    // The service redirects to the address that it knows, so the cookies have to be set there.
    if oauth.site.asked != *oauth.site.issuer.origin() {
        return Ok(see_other(oauth.site.issuer.at(&connect::path_of(&target))));
    }
    if let Some(session) = session(oauth, incoming) {
        return connect::show(oauth, incoming, service, &session, target.mark.as_deref()).await;
    }
    let notice = Notice::Done(Outcome::SignInToConnect { service: service.title.clone() });
    sign_in_page(oauth, incoming, Some(&notice), Some(target))
}

fn unknown() -> Answer {
    let words = ErrorWords {
        title: "There is no such account to connect",
        what_happened: "This connector uses no service of that name.".into(),
        what_to_do: "Your account page lists the services that it uses.".into(),
    };
    Answer::page(404, pages::error(&words, &NextStep::Link { path: ACCOUNT_PATH, words: "Your account" }))
}
