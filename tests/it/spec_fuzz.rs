//! Properties: quantities survive being written and read; no text makes the reader panic.

use std::path::Path;

use memspike::{spec, units};
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("../data/spec/example.toml");

proptest! {
    #[test]
    fn a_quantity_in_its_own_unit_is_the_double_that_was_written(
        value in prop_oneof![-1e6..1e6f64, -1.0..1.0f64, any::<i32>().prop_map(f64::from)],
        unit in prop::sample::select(vec!["ms", "s", "us", "mV", "pA", "nA", "pF", "nS", "uS", "kohm", "Hz", "kHz", "pJ", "um"]),
        space in prop::sample::select(vec!["", " "]),
    ) {
        let quantity = units::parse_quantity(&format!("{value}{space}{unit}")).unwrap();
        prop_assert_eq!(quantity.in_unit(unit).unwrap(), value);
    }

    #[test]
    fn decimals_shift_between_prefixes_without_a_rounding(digits in 0i64..1_000_000, places in 0usize..6) {
        let number = format!("{digits}e-{places}");
        let direct: f64 = format!("{digits}e{}", 3 - places as i32).parse().unwrap();
        prop_assert_eq!(units::parse_quantity(&format!("{number} V")).unwrap().in_unit("mV").unwrap(), direct);
    }

    #[test]
    fn no_text_makes_the_expression_parser_panic(text in "[-+*/^() 0-9a-zA-Z.,_µΩ]{0,40}") {
        let _ = units::parse_quantity(&text);
        let _ = units::time(&text);
    }

    #[test]
    fn no_edit_of_a_model_makes_the_reader_panic(
        edits in prop::collection::vec((0usize..EXAMPLE.len(), 0usize..12, "[ -~µ\n]{0,6}"), 1..4),
    ) {
        let mut text = EXAMPLE.to_string();
        for (at, cut, insert) in edits {
            let at = at.min(text.len());
            let start = (0..=at).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0);
            let end = (start + cut).min(text.len());
            let end = (end..=text.len()).find(|&i| text.is_char_boundary(i)).unwrap_or(text.len());
            text.replace_range(start..end, &insert);
        }
        if let Err(error) = spec::parse(&text, "m", Path::new(""), &[]) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn no_swap_of_lines_makes_the_reader_panic(swaps in prop::collection::vec((0usize..60, 0usize..60), 1..6)) {
        let mut lines: Vec<&str> = EXAMPLE.lines().collect();
        for (a, b) in swaps {
            let (a, b) = (a % lines.len(), b % lines.len());
            lines.swap(a, b);
        }
        if let Err(error) = spec::parse(&lines.join("\n"), "m", Path::new(""), &[]) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
