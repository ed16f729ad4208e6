//! A figure as SVG 1.1.
//!
//! The letters that it uses are embedded, so that it looks the same wherever it is opened.

use std::fmt::Write;

use super::PlotError;
use super::bitmap::encode;
use super::figure::{Anchor, Figure, Mark, is_rule};
use super::font::{self, Subset};
use super::palette::Ink;
use super::pdf::letters;

/// The figure as the text of an SVG file.
///
/// # Errors
/// If embedded pixels cannot be encoded.
pub fn write_svg(figure: &Figure) -> Result<String, PlotError> {
    let (w, h) = (figure.width, figure.height);
    let mut svg = String::new();
    let _ = writeln!(svg, r#"<?xml version="1.0" encoding="UTF-8"?>"#);
    let _ = writeln!(
        svg,
        r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{w}" height="{h}" viewBox="0 0 {w} {h}" font-family="'{}', Verdana, sans-serif">"#,
        font::FAMILY
    );
    let _ = writeln!(svg, "<title>{}</title>\n<desc>{}</desc>", escape(&figure.title), escape(&figure.caption));
    svg.push_str(&faces(figure));
    let _ = writeln!(svg, r##"<rect width="{w}" height="{h}" fill="#ffffff"/>"##);
    for mark in &figure.marks {
        element(&mut svg, mark)?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// The used part of the font, as the style sheet that names it.
fn faces(figure: &Figure) -> String {
    let mut style = String::new();
    for (bold, letters) in letters(figure) {
        if let Some(subset) = font::face(bold).and_then(|face| Subset::new(face, letters)) {
            let weight = if bold { "bold" } else { "normal" };
            let data = base64(&subset.file);
            let _ = writeln!(
                style,
                "@font-face{{font-family:'{}';font-weight:{weight};src:url(data:font/ttf;base64,{data})}}",
                font::FAMILY
            );
        }
    }
    if style.is_empty() { style } else { format!("<style>\n{style}</style>\n") }
}

fn element(svg: &mut String, mark: &Mark) -> Result<(), PlotError> {
    let _ = match mark {
        Mark::Rect { x, y, w, h, ink } => writeln!(
            svg,
            r#"<rect x="{}" y="{}" width="{}" height="{}" {}/>"#,
            n(*x),
            n(*y),
            n(*w),
            n(*h),
            paint("fill", *ink)
        ),
        Mark::Ticks { at, w, h, ink } => {
            let mut path = String::with_capacity(16 * at.len());
            for (x, y) in at {
                let _ = write!(path, "M{} {}v{}", n(x + w / 2.0), n(*y), n(*h));
            }
            writeln!(svg, r#"<path d="{path}" fill="none" stroke-width="{}" {}/>"#, n(*w), paint("stroke", *ink))
        }
        Mark::Line { points, width, ink } => writeln!(
            svg,
            r#"<polyline points="{}" fill="none" stroke-width="{}" {} {}/>"#,
            joined(points),
            n(*width),
            if is_rule(points) { RULE } else { r#"stroke-linejoin="round""# },
            paint("stroke", *ink)
        ),
        Mark::Dots { at, r, ink } => {
            let circle = |(x, y): &(f64, f64)| format!(r#"<circle cx="{}" cy="{}" r="{}"/>"#, n(*x), n(*y), n(*r));
            writeln!(svg, "<g {}>{}</g>", paint("fill", *ink), at.iter().map(circle).collect::<String>())
        }
        Mark::Area { points, ink } => {
            writeln!(svg, r#"<polygon points="{}" {}/>"#, joined(points), paint("fill", *ink))
        }
        Mark::Text { x, y, size, text, ink, anchor, bold, upward } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let (x, y) = (n(*x), n(*y));
            let turn = if *upward { format!(r#" transform="rotate(-90 {x} {y})""#) } else { String::new() };
            let weight = if *bold { r#" font-weight="bold""# } else { "" };
            writeln!(
                svg,
                r#"<text x="{x}" y="{y}" font-size="{}" text-anchor="{anchor}"{weight}{turn} {}>{}</text>"#,
                n(*size),
                paint("fill", *ink),
                escape(text)
            )
        }
        Mark::Pixels { x, y, width, rgba } => {
            let height = rgba.len() as u32 / (*width).max(1);
            let file = encode(*width, height, png::ColorType::Rgba, rgba.as_flattened())?;
            writeln!(
                svg,
                r#"<image x="{x}" y="{y}" width="{width}" height="{height}" style="image-rendering:pixelated" xlink:href="data:image/png;base64,{}"/>"#,
                base64(&file)
            )
        }
    };
    Ok(())
}

/// How axes and gridlines are drawn.
const RULE: &str = r#"stroke-linecap="square" shape-rendering="crispEdges""#;

/// Two decimals are a hundredth of a pixel.
fn n(value: f64) -> f64 {
    let rounded = (value * 100.0).round() / 100.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

fn joined(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{},{}", n(*x), n(*y))).collect::<Vec<_>>().join(" ")
}

fn paint(what: &str, ink: Ink) -> String {
    let [r, g, b] = ink.rgb;
    let color = format!(r##"{what}="#{r:02x}{g:02x}{b:02x}""##);
    if ink.alpha < 1.0 { format!(r#"{color} {what}-opacity="{}""#, n(ink.alpha)) } else { color }
}

/// Text as XML; control characters and the two that are none at all, which XML has no way to write, become spaces.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// RFC 4648, section 4.
pub(super) fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let letter = LETTERS[(word >> (18 - 6 * i) & 63) as usize];
            text.push(if i <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn names_cannot_break_out_of_the_xml() {
        assert_eq!(escape("a<b>&\"c\"\u{7}\u{fffe}\u{ffff}"), "a&lt;b&gt;&amp;&quot;c&quot;   ");
    }
}
