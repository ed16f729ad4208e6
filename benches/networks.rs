//! Whole networks, each in a process of its own: how long a second of model time takes, how many synaptic events that is per
//! second, how many bytes a synapse needs, how long the network takes to build. With `--peers VENV` the same networks run on
//! NEST and Brian2 in turn with ours. `benches/README.md` says which question each network answers.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser;
use serde_json::Value;

#[derive(Parser)]
#[command(about = "Measures whole networks; prints one table")]
struct Options {
    /// Only these networks
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Model time that is measured, after the warm-up; without it each network has its own
    #[arg(long)]
    seconds: Option<f64>,
    /// Runs of each row; the table has their medians
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Threads, one row each
    #[arg(long, value_delimiter = ',', default_value = "1,2")]
    threads: Vec<usize>,
    /// single, double or both; without it each network has its own
    #[arg(long, value_delimiter = ',')]
    precision: Vec<String>,
    /// A virtual environment with NEST and Brian2: measures them too, where they have the network
    #[arg(long)]
    peers: Option<PathBuf>,
    /// List the networks and stop
    #[arg(long)]
    list: bool,
    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// A network: a shipped model, changed by a layer.
struct Case {
    name: &'static str,
    model: &'static str,
    /// Lines of the layer.
    layer: &'static str,
    engine: &'static str,
    precision: &'static str,
    /// Warm-up and measured window \[s\].
    times: (f64, f64),
    /// Its name for the scripts of the peers, and which of them have it.
    peer: Option<(&'static str, &'static [&'static str])>,
}

/// Both peers.
const BOTH: &[&str] = &["nest", "brian2"];

/// Neurons that never fire and have no synapses: what does a neuron cost in which nothing happens?
const SILENT: &str = "population.silent = { size = 8000, neuron.cell = { e_l = '-60 mV' } }";

/// Devices with the variability of real ones in the place of ideal weights: their steps shrink toward the bounds as the
/// multiplicative rule's do, so an additive rule with half the amplitude, which is that of mid-range, gives them the same mean
/// change and the network the same activity.
const DEVICES: &str = "record.weights = []\nparameters = { mu = 0, lambda = 0.005 }\n\
    [projection.plastic.device.soft_bounds]\nsigma_d2d = 0.1\nsigma_c2c = 0.3";

/// 2,000 neurons of a model on both engines (benches/neurons.toml), with weights of both signs.
macro_rules! neurons {
    ($model:literal, $cell:literal, $excitatory:literal, $inhibitory:literal) => {{
        let one = |name, engine| Case {
            name,
            model: "../benches/neurons",
            layer: concat!(
                "population.cells.neuron.",
                $model,
                " = { ",
                $cell,
                " }\n",
                "projection.excitatory.weight = '",
                $excitatory,
                "'\nprojection.inhibitory.weight = '",
                $inhibitory,
                "'"
            ),
            engine,
            precision: "double",
            times: (0.2, 0.5),
            peer: Some((concat!("neurons_", $model), &["nest"])),
        };
        [one(concat!($model, "_grid"), "grid"), one(concat!($model, "_event"), "event")]
    }};
}

/// 2,000 neurons with 800,000 synapses of one kind (benches/synapses.toml).
macro_rules! synapses {
    ($name:literal, $layer:literal) => {
        Case {
            name: concat!("synapses_", $name),
            model: "../benches/synapses",
            layer: concat!("[projection.recurrent]\nw_max = '0.2 pA'\n", $layer),
            engine: "grid",
            precision: "double",
            times: (0.2, 0.2),
            peer: None,
        }
    };
}

/// A tenth of the neurons of `procedural`, as many synapses each: 10^9, which can be stored.
const TENTH: &str = "parameters.order = 20_000";

/// The same, stored.
const STORED: &str =
    "parameters.order = 20_000\nprojection.excitatory.procedural = false\nprojection.inhibitory.procedural = false";

fn cases() -> Vec<Case> {
    let case = |name, model, engine, seconds| Case {
        name,
        model,
        layer: "",
        engine,
        precision: "double",
        times: (0.2, seconds),
        peer: None,
    };
    let ideal = "record.weights = []";
    let mut networks = vec![
        Case {
            layer: "parameters.scale = 1",
            precision: "single",
            times: (0.1, 0.2),
            ..case("microcircuit", "microcircuit", "grid", 0.2)
        },
        Case { peer: Some(("brunel", BOTH)), ..case("brunel_ai", "brunel_ai", "grid", 0.5) },
        Case { peer: Some(("cuba", BOTH)), ..case("cuba", "vogels_abbott_cuba", "grid", 5.0) },
        Case { peer: Some(("coba_bias", BOTH)), ..case("coba_bias", "vogels_abbott_coba_bias", "grid", 1.0) },
        Case {
            peer: Some(("voltage_jump_precise", &["nest"])),
            ..case("voltage_jump", "brette_voltage_jump", "event", 5.0)
        },
        Case { peer: Some(("voltage_jump", BOTH)), ..case("voltage_jump_grid", "brette_voltage_jump", "grid", 5.0) },
        Case { layer: SILENT, ..case("sparse", "brette_voltage_jump", "event", 5.0) },
        Case { layer: SILENT, ..case("sparse_grid", "brette_voltage_jump", "grid", 5.0) },
        Case { layer: TENTH, precision: "single", times: (0.1, 0.2), ..case("procedural", "procedural", "grid", 0.2) },
        Case { layer: STORED, precision: "single", times: (0.1, 0.2), ..case("stored", "procedural", "grid", 0.2) },
        Case {
            layer: ideal,
            peer: Some(("stdp_brunel_multiplicative", BOTH)),
            ..case("stdp_multiplicative", "stdp_brunel_multiplicative", "grid", 0.3)
        },
        Case { layer: ideal, ..case("stdp", "stdp_brunel", "grid", 0.3) },
        Case { precision: "single", times: (0.05, 0.1), ..case("hpc", "hpc_benchmark", "grid", 0.1) },
        Case { layer: DEVICES, ..case("stdp_memristive", "stdp_brunel_multiplicative", "grid", 0.3) },
    ];
    networks.extend(neurons!("lif_delta", "i_e = { uniform = ['300 pA', '500 pA'] }", "0.2 mV", "-0.8 mV"));
    networks.extend(neurons!("lif_exp", "i_e = { uniform = ['300 pA', '500 pA'] }", "30 pA", "-120 pA"));
    networks.extend(neurons!("lif_alpha", "i_e = { uniform = ['300 pA', '500 pA'] }", "30 pA", "-120 pA"));
    networks.extend(neurons!("lif_cond_exp", "i_e = { uniform = ['200 pA', '400 pA'] }", "1 nS", "-4 nS"));
    networks.extend(neurons!("lif_cond_alpha", "i_e = { uniform = ['200 pA', '400 pA'] }", "1 nS", "-4 nS"));
    networks.extend(neurons!(
        "adex",
        "tau_syn_ex = '5 ms', tau_syn_in = '10 ms', b = '20 pA', t_ref = '2 ms', i_e = { uniform = ['500 pA', '900 pA'] }",
        "1 nS",
        "-4 nS"
    ));
    networks.extend([
        synapses!("stdp", "plasticity.stdp = {}"),
        synapses!("stdp_axonal", "plasticity.stdp = {}\ndelay_location = 'axonal'"),
        synapses!("triplet", "plasticity.stdp_triplet = {}"),
        synapses!("clopath", "plasticity.clopath = {}"),
        synapses!("soft_bounds", "plasticity.stdp = {}\ndevice.soft_bounds = { sigma_d2d = 0.1, sigma_c2c = 0.3 }"),
        synapses!("push_pull", "plasticity.stdp = {}\ndevice.soft_bounds = { pair = 'push_pull' }"),
        synapses!("re_ram_es", "plasticity.stdp = {}\ndevice = 're_ram_es'"),
        synapses!("re_ram_sb", "plasticity.stdp = {}\ndevice = 're_ram_sb'"),
        synapses!("ec_ram", "plasticity.stdp = {}\ndevice = 'ec_ram'"),
        synapses!("pcm", "plasticity.stdp = {}\ndevice = 'pcm'"),
        synapses!("capacitor", "plasticity.stdp = {}\ndevice = 'capacitor'"),
        synapses!("overlap", "device = 'voltage_threshold'\nwaveform = {}"),
    ]);
    networks.extend(neurons!("izhikevich", "i_e = { uniform = ['4 pA', '10 pA'] }", "0.2 mV", "-0.8 mV"));
    networks
}

/// What one run says of itself, by the names of `memspike run --json`.
type Figures = BTreeMap<String, f64>;

/// Starts a program that prints one JSON object.
fn figures(command: &mut Command) -> Result<Figures, Box<dyn Error>> {
    let output = command.stderr(Stdio::piped()).output()?;
    if !output.status.success() {
        let last = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or("no message").to_string();
        return Err(format!("{}: {last}", output.status).into());
    }
    let Value::Object(all) = serde_json::from_slice(&output.stdout)? else { return Err("not a JSON object".into()) };
    Ok(all.into_iter().filter_map(|(key, value)| Some((key, value.as_f64()?))).collect())
}

/// The middle one of each figure.
fn medians(runs: &[Figures]) -> Figures {
    let of = |key: &String| {
        let mut values: Vec<f64> = runs.iter().filter_map(|run| run.get(key).copied()).collect();
        values.sort_by(f64::total_cmp);
        (key.clone(), values[values.len() / 2])
    };
    runs.first().map_or_else(Figures::new, |run| run.keys().map(of).collect())
}

impl Case {
    /// Writes the layer; gives its path.
    fn write(&self, folder: &Path) -> std::io::Result<PathBuf> {
        let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("models").join(format!("{}.toml", self.model));
        let path = folder.join(format!("{}.toml", self.name));
        std::fs::write(&path, format!("extends = {base:?}\n{}\n", self.layer))?;
        Ok(path)
    }

    fn seconds(&self, options: &Options) -> f64 {
        options.seconds.unwrap_or(self.times.1)
    }

    fn ours(
        &self,
        options: &Options,
        model: &Path,
        precision: &str,
        threads: usize,
    ) -> Result<Figures, Box<dyn Error>> {
        let binary = std::env::var_os("MEMSPIKE_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_memspike").into());
        let (warm_up, seconds) = (self.times.0, self.seconds(options));
        figures(
            Command::new(binary)
                .arg("run")
                .arg(model)
                .args(["--json", "--engine", self.engine, "--threads", &threads.to_string()])
                .args(["--duration", &format!("{:.3} s", warm_up + seconds)])
                .args(["--set", &format!("record.start='{warm_up} s'")])
                .args(["--set", &format!("simulation.precision={precision}")]),
        )
    }

    fn peer(
        &self,
        options: &Options,
        venv: &Path,
        peer: &str,
        network: &str,
        threads: usize,
    ) -> Result<Figures, Box<dyn Error>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(format!("run_{peer}.py"));
        figures(
            Command::new(venv.join("bin/python"))
                .arg("-B")
                .arg(script)
                .arg(network)
                .args(["--threads", &threads.to_string()])
                .args(["--warm-up", &self.times.0.to_string()])
                .args(["--seconds", &self.seconds(options).to_string()]),
        )
    }

    /// Measures one row of ours and of each peer, in turn, so that all meet the same weather; prints them.
    fn measure(&self, options: &Options, model: &Path, precision: &str, threads: usize) -> Result<(), Box<dyn Error>> {
        let (network, all) = self.peer.unwrap_or(("", &[]));
        let mut peers: Vec<(&str, Vec<Figures>)> = all.iter().map(|peer| (*peer, Vec::new())).collect();
        let mut ours = Vec::new();
        for _ in 0..options.runs {
            ours.push(self.ours(options, model, precision, threads)?);
            let Some(venv) = &options.peers else { continue };
            peers.retain_mut(|(peer, runs)| match self.peer(options, venv, peer, network, threads) {
                Ok(run) => {
                    runs.push(run);
                    true
                }
                Err(error) => {
                    eprintln!("{}: {peer} left out: {error}", self.name);
                    false
                }
            });
        }
        let ours = medians(&ours);
        let what = format!("{} | memspike, {}, {precision}", self.name, self.engine);
        row(&what, threads, &ours, None);
        for (peer, runs) in peers.iter().filter(|(_, runs)| !runs.is_empty()) {
            row(&format!("{} | {peer}", self.name), threads, &medians(runs), Some(ours["realtime_factor"]));
        }
        Ok(())
    }
}

/// One row; `ours` is the realtime factor to compare with.
fn row(what: &str, threads: usize, figures: &Figures, ours: Option<f64>) {
    let get = |key: &str| figures.get(key).copied().unwrap_or(f64::NAN);
    let (synapses, neurons) = (get("synapses"), get("neurons"));
    println!(
        "| {what} | {threads} | {:.4} | {:.1} | {:.1} | {:.2} | {:.2} | {} |",
        get("realtime_factor"),
        get("synaptic_events") / get("sim_s") / 1e6,
        get("peak_rss_mib") * 1_048_576.0 / synapses,
        get("build_s"),
        get("spikes") / neurons / get("duration_s"),
        ours.map_or(String::new(), |ours| format!("{:.1}", get("realtime_factor") / ours)),
    );
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let cases = cases();
    if options.list {
        cases.iter().for_each(|case| println!("{}", case.name));
        return Ok(());
    }
    if let Some(name) = options.only.iter().find(|name| !cases.iter().any(|case| case.name == **name)) {
        return Err(format!("no network {name}; --list lists them").into());
    }
    let folder = tempfile::tempdir()?;
    println!("| network | by | threads | realtime factor | M ev/s | B per synapse | build s | rate Hz | times ours |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for case in cases.iter().filter(|case| options.only.is_empty() || options.only.iter().any(|n| n == case.name)) {
        // Where peers are asked for, only what they have too.
        if options.peers.is_some() && case.peer.is_none() {
            continue;
        }
        let model = case.write(folder.path())?;
        let own = [case.precision.to_string()];
        let precisions = if options.precision.is_empty() { &own[..] } else { &options.precision };
        for precision in precisions {
            for &threads in &options.threads {
                case.measure(&options, &model, precision, threads).map_err(|e| format!("{}: {e}", case.name))?;
            }
        }
    }
    Ok(())
}
