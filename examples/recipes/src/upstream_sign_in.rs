//! A token of an upstream service for each person: they sign in there once, by OAuth, and the tool calls that service in
//! their name.
//!
//! The person leaves for the upstream service in a browser, of which this Worker knows nothing. So the page at the end shows
//! a number, and the sign-in counts for whoever tells that number to the tool: somebody who was sent the link by another has
//! the number on their own screen, and the other one has nothing.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use mcp_connector::worker::js_sys::{decode_uri_component, encode_uri_component};
use mcp_connector::worker::{
    Date, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response, web_sys,
};
use mcp_connector::{ClientCapability, Connector, Context, Scope, Store, Tool, ToolError, worker};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const UPSTREAM: Scope = Scope::new("upstream", "Read your profile at the other service");

/// How long a sign-in may take, in milliseconds.
const PATIENCE: u64 = 10 * 60 * 1000;

/// A sign-in that has begun: kept for the person who called. The same one is used until it is over, since a handler that
/// asks may run several times.
#[derive(Serialize, Deserialize)]
struct Begun {
    /// What travels to the upstream service and back, and names what the callback finds.
    state: String,
    /// The secret behind the challenge (RFC 7636).
    verifier: String,
    /// When, in milliseconds.
    at: u64,
}

/// The entry that the `state` names.
#[derive(Serialize, Deserialize)]
enum Meeting {
    /// The tool expects somebody.
    Awaited { at: u64 },
    /// Somebody came back with this code, and was shown this number.
    Returned { code: String, number: String },
}

#[derive(Serialize, Deserialize)]
struct Token {
    access_token: String,
}

#[derive(Deserialize, JsonSchema)]
struct Profile {
    /// The number that the page showed, if the person was sent there before.
    #[schemars(length(max = 6))]
    number: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Shown {
    /// The number that the page shows when you have signed in
    #[schemars(length(min = 6, max = 6))]
    number: String,
}

async fn upstream_profile(args: Profile, cx: Context) -> Result<String, ToolError> {
    let tokens = Store::of(&cx, "upstream-tokens")?;
    let kept: Option<(u64, Token)> = tokens.list().await?.pop();
    let (id, token) = if let Some(kept) = kept {
        kept
    } else {
        let token = sign_in(&cx, args.number).await?;
        (tokens.add(&token).await?, token)
    };
    let url = format!("{}/userinfo", cx.env().var("UPSTREAM_ISSUER")?);
    let mut answer = send(&url, &format!("Bearer {}", token.access_token), None).await?;
    match answer.status_code() {
        200 => Ok(answer.text().await?),
        401 => {
            tokens.delete(id).await?;
            Err(ToolError::new("The other service has ended the sign-in. Call this tool again to sign in anew."))
        }
        status => Err(ToolError::new(format!("The other service answered with status {status}."))),
    }
}

/// Sends the person to the upstream service and comes back with their token.
async fn sign_in(cx: &Context, number: Option<String>) -> Result<Token, ToolError> {
    let sign_ins = Store::of(cx, "upstream-sign-ins")?;
    let (id, begun) = begin(cx.env(), &sign_ins).await?;
    let number = match number {
        Some(number) => number,
        None => ask(cx, &authorization_url(cx.env(), &begun)?).await?,
    };
    let meeting = Store::named(cx.env(), "upstream-sign-ins", &begun.state)?;
    let Some((at, Meeting::Returned { code, number: shown })) = meeting.list().await?.pop() else {
        return Err(ToolError::new("Nobody has signed in yet. Call this tool again once the page shows a number."));
    };
    // There is one try for each sign-in.
    meeting.delete(at).await?;
    sign_ins.delete(id).await?;
    if number != shown {
        return Err(ToolError::new("That is not the number which the page shows. Call this tool again to start anew."));
    }
    redeem(cx.env(), &code, &begun.verifier).await
}

async fn begin(env: &Env, sign_ins: &Store) -> Result<(u64, Begun), ToolError> {
    let now = Date::now().as_millis();
    let last: Option<(u64, Begun)> = sign_ins.list().await?.pop();
    if let Some((id, begun)) = last {
        if now.saturating_sub(begun.at) < PATIENCE {
            return Ok((id, begun));
        }
        sign_ins.delete(id).await?;
    }
    let begun = Begun { state: random()?, verifier: random()?, at: now };
    Store::named(env, "upstream-sign-ins", &begun.state)?.add(&Meeting::Awaited { at: now }).await?;
    Ok((sign_ins.add(&begun).await?, begun))
}

/// Asks for the number, as far as the client can ask.
async fn ask(cx: &Context, url: &str) -> Result<String, ToolError> {
    if !(cx.can(ClientCapability::UrlElicitation) && cx.can(ClientCapability::Elicitation)) {
        return Err(ToolError::new(format!(
            "Ask the person to sign in at {url} and then call this tool again with the number that the page shows."
        )));
    }
    cx.elicit_url("sign-in", "Please sign in at the other service.", url).await?.accepted()?;
    let Shown { number } = cx.elicit("number", "Which number does the page show?").await?;
    Ok(number)
}

fn authorization_url(env: &Env, begun: &Begun) -> Result<String, ToolError> {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(&begun.verifier));
    let query = form(&[
        ("response_type", "code"),
        ("client_id", &env.var("UPSTREAM_CLIENT_ID")?.to_string()),
        ("redirect_uri", &env.var("UPSTREAM_CALLBACK")?.to_string()),
        ("scope", "openid profile"),
        ("state", &begun.state),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    Ok(format!("{}/authorize?{query}", env.var("UPSTREAM_ISSUER")?))
}

async fn redeem(env: &Env, code: &str, verifier: &str) -> Result<Token, ToolError> {
    let body = form(&[
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", &env.var("UPSTREAM_CALLBACK")?.to_string()),
        ("code_verifier", verifier),
    ]);
    let client = format!("{}:{}", env.var("UPSTREAM_CLIENT_ID")?, env.secret("UPSTREAM_CLIENT_SECRET")?);
    let url = format!("{}/token", env.var("UPSTREAM_ISSUER")?);
    let mut answer = send(&url, &format!("Basic {}", STANDARD.encode(client)), Some(&body)).await?;
    if answer.status_code() != 200 {
        return Err(ToolError::new(
            "The other service did not accept the sign-in. Call this tool again to start anew.",
        ));
    }
    Ok(serde_json::from_slice(&answer.bytes().await?)?)
}

async fn send(url: &str, authorization: &str, body: Option<&str>) -> Result<Response, ToolError> {
    let headers = Headers::new();
    headers.set("authorization", authorization)?;
    headers.set("accept", "application/json")?;
    let mut how = RequestInit::new();
    if let Some(body) = body {
        headers.set("content-type", "application/x-www-form-urlencoded")?;
        how.with_method(Method::Post).with_body(Some(body.into()));
    }
    how.with_headers(headers).with_redirect(RequestRedirect::Manual);
    Ok(Fetch::Request(Request::new_with_init(url, &how)?).send().await?)
}

/// Where the upstream service sends the person back; nothing for every other request. Goes before `serve` in `src/lib.rs`.
pub(crate) async fn callback(request: &web_sys::Request, env: &Env) -> worker::Result<Option<Response>> {
    let url = request.url();
    let Some((path, query)) = url.split_once('?') else { return Ok(None) };
    if !path.ends_with("/upstream/callback") || request.method() != "GET" {
        return Ok(None);
    }
    let words = match arrive(env, query).await {
        Ok(Some(number)) => format!("You are signed in. If you asked for it, this is your number: <b>{number}</b>"),
        Ok(None) => "This sign-in is over, or was not asked for here. Start again where you came from.".to_owned(),
        Err(_) => "This does not work at the moment. Load the page again in a minute.".to_owned(),
    };
    let warning = "Tell it only to the app from which you came here. If somebody sent you a link, close this page.";
    let mut page = Response::from_html(format!("<!doctype html><title>Sign-in</title><p>{words}</p><p>{warning}</p>"))?;
    for (name, value) in [
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
    ] {
        page.headers_mut().set(name, value)?;
    }
    Ok(Some(page))
}

/// Keeps what the person brought, and gives the number to show. None where nobody is expected.
async fn arrive(env: &Env, query: &str) -> Result<Option<String>, ToolError> {
    let (Some(state), Some(code)) = (parameter(query, "state"), parameter(query, "code")) else { return Ok(None) };
    // Nobody makes us look for what we never handed out.
    if state.len() != 43 || code.len() > 2000 {
        return Ok(None);
    }
    let meeting = Store::named(env, "upstream-sign-ins", &state)?;
    let Some((id, Meeting::Awaited { at })) = meeting.list().await?.pop() else { return Ok(None) };
    if Date::now().as_millis().saturating_sub(at) >= PATIENCE {
        return Ok(None);
    }
    let number = number()?;
    meeting.replace(id, &Meeting::Returned { code, number: number.clone() }).await?;
    Ok(Some(number))
}

/// 256 bits in 43 characters.
fn random() -> Result<String, ToolError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Six digits.
fn number() -> Result<String, ToolError> {
    Ok(format!("{:06}", getrandom::u32()? % 1_000_000))
}

fn form(fields: &[(&str, &str)]) -> String {
    let encoded = |text: &str| String::from(encode_uri_component(text));
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    fields.join("&")
}

fn parameter(query: &str, name: &str) -> Option<String> {
    let value = query.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))?;
    decode_uri_component(value).ok().map(String::from)
}

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.tool(
        Tool::new("upstream_profile", "Read the person's profile at the other service.", upstream_profile)
            .title("Profile elsewhere")
            .scope(UPSTREAM)
            .read_only(),
    )
}
