//! The variables and secrets of the Worker as text, and the errors of those that were read.

use worker::Env;
use worker::js_sys::{Array, JSON};
use worker::wasm_bindgen::{JsCast, JsValue};

use mcp_connector_oauth::web::origin::Issuer;

use crate::config::settings::{Expected, Setting, SettingError};
use crate::platform::js;

/// Reads settings, and keeps the errors that it meets.
pub(crate) struct Variables<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    errors: Vec<SettingError>,
}

impl<'a> Variables<'a> {
    /// Reads variables by `variable`, which returns the text of one that is set.
    pub(crate) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable, errors: Vec::new() }
    }

    /// Returns what cannot be read.
    pub(crate) fn into_errors(self) -> Vec<SettingError> {
        self.errors
    }

    /// Notes that a variable has a value that does not go with others.
    pub(crate) fn refuse(&mut self, error: SettingError) {
        self.errors.push(error);
    }

    /// Returns the text of a variable. An empty one is not set.
    pub(crate) fn text(&self, setting: Setting) -> Option<String> {
        let former = || setting.former_name().and_then(self.variable);
        let text = (self.variable)(setting.name()).or_else(former)?;
        Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// Returns the text of a variable that `by` makes necessary.
    pub(crate) fn needed(&self, setting: Setting, by: Setting) -> Result<String, SettingError> {
        self.text(setting).ok_or(SettingError { setting, expected: Expected::Missing(by) })
    }

    /// Returns what `read` makes of the variables, or `closed` if one of them cannot be read.
    pub(crate) fn read<T>(&mut self, closed: T, read: impl FnOnce(&Self) -> Result<T, SettingError>) -> T {
        read(self).unwrap_or_else(|error| {
            self.errors.push(error);
            closed
        })
    }

    /// Returns what one variable says: `unset` if it says nothing, `closed` if it cannot be read.
    pub(crate) fn parsed<T, E: Into<Expected>>(
        &mut self,
        setting: Setting,
        unset: T,
        closed: T,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> T {
        self.read(closed, |variables| match variables.text(setting) {
            None => Ok(unset),
            Some(text) => parse(&text).map_err(|error| SettingError { setting, expected: error.into() }),
        })
    }

    /// Returns the choice that one of several words names.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        setting: Setting,
        choices: &[(&'static str, T)],
        unset: T,
        closed: T,
    ) -> T {
        self.parsed(setting, unset, closed, |text| {
            let chosen = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
            chosen.ok_or_else(|| Expected::OneOf(choices.iter().map(|(word, _)| *word).collect()))
        })
    }

    /// Returns the value of `true` or `false`.
    pub(crate) fn flag(&mut self, setting: Setting, unset: bool) -> bool {
        self.choice(setting, &[("true", true), ("false", false)], unset, unset)
    }

    /// Returns a whole number, or the default if there is none or it is out of bounds.
    pub(crate) fn number(&mut self, setting: Setting, default: u32, least: u32, most: u32) -> u32 {
        self.parsed(setting, default, default, |text| match text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(Expected::Number { least, most }),
        })
    }
}

/// Returns the text of a binding of this Worker. A value of `[vars]` need not be a string: numbers and booleans are written as
/// JSON writes them, a list of strings as one text with spaces, and everything else is JSON, so that every variable that is set
/// counts.
pub(crate) fn text_of(env: &Env, name: &str) -> Option<String> {
    let value = js::get(env, name).ok().filter(|value| !value.is_undefined() && !value.is_null())?;
    if let Some(text) = value.as_string() {
        return Some(text);
    }
    let words = value.dyn_ref::<Array>().and_then(|list| list.iter().map(|item| item.as_string()).collect());
    let words: Option<Vec<String>> = words;
    match words {
        Some(words) if !words.is_empty() => Some(words.join(" ")),
        _ => Some(JSON::stringify(&value).map_or_else(|_: JsValue| "?".to_owned(), String::from)),
    }
}

/// Reads the origin of a server that is reached over TLS, or on this machine.
pub(super) fn secure_origin(text: &str) -> Result<Issuer, Expected> {
    let issuer = Issuer::parse(text)?;
    if !issuer.origin().is_loopback() && !issuer.as_str().starts_with("https://") {
        return Err(Expected::SecureOrigin);
    }
    Ok(issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unreadable_variable_is_an_error_and_has_its_closed_value() {
        let variable = |name: &str| match name {
            "PAGE_SIZE" => Some("0".to_owned()),
            "CHALLENGE" => Some("loud".to_owned()),
            "LOG" => Some("  ".to_owned()),
            "ANNOUNCE_ISS" => Some(" false\n".to_owned()),
            _ => None,
        };
        let mut variables = Variables::new(&variable);
        assert_eq!(variables.number(Setting::PageSize, 250, 1, 1000), 250);
        assert_eq!(variables.choice(Setting::Challenge, &[("http", 1), ("result", 2)], 1, 3), 3);
        assert_eq!(variables.choice(Setting::Log, &[("all", 1)], 1, 3), 1, "an empty one is not set");
        assert!(!variables.flag(Setting::AnnounceIss, true));
        let errors: Vec<String> = variables.into_errors().iter().map(SettingError::to_string).collect();
        assert_eq!(errors, ["PAGE_SIZE must be a whole number from 1 to 1000", "CHALLENGE must be http or result"]);
    }
}
