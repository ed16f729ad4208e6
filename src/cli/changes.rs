//! What flags lay over a model.

use memspike::time::Time;

use super::model::Layers;
use super::quantity;

/// Changes of a model, for one run or for all of a sweep.
#[derive(Debug, clap::Args)]
pub struct Changes {
    /// Lay a value over the model, such as simulation.duration="200 ms" or parameters.g=4.5; may be repeated. What --seed, --duration and --engine say goes before it
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
    pub fn layers(self) -> Layers {
        let mut layers = self.set;
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
        layers
    }
}
