//! How a service looks on the pages of `page`: its picture on a tile, its
//! colour as an accent. Text on the accent is black or white, whichever is
//! read better; an accent that would vanish on the card is moved away from it.
//! Everything stands in the page itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::page::escape;
use crate::definition::{Brand, Color, Icon};

/// The card's background, by day and by night.
const CARDS: [[u8; 3]; 2] = [[0xff, 0xff, 0xff], [0x1b, 0x1e, 0x21]];

/// How far an accent must differ from the card to be seen (a ratio of WCAG 2.2;
/// it says nothing that words do not say, so the 3 of section 1.4.11 is not
/// asked of it).
const VISIBLE: f64 = 1.4;

/// The share of the accent in a tile's tint.
const TINT: f64 = 0.16;

/// What a page shows of a brand.
pub(super) struct Look {
    /// Added to the style of every page.
    pub(super) style: String,
    /// The picture, if there is one.
    pub(super) tile: Option<Tile>,
}

/// A picture on its tile.
pub(super) struct Tile {
    /// How it is styled.
    pub(super) class: &'static str,
    /// The picture: escaped text or an `img`.
    pub(super) html: String,
    /// Whether it is a picture that stands in a `data:` URL.
    pub(super) is_data: bool,
}

impl Look {
    /// How a brand looks. A picture that cannot be read is left out; `check`
    /// says why.
    pub(super) fn of(brand: &Brand) -> Self {
        Self {
            style: brand.color.map(style).unwrap_or_default(),
            tile: brand.icon.as_ref().and_then(tile),
        }
    }
}

fn tile(icon: &Icon) -> Option<Tile> {
    match icon {
        Icon::Text(text) => {
            let letters = text.chars().any(char::is_alphabetic);
            Some(Tile {
                class: if letters { "tile letters" } else { "tile" },
                html: escape(text),
                is_data: false,
            })
        }
        Icon::File(picture) => {
            let bytes = picture.read();
            let bytes = bytes
                .inspect_err(|error| tracing::info!("the icon is not shown: {error}"))
                .ok()?;
            let data = STANDARD.encode(bytes);
            Some(Tile {
                class: "tile picture",
                html: format!(
                    "<img alt=\"\" src=\"data:{};base64,{data}\">",
                    picture.media_type
                ),
                is_data: true,
            })
        }
    }
}

/// The accent's variables by day and by night, and the bar.
fn style(color: Color) -> String {
    let [day, night] = CARDS.map(|card| {
        let accent = visible(color.rgb, card);
        let on = if contrast(accent, [255; 3]) >= contrast(accent, [0; 3]) {
            "#fff"
        } else {
            "#000"
        };
        let [accent, tint] = [accent, mix(accent, card, TINT)].map(hex);
        format!(":root{{--accent:{accent};--on:{on};--tint:{tint}}}")
    });
    format!(
        "{day}@media(prefers-color-scheme:dark){{{night}}}main::before{{content:'';position:absolute;inset:0 0 auto;height:5px;background:var(--accent)}}"
    )
}

/// The colour, or one like it that can be told from what is behind it.
fn visible(color: [u8; 3], behind: [u8; 3]) -> [u8; 3] {
    let away = if luminance(behind) > 0.5 {
        [0; 3]
    } else {
        [255; 3]
    };
    let steps = (0..=10).map(|step| mix(away, color, f64::from(step) / 10.0));
    let mut seen = steps.filter(|mixed| contrast(*mixed, behind) >= VISIBLE);
    seen.next().unwrap_or(away)
}

/// So much of one colour in another.
fn mix(color: [u8; 3], other: [u8; 3], share: f64) -> [u8; 3] {
    let mut mixed = other;
    for (channel, value) in mixed.iter_mut().zip(color) {
        let sum = f64::from(value) * share + f64::from(*channel) * (1.0 - share);
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between two bytes there are only bytes"
        )]
        {
            *channel = sum.round() as u8;
        }
    }
    mixed
}

/// WCAG 2.2: how well one colour is told from another, from 1 to 21.
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// WCAG 2.2: the relative luminance of an sRGB colour, from 0 to 1.
fn luminance(color: [u8; 3]) -> f64 {
    let [r, g, b] = color.map(|value| {
        let value = f64::from(value) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn hex([r, g, b]: [u8; 3]) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_colour_it_is_seen_and_what_stands_on_it_is_read() {
        for step in 0..16 * 16 * 16_u32 {
            let channel = |shift: u32| u8::try_from(step >> shift & 15).unwrap() * 17;
            let color = [channel(0), channel(4), channel(8)];
            for card in CARDS {
                let accent = visible(color, card);
                assert!(contrast(accent, card) >= VISIBLE, "{color:?}");
                let best = contrast(accent, [0; 3]).max(contrast(accent, [255; 3]));
                assert!(best >= 4.5, "{color:?}");
            }
        }
        assert_eq!(visible([0x24, 0x6b, 0xfe], CARDS[0]), [0x24, 0x6b, 0xfe]);
    }

    #[test]
    fn the_cards_are_the_colours_that_are_reckoned_with() {
        let style = super::super::page::STYLE;
        let (day, night) = style.split_once("@media").unwrap();
        for (style, card) in [day, night].into_iter().zip(CARDS) {
            assert!(style.contains(&format!("--card:{};", hex(card))));
        }
    }
}
