//! The voltage across a device as a function of time, in pieces on each of which it is smooth and monotone.
//!
//! Where it passes 0 or a threshold the equations change; the solver's steps end there exactly.

use crate::math::{exp, ln, sin_turns};

/// Highest voltage across a device \[V\].
const HIGHEST: f64 = 100.0;

/// What is wrong with a voltage that no device is made for; none if it is fine.
pub fn too_high(volt: f64) -> Option<String> {
    (volt.abs() > HIGHEST).then(|| {
        let why = "the models describe films that a few volts switch";
        format!("found {volt:e} V, expected at most {HIGHEST} V: {why}")
    })
}

/// What the voltage does on a piece; times \[s\] are those of the whole drive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    /// Constant or linear: `v` at the start of the piece, `slope` \[V/s\].
    Linear {
        /// \[V\]
        v: f64,
        /// \[V/s\]
        slope: f64,
    },
    /// amplitude sin(2 pi frequency t).
    Sine {
        /// \[V\]
        amplitude: f64,
        /// \[Hz\]
        frequency: f64,
    },
    /// constant + sum of factor e^(rate (t - origin)).
    Exponentials {
        /// \[V\]
        constant: f64,
        /// (factor \[V\], rate \[1/s\], origin \[s\])
        terms: [(f64, f64, f64); 2],
    },
}

/// A stretch of a drive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// When it starts \[s\].
    pub start: f64,
    /// When it ends \[s\].
    pub end: f64,
    /// The voltage.
    pub shape: Shape,
}

impl Piece {
    /// The voltage at `t`, which lies in the piece or at its ends.
    #[inline]
    pub fn at(&self, t: f64) -> f64 {
        match self.shape {
            Shape::Linear { v, slope } => v + slope * (t - self.start),
            Shape::Sine { amplitude, frequency } => amplitude * sin_turns(frequency * t),
            Shape::Exponentials { constant, terms: [(a, k, o), (b, l, p)] } => {
                let first = if a == 0.0 { 0.0 } else { a * exp(k * (t - o)) };
                let second = if b == 0.0 { 0.0 } else { b * exp(l * (t - p)) };
                constant + first + second
            }
        }
    }

    /// The middle of the piece.
    #[inline]
    pub fn middle(&self) -> f64 {
        0.5 * (self.start + self.end)
    }

    /// When a sum of exponentials turns round within the piece.
    fn extremum(&self) -> Option<f64> {
        let Shape::Exponentials { terms: [(a, k, o), (b, l, p)], .. } = self.shape else { return None };
        // a k e^(k (t - o)) = -b l e^(l (t - p))
        let ratio = -(b * l) / (a * k);
        if !(ratio > 0.0 && ratio.is_finite()) || k == l {
            return None;
        }
        let t = (ln(ratio) + k * o - l * p) / (k - l);
        (t > self.start && t < self.end).then_some(t)
    }

    /// When the voltage passes `level` within the piece, on which it is monotone.
    fn crossing(&self, level: f64) -> Option<f64> {
        let (mut low, mut high) = (self.start, self.end);
        let (first, last) = (self.at(low) - level, self.at(high) - level);
        if first * last >= 0.0 {
            return None;
        }
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return (low > self.start && high < self.end).then_some(high);
            }
            if (self.at(middle) - level > 0.0) == (first > 0.0) { low = middle } else { high = middle }
        }
    }
}

/// Cuts pieces where they turn round, and where they pass 0 or one of `levels`.
pub fn cut(pieces: &[Piece], levels: &[f64]) -> Vec<Piece> {
    let mut out = Vec::with_capacity(2 * pieces.len());
    for piece in pieces.iter().filter(|p| p.end > p.start) {
        let turn = piece.extremum();
        for (start, end) in [(piece.start, turn.unwrap_or(piece.end)), (turn.unwrap_or(piece.end), piece.end)] {
            if start >= end {
                continue;
            }
            let monotone = part(piece, start, end);
            let mut cuts: Vec<f64> = levels.iter().chain(&[0.0]).filter_map(|&l| monotone.crossing(l)).collect();
            cuts.sort_by(f64::total_cmp);
            cuts.dedup();
            let mut from = start;
            for at in cuts.into_iter().chain([end]) {
                out.push(part(piece, from, at));
                from = at;
            }
        }
    }
    out
}

/// The part of a piece from `start` to `end`.
pub fn part(piece: &Piece, start: f64, end: f64) -> Piece {
    let shape = match piece.shape {
        Shape::Linear { slope, .. } => Shape::Linear { v: piece.at(start), slope },
        other => other,
    };
    Piece { start, end, shape }
}

/// amplitude sin(2 pi frequency t) over `periods`, by quarters.
pub fn sine(amplitude: f64, frequency: f64, periods: f64) -> Vec<Piece> {
    let quarters = (4.0 * periods).ceil() as usize;
    let at = |k: usize| (k as f64 / 4.0).min(periods) / frequency;
    let shape = Shape::Sine { amplitude, frequency };
    (0..quarters).map(|k| Piece { start: at(k), end: at(k + 1), shape }).collect()
}

/// A triangle wave from 0 to amplitude, to -amplitude and back to 0 in each of `periods`.
pub fn triangle(amplitude: f64, frequency: f64, periods: f64) -> Vec<Piece> {
    let quarters = (4.0 * periods).ceil() as usize;
    let at = |k: usize| (k as f64 / 4.0).min(periods) / frequency;
    let slope = 4.0 * amplitude * frequency;
    let piece = |k: usize| {
        let (v, slope) = [(0.0, slope), (amplitude, -slope), (0.0, -slope), (-amplitude, slope)][k % 4];
        Piece { start: at(k), end: at(k + 1), shape: Shape::Linear { v, slope } }
    };
    (0..quarters).map(piece).collect()
}

/// A constant voltage.
pub fn pulse(v: f64, start: f64, width: f64) -> Piece {
    Piece { start, end: start + width, shape: Shape::Linear { v, slope: 0.0 } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_end_where_the_voltage_passes_a_level_or_turns_round() {
        let pieces = cut(&sine(1.0, 1.0, 1.0), &[0.5, -0.25]);
        let ends: Vec<f64> = pieces.iter().map(|p| p.end).collect();
        let expected = [1.0 / 12.0, 0.25, 5.0 / 12.0, 0.5, 0.540_215, 0.75, 0.959_785, 1.0];
        assert_eq!(ends.len(), expected.len(), "{ends:?}");
        assert!(ends.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{ends:?}");
        let hump = Shape::Exponentials { constant: -0.1, terms: [(1.0, -1.0, 0.0), (-1.0, -3.0, 0.0)] };
        let cuts = cut(&[Piece { start: 0.0, end: 9.0, shape: hump }], &[]);
        assert!(cuts.iter().any(|p| (p.end - 3f64.ln() / 2.0).abs() < 1e-12), "the maximum of e^-t - e^-3t");
        assert_eq!(cuts.len(), 4, "up through 0, to the top, down through 0, to the end");
        for p in &cuts {
            assert!(p.at(p.middle()) * (p.at(p.start) + p.at(p.end)) > 0.0, "one sign on each piece");
        }
    }

    #[test]
    fn a_triangle_is_continuous_and_ends_where_asked() {
        let pieces = triangle(2.0, 10.0, 1.5);
        assert!((pieces.last().unwrap().end - 0.15).abs() < 1e-15);
        for pair in pieces.windows(2) {
            assert!((pair[0].at(pair[0].end) - pair[1].at(pair[1].start)).abs() < 1e-12);
        }
        assert!((pieces[0].at(0.025) - 2.0).abs() < 1e-12);
    }
}
