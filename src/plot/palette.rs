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
/// Trials and other intervals; gridlines shine through.
pub const SHADE: Ink = Ink::new([0xaf, 0x9b, 0x55]).fade(0.1);

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

/// For more than seven: colours nearly as far from those and from each other, for any kind of colour vision, as those are among themselves
/// (by the matrices of G. M. Machado et al., IEEE Trans. Vis. Comput. Graph. 15, 1291 (2009)); each is darker or lighter than its fellow there.
const FURTHER: [[u8; 3]; 7] = [
    [0x76, 0x2a, 0x83], // purple
    [0x4b, 0x00, 0x92], // indigo
    [0x66, 0x66, 0x33], // olive
    [0x66, 0x11, 0x00], // dark red
    [0x1a, 0x85, 0xff], // bright blue
    [0x92, 0x49, 0x00], // brown
    [0xbb, 0xbb, 0xbb], // grey
];

/// The colour of the `index`-th population or curve; they repeat after fourteen.
pub fn color(index: usize) -> Ink {
    let place = index % (OKABE_ITO.len() + FURTHER.len());
    Ink::new(OKABE_ITO.get(place).copied().unwrap_or_else(|| FURTHER[place - OKABE_ITO.len()]))
}

/// The colour of one of `count` groups: the palette's as far as it reaches, otherwise steps from dark to light, which every kind
/// of colour vision can put in order (viridis, by S. van der Walt and N. Smith, 2015, without its yellow end).
pub fn among(index: usize, count: usize) -> Ink {
    const STEPS: [[u8; 3]; 5] =
        [[0x44, 0x01, 0x54], [0x41, 0x44, 0x87], [0x2a, 0x78, 0x8e], [0x22, 0xa8, 0x84], [0x7a, 0xd1, 0x51]];
    if count <= OKABE_ITO.len() {
        return color(index);
    }
    let at = index as f64 / (count - 1) as f64 * (STEPS.len() - 1) as f64;
    let low = (at as usize).min(STEPS.len() - 2);
    let mix = |c: usize| {
        let (a, b) = (f64::from(STEPS[low][c]), f64::from(STEPS[low + 1][c]));
        (a + (b - a) * (at - low as f64)).round() as u8
    };
    Ink::new([mix(0), mix(1), mix(2)])
}

/// The nearest entries of the terminal's 256-colour table, in the same order.
pub fn ansi256(index: usize) -> u8 {
    [32, 166, 36, 175, 214, 74, 245, 127, 99, 143, 124, 27, 94, 250][index % 14]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fourteen_colours_differ_in_grey_too_from_their_fellows() {
        let light = |k: usize| {
            let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
            let [r, g, b] = color(k).rgb.map(linear);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        for k in 0..14 {
            assert!((0..k).all(|other| color(other) != color(k) && ansi256(other) != ansi256(k)), "{k}");
            assert!(light(k) < 0.6, "{k} is hard to see on white");
        }
        assert_eq!(color(14), color(0));
        assert!((0..7).all(|k| (light(k).sqrt() - light(k + 7).sqrt()).abs() > 0.1));
    }
}
