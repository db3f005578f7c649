//! A link as a QR code (ISO/IEC 18004) in text: two modules to a character, one
//! above the other, so that they come out square.

use qrcodegen::{QrCode, QrCodeEcc};

/// The light border, in modules. The standard asks for four; cameras do with
/// two, and terminals are small.
const QUIET: i32 = 2;

/// The lines of the drawing, in dark on light; `None` for more text than a code
/// can hold. A screen has no scratches, so that the least redundancy will do.
pub(super) fn draw(text: &str) -> Option<Vec<String>> {
    let code = QrCode::encode_text(text, QrCodeEcc::Low).ok()?;
    let range = || -QUIET..code.size() + QUIET;
    let line = |y: i32| {
        let cells = range().map(
            |x| match (code.get_module(x, y), code.get_module(x, y + 1)) {
                (true, true) => '█',
                (true, false) => '▀',
                (false, true) => '▄',
                (false, false) => ' ',
            },
        );
        cells.collect()
    };
    Some(range().step_by(2).map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules of a drawing, dark ones true.
    fn modules(lines: &[String]) -> Vec<Vec<bool>> {
        let half =
            |line: &String, dark: [char; 2]| line.chars().map(|c| dark.contains(&c)).collect();
        let pairs = lines
            .iter()
            .flat_map(|line| [half(line, ['█', '▀']), half(line, ['█', '▄'])]);
        pairs.collect()
    }

    #[test]
    fn the_drawing_has_every_module_where_the_code_has_it() {
        let link = "https://example.com/device?user_code=WDJB-MJHT";
        let code = QrCode::encode_text(link, QrCodeEcc::Low).unwrap();
        let drawn = modules(&draw(link).unwrap());
        for y in -QUIET..code.size() + QUIET {
            for x in -QUIET..code.size() + QUIET {
                let at = |n: i32| usize::try_from(n + QUIET).unwrap();
                assert_eq!(drawn[at(y)][at(x)], code.get_module(x, y), "{x}, {y}");
            }
        }
        // The corner by which a camera finds it: a ring of seven.
        assert!(drawn[2][2..9].iter().all(|dark| *dark) && !drawn[3][3]);
        assert!(drawn[..2].iter().flatten().all(|dark| !dark));
    }

    #[test]
    fn what_no_code_can_hold_is_not_drawn() {
        assert!(draw(&"x".repeat(10_000)).is_none());
    }
}
