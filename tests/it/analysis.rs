//! Rates, intervals and correlations against values worked out by hand.

use memspike::analysis::{
    AnalysisError, binned_rate, correlations, cv, intervals, mean_cv, population_rate, unit_cvs, unit_rates,
};
use memspike::spikes::SpikeTable;

fn table(trains: &[Vec<f64>]) -> SpikeTable {
    SpikeTable::from_units((0..trains.len() as i64).collect(), trains).unwrap()
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "found {found}, expected {expected}");
}

/// Unit 0: four spikes, one of them at the window's stop; unit 1: two; unit 2: silent.
fn three_units() -> SpikeTable {
    table(&[vec![0.0, 0.5, 1.0, 2.0], vec![0.25, 1.75], vec![]])
}

#[test]
fn rates_are_counts_over_the_window_in_which_the_stop_is_not_counted() {
    assert_eq!(unit_rates(&three_units(), 0.0, 2.0).unwrap(), [1.5, 1.0, 0.0]);
    assert_eq!(unit_rates(&three_units(), 0.5, 1.0).unwrap(), [2.0, 0.0, 0.0]);
    assert_eq!(unit_rates(&three_units(), -2.0, 0.0).unwrap(), [0.0, 0.0, 0.0]);
    close(population_rate(&three_units(), 0..3, 0.0, 2.0).unwrap(), 2.5 / 3.0);
    close(population_rate(&three_units(), 1..2, 0.0, 2.0).unwrap(), 1.0);
    assert_eq!(unit_rates(&SpikeTable::default(), 0.0, 1.0).unwrap(), Vec::<f64>::new());
}

#[test]
fn binned_rates_are_per_unit_and_second() {
    // Spikes per half second over both units: 2, 1, 1, 1; the one at 2.0 lies outside.
    let rate = binned_rate(&three_units(), 0..2, 0.0, 2.0, 0.5).unwrap();
    assert_eq!(rate.hz, [2.0, 1.0, 1.0, 1.0]);
    let silent = binned_rate(&three_units(), 2..3, 0.0, 2.0, 0.5).unwrap();
    assert_eq!(silent.hz, [0.0; 4]);
}

#[test]
fn the_last_partial_bin_ends_with_the_window_and_is_divided_by_its_own_width() {
    let rate = binned_rate(&table(&[vec![0.1, 0.9, 1.0, 1.2]]), 0..1, 0.0, 1.25, 0.5).unwrap();
    assert_eq!(rate.edges(2), (1.0, 1.25));
    assert_eq!(rate.hz, [2.0, 2.0, 8.0]);
}

#[test]
fn a_bin_as_wide_as_the_window_is_one_bin_and_a_wider_one_an_error() {
    assert_eq!(binned_rate(&three_units(), 0..1, 0.0, 2.0, 2.0).unwrap().hz, [1.5]);
    let wide = Err(AnalysisError::WiderThanWindow { bin: 2.5, window: 2.0 });
    assert_eq!(binned_rate(&three_units(), 0..1, 0.0, 2.0, 2.5), wide);
    let error = correlations(&three_units(), (0.0, 2.0), 2.5, &[]).unwrap_err();
    assert_eq!(Err(error.clone()), wide);
    let text = error.to_string();
    assert!(text.contains("2.5 s") && text.contains("window of 2 s") && text.contains("shorter bin"), "{text}");
}

#[test]
fn windows_and_bins_that_are_none_are_errors() {
    let spikes = three_units();
    for (start, stop) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.0, f64::NAN), (f64::NEG_INFINITY, 0.0)] {
        assert!(matches!(unit_rates(&spikes, start, stop), Err(AnalysisError::Window { .. })), "{start} {stop}");
        assert!(
            matches!(correlations(&spikes, (start, stop), 0.1, &[]), Err(AnalysisError::Window { .. })),
            "{start} {stop}"
        );
    }
    for bin in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        assert!(matches!(binned_rate(&spikes, 0..1, 0.0, 2.0, bin), Err(AnalysisError::Bin(_))), "{bin}");
    }
    let many = correlations(&spikes, (0.0, 2.0), 1e-10, &[]);
    assert!(matches!(many, Err(AnalysisError::TooManyBins { .. })), "{many:?}");
}

#[test]
fn intervals_are_differences_of_neighbours() {
    assert_eq!(intervals(&[0.5, 1.0, 3.0, 3.0]), [0.5, 2.0, 0.0]);
    assert!(intervals(&[1.0]).is_empty());
    assert!(intervals(&[]).is_empty());
}

#[test]
fn the_cv_is_that_of_the_whole_train_and_not_of_a_sample() {
    // Intervals 1, 2, 3: mean 2, variance (1 + 0 + 1) / 3.
    close(cv(&[0.0, 1.0, 3.0, 6.0]).unwrap(), (2.0f64 / 3.0).sqrt() / 2.0);
    // Intervals 1 and 3, the fewest that have one: mean 2, deviation 1.
    close(cv(&[0.0, 1.0, 4.0]).unwrap(), 0.5);
    // The unit of time and the origin do not matter.
    close(cv(&[1000.0, 2000.0, 5000.0]).unwrap(), 0.5);
}

#[test]
fn a_cv_that_is_not_defined_is_left_out_of_the_mean() {
    for train in [&[][..], &[1.0], &[1.0, 2.0], &[4.0, 4.0, 4.0]] {
        assert_eq!(cv(train), None, "{train:?}");
    }
    let clock: Vec<f64> = (0..5).map(f64::from).collect();
    let uneven = vec![0.0, 1.0, 4.0, 5.0, 8.0];
    // Four spikes are one too few, five at once have no interval.
    let trains = [clock, uneven, vec![0.0, 1.0, 4.0, 5.0], vec![2.0; 5]];
    assert_eq!(unit_cvs(&trains), [0.0, 0.5]);
    assert_eq!(mean_cv(&trains), Some(0.25));
    assert_eq!(mean_cv(&trains[2..]), None);
}

fn mean(pairs: &[f64]) -> f64 {
    pairs.iter().sum::<f64>() / pairs.len() as f64
}

#[test]
fn identical_trains_correlate_with_1_and_silent_ones_with_nothing() {
    let train = vec![0.05, 0.15, 0.16, 0.45, 0.71];
    let found = correlations(&table(&[train.clone(), train, vec![]]), (0.0, 1.0), 0.1, &[]).unwrap();
    close(found.coefficient(0, 1).unwrap(), 1.0);
    close(found.coefficient(1, 0).unwrap(), 1.0);
    assert_eq!([(0, 0), (2, 2), (0, 2)].map(|(i, j)| found.coefficient(i, j)), [Some(1.0), None, None]);
    // The silent unit is not in the mean, or it would be 1/3.
    close(mean(&found.pairs(0..3)), 1.0);
}

#[test]
fn trains_in_step_by_chance_alone_do_not_correlate_and_alternating_ones_correlate_with_minus_1() {
    // Counts 1 0 1 0, 1 1 0 0 and 0 1 0 1: the first two share as many bins as chance gives.
    let trains = [vec![0.5, 2.5], vec![0.5, 1.5], vec![1.5, 3.5]];
    let found = correlations(&table(&trains), (0.0, 4.0), 1.0, &[]).unwrap();
    for (i, j, expected) in [(0, 1, 0.0), (1, 2, 0.0), (0, 2, -1.0)] {
        close(found.coefficient(i, j).unwrap(), expected);
    }
    close(mean(&found.pairs(0..3)), -1.0 / 3.0);
}

#[test]
fn long_independent_trains_correlate_with_almost_nothing() {
    // Two linear congruential sequences (Knuth's MMIX constants) decide bin by bin, so that this never changes.
    let train = |seed: u64| -> Vec<f64> {
        let mut state = seed;
        let mut fires = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            state >> 62 == 0
        };
        (0..4000).filter(|_| fires()).map(|bin| f64::from(bin) + 0.5).collect()
    };
    let spikes = table(&[train(1), train(0x9e37_79b9_7f4a_7c15)]);
    let found = correlations(&spikes, (0.0, 4000.0), 1.0, &[]).unwrap().coefficient(0, 1).unwrap();
    // Five standard errors of a correlation of 4000 pairs.
    assert!(found.abs() < 5.0 / 4000f64.sqrt(), "{found}");
}
