//! The icon of a connector, in the head of its pages and in the tab of the browser. Where its author has given none, it is the first
//! letter of its name on its colour.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use mcp_connector_oauth::web::origin::Origin;
use mcp_connector_protocol::{Icon, Rgb, Theme};

use crate::pages::frame::palette;

/// The icon, for light pages and, where there is one, for dark pages.
#[derive(Debug)]
pub(crate) struct PageIcon {
    light: Image,
    dark: Option<Image>,
    maker: Maker,
}

/// Who made an icon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    /// The author of the connector. It is at `/favicon.ico`, too.
    Author,
    /// This server.
    Letter,
}

#[derive(Debug)]
struct Image {
    src: String,
    /// From where the policy lets it be loaded.
    source: String,
}

impl PageIcon {
    /// Returns the icon of a connector with this name and accent colour. An icon that cannot be named in a policy is left out.
    pub(crate) fn of(icons: &[Icon], title: &str, accent: Option<Rgb>) -> Self {
        // An icon that is not said to be for dark pages is for light ones.
        let (dark, light): (Vec<&Icon>, Vec<&Icon>) =
            icons.iter().partition(|icon| icon.drawn_for() == Some(Theme::Dark));
        let first = |icons: Vec<&Icon>| icons.into_iter().find_map(Image::of);
        match (first(light), first(dark)) {
            (Some(light), dark) => Self { light, dark, maker: Maker::Author },
            (None, Some(light)) => Self { light, dark: None, maker: Maker::Author },
            (None, None) => Self { light: Image::letter(title, accent), dark: None, maker: Maker::Letter },
        }
    }

    /// Returns the URI of the icon for the tab of the browser.
    pub(crate) fn favicon(&self) -> &str {
        match self.maker {
            Maker::Author => "/favicon.ico",
            Maker::Letter => &self.light.src,
        }
    }

    /// Returns the sources for the directive `img-src`.
    pub(crate) fn sources(&self) -> String {
        // Some browsers hold /favicon.ico to the policy.
        let own = (self.maker == Maker::Author).then_some("'self'");
        let dark = self.dark.as_ref().filter(|dark| dark.source != self.light.source);
        let images = std::iter::once(&self.light).chain(dark).map(|image| image.source.as_str());
        own.into_iter().chain(images).collect::<Vec<_>>().join(" ")
    }

    /// Draws the icon. It says nothing that the name beside it does not say.
    pub(crate) fn picture(&self) -> Markup {
        html! {
            picture {
                @if let Some(dark) = &self.dark { source srcset=(dark.src) media="(prefers-color-scheme: dark)"; }
                img src=(self.light.src) alt="" width="36" height="36";
            }
        }
    }
}

impl Image {
    fn of(icon: &Icon) -> Option<Self> {
        let src = icon.src().to_owned();
        let source = match src.as_str() {
            src if src.starts_with("data:image/") => "data:".to_owned(),
            src if src.starts_with("https://") => Origin::of(src).ok()?.to_string(),
            _ => return None,
        };
        Some(Self { src, source })
    }

    /// Draws the first letter or digit of `title`, on `accent`.
    fn letter(title: &str, accent: Option<Rgb>) -> Self {
        let letter: String =
            title.chars().find(|c| c.is_alphanumeric()).into_iter().flat_map(char::to_uppercase).collect();
        let background = palette::behind_white(accent);
        // A letter or a digit needs no escape.
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 36 36\"><rect width=\"36\" height=\"36\" rx=\"9\" fill=\"{background}\"/>\
             <text x=\"18\" y=\"25\" fill=\"#fff\" font-family=\"system-ui,sans-serif\" font-size=\"20\" font-weight=\"700\" \
             text-anchor=\"middle\">{letter}</text></svg>"
        );
        Self { src: format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg)), source: "data:".to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_without_an_icon_has_the_first_letter_of_its_name() {
        for (title, letter) in [
            ("notes", ">N<"),
            ("\u{202E}<b>", ">B<"),
            ("日本", ">日<"),
            ("🎉 42", ">4<"),
            ("🎉", "\"></text>"),
            ("ßa", ">SS<"),
        ] {
            let icon = PageIcon::of(&[], title, None);
            let svg = STANDARD.decode(icon.favicon().strip_prefix("data:image/svg+xml;base64,").unwrap()).unwrap();
            let svg = String::from_utf8(svg).unwrap();
            assert!(svg.contains(letter), "{title}: {svg}");
        }
    }
}
