//! Samplers against closed forms, `rand_distr` as an independent second implementation, and golden bits.

use rand_distr::Distribution;

use super::*;
use crate::rng::Purpose;

fn stream(item: u64) -> Stream {
    Stream::new(42, Purpose::Weight, 7, item)
}

fn moments(values: &[f64]) -> (f64, f64) {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (mean, values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (values.len() - 1) as f64)
}

/// Largest distance of two empirical distribution functions, times the root of the effective
/// sample size: above 1.95 once in a thousand (Kolmogorov-Smirnov).
pub(super) fn kolmogorov_smirnov(mut a: Vec<f64>, mut b: Vec<f64>) -> f64 {
    a.sort_by(f64::total_cmp);
    b.sort_by(f64::total_cmp);
    let (n, m) = (a.len() as f64, b.len() as f64);
    let distance = a
        .iter()
        .enumerate()
        .fold(0.0f64, |most, (i, x)| most.max((i as f64 / n - b.partition_point(|y| y < x) as f64 / m).abs()));
    distance * (n * m / (n + m)).sqrt()
}

/// Chi-squared of counts against probabilities, pooled to at least 10 expected, as a standard
/// normal deviate (Wilson & Hilferty 1931).
fn chi_squared(counts: &[u64], probability: &[f64]) -> f64 {
    let total: u64 = counts.iter().sum();
    let (mut chi, mut bins) = (0.0, 0.0);
    let (mut seen, mut due) = (0.0, 0.0);
    let mut left = total as f64;
    for (&count, p) in counts.iter().zip(probability) {
        seen += count as f64;
        due += p * total as f64;
        if due >= 10.0 && left - due >= 10.0 {
            chi += (seen - due) * (seen - due) / due;
            bins += 1.0;
            left -= due;
            (seen, due) = (0.0, 0.0);
        }
    }
    chi += (seen - left) * (seen - left) / left;
    let c = 2.0 / (9.0 * bins);
    ((chi / bins).cbrt() - (1.0 - c)) / f64::sqrt(c)
}

fn counted(values: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut counts = vec![0; 4000];
    values.for_each(|k| counts[k as usize] += 1);
    counts
}

#[test]
fn normal_quantiles_are_those_of_the_tables() {
    let close =
        |p: f64, z: f64| assert!((normal_quantile(p) - z).abs() <= 2e-15 * z.abs(), "{p}: {}", normal_quantile(p));
    close(0.5, 0.0);
    close(0.3, -0.524_400_512_708_040_7);
    close(0.975, 1.959_963_984_540_053_6);
    close(0.01, -2.326_347_874_040_840_8);
    close(1e-10, -6.361_340_902_404_056);
    close(1e-16, -8.222_082_216_130_435);
}

#[test]
fn normal_and_exponential_have_the_distribution_of_rand_distr() {
    let n = 100_000;
    let (mut ours, mut theirs) = (stream(0), stream(1));
    let a: Vec<f64> = (0..n).map(|_| normal(&mut ours)).collect();
    let b: Vec<f64> = (0..n).map(|_| rand_distr::StandardNormal.sample(&mut theirs)).collect();
    let (mean, variance) = moments(&a);
    assert!(mean.abs() < 0.012 && (variance - 1.0).abs() < 0.018, "{mean} {variance}");
    assert!(kolmogorov_smirnov(a, b) < 1.95);
    let a: Vec<f64> = (0..n).map(|_| exponential(&mut ours)).collect();
    let b: Vec<f64> = (0..n).map(|_| rand_distr::Exp1.sample(&mut theirs)).collect();
    let (mean, variance) = moments(&a);
    assert!((mean - 1.0).abs() < 0.012 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    assert!(kolmogorov_smirnov(a, b) < 1.95);
}

#[test]
fn poisson_counts_have_the_probabilities_of_the_closed_form() {
    for (item, mean) in [0.01, 0.7, 9.99, 10.0, 33.3, 500.0].into_iter().enumerate() {
        let mut stream = stream(item as u64);
        let counts = counted((0..200_000).map(|_| poisson(&mut stream, mean)));
        let mut p = vec![math::exp(-mean)];
        (1..4000).for_each(|k| p.push(p[k - 1] * mean / k as f64));
        let z = chi_squared(&counts, &p);
        assert!(z.abs() < 3.5, "mean {mean}: {z}");
    }
}

#[test]
fn binomial_counts_have_the_probabilities_of_the_closed_form() {
    let cases =
        [(5, 0.3), (20, 0.5), (20, 0.9), (1000, 0.003), (1000, 0.01), (1000, 0.7), (3000, 0.5), (100_000, 0.01)];
    for (item, (n, q)) in cases.into_iter().enumerate() {
        let mut stream = stream(item as u64);
        let counts = counted((0..200_000).map(|_| binomial(&mut stream, n, q)));
        // In logarithms, because the probability of 0 underflows.
        let mut ln_p = vec![n as f64 * math::ln_1p(-q)];
        for k in 1..=n.min(3999) {
            ln_p.push(ln_p[k as usize - 1] + math::ln((n - k + 1) as f64 / k as f64 * q / (1.0 - q)));
        }
        let p: Vec<f64> = ln_p.into_iter().map(math::exp).chain([0.0; 4000]).take(4000).collect();
        let z = chi_squared(&counts, &p);
        assert!(z.abs() < 3.5, "n {n}, p {q}: {z}");
    }
}

#[test]
fn large_counts_have_the_moments_of_rand_distr_and_of_theory() {
    let n = 50_000;
    let (mut ours, mut theirs) = (stream(3), stream(4));
    let big = 3e12;
    let a: Vec<f64> = (0..n).map(|_| poisson(&mut ours, big) as f64 - big).collect();
    let law = rand_distr::Poisson::new(big).unwrap();
    let b: Vec<f64> = (0..n).map(|_| law.sample(&mut theirs) - big).collect();
    let (mean, variance) = moments(&a);
    assert!(mean.abs() < 3.5 * (big / f64::from(n)).sqrt(), "{mean}");
    assert!((variance / big - 1.0).abs() < 0.03, "{variance}");
    assert!(kolmogorov_smirnov(a, b) < 1.95);
    let law = rand_distr::Binomial::new(4_000_000_000, 0.4).unwrap();
    let a: Vec<f64> = (0..n).map(|_| binomial(&mut ours, 4_000_000_000, 0.4) as f64).collect();
    let b: Vec<f64> = (0..n).map(|_| law.sample(&mut theirs) as f64).collect();
    let (mean, variance) = moments(&a);
    assert!((mean - 1.6e9).abs() < 3.5 * (0.96e9 / f64::from(n)).sqrt(), "{mean}");
    assert!((variance / 0.96e9 - 1.0).abs() < 0.03, "{variance}");
    assert!(kolmogorov_smirnov(a, b) < 1.95);
}

#[test]
fn degenerate_parameters_give_the_only_possible_value() {
    let mut s = stream(0);
    assert_eq!(poisson(&mut s, 0.0), 0);
    assert_eq!([binomial(&mut s, 0, 0.3), binomial(&mut s, 9, 0.0), binomial(&mut s, 9, 1.0)], [0, 0, 9]);
    let normal = Value::Normal { mean: 2.5, std: 0.0, limits: Limits::NONE };
    assert_eq!(draw(&normal, &mut s, 0), Ok(2.5));
    let lognormal = Value::Lognormal { mean: 0.0, std: 0.0, limits: Limits::NONE };
    assert_eq!(draw(&lognormal, &mut s, 0), Ok(0.0));
    let lognormal = Value::Lognormal { mean: -2.5, std: 0.0, limits: Limits::NONE };
    assert_eq!(draw(&lognormal, &mut s, 0), Ok(-2.5));
    assert_eq!(draw(&Value::List([1.0, 2.0].into()), &mut s, 1), Ok(2.0));
    assert_eq!(draw(&Value::List([1.0, 2.0].into()), &mut s, 2), Err(SampleError::List { index: 2, len: 2 }));
}

#[test]
fn drawn_values_have_the_moments_that_were_asked_for_and_keep_their_limits() {
    let collect = |value: Value| -> Vec<f64> {
        let mut s = stream(9);
        (0..100_000).map(|i| draw(&value, &mut s, i).unwrap()).collect()
    };
    let (mean, variance) = moments(&collect(Value::Lognormal { mean: -4.0, std: 3.0, limits: Limits::NONE }));
    assert!((mean + 4.0).abs() < 0.05 && (variance - 9.0).abs() < 0.6, "{mean} {variance}");
    let (mean, variance) = moments(&collect(Value::Uniform { low: -1.0, high: 3.0 }));
    assert!((mean - 1.0).abs() < 0.02 && (variance - 16.0 / 12.0).abs() < 0.02, "{mean} {variance}");
    let (mean, _) = moments(&collect(Value::Exponential { mean: -2.0, limits: Limits::NONE }));
    assert!((mean + 2.0).abs() < 0.03, "{mean}");
    // Half a normal distribution: what lies below its mean is drawn again, not clipped.
    let limits = Limits { min: 0.0, ..Limits::NONE };
    let half = collect(Value::Normal { mean: 0.0, std: 1.0, limits });
    assert!(half.iter().all(|&x| x >= 0.0));
    assert!((moments(&half).0 - 0.797_88).abs() < 0.01);
    let limits = Limits { same_sign: true, ..Limits::NONE };
    assert!(collect(Value::Normal { mean: -1.0, std: 1.0, limits }).iter().all(|&x| x < 0.0));
}

#[test]
fn limits_that_leave_nothing_are_an_error_that_says_so() {
    let limits = Limits { min: 60.0, ..Limits::NONE };
    let error = draw(&Value::Normal { mean: 1.0, std: 2.0, limits }, &mut stream(0), 0).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("normal distribution with mean 1 and std 2") && text.contains("min = 60"), "{text}");
}

#[test]
fn the_bits_are_the_same_on_every_processor() {
    let mut s = stream(5);
    let reals: Vec<u64> = (0..3).flat_map(|_| [normal(&mut s).to_bits(), exponential(&mut s).to_bits()]).collect();
    let counts: Vec<u64> = [0.5, 12.0, 1e9].into_iter().map(|mean| poisson(&mut s, mean)).collect();
    let trials: Vec<u64> = [0.001, 0.4, 0.9].into_iter().map(|p| binomial(&mut s, 5000, p)).collect();
    assert_eq!(
        reals,
        [
            4_608_280_649_119_620_690,
            4_607_912_842_695_250_056,
            13_833_215_354_479_090_960,
            4_594_624_875_838_775_601,
            4_606_061_375_267_261_301,
            4_605_026_203_014_766_129
        ]
    );
    assert_eq!(counts, [1, 13, 999_927_237]);
    assert_eq!(trials, [3, 2069, 4516]);
}
