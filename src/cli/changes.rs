//! What flags lay over a model.

use memspike::time::Time;

use super::model::Layers;
use super::{Failure, quantity};

/// Changes of a model, for one run or for all of a sweep.
#[derive(Debug, clap::Args)]
pub struct Changes {
    /// Lay a value over the model, such as simulation.duration="200 ms" or parameters.g=4.5; may be repeated. --seed, --duration and --engine are keys of simulation too, each to be given in one way
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = quantity::layer)]
    pub set: Vec<(String, String)>,

    /// The seed of all random numbers
    #[arg(long, value_name = "NUMBER", value_parser = quantity::seed, allow_negative_numbers = true)]
    pub seed: Option<u64>,

    /// How long to simulate, from model time 0
    #[arg(long, value_name = "TIME", value_parser = quantity::span, allow_hyphen_values = true)]
    pub duration: Option<Time>,

    /// event: exact spike times; grid: spikes on multiples of the resolution
    #[arg(long, value_enum)]
    pub engine: Option<Kernel>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Kernel {
    Event,
    Grid,
}

impl Changes {
    /// The layers that they are: those of `set`, then a key of `[simulation]` for each flag, which is called as the key.
    ///
    /// # Errors
    /// Exit code 2 if a flag and `set` give the same key: either may be what was meant.
    pub fn layers(self) -> Result<Layers, Failure> {
        let mut layers = self.set;
        let given = layers.len();
        let mut lay = |key: &str, value: String| layers.push((format!("simulation.{key}"), value));
        self.seed.into_iter().for_each(|seed| lay("seed", seed.to_string()));
        self.duration.into_iter().for_each(|duration| lay("duration", quantity::toml(duration)));
        self.engine.into_iter().for_each(|kernel| {
            let name = match kernel {
                Kernel::Event => "\"event\"",
                Kernel::Grid => "\"grid\"",
            };
            lay("engine", name.to_string());
        });
        let (set, flags) = layers.split_at(given);
        match flags.iter().find(|(key, _)| set.iter().any(|layer| gives(layer, key))) {
            Some((key, _)) => {
                let flag = key.trim_start_matches("simulation.");
                Err(Failure::input(format!("--{flag} and --set both give {key}; leave one of them out.")))
            }
            None => Ok(layers),
        }
    }
}

/// Whether a layer says what this key of `[simulation]` is, by itself or in the whole table.
fn gives((laid, value): &(String, String), key: &str) -> bool {
    let (table, inner) = key.split_once('.').unwrap_or((key, ""));
    let has = |value: toml_edit::Value| value.as_inline_table().is_some_and(|table| table.contains_key(inner));
    laid == key || laid == table && value.parse().is_ok_and(has)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_a_flag_and_set_both_give_is_refused() {
        let refused = |set: (&str, &str)| {
            let set = vec![(set.0.to_string(), set.1.to_string())];
            let changes = Changes { set, seed: Some(4), duration: None, engine: None };
            changes.layers().err().map(|failure| failure.to_string())
        };
        let said = Some("--seed and --set both give simulation.seed; leave one of them out.");
        for set in [("simulation.seed", "4"), ("simulation", "{ seed = 5 }")] {
            assert_eq!(refused(set).as_deref().map(|text| text.trim_start_matches("error: ")), said);
        }
        assert_eq!(
            [refused(("simulation.duration", "\"1 s\"")), refused(("simulation", "{ engine = \"grid\" }"))],
            [None, None]
        );
    }
}
