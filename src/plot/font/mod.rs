//! The embedded font (DejaVu Sans), so that pictures do not depend on what is installed.

mod subset;

use std::sync::LazyLock;

use ttf_parser::{Face, GlyphId};

use super::names;

pub(crate) use subset::Subset;

/// The family that an SVG asks for, and under which it embeds the letters that it uses.
pub(crate) const FAMILY: &str = "DejaVu Sans";

/// How far letters reach above and below the baseline, and how far above it their middle is \[em\].
pub(crate) const ASCENT: f64 = 0.93;
/// See [`ASCENT`].
pub(crate) const DESCENT: f64 = 0.24;
/// See [`ASCENT`].
pub(crate) const MIDDLE: f64 = 0.36;

/// The bytes of the font's file.
pub(crate) fn bytes(bold: bool) -> &'static [u8] {
    if bold { dejavu::sans::bold() } else { dejavu::sans::regular() }
}

/// The parsed font. The bytes are compiled in, so that it is one for every user or for none.
pub(crate) fn face(bold: bool) -> Option<&'static Face<'static>> {
    static FACES: LazyLock<[Option<Face<'static>>; 2]> =
        LazyLock::new(|| [false, true].map(|bold| Face::parse(bytes(bold), 0).ok()));
    FACES[usize::from(bold)].as_ref()
}

/// The glyph of a character; the box for what is missing if the font has none.
pub(crate) fn glyph(face: &Face, c: char) -> GlyphId {
    face.glyph_index(c).unwrap_or(GlyphId(0))
}

/// Width of a text in pixels, at `size` pixels per em. Letters are not kerned: the same in every kind of file.
pub(crate) fn width(text: &str, size: f64, bold: bool) -> f64 {
    let Some(face) = face(bold) else { return 0.0 };
    let units: u64 = text.chars().map(|c| u64::from(face.glyph_hor_advance(glyph(face, c)).unwrap_or(0))).sum();
    units as f64 * size / f64::from(face.units_per_em())
}

/// The text, shortened with an ellipsis at its end to at most `room` pixels.
pub(crate) fn fit(text: &str, size: f64, room: f64) -> String {
    fit_as(text, size, false, room)
}

/// The same in bold.
pub(crate) fn fit_bold(text: &str, size: f64, room: f64) -> String {
    fit_as(text, size, true, room)
}

fn fit_as(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_string();
    }
    let mut kept: Vec<char> = text.chars().collect();
    while kept.pop().is_some() {
        let short: String = kept.iter().collect::<String>().trim_end().to_string() + "\u{2026}";
        if width(&short, size, bold) <= room {
            return short;
        }
    }
    String::new()
}

/// A name, shortened with an ellipsis in its middle to at most `room` pixels.
pub(crate) fn fit_name(name: &str, size: f64, room: f64) -> String {
    names::shortened(name, |text| width(text, size, false) <= room)
}

/// A label, whose name is shortened so, with its unit, which says what the numbers are, in brackets at its end.
pub(crate) fn fit_label(label: &str, size: f64, room: f64) -> String {
    let at = label.rfind(" (").filter(|_| label.ends_with(')'));
    let (name, unit) = at.map_or((label, ""), |at| label.split_at(at));
    let short = names::shortened(name, |text| width(text, size, false) + width(unit, size, false) <= room);
    if unit.is_empty() || short.is_empty() { fit(label, size, room) } else { short + unit }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_grow_with_text_size_and_weight() {
        assert!(width("ii", 10.0, false) < width("mm", 10.0, false));
        assert!((width("spikes", 20.0, false) - 2.0 * width("spikes", 10.0, false)).abs() < 1e-9);
        assert!(width("m", 10.0, true) > width("m", 10.0, false));
        // The advance of `m` in DejaVu Sans is 1995 of 2048 units.
        assert!((width("m", 100.0, false) - 100.0 * 1995.0 / 2048.0).abs() < 1e-9);
    }

    #[test]
    fn long_texts_are_shortened_to_the_room() {
        let short = fit("excitatory_population_of_layer_23", 10.0, 60.0);
        assert!(short.ends_with('\u{2026}') && width(&short, 10.0, false) <= 60.0, "{short}");
        assert_eq!(fit("E", 10.0, 60.0), "E");
        assert!(width(&fit_bold("excitatory_population_of_layer_23", 10.0, 60.0), 10.0, true) <= 60.0);
        let name = fit_name("excitatory_population_of_layer_23", 10.0, 60.0);
        let (head, tail) = name.split_once('\u{2026}').unwrap();
        assert!(head.starts_with("exc") && tail.ends_with("_23") && width(&name, 10.0, false) <= 60.0, "{name}");
        let label = fit_label("excitatory_population_of_layer_23 (mV)", 10.0, 60.0);
        assert!(label.starts_with("e") && label.ends_with("3 (mV)") && width(&label, 10.0, false) <= 60.0, "{label}");
        assert_eq!((fit_label("E (mV)", 10.0, 60.0), fit_label("E", 10.0, 60.0)), ("E (mV)".into(), "E".into()));
        assert_eq!((fit_name("E", 10.0, 60.0), fit_name("EEE", 10.0, 1.0)), ("E".into(), String::new()));
    }
}
