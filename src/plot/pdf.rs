//! A figure as PDF 1.4 (ISO 32000-1): vectors, text that can be searched, the used part of the font embedded.
//!
//! Written here: the marks need a dozen operators, and a library for SVG or for layout would bring far more.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::PlotError;
use super::figure::{Anchor, Figure, Mark, is_rule};
use super::font::{self, Subset};
use super::palette::Ink;

/// Points (1/72 inch) per pixel (1/96 inch).
const POINTS: f64 = 0.75;

/// The figure as the bytes of a PDF file.
///
/// # Errors
/// If the font cannot be embedded.
pub fn write_pdf(figure: &Figure) -> Result<Vec<u8>, PlotError> {
    let mut page = Page::of(figure)?;
    figure.marks.iter().for_each(|mark| page.draw(mark));
    let Page { content, fonts, alphas, images, .. } = page;

    let mut file = File::default();
    let (catalog, pages, leaf) = (file.reserve(), file.reserve(), file.reserve());
    let stream = file.stream("", content.as_bytes());
    let mut resources = String::from("<< /Font <<");
    for (bold, subset) in &fonts {
        let _ = write!(resources, " /F{} {} 0 R", u8::from(*bold), embed(&mut file, *bold, subset));
    }
    resources += " >> /ExtGState <<";
    for (alpha, name) in &alphas {
        let alpha = f64::from(*alpha) / 1000.0;
        let _ = write!(resources, " /G{name} << /ca {alpha} /CA {alpha} >>");
    }
    resources += " >> /XObject <<";
    for (index, image) in images.iter().enumerate() {
        let _ = write!(resources, " /I{index} {} 0 R", image.store(&mut file));
    }
    resources += " >> >>";
    let (width, height) = (n(POINTS * f64::from(figure.width)), n(POINTS * f64::from(figure.height)));
    file.set(catalog, format!("<< /Type /Catalog /Pages {pages} 0 R >>"));
    file.set(pages, format!("<< /Type /Pages /Kids [{leaf} 0 R] /Count 1 >>"));
    file.set(
        leaf,
        format!(
            "<< /Type /Page /Parent {pages} 0 R /MediaBox [0 0 {width} {height}] /Contents {stream} 0 R /Resources {resources} >>"
        ),
    );
    let info = file.reserve();
    let (title, subject) = (utf16(&figure.title), utf16(&figure.caption));
    file.set(info, format!("<< /Title <{title}> /Subject <{subject}> /Creator (memspike) >>"));
    Ok(file.finish(catalog, info))
}

/// What stands on the page, and what it needs.
struct Page {
    content: String,
    fonts: BTreeMap<bool, Subset>,
    /// Opacity \[thousandths\] and the number of the state that sets it.
    alphas: BTreeMap<u16, usize>,
    images: Vec<Image>,
}

struct Image {
    width: usize,
    rgba: Vec<[u8; 4]>,
}

impl Page {
    fn of(figure: &Figure) -> Result<Page, PlotError> {
        let mut fonts = BTreeMap::new();
        for (bold, letters) in letters(figure) {
            let subset = font::face(bold).and_then(|face| Subset::new(face, letters));
            fonts.insert(bold, subset.ok_or_else(|| PlotError::Draw("the font cannot be embedded".into()))?);
        }
        // From points upwards to pixels downwards.
        let content = format!("{POINTS} 0 0 -{POINTS} 0 {} cm\n1 j\n", n(POINTS * f64::from(figure.height)));
        Ok(Page { content, fonts, alphas: BTreeMap::new(), images: Vec::new() })
    }

    fn ink(&mut self, ink: Ink, operator: &str) {
        let alpha = (1000.0 * ink.alpha).round() as u16;
        let count = self.alphas.len();
        let state = *self.alphas.entry(alpha).or_insert(count);
        let [r, g, b] = ink.rgb.map(|c| n(f64::from(c) / 255.0));
        let _ = writeln!(self.content, "/G{state} gs {r} {g} {b} {operator}");
    }

    fn draw(&mut self, mark: &Mark) {
        match mark {
            Mark::Rect { x, y, w, h, ink } => {
                self.ink(*ink, "rg");
                let _ = writeln!(self.content, "{} {} {} {} re f", n(*x), n(*y), n(*w), n(*h));
            }
            Mark::Ticks { at, w, h, ink } => {
                self.ink(*ink, "RG");
                let _ = writeln!(self.content, "0 J {} w", n(*w));
                for (x, y) in at {
                    let x = n(x + w / 2.0);
                    let _ = write!(self.content, "{x} {} m {x} {} l ", n(*y), n(y + h));
                }
                self.content += "S\n";
            }
            Mark::Line { points, width, ink } => {
                self.ink(*ink, "RG");
                // Square or plain ends.
                let _ = writeln!(self.content, "{} J {} w", if is_rule(points) { 2 } else { 0 }, n(*width));
                self.path(points);
                self.content += "S\n";
            }
            Mark::Dots { at, r, ink } => {
                self.ink(*ink, "RG");
                // Lines without length, with round ends.
                let _ = writeln!(self.content, "1 J {} w", n(2.0 * r));
                for (x, y) in at {
                    let (x, y) = (n(*x), n(*y));
                    let _ = writeln!(self.content, "{x} {y} m {x} {y} l S");
                }
            }
            Mark::Area { points, ink } => {
                self.ink(*ink, "rg");
                self.path(points);
                self.content += "h f\n";
            }
            Mark::Text { x, y, size, text, ink, anchor, bold, upward } => {
                self.ink(*ink, "rg");
                let shift = match anchor {
                    Anchor::Start => 0.0,
                    Anchor::Middle => 0.5,
                    Anchor::End => 1.0,
                } * font::width(text, *size, *bold);
                let Some(subset) = self.fonts.get(bold) else { return };
                let codes: String = text.chars().map(|c| format!("{:04x}", subset.glyphs[&c])).collect();
                // Letters stand upright on a page that is turned upside down.
                let matrix = if *upward {
                    format!("0 -1 -1 0 {} {}", n(*x), n(y + shift))
                } else {
                    format!("1 0 0 -1 {} {}", n(x - shift), n(*y))
                };
                let face = u8::from(*bold);
                let _ = writeln!(self.content, "BT /F{face} {} Tf {matrix} Tm <{codes}> Tj ET", n(*size));
            }
            Mark::Pixels { x, y, width, rgba } => {
                self.ink(Ink::new([0; 3]), "rg");
                let (w, h) = (*width as usize, rgba.len() / (*width as usize).max(1));
                let (x, y, index) = (*x, *y as usize + h, self.images.len());
                let _ = writeln!(self.content, "q {w} 0 0 -{h} {x} {y} cm /I{index} Do Q");
                self.images.push(Image { width: w, rgba: rgba.clone() });
            }
        }
    }

    fn path(&mut self, points: &[(f64, f64)]) {
        for (i, (x, y)) in points.iter().enumerate() {
            let _ = write!(self.content, "{} {} {} ", n(*x), n(*y), if i == 0 { "m" } else { "l" });
        }
    }
}

impl Image {
    fn store(&self, file: &mut File) -> usize {
        let (w, h) = (self.width, self.rgba.len() / self.width.max(1));
        let shape = format!("/Type /XObject /Subtype /Image /Width {w} /Height {h} /BitsPerComponent 8");
        let opacity: Vec<u8> = self.rgba.iter().map(|p| p[3]).collect();
        let mask = file.stream(&format!("{shape} /ColorSpace /DeviceGray"), &opacity);
        let rgb: Vec<u8> = self.rgba.iter().flat_map(|p| [p[0], p[1], p[2]]).collect();
        file.stream(&format!("{shape} /ColorSpace /DeviceRGB /SMask {mask} 0 R"), &rgb)
    }
}

/// The letters that are set in each face.
pub(super) fn letters(figure: &Figure) -> BTreeMap<bool, BTreeSet<char>> {
    let mut all: BTreeMap<bool, BTreeSet<char>> = BTreeMap::new();
    for mark in &figure.marks {
        if let Mark::Text { text, bold, .. } = mark {
            all.entry(*bold).or_default().extend(text.chars());
        }
    }
    all
}

/// The objects of one face; gives the number of the font.
fn embed(file: &mut File, bold: bool, subset: &Subset) -> usize {
    let name = if bold { "MSPIKE+DejaVuSans-Bold" } else { "MSPIKE+DejaVuSans" };
    let program = file.stream(&format!("/Length1 {}", subset.file.len()), &subset.file);
    let scale =
        |units: i16| n(f64::from(units) * 1000.0 / font::face(bold).map_or(1.0, |f| f64::from(f.units_per_em())));
    let (mut frame, mut ascent, mut descent) = (String::new(), 0.0, 0.0);
    if let Some(face) = font::face(bold) {
        let b = face.global_bounding_box();
        frame = [b.x_min, b.y_min, b.x_max, b.y_max].map(|v| scale(v).to_string()).join(" ");
        (ascent, descent) = (scale(face.ascender()), scale(face.descender()));
    }
    let descriptor = file.add(format!(
        "<< /Type /FontDescriptor /FontName /{name} /Flags 4 /FontBBox [{frame}] /ItalicAngle 0 /Ascent {ascent} \
         /Descent {descent} /CapHeight 729 /StemV 80 /FontFile2 {program} 0 R >>"
    ));
    let widths: String = subset.widths.iter().map(|w| format!("{} ", n(*w))).collect();
    let descendant = file.add(format!(
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) \
         /Supplement 0 >> /FontDescriptor {descriptor} 0 R /CIDToGIDMap /Identity /W [0 [{widths}]] >>"
    ));
    let unicode = file.stream("", to_unicode(subset).as_bytes());
    file.add(format!(
        "<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H /DescendantFonts [{descendant} 0 R] \
         /ToUnicode {unicode} 0 R >>"
    ))
}

/// Which letter each glyph is, for searching and copying.
fn to_unicode(subset: &Subset) -> String {
    let mut map = String::from(
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /letters def /CMapType 2 def\n\
         1 begincodespacerange <0000> <ffff> endcodespacerange\n",
    );
    let pairs: Vec<(u16, char)> = subset.glyphs.iter().filter(|(_, g)| **g > 0).map(|(c, g)| (*g, *c)).collect();
    for some in pairs.chunks(100) {
        let _ = writeln!(map, "{} beginbfchar", some.len());
        for (glyph, letter) in some {
            let code: String = letter.encode_utf16(&mut [0; 2]).iter().map(|u| format!("{u:04x}")).collect();
            let _ = writeln!(map, "<{glyph:04x}> <{code}>");
        }
        map += "endbfchar\n";
    }
    map + "endcmap CMapName currentdict /CMap defineresource pop end end\n"
}

fn utf16(text: &str) -> String {
    std::iter::once(0xfeff).chain(text.encode_utf16()).map(|u| format!("{u:04x}")).collect()
}

/// Three decimals are a thousandth of a pixel.
fn n(value: f64) -> f64 {
    let rounded = (value.clamp(-1e6, 1e6) * 1000.0).round() / 1000.0;
    if rounded == 0.0 { 0.0 } else { rounded }
}

/// Objects, numbered from 1.
#[derive(Default)]
struct File(Vec<Vec<u8>>);

impl File {
    fn reserve(&mut self) -> usize {
        self.0.push(Vec::new());
        self.0.len()
    }

    fn set(&mut self, number: usize, object: String) {
        self.0[number - 1] = object.into_bytes();
    }

    fn add(&mut self, object: String) -> usize {
        self.0.push(object.into_bytes());
        self.0.len()
    }

    fn stream(&mut self, keys: &str, bytes: &[u8]) -> usize {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        // Writing to memory does not fail; what came out so far is what there is.
        let packed = encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default();
        let mut object = format!("<< {keys} /Filter /FlateDecode /Length {} >>\nstream\n", packed.len()).into_bytes();
        object.extend(packed);
        object.extend(b"\nendstream");
        self.0.push(object);
        self.0.len()
    }

    fn finish(self, catalog: usize, info: usize) -> Vec<u8> {
        let mut file = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n".to_vec();
        let mut places = Vec::with_capacity(self.0.len());
        for (index, object) in self.0.iter().enumerate() {
            places.push(file.len());
            file.extend(format!("{} 0 obj\n", index + 1).into_bytes());
            file.extend(object);
            file.extend(b"\nendobj\n");
        }
        let table = file.len();
        let mut text = format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
        for place in &places {
            let _ = writeln!(text, "{place:010} 00000 n ");
        }
        let size = places.len() + 1;
        let _ = write!(
            text,
            "trailer\n<< /Size {size} /Root {catalog} 0 R /Info {info} 0 R >>\nstartxref\n{table}\n%%EOF\n"
        );
        file.extend(text.into_bytes());
        file
    }
}
