//! The connector's icon at the paths where browsers, and services that show a site's icon, look for one.

use mcp_connector_protocol::{Icon, IconImage, Theme};

use crate::http::answer::Answer;
use crate::http::discovery::entity_tag::tagged;
use crate::http::route::Favicon;

const SVG: &str = "image/svg+xml";
const PNG: &str = "image/png";

/// How long it may be cached. The URL stays the same when the icon changes.
const MAX_AGE: &str = "public, max-age=3600";

/// Returns the icon in this form: the image, or a redirect to where it is. None if there is no such icon.
pub(crate) fn answer(icons: &[Icon], form: Favicon, if_none_match: Option<&str>) -> Option<Answer> {
    let answer = match chosen(icons, form)? {
        IconImage::Linked(url) => Answer::empty(302).header("location", url.to_owned()),
        IconImage::Embedded { media_type, bytes } => tagged(media_type.to_owned(), &bytes, if_none_match)
            .header("x-content-type-options", "nosniff")
            // An SVG that is opened as a page of this origin runs nothing.
            .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox"),
    };
    Some(answer.header("cache-control", MAX_AGE).header("access-control-allow-origin", "*"))
}

/// Returns the image to show. Tabs are light as often as dark, so one for light backgrounds comes first, as on the pages.
fn chosen(icons: &[Icon], form: Favicon) -> Option<IconImage<'_>> {
    let is_dark = |icon: &&Icon| icon.drawn_for() == Some(Theme::Dark);
    let in_order = icons.iter().filter(|icon| !is_dark(icon)).chain(icons.iter().filter(is_dark));
    let images: Vec<_> = in_order.filter_map(Icon::image).collect();
    let of_type = |wanted: &str| {
        let is_wanted =
            |image: &&IconImage<'_>| matches!(image, IconImage::Embedded { media_type, .. } if *media_type == wanted);
        images.iter().find(is_wanted).cloned()
    };
    match form {
        Favicon::Png => of_type(PNG),
        Favicon::Svg => of_type(SVG),
        Favicon::Any => of_type(PNG).or_else(|| of_type(SVG)).or_else(|| images.first().cloned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_favicon_is_the_icon_that_most_browsers_show() {
        let (svg, png, linked) = (Icon::svg("<svg/>"), Icon::png(b"png"), Icon::new("https://cdn.example/i.png"));
        let dark = Icon::svg("<dark/>").theme(Theme::Dark);
        let of = |icon: &Icon| icon.image().map(|image| format!("{image:?}"));
        for (icons, any, exact_png, exact_svg) in [
            (vec![], None, None, None),
            (vec![svg.clone()], Some(&svg), None, Some(&svg)),
            (vec![svg.clone(), png.clone()], Some(&png), Some(&png), Some(&svg)),
            (vec![dark.clone(), svg.clone()], Some(&svg), None, Some(&svg)),
            (vec![dark.clone()], Some(&dark), None, Some(&dark)),
            (vec![linked.clone(), dark.clone()], Some(&dark), None, Some(&dark)),
            (vec![linked.clone()], Some(&linked), None, None),
            (vec![Icon::new("data:text/html,x")], None, None, None),
        ] {
            for (form, want) in [(Favicon::Any, any), (Favicon::Png, exact_png), (Favicon::Svg, exact_svg)] {
                let found = chosen(&icons, form).map(|image| format!("{image:?}"));
                assert_eq!(found, want.and_then(of), "{form:?} of {icons:?}");
            }
        }
    }
}
