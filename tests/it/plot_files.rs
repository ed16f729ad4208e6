//! Pictures as files: the same marks in PNG, SVG and PDF, with the font inside.

use std::io::Read;

use memspike::plot::{Format, Group, RasterData, RasterOptions, color, encode, raster, rasterize};
use memspike::spikes::{SpikeSource, SpikeTable};

use crate::pieces::Pieces;

/// Bytes after which the word stands.
fn find(bytes: &[u8], word: &str) -> Option<usize> {
    bytes.windows(word.len()).position(|w| w == word.as_bytes())
}

/// The objects of a PDF, by its table of offsets.
fn objects(pdf: &[u8]) -> Vec<Vec<u8>> {
    let text = String::from_utf8_lossy(pdf);
    let start: usize = text.rsplit("startxref\n").next().unwrap().lines().next().unwrap().parse().unwrap();
    let table = std::str::from_utf8(&pdf[start..start + 4 + 20]).unwrap();
    assert!(table.starts_with("xref\n"), "{table}");
    let table = String::from_utf8(pdf[start..].iter().copied().take_while(|b| b.is_ascii()).collect()).unwrap();
    let entries = table.lines().skip(3).take_while(|l| l.ends_with("n "));
    let offsets: Vec<usize> = entries.map(|l| l[..10].parse().unwrap()).collect();
    assert!(offsets.len() > 5);
    let mut found = Vec::new();
    for (index, &at) in offsets.iter().enumerate() {
        let head = format!("{} 0 obj\n", index + 1);
        assert!(pdf[at..].starts_with(head.as_bytes()), "object {} is at its offset", index + 1);
        let body = &pdf[at + head.len()..];
        found.push(body[..find(body, "\nendobj").unwrap()].to_vec());
    }
    found
}

/// What a stream holds, unpacked; `None` of an object that is none.
fn stream(object: &[u8]) -> Option<Vec<u8>> {
    let from = find(object, "stream\n")? + 7;
    let mut bytes = Vec::new();
    flate2::read::ZlibDecoder::new(&object[from..]).read_to_end(&mut bytes).unwrap();
    Some(bytes)
}

fn table(trains: &[Vec<f64>]) -> SpikeTable {
    SpikeTable::from_units((0..trains.len() as i64).collect(), trains).unwrap()
}

fn figure(spikes: &dyn SpikeSource, groups: &[Group], size: (u32, u32)) -> memspike::plot::Figure {
    let data = RasterData { title: "a & b", spikes, groups, signals: &[], intervals: None, observed: &[] };
    let options = RasterOptions { start: Some(0.0), stop: Some(1.0), size, ..RasterOptions::default() };
    raster(&data, &options).unwrap()
}

#[test]
fn a_pdf_holds_every_spike_as_a_stroke_its_text_and_its_fonts() {
    let spikes = table(&[vec![0.1, 0.2, 0.7], vec![0.4, 0.9]]);
    let groups = [Group::new("E", 0, 1), Group::new("Inh", 1, 1)];
    let figure = figure(&spikes, &groups, (900, 600));
    let pdf = encode(&figure, Format::Pdf).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.4\n") && pdf.ends_with(b"%%EOF\n"));
    assert_eq!(pdf, encode(&figure, Format::Pdf).unwrap(), "the same bytes each time");
    let objects = objects(&pdf);
    let page = objects.iter().find(|o| find(o, "/Type /Page ").is_some()).unwrap();
    assert!(find(page, "/MediaBox [0 0 675 450]").is_some(), "{}", String::from_utf8_lossy(page));
    let streams: Vec<Vec<u8>> = objects.iter().filter_map(|o| stream(o)).collect();
    let content = String::from_utf8(streams[0].clone()).unwrap();
    // A stroke is `x y m x y l`, up to a thousandth of a pixel or two where the panel has it.
    let panel = figure.panel("raster").unwrap();
    let places: Vec<f64> = content.split([' ', '\n']).filter_map(|word| word.parse().ok()).collect();
    for time in [0.1, 0.2, 0.7, 0.4, 0.9] {
        let x = panel.px(time);
        assert!(places.iter().any(|place| (place - x).abs() < 2e-3), "a stroke at {x}");
    }
    assert_eq!(content.matches(" l S").count() + content.matches(" l \n").count(), content.matches("S\n").count());
    // Both faces, each a font that reads, with what each glyph means.
    let fonts: Vec<&Vec<u8>> = streams.iter().filter(|s| s.starts_with(&[0, 1, 0, 0])).collect();
    assert_eq!(fonts.len(), 2);
    for font in fonts {
        let face = ttf_parser::Face::parse(font, 0).unwrap();
        assert!(face.number_of_glyphs() > 3);
    }
    let meaning: Vec<&Vec<u8>> = streams.iter().filter(|s| find(s, "beginbfchar").is_some()).collect();
    assert!(
        meaning.iter().any(|m| find(m, &format!("<{:04x}>", 'I' as u32)).is_some()),
        "the letter I can be searched"
    );
}

#[test]
fn an_svg_carries_its_font_and_labels_with_units() {
    let spikes = table(&[vec![0.1, 0.2], vec![0.4]]);
    let svg = String::from_utf8(encode(&figure(&spikes, &[], (900, 600)), Format::Svg).unwrap()).unwrap();
    assert_eq!(svg.matches("@font-face").count(), 2, "regular and bold");
    for label in [">time (ms)</text>", ">rate (Hz)</text>", ">unit rate (Hz)</text>", ">a &amp; b</text>"] {
        assert!(svg.contains(label), "{label}");
    }
}

#[test]
fn the_bars_beside_the_raster_are_as_long_as_the_units_are_fast() {
    let train = |n: usize| (0..n).map(|i| (i as f64 + 0.5) / n as f64).collect::<Vec<f64>>();
    let spikes = table(&[train(40), train(20), vec![]]);
    let figure = figure(&spikes, &[], (900, 600));
    let panel = figure.panel("unit rates").unwrap();
    let bitmap = rasterize(&figure).unwrap();
    let [r, ..] = color(0).rgb;
    let lit = |hz: f64, row: f64| {
        let found = bitmap.pixel(panel.px(hz) as u32, panel.py(row + 0.5) as u32);
        // Three quarters of the colour over white.
        found[0] < r.max(100)
    };
    let rows: Vec<[bool; 3]> = [0.0, 1.0, 2.0].map(|row| [15.0, 25.0, 38.0].map(|hz| lit(hz, row))).to_vec();
    assert_eq!(rows, [[true, true, true], [true, false, false], [false, false, false]]);
}

#[test]
fn spikes_in_pieces_of_any_size_and_order_give_the_same_picture() {
    // More than are drawn one by one, and fewer.
    for count in [3_000, 60_000] {
        let train =
            |unit: usize| (0..count / 3).map(|i| (i as f64 * 0.37 + unit as f64 * 0.11).fract()).collect::<Vec<f64>>();
        let spikes = table(&[train(0), train(1), train(2)]);
        let groups = [Group::new("E", 0, 2), Group::new("I", 2, 1)];
        let whole = encode(&figure(&spikes, &groups, (500, 400)), Format::Png).unwrap();
        for size in [1, 997, 1 << 20] {
            let pieces = Pieces { table: spikes.clone(), size, backwards: true };
            let same = whole == encode(&figure(&pieces, &groups, (500, 400)), Format::Png).unwrap();
            assert!(same, "{count} spikes in pieces of {size}");
        }
        assert_eq!(pieces_joined(&spikes), spikes);
    }
}

fn pieces_joined(spikes: &SpikeTable) -> SpikeTable {
    Pieces { table: spikes.clone(), size: 100, backwards: true }.table(f64::NEG_INFINITY, f64::INFINITY).unwrap()
}
