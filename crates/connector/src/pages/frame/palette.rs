//! The colours that follow from a connector's accent colour, for light and for dark pages.
//!
//! An author picks one colour and cannot pick one that people cannot read: a shade is made darker or lighter until its contrast
//! with what is behind it is that of WCAG 2.2 §1.4.3.

use std::fmt;

use mcp_connector_protocol::Rgb;

/// The least contrast of text with its background (WCAG 2.2 §1.4.3).
const LEAST_CONTRAST: f64 = 4.5;

/// `--accent` of light pages in `style/colours.css`.
const TEAL: Rgb = Rgb([0x17, 0x61, 0x4C]);
const BLACK: Rgb = Rgb([0, 0, 0]);
const WHITE: Rgb = Rgb([255, 255, 255]);
/// `--page` of light pages in `style/colours.css`: their darkest background.
const LIGHT_PAGE: Rgb = Rgb([0xF5, 0xF4, 0xF0]);
/// `--card` of dark pages in `style/colours.css`: their lightest background.
const DARK_CARD: Rgb = Rgb([0x1B, 0x1D, 0x1C]);
/// Text on a button of a dark page.
const DARK_TEXT: Rgb = Rgb([0x0B, 0x0F, 0x0D]);

/// The colours of one scheme. Written as declarations of the custom properties in `style/colours.css`.
struct Palette {
    accent: Rgb,
    accent_strong: Rgb,
    on_accent: Rgb,
    tint: Rgb,
}

impl Palette {
    fn light(accent: Rgb) -> Self {
        let accent = readable(accent, LIGHT_PAGE, BLACK);
        let (accent_strong, tint) = (mix(accent, BLACK, 0.25), mix(WHITE, accent, 0.09));
        Self { accent, accent_strong, on_accent: WHITE, tint }
    }

    fn dark(accent: Rgb) -> Self {
        let accent = readable(accent, DARK_CARD, WHITE);
        let (accent_strong, tint) = (mix(accent, WHITE, 0.3), mix(DARK_CARD, accent, 0.1));
        Self { accent, accent_strong, on_accent: DARK_TEXT, tint }
    }
}

impl fmt::Display for Palette {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let properties = [
            ("accent", self.accent),
            ("accent-strong", self.accent_strong),
            ("on-accent", self.on_accent),
            ("tint", self.tint),
        ];
        properties
            .into_iter()
            .try_for_each(|(name, Rgb([red, green, blue]))| write!(f, "--{name}:#{red:02x}{green:02x}{blue:02x};"))
    }
}

/// Returns the rules that replace the accent colour of the style sheet.
pub(crate) fn rules(accent: Rgb) -> String {
    let (light, dark) = (Palette::light(accent), Palette::dark(accent));
    format!(":root{{{light}}}@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n")
}

/// Returns the colour on which white can be read that is nearest to an accent colour, or to that of the style sheet.
pub(crate) fn behind_white(accent: Option<Rgb>) -> String {
    let Rgb([red, green, blue]) = readable(accent.unwrap_or(TEAL), WHITE, BLACK);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

/// Returns the shade of `colour`, between it and `end`, that is nearest to it and can be read on `background`.
fn readable(colour: Rgb, background: Rgb, end: Rgb) -> Rgb {
    let shades = (0..=20_u8).map(|step| mix(colour, end, f64::from(step) / 20.0));
    shades.into_iter().find(|shade| contrast(*shade, background) >= LEAST_CONTRAST).unwrap_or(end)
}

/// Returns `from` with the share `share` of `to` in it.
fn mix(Rgb(from): Rgb, Rgb(to): Rgb, share: f64) -> Rgb {
    let [red, green, blue] = from;
    let [to_red, to_green, to_blue] = to;
    let channel = |from: u8, to: u8| {
        let mixed = f64::from(from) * (1.0 - share) + f64::from(to) * share;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
        let mixed = mixed.round() as u8;
        mixed
    };
    Rgb([channel(red, to_red), channel(green, to_green), channel(blue, to_blue)])
}

/// The contrast ratio of two colours, from 1 to 21.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// The relative luminance of a colour, from 0 to 1.
fn luminance(Rgb([red, green, blue]): Rgb) -> f64 {
    let linear = |channel: u8| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.040_45 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text colours of `style/colours.css`.
    const LIGHT_INK: [Rgb; 2] = [Rgb([0x1C, 0x1B, 0x19]), Rgb([0x5D, 0x5A, 0x54])];
    const DARK_INK: [Rgb; 2] = [Rgb([0xEC, 0xEB, 0xE7]), Rgb([0xAA, 0xA8, 0xA1])];

    #[test]
    fn every_accent_colour_can_be_read_on_light_and_on_dark_pages() {
        let levels = [0, 17, 51, 85, 119, 128, 170, 204, 238, 255];
        for red in levels {
            for green in levels {
                for blue in levels {
                    let colour = Rgb([red, green, blue]);
                    for (palette, backgrounds, ink) in [
                        (Palette::light(colour), [LIGHT_PAGE, WHITE], LIGHT_INK),
                        (Palette::dark(colour), [DARK_CARD, Rgb([0x12, 0x13, 0x12])], DARK_INK),
                    ] {
                        for background in backgrounds {
                            assert!(contrast(palette.accent, background) >= LEAST_CONTRAST, "{colour:?}");
                            assert!(contrast(palette.accent_strong, background) >= LEAST_CONTRAST, "{colour:?}");
                        }
                        assert!(contrast(palette.on_accent, palette.accent) >= LEAST_CONTRAST, "{colour:?}");
                        assert!(contrast(palette.on_accent, palette.accent_strong) >= LEAST_CONTRAST, "{colour:?}");
                        for ink in ink {
                            assert!(contrast(ink, palette.tint) >= LEAST_CONTRAST, "{colour:?}: {ink:?}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_colour_that_can_be_read_stays_as_it_is() {
        let teal = Rgb([0x17, 0x61, 0x4C]);
        assert!(Palette::light(teal).to_string().starts_with("--accent:#17614c;"));
        let mint = Rgb([0x84, 0xD6, 0xB8]);
        assert!(Palette::dark(mint).to_string().starts_with("--accent:#84d6b8;"));
    }

    #[test]
    fn the_backgrounds_are_those_of_the_style_sheet() {
        let style = include_str!("style/colours.css");
        for (property, Rgb([red, green, blue])) in
            [("page", LIGHT_PAGE), ("card", WHITE), ("card", DARK_CARD), ("accent", TEAL)]
        {
            let declaration = format!("--{property}: #{red:02x}{green:02x}{blue:02x};");
            assert!(style.contains(&declaration), "{declaration}");
        }
    }
}
