//! The embedded identity: one owner with a passphrase. Checks attempts, and knows browsers that have signed in before
//! by a cookie, so that others cannot lock them out.

use crate::http::answer::Answer;
use crate::http::incoming::Incoming;
use crate::oauth::context::OAuthContext;
use crate::oauth::identity::settings::OWNER_SUBJECT;
use crate::oauth::sign_in_error::SignInError;
use crate::objects::keyring::commands::CountAttempt;
use crate::objects::keyring::stub as keyring;
use crate::pages::components::fields::typed_passphrase;
use crate::pages::login::LoginError;
use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::crypto::seal::Sealed;
use mcp_connector_oauth::login::admission::Admission;
use mcp_connector_oauth::login::known_browser::KnownBrowser;
use mcp_connector_oauth::login::passphrase::WeakPassphrase;
use mcp_connector_oauth::login::person::Person;
use mcp_connector_oauth::login::throttle::AttemptOutcome;
use mcp_connector_oauth::web::cookie::HostCookie;
use mcp_connector_oauth::web::form::Parameters;
use mcp_connector_oauth::web::request_source::RequestSource;

/// A browser that has signed in is remembered for a year, in seconds.
const REMEMBERED: u32 = 365 * 24 * 60 * 60;
const KNOWN_BROWSER: HostCookie = HostCookie::new("mcp-known");

/// The outcome of an attempt.
pub(crate) enum Attempt {
    /// The passphrase is right.
    Entered {
        /// The owner.
        person: Person,
        /// The browser that is to be remembered.
        browser: KnownBrowser,
    },
    /// The passphrase is wrong, or there were too many attempts.
    Refused(LoginError),
}

/// Checks the passphrase in `form`, and counts the attempt.
pub(crate) async fn attempt(
    oauth: &OAuthContext<'_>,
    incoming: &Incoming,
    form: &Parameters,
) -> Result<Attempt, SignInError> {
    let (Ok(passphrase), None) = (&oauth.configuration().passphrase, &oauth.configuration().provider) else {
        return Err(SignInError::BrokenForm);
    };
    let Some(typed) = typed_passphrase(form).map_err(|_| SignInError::BrokenForm)? else {
        return Ok(Attempt::Refused(LoginError::NoPassphrase));
    };
    let version = oauth.passphrase_version().ok_or(SignInError::NotSetUp(WeakPassphrase::Missing))?;
    let known = known_browser(oauth, incoming);
    let source = known
        .as_ref()
        .map_or_else(|| RequestSource::of_site(incoming.header("cf-connecting-ip").as_deref()), KnownBrowser::source);
    let is_right = passphrase.matches(typed, oauth.secrets.keys().passphrase());
    match keyring::count_attempt(oauth.env, &CountAttempt { source, is_right, version }).await? {
        AttemptOutcome::Accepted => {
            let browser = known.unwrap_or_else(|| KnownBrowser::new(&oauth.entropy));
            Ok(Attempt::Entered { person: owner(oauth)?, browser })
        }
        AttemptOutcome::Wrong => {
            incoming.request_log().reason("wrong passphrase");
            Ok(Attempt::Refused(LoginError::WrongPassphrase))
        }
        AttemptOutcome::Wait(seconds) => {
            incoming.request_log().reason("too many wrong passphrases");
            Ok(Attempt::Refused(LoginError::Throttled { seconds }))
        }
    }
}

/// Returns the owner, under the current version of the passphrase. The caller has made sure that the owner is there.
pub(crate) fn owner(oauth: &OAuthContext<'_>) -> Result<Person, SignInError> {
    let version = oauth.passphrase_version().ok_or(SignInError::NotSetUp(WeakPassphrase::Missing))?;
    let subject = Subject::new(OWNER_SUBJECT).map_err(|_| SignInError::BrokenForm)?;
    Ok(Person { subject, display_name: None, admission: Admission::Version(version), identity: None })
}

/// Returns a page with the field for the passphrase, with the status and the header that belong to the last attempt.
pub(crate) fn with_status(error: Option<LoginError>, page: impl FnOnce(u16) -> Answer) -> Answer {
    match error {
        None => page(200),
        // Not 401, which would ask for an authentication scheme of HTTP.
        Some(LoginError::NoPassphrase) => page(400),
        Some(LoginError::WrongPassphrase | LoginError::Passkey) => page(403),
        Some(LoginError::Throttled { seconds }) => page(429).header("retry-after", seconds.to_string()),
    }
}

fn known_browser(oauth: &OAuthContext<'_>, incoming: &Incoming) -> Option<KnownBrowser> {
    let cookies = incoming.header("cookie");
    let sealed = Sealed::from_text(KNOWN_BROWSER.read(oauth.site.asked.scheme(), cookies.as_deref())?);
    let keys = oauth.secrets.keys().seal();
    let mut versions = oauth.secrets.policy().versions().iter();
    versions.find_map(|version| sealed.open(version.to_string().as_bytes(), oauth.now, keys).ok())
}

/// Adds the cookie by which the browser is known the next time.
pub(crate) fn remember(oauth: &OAuthContext<'_>, answer: Answer, browser: &KnownBrowser) -> Answer {
    let Some(version) = oauth.passphrase_version() else { return answer };
    let keys = oauth.secrets.keys().seal();
    let until = oauth.now.plus(REMEMBERED.into());
    let sealed = Sealed::seal(browser, version.to_string().as_bytes(), until, keys, &oauth.entropy);
    let cookie =
        sealed.ok().and_then(|sealed| KNOWN_BROWSER.set(oauth.site.asked.scheme(), sealed.as_str(), REMEMBERED));
    match cookie {
        Some(cookie) => answer.header("set-cookie", cookie),
        None => answer,
    }
}
