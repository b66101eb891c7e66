//! The MCP endpoints: from an HTTP request to the protocol and back. The checks are in the order of the rules: the
//! address and the origin, the token, the body, the scopes, and then the protocol.

use std::rc::Rc;

use mcp_connector_base::caller::Caller;
use mcp_connector_protocol::{Need, Outcome, Posted, Reply, SessionError, is_json};

use crate::app::notes;
use crate::app::state::App;
use crate::config::configuration::ChallengeForm;
use crate::config::settings::Feature;
use crate::host::Workers;
use crate::http::answer::{Answer, closed_text};
use crate::http::cors;
use crate::http::incoming::{BodyError, Incoming};
use crate::http::limit::Limit;
use crate::http::request_guard;
use crate::http::request_guard::Forbidden;
use crate::http::route::McpEndpoint;
use crate::http::site::Site;
use crate::log::person;
use crate::mcp::change_streams::Announcements;
use crate::mcp::credentials::Credentials;
use crate::mcp::ended_sessions;
use crate::mcp::http_sse;
use crate::mcp::network_limit::NetworkLimit;
use crate::mcp::reply::closed_call;
use crate::mcp::reply::from_reply;
use crate::mcp::reply::refused;
use crate::mcp::reply::session_error;
use crate::mcp::reply::too_many;
use crate::mcp::resource_guard::{Authentication, Refusal, ResourceGuard};
use crate::mcp::sessions;
use crate::oauth::access::access_tokens::AccessTokens;

/// Answers a request to `endpoint`.
pub(crate) async fn answer(
    app: &Rc<App>,
    site: &Site,
    endpoint: McpEndpoint,
    incoming: &Incoming,
    env: worker::Env,
    context: worker::Context,
) -> Answer {
    if let Some(closed) = app.configuration.closed(Feature::Calls) {
        return closed_call(&closed_text(closed));
    }
    // A Worker of the account has no address.
    if app.configuration.allowed_addresses.is_some()
        && !incoming.is_internal()
        && let Err(forbidden) =
            request_guard::check_address(incoming.header("cf-connecting-ip").as_deref(), &app.configuration)
    {
        return refused(403, &forbidden.to_string());
    }
    let origin = incoming.header("origin");
    if let Err(forbidden) = request_guard::check(site, origin.as_deref(), &app.configuration) {
        let closed = app.configuration.closed(Feature::WebPages).filter(|_| forbidden == Forbidden::Origin);
        return refused(403, &closed.map_or_else(|| forbidden.to_string(), closed_text));
    }
    let answer = match incoming.method() {
        "OPTIONS" => cors::preflight(incoming, Some(&app.configuration.key_header)),
        method => McpRequest { app, site, endpoint, method, incoming, env: &env }.answer(Rc::new(context)).await,
    };
    cors::readable_by(answer, origin.as_deref())
}

/// A request from an address and an origin that may call, and what it is answered with.
#[derive(Clone, Copy)]
struct McpRequest<'a> {
    app: &'a Rc<App>,
    site: &'a Site,
    endpoint: McpEndpoint,
    method: &'a str,
    incoming: &'a Incoming,
    env: &'a worker::Env,
}

impl McpRequest<'_> {
    async fn answer(self, context: Rc<worker::Context>) -> Answer {
        let Self { app, site, endpoint, method, incoming, env } = self;
        let guard = ResourceGuard { site, endpoint, app };
        let network_limit = NetworkLimit::new(app, env, incoming);
        let tokens = AccessTokens { app, site, env, context: &context, network_limit: &network_limit };
        let authentication = match guard.identify(incoming, &tokens).await {
            Ok(authentication) => authentication,
            Err(refusal) => return self.unidentified(&network_limit, refusal).await,
        };
        if let Authentication::Caller(caller, _) = &authentication {
            incoming.request_log().client(&caller.client_id);
            person::note(incoming.request_log(), caller, app, env).await;
        }
        if self.is_one_too_many(&authentication).await {
            return too_many();
        }
        if ended_sessions::is_named(incoming) {
            return session_error(SessionError::Gone);
        }
        if endpoint == McpEndpoint::HttpSse
            && let Some(refusal) = http_sse::refusal(incoming, method)
        {
            return refusal;
        }
        let streams = Announcements { app, env, incoming, resource: site.resource(endpoint) };
        let is_anonymous = authentication.caller().is_none() && app.endpoint.registry.keeps_state_for(None);
        let network = is_anonymous.then(|| incoming.network());
        let host =
            app.host(env).at(&site.issuer).for_request(Rc::clone(&context), Rc::clone(incoming.request_log()), network);
        if endpoint == McpEndpoint::HttpSse && method == "GET" {
            return http_sse::open(app, incoming, &host, authentication.subject()).await;
        }
        if method != "POST" {
            return sessions::answer(&streams, method, authentication.caller()).await;
        }
        let (body, posted) = match self.read_posted(&guard, &authentication).await {
            Ok(read) => read,
            Err(answer) => return answer,
        };
        // Each message of a batch counts. One was counted before it was known how many there are.
        for _ in 1..posted.message_count() {
            if self.is_one_too_many(&authentication).await {
                return too_many();
            }
        }
        let (caller, posted) = match self.authorize(&guard, &tokens, authentication, posted, &body).await {
            Ok(authorized) => authorized,
            Err(answer) => return answer,
        };
        notes::leave_for_messages(incoming, &posted);
        if endpoint == McpEndpoint::HttpSse {
            return http_sse::take(incoming, body, &host, caller).await;
        }
        match posted.answer(incoming, &app.endpoint, host, caller).await {
            Reply::Listen(listening) => streams.to_subscription(*listening).await,
            reply @ (Reply::Accepted | Reply::Json { .. } | Reply::Events(_)) => from_reply(reply),
        }
    }

    /// Returns the answer to a request whose token is refused, or that has none where one is needed.
    async fn unidentified(self, network_limit: &NetworkLimit<'_>, refusal: Refusal) -> Answer {
        let has_any = Credentials::of(self.incoming, &self.app.configuration).has_any();
        // Without a credential no body is read, and most such requests get the answer of an earlier one. An outage stays one.
        if has_any && matches!(refusal, Refusal::Challenge(_)) && network_limit.is_over().await {
            return too_many();
        }
        let is_same = !has_any && matches!(refusal, Refusal::Challenge(_));
        let answer = refusal.naming(self.need_unidentified().await).into_answer();
        if is_same { answer.reusable() } else { answer }
    }

    /// Returns what a request needs whose token is refused, as far as its body can be read. Without a token, no body is
    /// read.
    async fn need_unidentified(self) -> Need {
        if self.method != "POST" || !Credentials::of(self.incoming, &self.app.configuration).has_any() {
            return Need::Nothing;
        }
        // A caller without a valid token counts as anonymous.
        let most_bytes = self.most_bytes(&Authentication::Anonymous);
        let Ok(body) = self.incoming.body(most_bytes).await else { return Need::Nothing };
        let posted = Posted::read(&body, most_bytes, &self.app.endpoint.registry, None);
        posted.map_or(Need::Nothing, |posted| posted.need())
    }

    /// Reads the body of a POST, and returns it also as it is. A body that cannot be read is refused.
    async fn read_posted(
        self,
        guard: &ResourceGuard<'_>,
        authentication: &Authentication,
    ) -> Result<(Vec<u8>, Posted<Workers>), Answer> {
        let incoming = self.incoming;
        if !incoming.header("content-type").is_some_and(|content_type| is_json(&content_type)) {
            return Err(refused(415, "Send the message as Content-Type: application/json."));
        }
        let body = match incoming.body(self.most_bytes(authentication)).await {
            Ok(body) => body,
            Err(BodyError::TooLarge) if self.may_be_read_of_a_caller(authentication) => {
                return Err(guard.ask_to_sign_in().into_answer());
            }
            Err(error) => return Err(not_read(error)),
        };
        let posted = match self.parse(&body, authentication) {
            Ok(posted) => posted,
            Err(Reply::Json { status: 413, .. }) if self.may_be_read_of_a_caller(authentication) => {
                return Err(guard.ask_to_sign_in().into_answer());
            }
            Err(reply) => return Err(from_reply(reply)),
        };
        if incoming.request_log().is_written() {
            incoming.request_log().request(posted.summary(incoming));
        }
        Ok((body, posted))
    }

    /// Parses a body as what this caller sees of the connector.
    fn parse(self, body: &[u8], authentication: &Authentication) -> Result<Posted<Workers>, Reply> {
        Posted::read(body, self.most_bytes(authentication), &self.app.endpoint.registry, authentication.caller())
    }

    /// Returns who may do what was posted, and what that is. A caller who may not is refused.
    async fn authorize(
        self,
        guard: &ResourceGuard<'_>,
        tokens: &AccessTokens<'_>,
        authentication: Authentication,
        posted: Posted<Workers>,
        body: &[u8],
    ) -> Result<(Option<Caller>, Posted<Workers>), Answer> {
        let admitted = guard.admit(&authentication, posted.need());
        // Where roles decide, a refusal is only as good as what is known of the person at this moment.
        let asks_anew =
            admitted.is_err() && authentication.caller().is_some() && !self.app.configuration.roles.is_empty();
        if let Err(refusal) = admitted
            && !asks_anew
        {
            return Err(self.challenged(&posted, refusal));
        }
        if !asks_anew && !posted.checks_revocation() {
            return Ok((authentication.into_caller(), posted));
        }
        let confirmed = guard.confirm(authentication, tokens).await.map_err(|refusal| refusal.naming(posted.need()));
        let admitted = confirmed.and_then(|confirmed| guard.admit(&confirmed, posted.need()).map(|()| confirmed));
        let authentication = admitted.map_err(|refusal| self.challenged(&posted, refusal))?;
        // What is hidden depends on the person, of whom more is known now.
        let posted = self.parse(body, &authentication).map_err(from_reply)?;
        Ok((authentication.into_caller(), posted))
    }

    /// Returns the largest body that is read from a caller, in bytes.
    fn most_bytes(self, authentication: &Authentication) -> u32 {
        match authentication {
            Authentication::Anonymous => self.app.configuration.max_anonymous_body_bytes,
            Authentication::Caller(..) => self.app.configuration.max_body_bytes,
        }
    }

    /// Returns whether a body that is too large without a token may be read with one. Its tool may need one, and a client that gets
    /// 413 would never sign in.
    fn may_be_read_of_a_caller(self, authentication: &Authentication) -> bool {
        let most_bytes = self.app.configuration.max_body_bytes;
        self.most_bytes(authentication) < most_bytes
            && !self.app.endpoint.registry.scopes().is_empty()
            && self.incoming.content_length().is_none_or(|length| length <= u64::from(most_bytes))
    }

    /// Counts a call, and returns whether that was one too many.
    async fn is_one_too_many(self, authentication: &Authentication) -> bool {
        self.app.limits_calls
            && Limit::CALLS.is_over_beyond_usual(self.env, &counted_as(authentication, self.incoming)).await
    }

    /// Returns a refusal in the form that the deployment has chosen. A client of 2024-11-05 reads no result in the answer
    /// to its POST.
    fn challenged(self, posted: &Posted<Workers>, refusal: Refusal) -> Answer {
        if self.app.configuration.challenge == ChallengeForm::Result
            && self.endpoint != McpEndpoint::HttpSse
            && let Refusal::Challenge(challenge) = &refusal
        {
            let text = challenge.body().error_description;
            if let Some(reply) = posted.challenge_as_result(&challenge.header_value(), text) {
                self.incoming.request_log().answered(Outcome::ToolError);
                self.incoming.request_log().reason(challenge.body().error);
                return from_reply(reply);
            }
        }
        refusal.into_answer()
    }
}

fn not_read(error: BodyError) -> Answer {
    let answer = refused(error.status(), &error.to_string());
    // RFC 9110 §15.5.16
    if error == BodyError::Encoded { answer.header("accept-encoding", "identity") } else { answer }
}

/// Returns the key under which calls are counted: the person and client, or else the network.
fn counted_as(authentication: &Authentication, incoming: &Incoming) -> String {
    match authentication {
        Authentication::Caller(caller, _) => [caller.subject.as_str(), caller.client_id.as_str()].join(" "),
        Authentication::Anonymous => incoming.network().as_str().to_owned(),
    }
}
