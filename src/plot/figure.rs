//! A picture as a list of marks: what plotters draws (`backend`) and the writers of PNG, SVG and PDF read.
//!
//! Coordinates are pixels of the finished image, x to the right, y down.

use super::palette::Ink;

/// Where a text is held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Anchor {
    /// At its first letter.
    Start,
    /// In its middle.
    Middle,
    /// At its last letter.
    End,
}

/// Something drawn. Later marks cover earlier ones.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// A filled rectangle.
    Rect {
        /// Left edge.
        x: f64,
        /// Top edge.
        y: f64,
        /// Width.
        w: f64,
        /// Height.
        h: f64,
        /// Colour.
        ink: Ink,
    },
    /// Many equal upright strokes: the spikes of a sparse raster.
    Ticks {
        /// Left upper corners.
        at: Vec<(f64, f64)>,
        /// Width of each.
        w: f64,
        /// Height of each.
        h: f64,
        /// Colour.
        ink: Ink,
    },
    /// A line through points.
    Line {
        /// The points.
        points: Vec<(f64, f64)>,
        /// Its thickness.
        width: f64,
        /// Colour.
        ink: Ink,
    },
    /// Many equal discs.
    Dots {
        /// Their centres.
        at: Vec<(f64, f64)>,
        /// Radius of each.
        r: f64,
        /// Colour; where they lie over each other it grows stronger.
        ink: Ink,
    },
    /// A filled polygon.
    Area {
        /// Its corners.
        points: Vec<(f64, f64)>,
        /// Colour.
        ink: Ink,
    },
    /// A word or line of text.
    Text {
        /// Place of the anchor.
        x: f64,
        /// Baseline (of an upright text: the x of its baseline is `x`).
        y: f64,
        /// Size of an em in pixels.
        size: f64,
        /// What it says.
        text: String,
        /// Colour.
        ink: Ink,
        /// Where it is held.
        anchor: Anchor,
        /// Bold face.
        bold: bool,
        /// Reads upwards.
        upward: bool,
    },
    /// Pixels, one for one with those of the image.
    Pixels {
        /// Left edge, a whole number of pixels.
        x: u32,
        /// Top edge.
        y: u32,
        /// Columns.
        width: u32,
        /// Row by row: red, green, blue, opacity.
        rgba: Vec<[u8; 4]>,
    },
}

/// Whether a line is a level or upright stroke: an axis, a tick, a gridline. Such lines are drawn sharp and with square ends, so
/// that those that meet make a corner.
pub(crate) fn is_rule(points: &[(f64, f64)]) -> bool {
    matches!(points, [a, b] if a.0 == b.0 || a.1 == b.1)
}

/// Where a panel's data lie in the picture, for who wants to find them again.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// What it shows: `raster`, `rate`, a signal's name, ...
    pub name: String,
    /// Left, top, right and bottom edge \[pixels\].
    pub pixels: [f64; 4],
    /// Data at the left and right edge.
    pub x: (f64, f64),
    /// Is the horizontal axis logarithmic?
    pub log_x: bool,
    /// Data at the bottom and top edge.
    pub y: (f64, f64),
}

impl Panel {
    /// The pixel column of a value.
    pub fn px(&self, value: f64) -> f64 {
        let [left, _, right, _] = self.pixels;
        let place = |x: f64| if self.log_x { x.log10() } else { x };
        let (from, to) = (place(self.x.0), place(self.x.1));
        left + (place(value) - from) / (to - from) * (right - left)
    }

    /// The pixel row of a value.
    pub fn py(&self, value: f64) -> f64 {
        let [_, top, _, bottom] = self.pixels;
        bottom - (value - self.y.0) / (self.y.1 - self.y.0) * (bottom - top)
    }
}

/// A finished picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// Width \[pixels\].
    pub width: u32,
    /// Height \[pixels\].
    pub height: u32,
    /// Name of the picture, for the SVG's title.
    pub title: String,
    /// What the caption under the picture says.
    pub caption: String,
    /// Everything on it, from back to front, on white.
    pub marks: Vec<Mark>,
    /// Its panels.
    pub panels: Vec<Panel>,
}

impl Figure {
    /// The panel of this name.
    pub fn panel(&self, name: &str) -> Option<&Panel> {
        self.panels.iter().find(|panel| panel.name == name)
    }

    /// Every text on the picture.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.marks.iter().filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }
}
