//! How a client wants the person to be authenticated: `prompt` and `login_hint` (OpenID Connect Core §3.1.2.1). They concern the
//! identity provider. This server asks for consent every time.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::web::discovery::ExternalIssuer;
use crate::web::form::{FormError, Parameters};
use crate::web::web_url::WebUrl;

/// Maximum length of a `login_hint`, in bytes. An e-mail address has at most 254.
const MAX_LOGIN_HINT: usize = 320;

/// A value of `prompt` that is sent to an identity provider. `consent` is not: this server has its own consent page, and a
/// provider may demand an administrator's consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    /// To sign in again, even if a session is open at the provider.
    Login,
    SelectAccount,
}

impl Prompt {
    const ALL: [Self; 2] = [Self::Login, Self::SelectAccount];

    /// Returns the value of the parameter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::SelectAccount => "select_account",
        }
    }
}

/// Why `prompt` makes a request fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidPrompt {
    /// `none` is combined with another value.
    #[error("prompt none cannot be combined with another value")]
    NoneWithOthers,
    /// The value is `none`, but consent needs a page every time.
    #[error("the person is asked for consent every time, so prompt none cannot be granted")]
    ConsentRequired,
}

impl InvalidPrompt {
    /// Returns the value of the parameter `error` (OpenID Connect Core §3.1.2.6).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoneWithOthers => "invalid_request",
            Self::ConsentRequired => "consent_required",
        }
    }
}

/// How the person is to be authenticated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginOptions {
    prompt: Vec<Prompt>,
    login_hint: Option<String>,
}

impl LoginOptions {
    /// Creates options that let the person choose an account, and suggest none.
    #[must_use]
    pub fn another_account() -> Self {
        Self { prompt: vec![Prompt::SelectAccount], login_hint: None }
    }

    /// Creates options that make the provider ask anew, even if the person is signed in there.
    #[must_use]
    pub fn anew() -> Self {
        Self { prompt: vec![Prompt::Login], login_hint: None }
    }

    /// Reads both parameters. Unknown values of `prompt` are ignored, and so is a hint that is too long or has control
    /// characters.
    ///
    /// # Errors
    ///
    /// A parameter is repeated.
    pub fn read(parameters: &Parameters) -> Result<Self, FormError> {
        let prompt = parameters.get("prompt")?.unwrap_or_default();
        let is_asked_for = |known: &Prompt| prompt.split(' ').any(|value| value == known.as_str());
        let fits = |hint: &&str| hint.len() <= MAX_LOGIN_HINT && !hint.chars().any(char::is_control);
        Ok(Self {
            prompt: Prompt::ALL.into_iter().filter(is_asked_for).collect(),
            login_hint: parameters.get("login_hint")?.filter(fits).map(str::to_owned),
        })
    }

    /// Returns `prompt` for a provider that announces the `supported` values (Initiating User Registration via OpenID Connect
    /// §4.1). A provider that announces none is expected to support those of OpenID Connect Core.
    ///
    /// Where a provider does not support one of `login` and `select_account`, the other replaces it.
    #[must_use]
    pub fn prompt(&self, supported: Option<&[String]>) -> Option<String> {
        let knows =
            |prompt: Prompt| supported.is_none_or(|supported| supported.iter().any(|one| one == prompt.as_str()));
        let mut values: Vec<&str> = Vec::new();
        for asked in &self.prompt {
            let next_best = Prompt::ALL.into_iter().filter(|prompt| prompt != asked);
            let possible = std::iter::once(*asked).chain(next_best).find(|prompt| knows(*prompt)).map(Prompt::as_str);
            values.extend(possible.filter(|value| !values.contains(value)));
        }
        (!values.is_empty()).then(|| values.join(" "))
    }

    /// Returns the options for another attempt at a provider that has refused `select_account`: to sign in again. Returns `None`
    /// if that was not asked for.
    ///
    /// Not all providers announce what they support, and some refuse `select_account` with `invalid_request`.
    #[must_use]
    pub fn without_account_choice(&self) -> Option<Self> {
        let chooses = self.prompt.contains(&Prompt::SelectAccount);
        chooses.then(|| Self { prompt: vec![Prompt::Login], login_hint: self.login_hint.clone() })
    }

    /// Returns whether the person is to prove anew who they are.
    #[must_use]
    pub fn asks_for_login(&self) -> bool {
        self.prompt.contains(&Prompt::Login)
    }

    /// Returns the account that the client expects.
    #[must_use]
    pub fn login_hint(&self) -> Option<&str> {
        self.login_hint.as_deref()
    }
}

/// The domains of Microsoft's identity platform. It takes one value of `prompt` and answers several with AADSTS90023.
const MICROSOFT: [&str; 7] = [
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.microsoft.com",
    "sts.windows.net",
    "ciamlogin.com",
    "b2clogin.com",
];

fn takes_one_prompt(issuer: &ExternalIssuer) -> bool {
    let host = WebUrl::parse(issuer.as_str()).map(|url| url.host.to_string()).unwrap_or_default();
    MICROSOFT.iter().any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

/// Returns the `prompt` of a request to `issuer`, from the values that were `asked` for and those that the owner of this server `always`
/// wants. Each value is there once. A provider that takes only one gets the first.
#[must_use]
pub fn combined_prompt<'a>(
    asked: Option<&'a str>,
    always: impl IntoIterator<Item = &'a str>,
    issuer: &ExternalIssuer,
) -> Option<String> {
    let mut values: Vec<&str> = Vec::new();
    for value in asked.into_iter().chain(always).flat_map(|values| values.split(' ')) {
        if !value.is_empty() && !values.contains(&value) {
            values.push(value);
        }
    }
    if takes_one_prompt(issuer) {
        values.truncate(1);
    }
    (!values.is_empty()).then(|| values.join(" "))
}

/// Refuses a request that does not allow a page.
pub(crate) fn check_prompt_none(parameters: &Parameters) -> Result<Result<(), InvalidPrompt>, FormError> {
    let mut values = parameters.get("prompt")?.unwrap_or_default().split(' ').filter(|value| !value.is_empty());
    Ok(match (values.clone().any(|value| value == "none"), values.any(|value| value != "none")) {
        (false, _) => Ok(()),
        (true, true) => Err(InvalidPrompt::NoneWithOthers),
        (true, false) => Err(InvalidPrompt::ConsentRequired),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::form::with_query;

    fn parameters(query: &[(&str, &str)]) -> Parameters {
        Parameters::parse(with_query("", query).trim_start_matches('?').as_bytes()).unwrap()
    }

    #[test]
    fn the_prompt_for_a_provider_has_only_values_that_it_supports_and_never_consent() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        for (asked, supported, sent) in [
            ("", None, None),
            ("login", None, Some("login")),
            ("select_account", None, Some("select_account")),
            ("select_account login", None, Some("login select_account")),
            ("consent", None, None),
            ("consent login", None, Some("login")),
            ("LOGIN create x", None, None),
            ("select_account", Some(names(&["none", "login", "consent"])), Some("login")),
            ("select_account login", Some(names(&["login"])), Some("login")),
            ("select_account", Some(names(&["login", "select_account"])), Some("select_account")),
            ("login", Some(names(&["select_account"])), Some("select_account")),
            ("select_account login", Some(names(&["none"])), None),
        ] {
            let options = LoginOptions::read(&parameters(&[("prompt", asked)])).unwrap();
            assert_eq!(options.prompt(supported.as_deref()).as_deref(), sent, "{asked} at {supported:?}");
        }
        assert_eq!(LoginOptions::another_account().prompt(None).as_deref(), Some("select_account"));
    }

    #[test]
    fn only_prompt_login_asks_for_a_new_proof() {
        for (asked, anew) in [("", false), ("login", true), ("select_account login", true), ("select_account", false)] {
            let options = LoginOptions::read(&parameters(&[("prompt", asked)])).unwrap();
            assert_eq!(options.asks_for_login(), anew, "{asked}");
        }
    }

    #[test]
    fn a_provider_gets_each_prompt_once_and_microsoft_gets_one() {
        let tenant = "https://login.microsoftonline.com/8a8f1a3e-0000-4000-8000-000000000001/v2.0";
        for (issuer, asked, always, sent) in [
            ("https://id.example", None, &[][..], None),
            ("https://id.example", Some("login"), &["login"], Some("login")),
            ("https://id.example", Some("login select_account"), &["consent"], Some("login select_account consent")),
            ("https://id.example", None, &["consent", "consent login"], Some("consent login")),
            (tenant, Some("select_account"), &["consent"], Some("select_account")),
            (tenant, Some("login select_account"), &[], Some("login")),
            (tenant, None, &["consent"], Some("consent")),
            ("https://contoso.ciamlogin.com/x/v2.0", Some("login"), &["consent"], Some("login")),
            ("https://notciamlogin.com", Some("login"), &["consent"], Some("login consent")),
        ] {
            let issuer = ExternalIssuer::parse(issuer).unwrap();
            let prompt = combined_prompt(asked, always.iter().copied(), &issuer);
            assert_eq!(prompt.as_deref(), sent, "{asked:?} and {always:?} at {issuer:?}");
        }
    }

    #[test]
    fn a_provider_that_refuses_select_account_is_asked_once_for_login() {
        let instead = LoginOptions::another_account().without_account_choice().unwrap();
        assert_eq!(instead.prompt(None).as_deref(), Some("login"));
        assert_eq!(instead.without_account_choice(), None);
        assert_eq!(LoginOptions::default().without_account_choice(), None);
    }

    #[test]
    fn a_login_hint_is_passed_on_unchanged_or_not_at_all() {
        for (hint, passed) in [
            ("jane@example.com", true),
            ("Zoë & Söhne+1", true),
            (&*"a".repeat(MAX_LOGIN_HINT), true),
            (&*"a".repeat(MAX_LOGIN_HINT + 1), false),
            ("jane\r\nX: y", false),
            ("jane\u{85}", false),
            ("", false),
        ] {
            let options = LoginOptions::read(&parameters(&[("login_hint", hint)])).unwrap();
            assert_eq!(options.login_hint(), passed.then_some(hint), "{hint:?}");
        }
        assert_eq!(LoginOptions::another_account().login_hint(), None);
    }

    #[test]
    fn prompt_none_is_refused() {
        for (prompt, answer) in [
            ("", Ok(())),
            ("login consent", Ok(())),
            ("nonesuch", Ok(())),
            ("none", Err(InvalidPrompt::ConsentRequired)),
            (" none ", Err(InvalidPrompt::ConsentRequired)),
            ("none none", Err(InvalidPrompt::ConsentRequired)),
            ("none login", Err(InvalidPrompt::NoneWithOthers)),
            ("consent none", Err(InvalidPrompt::NoneWithOthers)),
        ] {
            assert_eq!(check_prompt_none(&parameters(&[("prompt", prompt)])), Ok(answer), "{prompt:?}");
        }
    }

    #[test]
    fn a_repeated_prompt_or_login_hint_is_refused() {
        for name in ["prompt", "login_hint"] {
            let twice = parameters(&[(name, "login"), (name, "login")]);
            assert!(LoginOptions::read(&twice).is_err(), "{name}");
        }
    }
}
