//! Power spectra of sampled signals, such as population rates.

use super::AnalysisError;

/// A one-sided power spectral density.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spectrum {
    /// Frequencies \[Hz\], from 0 to half of the sampling rate.
    pub hz: Vec<f64>,
    /// Power per frequency \[squared unit of the samples / Hz\].
    pub density: Vec<f64>,
    /// Number of segments that were averaged.
    pub segments: usize,
}

impl Spectrum {
    /// Frequency \[Hz\] and density where the density is largest, beside 0 Hz; none if there is nothing at all.
    pub fn peak(&self) -> Option<(f64, f64)> {
        let points =
            self.hz.iter().copied().zip(self.density.iter().copied()).skip(1).filter(|(_, power)| *power > 0.0);
        // The first of several that are as large.
        points.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }
}

/// Welch's estimate (P. D. Welch, IEEE Trans. Audio Electroacoust. 15, 70 (1967)): the mean over segments of `length` samples (a
/// power of two), half overlapping, each without its mean and under a periodic Hann window; as `scipy.signal.welch(samples, rate,
/// nperseg=length)` and `elephant.spectral.welch_psd(samples, fs=rate, len_segment=length)`. `rate` is the number of samples per second.
///
/// # Errors
/// If the length is no power of two of at least 2, or longer than the samples.
pub fn welch(samples: &[f64], rate: f64, length: usize) -> Result<Spectrum, AnalysisError> {
    if !(rate > 0.0 && rate.is_finite()) {
        return Err(AnalysisError::Bin(1.0 / rate));
    }
    if !length.is_power_of_two() || length < 2 || length > samples.len() {
        return Err(AnalysisError::Segment { length, samples: samples.len() });
    }
    let window: Vec<f64> =
        (0..length).map(|i| 0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / length as f64).cos()).collect();
    let scale = 1.0 / (rate * window.iter().map(|w| w * w).sum::<f64>());
    let half = length / 2;
    let mut density = vec![0.0; half + 1];
    let starts = (0..=samples.len() - length).step_by(half);
    let segments = starts.clone().count();
    for start in starts {
        let part = &samples[start..start + length];
        let mean = part.iter().sum::<f64>() / length as f64;
        let mut re: Vec<f64> = part.iter().zip(&window).map(|(s, w)| (s - mean) * w).collect();
        let mut im = vec![0.0; length];
        fourier(&mut re, &mut im);
        for (k, power) in density.iter_mut().enumerate() {
            // Negative frequencies fold onto positive ones; 0 and the highest have no partner.
            let sides = if k == 0 || k == half { 1.0 } else { 2.0 };
            *power += sides * scale * (re[k] * re[k] + im[k] * im[k]) / segments as f64;
        }
    }
    let hz = (0..=half).map(|k| k as f64 * rate / length as f64).collect();
    Ok(Spectrum { hz, density, segments })
}

/// A length of segments for [`welch`]: the power of two from about a second on, which resolves 1 Hz; of a short signal what it has.
pub fn segment_length(samples: usize, rate: f64) -> usize {
    let second = rate.log2().ceil().clamp(3.0, 24.0);
    1 << second.min((samples.max(8) as f64).log2().floor()) as u32
}

/// The discrete Fourier transform in place, of a power of two of numbers (J. W. Cooley, J. W. Tukey, Math. Comput. 19, 297 (1965)).
fn fourier(re: &mut [f64], im: &mut [f64]) {
    let n = re.len();
    let bits = n.trailing_zeros();
    for i in 0..n {
        let j = (i as u64).reverse_bits() as usize >> (u64::BITS - bits);
        if i < j {
            re.swap(i, j);
            im.swap(i, j);
        }
    }
    let mut size = 2;
    while size <= n {
        let step = -std::f64::consts::TAU / size as f64;
        for k in 0..size / 2 {
            let (sin, cos) = (step * k as f64).sin_cos();
            for start in (0..n).step_by(size) {
                let (a, b) = (start + k, start + k + size / 2);
                let (x, y) = (re[b] * cos - im[b] * sin, re[b] * sin + im[b] * cos);
                (re[b], im[b]) = (re[a] - x, im[a] - y);
                (re[a], im[a]) = (re[a] + x, im[a] + y);
            }
        }
        size *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_the_sum_by_hand() {
        let (mut re, mut im) = (vec![1.0, 2.0, -1.0, 0.5, 3.0, 0.0, 0.25, -2.0], vec![0.0; 8]);
        let plain = re.clone();
        fourier(&mut re, &mut im);
        for k in 0..8 {
            let angle = |i: usize| -std::f64::consts::TAU * (i * k) as f64 / 8.0;
            let sum = |f: fn(f64) -> f64| plain.iter().enumerate().map(|(i, v)| v * f(angle(i))).sum::<f64>();
            assert!((re[k] - sum(f64::cos)).abs() < 1e-12 && (im[k] - sum(f64::sin)).abs() < 1e-12, "{k}");
        }
    }

    #[test]
    fn a_sine_has_its_power_at_its_frequency() {
        // Amplitude 3: power 4.5, all of it in the peak of the Hann window, which is three bins wide.
        let samples: Vec<f64> =
            (0..4096).map(|i| 10.0 + 3.0 * (std::f64::consts::TAU * 125.0 * f64::from(i) / 1000.0).sin()).collect();
        let found = welch(&samples, 1000.0, 512).unwrap();
        assert_eq!((found.segments, found.hz.len()), (15, 257));
        let top = (0..257).max_by(|a, b| found.density[*a].total_cmp(&found.density[*b])).unwrap();
        assert_eq!(found.hz[top], 125.0);
        let width = 1000.0 / 512.0;
        let power: f64 = found.density[top - 1..=top + 1].iter().sum::<f64>() * width;
        assert!((power - 4.5).abs() < 1e-9, "{power}");
        assert!(found.density[0] < 1e-20, "without its mean");
        assert!(welch(&samples, 1000.0, 500).is_err() && welch(&samples[..100], 1000.0, 128).is_err());
    }

    #[test]
    fn a_poisson_rate_is_as_strong_at_all_frequencies() {
        // Independent counts of variance v in bins of 1 / rate have the one-sided density 2 v / rate.
        let mut state = 1u64;
        let counts: Vec<f64> = (0..1 << 16)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                f64::from(u8::from(state >> 40 & 3 == 0))
            })
            .collect();
        let found = welch(&counts, 1000.0, 256).unwrap();
        let mean = found.density[2..127].iter().sum::<f64>() / 125.0;
        let expected = 2.0 * 0.25 * 0.75 / 1000.0;
        assert!((mean / expected - 1.0).abs() < 0.02, "{mean} {expected}");
    }
}
