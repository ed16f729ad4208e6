//! The part of the font that a picture uses, as a TrueType file of its own, for embedding in SVG and PDF.
//!
//! Outlines are copied without their hinting programs, which would need the rest of the font (OpenType 1.9,
//! tables `glyf`, `loca`, `hmtx`, `cmap`, `head`, `maxp`, `post`).

use std::collections::BTreeMap;

use ttf_parser::{Face, GlyphId, Tag};

/// A font with only some letters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subset {
    /// A TrueType file.
    pub file: Vec<u8>,
    /// The glyph of each letter in it.
    pub glyphs: BTreeMap<char, u16>,
    /// Advance of each glyph \[thousandths of an em\].
    pub widths: Vec<f64>,
}

impl Subset {
    /// The font of these characters; `None` if the font lacks a table that it needs.
    pub fn new(face: &Face, letters: impl IntoIterator<Item = char>) -> Option<Subset> {
        let table = |name: &[u8; 4]| face.raw_face().table(Tag::from_bytes(name));
        let glyf = Glyphs { glyf: table(b"glyf")?, loca: table(b"loca")?, long: table(b"head")?.get(51) == Some(&1) };
        // The first glyph stands for what is missing.
        let mut old = vec![0u16];
        let mut place = |id: u16| {
            let at = old.iter().position(|o| *o == id).unwrap_or(old.len());
            if at == old.len() {
                old.push(id);
            }
            at as u16
        };
        let mut glyphs: BTreeMap<char, u16> = letters.into_iter().map(|c| (c, 0)).collect();
        for (letter, glyph) in &mut glyphs {
            *glyph = face.glyph_index(*letter).map_or(0, |id| place(id.0));
        }
        // Accented letters are made of others, which join at the end of the list.
        let (mut outlines, mut next) = (Vec::new(), 0);
        while next < old.len() {
            let outline = glyf.plain(old[next], |part| {
                let at = old.iter().position(|o| *o == part).unwrap_or(old.len());
                if at == old.len() {
                    old.push(part);
                }
                at as u16
            })?;
            outlines.push(outline);
            next += 1;
        }
        let advance = |id: u16| face.glyph_hor_advance(GlyphId(id)).unwrap_or(0);
        let bearing = |id: u16| face.glyph_hor_side_bearing(GlyphId(id)).unwrap_or(0);
        let count = (old.len() as u16).to_be_bytes();
        let patched = |name: &[u8; 4], at: usize, value: &[u8]| {
            let mut bytes = table(name)?.to_vec();
            bytes.get_mut(at..at + value.len())?.copy_from_slice(value);
            Some(bytes)
        };
        let mut head = patched(b"head", 8, &[0; 4])?;
        head.get_mut(50..52)?.copy_from_slice(&1u16.to_be_bytes());
        let (mut loca, mut flat) = (vec![0u8; 4], Vec::new());
        for outline in &outlines {
            flat.extend_from_slice(outline);
            loca.extend((flat.len() as u32).to_be_bytes());
        }
        let hmtx = old.iter().flat_map(|id| [advance(*id).to_be_bytes(), bearing(*id).to_be_bytes()]).flatten();
        let mut post = table(b"post")?.get(..32)?.to_vec();
        post[..4].copy_from_slice(&0x0003_0000u32.to_be_bytes());
        let tables = [
            (*b"OS/2", table(b"OS/2")?.to_vec()),
            (*b"cmap", character_map(&glyphs)),
            (*b"glyf", flat),
            (*b"head", head),
            (*b"hhea", patched(b"hhea", 34, &count)?),
            (*b"hmtx", hmtx.collect()),
            (*b"loca", loca),
            (*b"maxp", patched(b"maxp", 4, &count)?),
            (*b"name", vec![0, 0, 0, 0, 0, 6]),
            (*b"post", post),
        ];
        let per_em = f64::from(face.units_per_em());
        let widths = old.iter().map(|id| f64::from(advance(*id)) * 1000.0 / per_em).collect();
        Some(Subset { file: font_file(&tables), glyphs, widths })
    }
}

/// The outlines of a font.
struct Glyphs<'a> {
    glyf: &'a [u8],
    loca: &'a [u8],
    long: bool,
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

impl Glyphs<'_> {
    fn offset(&self, glyph: usize) -> Option<usize> {
        if self.long {
            Some(u32::from_be_bytes(self.loca.get(4 * glyph..4 * glyph + 4)?.try_into().ok()?) as usize)
        } else {
            Some(2 * usize::from(u16_at(self.loca, 2 * glyph)?))
        }
    }

    /// The outline without its program; `renumber` is asked for the number of each glyph that it consists of.
    fn plain(&self, glyph: u16, mut renumber: impl FnMut(u16) -> u16) -> Option<Vec<u8>> {
        let glyph = usize::from(glyph);
        let outline = self.glyf.get(self.offset(glyph)?..self.offset(glyph + 1)?)?;
        if outline.is_empty() {
            return Some(Vec::new());
        }
        let contours = u16_at(outline, 0)? as i16;
        let mut plain;
        if contours >= 0 {
            let program = 10 + 2 * contours as usize;
            let length = usize::from(u16_at(outline, program)?);
            plain = outline.get(..program)?.to_vec();
            plain.extend([0, 0]);
            plain.extend_from_slice(outline.get(program + 2 + length..)?);
        } else {
            const WORDS: u16 = 0x0001;
            const SCALE: u16 = 0x0008;
            const MORE: u16 = 0x0020;
            const TWO_SCALES: u16 = 0x0040;
            const MATRIX: u16 = 0x0080;
            const PROGRAM: u16 = 0x0100;
            plain = outline.get(..10)?.to_vec();
            let mut at = 10;
            loop {
                let (flags, part) = (u16_at(outline, at)?, u16_at(outline, at + 2)?);
                let scales = [(SCALE, 2), (TWO_SCALES, 4), (MATRIX, 8)];
                let scale: usize = scales.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, size)| size).sum();
                let length = if flags & WORDS != 0 { 4 } else { 2 } + scale;
                plain.extend((flags & !PROGRAM).to_be_bytes());
                plain.extend(renumber(part).to_be_bytes());
                plain.extend_from_slice(outline.get(at + 4..at + 4 + length)?);
                at += 4 + length;
                if flags & MORE == 0 {
                    break;
                }
            }
        }
        plain.resize(plain.len().next_multiple_of(4), 0);
        Some(plain)
    }
}

/// `cmap` of format 4 (Unicode's basic plane), a segment per letter.
fn character_map(glyphs: &BTreeMap<char, u16>) -> Vec<u8> {
    let basic = glyphs.iter().filter_map(|(letter, glyph)| Some((u16::try_from(*letter as u32).ok()?, *glyph)));
    let segments: Vec<(u16, u16)> = basic.filter(|(code, glyph)| *code < 0xffff && *glyph > 0).collect();
    let count = segments.len() as u16 + 1;
    let power = 1u16 << count.ilog2();
    let codes = || segments.iter().map(|(code, _)| *code).chain([0xffff]);
    let deltas = segments.iter().map(|(code, glyph)| glyph.wrapping_sub(*code)).chain([1]);
    let mut words = vec![4, 16 + 8 * count, 0, 2 * count, 2 * power, count.ilog2() as u16, 2 * (count - power)];
    words.extend(codes());
    words.push(0);
    words.extend(codes().chain(deltas).chain(std::iter::repeat_n(0, usize::from(count))));
    // Version 0 with one table: Windows, basic plane, at byte 12.
    let header = [0u16, 1, 3, 1, 0, 12];
    header.into_iter().chain(words).flat_map(u16::to_be_bytes).collect()
}

fn checksum(bytes: &[u8]) -> u32 {
    let word = |chunk: &[u8]| (0..4).fold(0u32, |w, i| w << 8 | u32::from(chunk.get(i).copied().unwrap_or(0)));
    bytes.chunks(4).map(word).fold(0, u32::wrapping_add)
}

/// A TrueType file of tables in alphabetical order.
fn font_file(tables: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let count = tables.len() as u16;
    let power = 1u16 << count.ilog2();
    let mut file = 0x0001_0000u32.to_be_bytes().to_vec();
    for word in [count, 16 * power, count.ilog2() as u16, 16 * (count - power)] {
        file.extend(word.to_be_bytes());
    }
    let (mut at, mut head) = (12 + 16 * tables.len(), 0);
    for (name, bytes) in tables {
        if name == b"head" {
            head = at;
        }
        file.extend(name);
        for word in [checksum(bytes), at as u32, bytes.len() as u32] {
            file.extend(word.to_be_bytes());
        }
        at += bytes.len().next_multiple_of(4);
    }
    for (_, bytes) in tables {
        file.extend(bytes);
        file.resize(file.len().next_multiple_of(4), 0);
    }
    // So that the checksum of the whole file is 0xb1b0afba.
    let adjust = 0xb1b0_afbau32.wrapping_sub(checksum(&file));
    file[head + 8..head + 12].copy_from_slice(&adjust.to_be_bytes());
    file
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::font::face;

    #[test]
    fn a_subset_is_a_font_with_the_same_outlines_and_widths() {
        struct Path(Vec<String>);
        impl ttf_parser::OutlineBuilder for Path {
            fn move_to(&mut self, x: f32, y: f32) {
                self.0.push(format!("M{x} {y}"));
            }
            fn line_to(&mut self, x: f32, y: f32) {
                self.0.push(format!("L{x} {y}"));
            }
            fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
                self.0.push(format!("Q{x1} {y1} {x} {y}"));
            }
            fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
                self.0.push(format!("C{x1} {y1} {x2} {y2} {x} {y}"));
            }
            fn close(&mut self) {
                self.0.push("Z".into());
            }
        }
        let whole = face(false).unwrap();
        // Composite letters (\u{e9}, \u{c4}), a minus, thin space and micro sign among them.
        let letters = "rate (Hz)\u{2212}\u{2009}\u{b5}\u{e9}\u{c4}09";
        let subset = Subset::new(whole, letters.chars()).unwrap();
        let part = Face::parse(&subset.file, 0).unwrap();
        assert_eq!(checksum(&subset.file), 0xb1b0_afba);
        for letter in letters.chars() {
            let (a, b) = (whole.glyph_index(letter).unwrap(), part.glyph_index(letter).unwrap());
            assert_eq!(b.0, subset.glyphs[&letter]);
            assert_eq!(whole.glyph_hor_advance(a), part.glyph_hor_advance(b), "{letter:?}");
            let (mut of_whole, mut of_part) = (Path(vec![]), Path(vec![]));
            whole.outline_glyph(a, &mut of_whole);
            part.outline_glyph(b, &mut of_part);
            assert_eq!(of_whole.0, of_part.0, "{letter:?}");
        }
        assert_eq!(part.glyph_index('x'), None);
        assert!(subset.file.len() < 8000, "{}", subset.file.len());
    }
}
