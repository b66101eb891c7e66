//! What the pages for people show beside a connector's title and icons: an accent colour and who operates it.

use thiserror::Error;

/// The settings of the pages, as their author wrote them. A setting that is not valid is reported and not used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageSettings {
    pub(crate) accent: Option<String>,
    pub(crate) operator: Option<String>,
    pub(crate) operator_url: Option<String>,
}

/// A colour of the sRGB space: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb(pub [u8; 3]);

/// The person or organization that runs a connector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator<'a> {
    /// The name that people read.
    pub name: &'a str,
    /// A page about the operator, or an address to write to.
    pub url: Option<&'a str>,
}

/// Why a setting of the pages is not used.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidPageSetting {
    #[error("the accent colour is not valid: write it as #rgb or #rrggbb")]
    Accent,
    #[error("the operator’s URL is not valid: it begins with https:// or mailto:")]
    OperatorUrl,
    #[error("there is a URL of the operator and no name: call .operated_by(…)")]
    OperatorWithoutName,
}

impl PageSettings {
    /// Returns the accent colour.
    #[must_use]
    pub fn accent(&self) -> Option<Rgb> {
        self.accent.as_deref().and_then(Rgb::parse)
    }

    /// Returns who operates the connector.
    #[must_use]
    pub fn operator(&self) -> Option<Operator<'_>> {
        let name = self.operator.as_deref().map(str::trim).filter(|name| !name.is_empty())?;
        Some(Operator { name, url: self.operator_url.as_deref().filter(|url| is_link(url)) })
    }

    pub(crate) fn errors(&self) -> Vec<InvalidPageSetting> {
        let accent = self.accent.is_some() && self.accent().is_none();
        let url = self.operator_url.as_deref().is_some_and(|url| !is_link(url));
        let nameless = self.operator_url.is_some() && self.operator().is_none();
        let found = [
            (accent, InvalidPageSetting::Accent),
            (url, InvalidPageSetting::OperatorUrl),
            (nameless, InvalidPageSetting::OperatorWithoutName),
        ];
        found.into_iter().filter(|(is_wrong, _)| *is_wrong).map(|(_, error)| error).collect()
    }
}

impl Rgb {
    /// Reads `#rgb` or `#rrggbb`.
    fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let digits: Vec<u32> = digits.chars().map(|digit| digit.to_digit(16)).collect::<Option<_>>()?;
        let (red, green, blue) = match *digits.as_slice() {
            [r, g, b] => (r * 17, g * 17, b * 17),
            [r, rr, g, gg, b, bb] => (r * 16 + rr, g * 16 + gg, b * 16 + bb),
            _ => return None,
        };
        let byte = |value| u8::try_from(value).ok();
        Some(Self([byte(red)?, byte(green)?, byte(blue)?]))
    }
}

/// Whether a page may link to `url`. No other scheme is a link: a `javascript:` URL would run on the page.
fn is_link(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("mailto:"));
    rest.is_some_and(|rest| !rest.is_empty()) && !url.contains(|c: char| c.is_whitespace() || c.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_three_or_six_hexadecimal_digits() {
        for (text, colour) in [
            ("#0a7", Some([0, 0xAA, 0x77])),
            ("#00AA77", Some([0, 0xAA, 0x77])),
            ("#fff", Some([255, 255, 255])),
            ("0a7", None),
            ("#0a", None),
            ("#0a77", None),
            ("#00aa7g", None),
            ("teal", None),
            ("#000;}", None),
            ("", None),
        ] {
            assert_eq!(Rgb::parse(text), colour.map(Rgb), "{text}");
        }
    }

    #[test]
    fn a_setting_that_is_not_valid_is_reported_and_not_used() {
        let settings = |accent: &str, operator: &str, url: &str| PageSettings {
            accent: Some(accent.to_owned()).filter(|text| !text.is_empty()),
            operator: Some(operator.to_owned()).filter(|text| !text.is_empty()),
            operator_url: Some(url.to_owned()).filter(|text| !text.is_empty()),
        };
        for (accent, operator, url, errors, used_url) in [
            ("", "", "", vec![], None),
            ("#0a7", "Ada", "https://ada.example", vec![], Some("https://ada.example")),
            ("#0a7", "Ada", "mailto:ada@ada.example", vec![], Some("mailto:ada@ada.example")),
            ("green", "Ada", "", vec![InvalidPageSetting::Accent], None),
            ("", "Ada", "javascript:alert(1)", vec![InvalidPageSetting::OperatorUrl], None),
            ("", "Ada", "http://ada.example", vec![InvalidPageSetting::OperatorUrl], None),
            ("", " ", "https://ada.example", vec![InvalidPageSetting::OperatorWithoutName], None),
        ] {
            let settings = settings(accent, operator, url);
            assert_eq!(settings.errors(), errors, "{settings:?}");
            assert_eq!(settings.operator().and_then(|operator| operator.url), used_url, "{settings:?}");
        }
    }
}
