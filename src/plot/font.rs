//! The embedded font (DejaVu Sans), so that pictures do not depend on what is installed.

use std::sync::Once;

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};

/// The name under which plotters knows the embedded font, and the family that an SVG asks for.
pub(crate) const FAMILY: &str = "DejaVu Sans";

/// plotters sizes a font by ascent minus descent, we by the em: 2384 / 2048 units in DejaVu.
pub(crate) const HEIGHT_PER_EM: f64 = 2384.0 / 2048.0;

/// A face of the embedded font at `size` pixels per em.
pub(crate) fn face(size: f64, bold: bool) -> FontDesc<'static> {
    static REGISTER: Once = Once::new();
    REGISTER.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())] {
            // The bytes are compiled in, so this cannot fail for one user and not for another.
            let registered = register_font(FAMILY, style, bytes).is_ok();
            debug_assert!(registered, "the embedded font is a font");
        }
    });
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FAMILY), size * HEIGHT_PER_EM, style)
}

/// Width of a text in pixels, at `size` pixels per em.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    // Measured large: plotters rounds down to whole pixels.
    let scale = 16.0;
    face(size * scale, bold).box_size(text).map_or(0.0, |(width, _)| f64::from(width) / scale)
}

/// The text, shortened with an ellipsis to at most `room` pixels.
pub(crate) fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size, false) <= room {
        return text.to_string();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let short: String = kept.iter().collect::<String>().trim_end().to_string() + "\u{2026}";
        if width(&short, size, false) <= room {
            return short;
        }
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_grow_with_text_size_and_weight() {
        assert!(width("ii", 10.0, false) < width("mm", 10.0, false));
        assert!((width("spikes", 20.0, false) - 2.0 * width("spikes", 10.0, false)).abs() < 0.1);
        assert!(width("m", 10.0, true) > width("m", 10.0, false));
        // The advance of `m` in DejaVu Sans is 1995 of 2048 units.
        assert!((width("m", 100.0, false) - 97.4).abs() < 0.2);
    }

    #[test]
    fn long_texts_are_shortened_to_the_room() {
        let short = fit("excitatory_population_of_layer_23", 10.0, 60.0);
        assert!(short.ends_with('\u{2026}') && width(&short, 10.0, false) <= 60.0, "{short}");
        assert_eq!(fit("E", 10.0, 60.0), "E");
    }
}
