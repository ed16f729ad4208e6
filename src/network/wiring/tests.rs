use std::collections::HashSet;

use proptest::prelude::*;

use super::counts::hypergeometric;
use super::*;
use crate::fnv;
use crate::rng::Stream;

const FREE: Ends = Ends {
    n_source: 200,
    n_target: 300,
    source_start: 0,
    target_start: 0,
    same_population: false,
    autapses: true,
    multapses: true,
};

fn wire(connect: Connect, ends: Ends) -> Wiring {
    Wiring::new(&connect, 17, 1, ends).unwrap()
}

/// All synapses (source, target), in order of rows.
fn pairs(wiring: &Wiring) -> Vec<(u32, u32)> {
    let mut row = Vec::new();
    let mut all = Vec::new();
    for r in 0..wiring.rows() {
        wiring.row(r, &mut row);
        all.extend(row.iter().map(|&end| if wiring.by_target() { (end, r as u32) } else { (r as u32, end) }));
    }
    all
}

/// Chi-squared of equally likely counts, as a standard normal deviate.
fn uniformity(counts: &[f64]) -> f64 {
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let freedom = (counts.len() - 1) as f64;
    let chi: f64 = counts.iter().map(|c| (c - mean) * (c - mean) / mean).sum();
    (chi - freedom) / (2.0 * freedom).sqrt()
}

fn degrees(ends: impl Iterator<Item = u32>, n: usize) -> Vec<f64> {
    let mut counts = vec![0.0; n];
    ends.for_each(|end| counts[end as usize] += 1.0);
    counts
}

#[test]
fn a_fixed_probability_gives_a_binomial_number_of_evenly_spread_synapses() {
    for p in [0.02, 0.3, 0.97] {
        let wiring = wire(Connect::FixedProbability(p), Ends { n_source: 1000, ..FREE });
        let all = pairs(&wiring);
        let (n, expected) = (all.len() as f64, 300_000.0 * p);
        assert_eq!(wiring.expected_synapses(), expected as u64);
        assert!((n - expected).abs() < 3.5 * (expected * (1.0 - p)).sqrt(), "{p}: {n}");
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        // Binomial degrees vary less than Poisson ones by the factor 1 - p.
        let spread = |counts: Vec<f64>| {
            let mean = counts.iter().sum::<f64>() / counts.len() as f64;
            counts.iter().map(|c| (c - mean) * (c - mean)).sum::<f64>() / counts.len() as f64 / mean / (1.0 - p)
        };
        let (out, into) =
            (spread(degrees(all.iter().map(|x| x.0), 1000)), spread(degrees(all.iter().map(|x| x.1), 300)));
        assert!((out - 1.0).abs() < 0.16 && (into - 1.0).abs() < 0.29, "{p}: {out} {into}");
    }
    assert!(pairs(&wire(Connect::FixedProbability(0.0), FREE)).is_empty());
    assert_eq!(pairs(&wire(Connect::FixedProbability(1.0), FREE)), pairs(&wire(Connect::AllToAll, FREE)));
}

#[test]
fn fixed_degrees_are_exact_and_their_other_ends_equally_likely() {
    for multapses in [true, false] {
        let ends = Ends { multapses, ..FREE };
        let all = pairs(&wire(Connect::FixedIndegree(50), ends));
        assert!(degrees(all.iter().map(|x| x.1), 300).iter().all(|&k| k == 50.0));
        let z = uniformity(&degrees(all.iter().map(|x| x.0), 200));
        // Without replacement the spread is smaller than Poisson's by 1 - 50/200.
        assert!(if multapses { z.abs() < 3.5 } else { (-6.0..0.0).contains(&z) }, "{z}");
        assert_eq!(all.iter().collect::<HashSet<_>>().len() == all.len(), !multapses);
        let wiring = wire(Connect::FixedOutdegree(299), ends);
        let all = pairs(&wiring);
        assert_eq!(wiring.expected_synapses(), all.len() as u64);
        assert!(degrees(all.iter().map(|x| x.0), 200).iter().all(|&k| k == 299.0));
    }
}

#[test]
fn distinct_choices_are_uniform_over_all_subsets() {
    // 2 of 5: ten subsets, each drawn by about a tenth of the rows.
    let ends = Ends { n_source: 5, n_target: 20_000, multapses: false, ..FREE };
    let wiring = wire(Connect::FixedIndegree(2), ends);
    let mut counts = [0.0; 32];
    let mut row = Vec::new();
    for r in 0..wiring.rows() {
        wiring.row(r, &mut row);
        counts[row.iter().map(|&source| 1usize << source).sum::<usize>()] += 1.0;
    }
    let subsets: Vec<f64> = counts.into_iter().filter(|&c| c > 0.0).collect();
    assert_eq!(subsets.len(), 10);
    assert!(uniformity(&subsets).abs() < 3.5, "{subsets:?}");
}

#[test]
fn a_fixed_total_number_is_exact_and_multinomial() {
    let wiring = wire(Connect::FixedTotalNumber(60_000), FREE);
    let all = pairs(&wiring);
    assert_eq!((all.len(), wiring.expected_synapses()), (60_000, 60_000));
    assert!(uniformity(&degrees(all.iter().map(|x| x.0), 200)).abs() < 3.5);
    assert!(uniformity(&degrees(all.iter().map(|x| x.1), 300)).abs() < 3.5);
    let distinct = pairs(&wire(Connect::FixedTotalNumber(30_000), Ends { multapses: false, ..FREE }));
    assert_eq!(distinct.iter().collect::<HashSet<_>>().len(), 30_000);
    // Half of all pairs: variance of a degree is that of a hypergeometric count, half the Poisson one.
    let z = uniformity(&degrees(distinct.iter().map(|x| x.0), 200));
    let expected = -0.5 * f64::sqrt(199.0 / 2.0);
    assert!((z - expected).abs() < 3.5 * 0.5, "{z} {expected}");
}

#[test]
fn values_of_a_list_go_on_from_source_to_source_of_a_fixed_total_number() {
    // More sources than are counted at once.
    let wiring = wire(Connect::FixedTotalNumber(1000), FREE);
    let places = (0..wiring.rows()).flat_map(|row| (0..wiring.count(row) as usize).map(move |ordinal| (row, ordinal)));
    let places: Vec<usize> = places.filter_map(|(row, ordinal)| wiring.place(row, ordinal)).collect();
    assert!(places.iter().copied().eq(0..1000), "{places:?}");
}

#[test]
fn all_pairs_at_once_is_the_only_way_to_draw_every_pair() {
    let ends = Ends { multapses: false, autapses: false, same_population: true, target_start: 50, ..FREE };
    let total = wire(Connect::AllToAll, ends).expected_synapses();
    let mut all = pairs(&wire(Connect::FixedTotalNumber(total), ends));
    all.sort_unstable();
    assert_eq!(all, pairs(&wire(Connect::AllToAll, ends)));
}

#[test]
fn hypergeometric_counts_have_the_probabilities_of_the_closed_form() {
    // 4 of 12, of which 5 are marked: C(5,k) C(7,4-k) / C(12,4).
    let ways = [35.0, 175.0, 210.0, 70.0, 5.0];
    let mut stream = Stream::new(3, Purpose::Connect, 0, 0);
    let mut counts = [0.0; 5];
    (0..495_000).for_each(|_| counts[hypergeometric(&mut stream, 4, 5, 12) as usize] += 1.0);
    let chi: f64 = counts.iter().zip(ways).map(|(c, w)| (c - 1000.0 * w) * (c - 1000.0 * w) / (1000.0 * w)).sum();
    assert!(chi < 18.5, "{counts:?}");
}

#[test]
fn the_total_number_from_a_probability_is_that_of_potjans_and_diesmann() {
    // L2/3E -> L2/3E of their table 5, at full scale: ln(1 - 0.1009) / ln(1 - 1/20683^2).
    let total = total_from_probability(&Ends { n_source: 20_683, n_target: 20_683, ..FREE }, 0.1009).unwrap();
    let exact = 0.1009f64 + 0.1009f64.powi(2) / 2.0 + 0.1009f64.powi(3) / 3.0 + 0.1009f64.powi(4) / 4.0;
    let tail: f64 = (5..20).map(|k| 0.1009f64.powi(k) / f64::from(k)).sum();
    let expected = (exact + tail) * (20_683.0 * 20_683.0 - 0.5);
    assert!((total as f64 - expected).abs() <= 1.0, "{total} {expected}");
    assert!(total_from_probability(&FREE, 1.0).is_err());
    // Of different pairs, as many of them; those of a neuron with itself only where they may be.
    let different = Ends { n_source: 60, n_target: 50, multapses: false, ..FREE };
    assert_eq!([0.0, 0.3, 1.0].map(|p| total_from_probability(&different, p).unwrap()), [0, 900, 3000]);
    let others = Ends { n_source: 60, n_target: 60, same_population: true, autapses: false, ..FREE };
    let expected = (0.7f64.ln() / (1.0 - 1.0 / 3540.0f64).ln()).round() as u64;
    assert_eq!(total_from_probability(&others, 0.3).unwrap(), expected);
}

#[test]
fn listed_pairs_are_in_order_of_source_and_target_and_equal_ones_in_that_of_the_list() {
    let list = vec![(2, 5), (0, 1), (2, 3), (2, 5), (0, 0)];
    let wiring = wire(Connect::Pairs(list.clone()), FREE);
    let all = pairs(&wiring);
    assert_eq!(all, [(0, 0), (0, 1), (2, 3), (2, 5), (2, 5)]);
    assert_eq!((wiring.place(2, 1), wiring.place(2, 2)), (Some(0), Some(3)));
    let places: Vec<_> = [(0, 0), (0, 1), (2, 0), (2, 1), (2, 2)].map(|(r, o)| wiring.place(r, o).unwrap()).into();
    assert_eq!(places.iter().map(|&place| list[place]).collect::<Vec<_>>(), all);
    let error = |pairs, ends| Wiring::new(&Connect::Pairs(pairs), 17, 1, ends).unwrap_err().to_string();
    assert!(error(vec![(0, 0), (1, 300)], FREE).contains("pair 1 (counted from 0) is [1, 300]"));
    assert!(error(list, Ends { multapses: false, ..FREE }).contains("pair 3"));
    let own = Ends { same_population: true, autapses: false, source_start: 10, ..FREE };
    assert!(error(vec![(0, 10)], own).contains("connects a neuron to itself"));
}

#[test]
fn what_cannot_be_wired_is_an_error_that_says_why() {
    let error = |connect, ends| Wiring::new(&connect, 17, 1, ends).unwrap_err();
    assert_eq!(error(Connect::OneToOne, FREE), WiringError::Sizes { sources: 200, targets: 300 });
    let distinct = Ends { multapses: false, ..FREE };
    assert!(error(Connect::FixedIndegree(201), distinct).to_string().contains("fixed_indegree = 201"));
    assert!(wire(Connect::FixedIndegree(200), distinct).by_target());
    let own = Ends { same_population: true, autapses: false, ..distinct };
    assert!(matches!(error(Connect::FixedIndegree(200), own), WiringError::TooMany { available: 199, .. }));
    let empty = Ends { n_source: 0, ..FREE };
    assert!(matches!(error(Connect::FixedIndegree(1), empty), WiringError::Nobody { .. }));
    assert!(matches!(error(Connect::FixedTotalNumber(1), empty), WiringError::Nobody { .. }));
    assert!(matches!(error(Connect::FixedTotalNumber(u64::MAX), FREE), WiringError::Count { .. }));
    assert!(matches!(error(Connect::FixedTotalNumber(60_001), distinct), WiringError::TooMany { .. }));
    assert!(matches!(error(Connect::FixedProbability(1.5), FREE), WiringError::Probability { .. }));
}

#[test]
fn a_part_of_a_row_has_the_synapses_onto_its_targets_in_order_with_the_same_words() {
    let long = Ends { n_source: 40, n_target: 5000, same_population: true, autapses: false, source_start: 7, ..FREE };
    let rules = [
        Connect::AllToAll,
        Connect::FixedProbability(0.3),
        Connect::FixedProbability(0.97),
        Connect::FixedOutdegree(3000),
        Connect::FixedTotalNumber(60_000),
    ];
    let words = |wiring: &Wiring, row: usize, ends: &[u32], cells: &[Cell]| {
        let mut all = vec![(0, 0); ends.len()];
        for (i, cell) in cells.iter().enumerate() {
            let stop = cells.get(i + 1).map_or(ends.len(), |next| next.start as usize);
            let mut words = vec![0; stop - cell.start as usize];
            wiring.weight_words(row, cell.index, &mut words);
            let mut delays = words.clone();
            wiring.delay_words(row, cell.index, &mut delays);
            all.splice(cell.start as usize..stop, words.into_iter().zip(delays));
        }
        ends.iter().copied().zip(all).collect::<Vec<_>>()
    };
    for (rule, multapses) in rules.iter().flat_map(|rule| [(rule, true), (rule, false)]) {
        let wiring = wire(rule.clone(), Ends { multapses, ..long });
        let (mut row, mut cells) = (Vec::new(), Vec::new());
        for source in [0, 1, 17, 39] {
            wiring.part(source, &(0..u32::MAX), &mut row, &mut cells);
            assert_eq!(row.len(), wiring.count(source) as usize, "{rule:?}");
            assert!(cells.len() > 4 || !multapses, "{rule:?}: {}", cells.len());
            let whole = words(&wiring, source, &row, &cells);
            assert_eq!(whole.iter().map(|(_, word)| word).collect::<HashSet<_>>().len(), whole.len());
            for targets in [0..1, 0..5000, 4999..5000, 24..25, 24..2500, 2500..5000, 1000..1000, 999..1001] {
                wiring.part(source, &targets, &mut row, &mut cells);
                let own = |all: &[(u32, (u32, u32))]| {
                    all.iter().filter(|(end, _)| targets.contains(end)).copied().collect::<Vec<_>>()
                };
                let part = words(&wiring, source, &row, &cells);
                assert_eq!(own(&whole), own(&part), "{rule:?} {source} {targets:?}");
                assert!(!multapses || targets.len() > 1 || part.len() < 900, "{rule:?}: the whole row was drawn");
            }
        }
    }
}

fn any_rule() -> impl Strategy<Value = Connect> {
    prop_oneof![
        Just(Connect::AllToAll),
        (0.0..=1.0f64).prop_map(Connect::FixedProbability),
        (0..6usize).prop_map(Connect::FixedIndegree),
        (0..6usize).prop_map(Connect::FixedOutdegree),
        (0..200u64).prop_map(Connect::FixedTotalNumber),
        (0.0..0.9f64).prop_map(Connect::TotalFromProbability),
    ]
}

proptest! {
    #[test]
    fn every_rule_stays_in_range_repeats_itself_and_obeys_autapses_and_multapses(
        rule in any_rule(), seed: u64, sizes in (1..40usize, 1..40usize), starts in (0..20usize, 0..20usize),
        same_population: bool, autapses: bool, multapses: bool,
    ) {
        let ends = Ends {
            n_source: sizes.0, n_target: sizes.1, source_start: starts.0, target_start: starts.1,
            same_population, autapses, multapses,
        };
        let expected = expect(&rule, ends);
        let wiring = match Wiring::new(&rule, 5, seed, ends) {
            Ok(wiring) => wiring,
            Err(error) => {
                prop_assert_eq!(expected.unwrap_err().to_string(), error.to_string());
                return Ok(());
            }
        };
        prop_assert_eq!(expected.unwrap(), wiring.expected_synapses());
        let all = pairs(&wiring);
        prop_assert_eq!(&all, &pairs(&wiring.clone()));
        for &(source, target) in &all {
            prop_assert!((source as usize) < sizes.0 && (target as usize) < sizes.1);
            let itself = same_population && source as usize + starts.0 == target as usize + starts.1;
            prop_assert!(autapses || !itself);
        }
        prop_assert!(multapses || all.iter().collect::<HashSet<_>>().len() == all.len());
        if !matches!(rule, Connect::FixedProbability(_)) {
            prop_assert_eq!(wiring.expected_synapses(), all.len() as u64);
        }
        let counted: Vec<_> = (0..wiring.rows())
            .flat_map(|r| { let mut row = Vec::new(); wiring.row(r, &mut row); (0..row.len()).map(move |o| (r, o)) })
            .filter_map(|(r, o)| wiring.place(r, o)).collect();
        // A list has a value for each synapse, in the order of rows.
        prop_assert!(counted.iter().copied().eq(0..counted.len()));
        prop_assert!(counted.len() == all.len() || matches!(rule, Connect::FixedProbability(_)));
    }
}

#[test]
fn wiring_has_the_same_bits_on_every_processor() {
    let sums = [
        Connect::FixedProbability(0.1),
        Connect::FixedIndegree(10),
        Connect::FixedTotalNumber(5000),
        Connect::TotalFromProbability(0.1),
    ]
    .map(|rule| {
        let hash = |h: u64, x: u32| fnv::add(h, x.into());
        pairs(&wire(rule, FREE)).iter().fold(fnv::EMPTY, |h, &(s, t)| hash(hash(h, s), t))
    });
    assert_eq!(sums, [0xFD4D_FBB2_EC2D_FA55, 0x78BE_9711_404C_35E2, 0xD59B_1E03_DC16_25D7, 0x0BF8_7F94_7912_5891]);
}
