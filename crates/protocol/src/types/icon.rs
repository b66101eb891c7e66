//! Icons of a server, a tool, a prompt or a resource ("Icons").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

/// An icon that a client may show beside a name ("Icons"; sent from revision 2025-11-25 on).
///
/// # Examples
///
/// ```
/// use mcp_connector::{Connector, Icon, Theme};
///
/// let connector = Connector::new("notes", "1.0.0")
///     .icon(Icon::new("https://example.com/notes.svg").mime_type("image/svg+xml").size("any"))
///     .icon(Icon::new("https://example.com/notes-dark.png").mime_type("image/png").size("48x48").theme(Theme::Dark));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Icon {
    src: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mime_type: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sizes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme: Option<Theme>,
}

/// The image of an [`Icon`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IconImage<'a> {
    /// The icon is a `data:` URI of an image.
    Embedded {
        /// The media type, which begins with `image/`.
        media_type: &'a str,
        /// The file.
        bytes: Vec<u8>,
    },
    /// The icon is at an `https:` URL.
    Linked(&'a str),
}

/// The background for which an [`Icon`] is drawn.
///
/// # Examples
///
/// ```
/// use mcp_connector::{Icon, Theme};
///
/// let icon = Icon::new("data:image/svg+xml;base64,PHN2Zy8+").theme(Theme::Dark);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// A light background.
    Light,
    /// A dark background.
    Dark,
}

impl Icon {
    /// Creates an icon from an `https:` or `data:` URI. Clients load no other; the connector's own test reports one.
    #[must_use]
    pub fn new(src: impl Into<String>) -> Self {
        Self { src: src.into(), mime_type: None, sizes: Vec::new(), theme: None }
    }

    /// Creates an icon from an SVG document, for any size. The icon is part of the answers to clients: keep it to a few
    /// kilobytes.
    #[must_use]
    pub fn svg(document: &str) -> Self {
        Self::embedded(document.as_bytes(), "image/svg+xml").size("any")
    }

    /// Creates an icon from the bytes of a PNG file. The icon is part of the answers to clients: keep it to a few kilobytes.
    #[must_use]
    pub fn png(bytes: &[u8]) -> Self {
        Self::embedded(bytes, "image/png")
    }

    fn embedded(bytes: &[u8], mime_type: &str) -> Self {
        Self::new(format!("data:{mime_type};base64,{}", STANDARD.encode(bytes))).mime_type(mime_type)
    }

    /// Sets the media type, for example `image/svg+xml`.
    #[must_use]
    pub fn mime_type(mut self, mime_type: impl Into<String>) -> Self {
        self.mime_type = Some(mime_type.into());
        self
    }

    /// Adds a size at which it can be shown: `48x48`, or `any` for a vector image.
    #[must_use]
    pub fn size(mut self, size: impl Into<String>) -> Self {
        self.sizes.push(size.into());
        self
    }

    /// Sets the background for which it is drawn.
    #[must_use]
    pub fn theme(mut self, theme: Theme) -> Self {
        self.theme = Some(theme);
        self
    }

    /// Returns the `https:` or `data:` URI of the image.
    #[must_use]
    pub fn src(&self) -> &str {
        &self.src
    }

    /// Returns the image: its bytes if they are in the icon itself, or where they are. None if it is no image that can be served.
    #[must_use]
    pub fn image(&self) -> Option<IconImage<'_>> {
        let Some(data) = self.src.strip_prefix("data:") else {
            return self.src.starts_with("https://").then_some(IconImage::Linked(&self.src));
        };
        let (header, data) = data.split_once(',')?;
        let media_type = header.split(';').next().unwrap_or_default();
        let is_image = media_type.strip_prefix("image/").is_some_and(|subtype| {
            !subtype.is_empty() && subtype.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        });
        let bytes = if header.ends_with(";base64") { STANDARD.decode(data).ok()? } else { percent_decoded(data)? };
        is_image.then_some(IconImage::Embedded { media_type, bytes })
    }

    /// Returns the background for which the icon is drawn.
    #[must_use]
    pub fn drawn_for(&self) -> Option<Theme> {
        self.theme
    }

    /// Whether clients load it ("Icons", security considerations).
    pub(crate) fn is_loadable(&self) -> bool {
        self.src.starts_with("https://") || self.src.starts_with("data:")
    }
}

/// Decodes the data of a `data:` URI without `;base64` (RFC 2397 §2).
fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_of_an_icon_is_in_it_or_behind_a_link() {
        let embedded =
            |media_type, text: &str| Some(IconImage::Embedded { media_type, bytes: text.as_bytes().to_vec() });
        for (icon, image) in [
            (Icon::svg("<svg/>"), embedded("image/svg+xml", "<svg/>")),
            (Icon::png(b"\x7fPNG"), embedded("image/png", "\x7fPNG")),
            (Icon::new("data:image/svg+xml;utf8,%3Csvg/%3e"), embedded("image/svg+xml", "<svg/>")),
            (Icon::new("https://example.com/i.png"), Some(IconImage::Linked("https://example.com/i.png"))),
            (Icon::new("data:image/svg+xml,%3"), None),
            (Icon::new("data:image/svg+xml,%zz"), None),
            (Icon::new("data:image/png;base64,***"), None),
            (Icon::new("data:text/html,<script>"), None),
            (Icon::new("data:image/x y,z"), None),
            (Icon::new("data:image/png"), None),
            (Icon::new("http://example.com/i.png"), None),
            (Icon::new("/i.png"), None),
        ] {
            assert_eq!(icon.image(), image, "{}", icon.src());
        }
    }
}
