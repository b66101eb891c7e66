//! The settings of a deployment: variables and secrets of the Worker. A value that makes no sense is an error that names the
//! variable, never a silent default.

use std::time::Duration;

use thiserror::Error;

use crate::oauth::origin::{InvalidIssuer, Issuer, Origin};

/// What the variables say.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// `PUBLIC_URL`: the origin that all documents name. None: the one that was asked.
    pub(crate) public_url: Option<Issuer>,
    /// `ALLOWED_ORIGINS`: web pages that may call the connector from a browser.
    pub(crate) allowed_origins: Vec<Origin>,
    /// `CHALLENGE`: how a tool call without the needed sign-in is refused.
    pub(crate) challenge: ChallengeForm,
    /// `MAX_BODY_BYTES`: largest body that is read.
    pub(crate) max_body_bytes: u32,
    /// `PAGE_SIZE`: most items on one page of a list.
    pub(crate) page_size: usize,
    /// `KEEP_ALIVE_MS`: a silent stream sends a comment after this long.
    pub(crate) keep_alive: Duration,
}

/// The form of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChallengeForm {
    /// 401 or 403 with `WWW-Authenticate`, as the specification says.
    Http,
    /// 200 with the challenge in the tool's result, as ChatGPT's tool-level linking reads it.
    Result,
}

/// A variable that makes no sense.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum ConfigurationError {
    #[error("PUBLIC_URL must be an origin such as https://mcp.example.com: {0}")]
    PublicUrl(InvalidIssuer),
    #[error("PUBLIC_URL must be https, or http on this machine")]
    InsecurePublicUrl,
    #[error("ALLOWED_ORIGINS must list origins such as https://example.com, separated by spaces")]
    AllowedOrigins,
    #[error("CHALLENGE must be \"http\" or \"result\"")]
    Challenge,
    #[error("{name} must be a whole number from {least} to {most}")]
    Number { name: &'static str, least: u32, most: u32 },
}

const DEFAULT_MAX_BODY_BYTES: u32 = 1024 * 1024;
/// What a Worker may hold in memory leaves no room for more.
const MOST_BODY_BYTES: u32 = 32 * 1024 * 1024;

impl Configuration {
    /// Reads the settings; `variable` gives the text of a variable, if it is set.
    pub(crate) fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigurationError> {
        let set = |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let number = |name: &'static str, default: u32, least: u32, most: u32| match set(name) {
            None => Ok(default),
            Some(text) => match text.parse() {
                Ok(number) if (least..=most).contains(&number) => Ok(number),
                _ => Err(ConfigurationError::Number { name, least, most }),
            },
        };
        let allowed = set("ALLOWED_ORIGINS").unwrap_or_default();
        let page_size = number("PAGE_SIZE", 250, 1, 1000)?;
        Ok(Self {
            public_url: set("PUBLIC_URL").map(|text| public_url(&text)).transpose()?,
            allowed_origins: allowed
                .split([' ', ','])
                .filter(|text| !text.is_empty())
                .map(|text| Issuer::parse(text).map(|issuer| issuer.origin().clone()))
                .collect::<Result<_, _>>()
                .map_err(|_| ConfigurationError::AllowedOrigins)?,
            challenge: match set("CHALLENGE").as_deref() {
                None | Some("http") => ChallengeForm::Http,
                Some("result") => ChallengeForm::Result,
                Some(_) => return Err(ConfigurationError::Challenge),
            },
            max_body_bytes: number("MAX_BODY_BYTES", DEFAULT_MAX_BODY_BYTES, 1024, MOST_BODY_BYTES)?,
            page_size: usize::try_from(page_size).unwrap_or(usize::MAX),
            keep_alive: Duration::from_millis(number("KEEP_ALIVE_MS", 15_000, 100, 60_000)?.into()),
        })
    }
}

fn public_url(text: &str) -> Result<Issuer, ConfigurationError> {
    let issuer = Issuer::parse(text).map_err(ConfigurationError::PublicUrl)?;
    if !issuer.origin().is_loopback() && !issuer.as_str().starts_with("https://") {
        return Err(ConfigurationError::InsecurePublicUrl);
    }
    Ok(issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
        Configuration::read(|name| {
            settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let configuration = read(&[]).unwrap();
        assert_eq!(configuration.max_body_bytes, 1024 * 1024);
        assert_eq!(configuration.challenge, ChallengeForm::Http);
        assert!(configuration.public_url.is_none() && configuration.allowed_origins.is_empty());
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        assert!(read(&[("PUBLIC_URL", " "), ("MAX_BODY_BYTES", ""), ("CHALLENGE", "")]).is_ok());
    }

    #[test]
    fn a_value_that_makes_no_sense_names_its_variable() {
        for (name, value) in [
            ("PUBLIC_URL", "mcp.example.com"),
            ("PUBLIC_URL", "https://mcp.example.com/mcp"),
            ("PUBLIC_URL", "http://mcp.example.com"),
            ("ALLOWED_ORIGINS", "*"),
            ("ALLOWED_ORIGINS", "https://a.example https://b.example/path"),
            ("CHALLENGE", "HTTP"),
            ("MAX_BODY_BYTES", "1MB"),
            ("MAX_BODY_BYTES", "0"),
            ("PAGE_SIZE", "0"),
            ("KEEP_ALIVE_MS", "-1"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{name}={value}: {error}");
        }
    }

    #[test]
    fn origins_are_a_list() {
        let configuration = read(&[("ALLOWED_ORIGINS", "https://a.example, https://B.example/")]).unwrap();
        let origins: Vec<_> = configuration.allowed_origins.iter().map(Origin::as_str).collect();
        assert_eq!(origins, ["https://a.example", "https://b.example"]);
    }
}
