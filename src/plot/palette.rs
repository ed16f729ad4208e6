//! Colours that people with any kind of colour vision can tell apart.

/// A colour with its opacity (0 to 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ink {
    /// Red, green, blue.
    pub rgb: [u8; 3],
    /// 1 hides what lies below.
    pub alpha: f64,
}

impl Ink {
    /// An opaque colour.
    pub const fn new(rgb: [u8; 3]) -> Ink {
        Ink { rgb, alpha: 1.0 }
    }

    /// This colour, more transparent.
    #[must_use]
    pub const fn fade(self, alpha: f64) -> Ink {
        Ink { rgb: self.rgb, alpha }
    }
}

/// Text and axes.
pub const TEXT: Ink = Ink::new([0x22, 0x22, 0x22]);
/// Captions and tick labels.
pub const MUTED: Ink = Ink::new([0x55, 0x55, 0x55]);
/// Gridlines.
pub const GRID: Ink = Ink::new([0xe6, 0xe6, 0xe6]);
/// Frames and separators.
pub const FRAME: Ink = Ink::new([0x88, 0x88, 0x88]);
/// Trials and other intervals.
pub const SHADE: Ink = Ink::new([0xf7, 0xf5, 0xee]);

/// The palette of M. Okabe and K. Ito, "Color Universal Design" (2008), ordered so that the
/// first two (excitatory, inhibitory) differ most; yellow, hard to see on white, is left out.
const OKABE_ITO: [[u8; 3]; 7] = [
    [0x00, 0x72, 0xb2], // blue
    [0xd5, 0x5e, 0x00], // vermilion
    [0x00, 0x9e, 0x73], // bluish green
    [0xcc, 0x79, 0xa7], // reddish purple
    [0xe6, 0x9f, 0x00], // orange
    [0x56, 0xb4, 0xe9], // sky blue
    [0x33, 0x33, 0x33], // black
];

/// The colour of the `index`-th population or curve; they repeat after seven.
pub fn color(index: usize) -> Ink {
    Ink::new(OKABE_ITO[index % OKABE_ITO.len()])
}

/// The nearest entries of the terminal's 256-colour table, in the same order.
pub fn ansi256(index: usize) -> u8 {
    [32, 166, 36, 175, 214, 74, 245][index % 7]
}
