//! Physical devices that learn in whole models where the waveforms of spikes overlap.

use memspike::device::physical::PhysicalModel;
use memspike::device::physical::solve::Options as Solve;
use memspike::device::physical::waveform::Side;
use memspike::engine::Options;
use memspike::record::Chunk;

use crate::device_physical::{device, spikes};
use crate::device_pulses::case;
use crate::engine_run::{assert_same, joined, leg};
use crate::plasticity_stdp::{run, run_with, snapshots};
use crate::stored::numbers;

const VTEAM: &str = "r_on = '10 kohm', r_off = '1 Mohm', k_on = '-1e-6 m/s', k_off = '1e-6 m/s', alpha_on = 1, alpha_off = 1, \
                     v_on = '-1 V', v_off = '1 V'";
const G: (f64, f64) = (1e-6, 1e-4);

/// One synapse between two given trains; the weight is the conductance in uS.
fn pair(pre: &[f64], post: &[f64], device: &str, waveform: &str, engine: &str) -> String {
    format!(
        "simulation.duration = '2 s'\nsimulation.engine = '{engine}'\n\
         population.pre.source.spike_times = {{ values = [{pre:?}], unit = 'ms' }}\n\
         population.post.source.spike_times = {{ values = [{post:?}], unit = 'ms' }}\n\
         [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\ndelay = '0.1 ms'\n\
         weight = 4.807692307692308\nw_min = 1\nw_max = 100\ndevice.vteam = {{ {device} }}\nwaveform = {{ {waveform} }}\n\
         [[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n\
         [[record.weights]]\nprojection = 'p'\ninterval = '500 ms'\n"
    )
}

fn vteam() -> memspike::device::physical::Physical {
    let given = [
        ("r_on", 1e4),
        ("r_off", 1e6),
        ("k_on", -1e-6),
        ("k_off", 1e-6),
        ("alpha_on", 1.0),
        ("alpha_off", 1.0),
        ("v_on", -1.0),
        ("v_off", 1.0),
    ];
    device(PhysicalModel::Vteam, &given)
}

/// What a train does to the device, integrated as a whole: each side makes one waveform at a time.
fn integrated(train: &[(Side, f64)]) -> f64 {
    let (d, w) = (vteam(), spikes(&[]));
    let x0 = d.state(4.807692307692308e-6);
    let seconds: Vec<(Side, f64)> = train.iter().map(|(side, ms)| (*side, ms * 1e-3)).collect();
    d.conductance(d.states(x0, &w.pieces(&d, &seconds), &[10.0], Solve::EXACT)[0])
}

#[test]
fn a_pair_changes_the_weight_as_the_stored_reference_says_in_both_engines() {
    let case = case("stdp_lb_vteam");
    let (dts, changes) = (numbers(&case["dT_ms"]), numbers(&case["dG_S"]));
    let largest = changes.iter().fold(0.0_f64, |a, g| a.max(g.abs()));
    for engine in ["event", "grid"] {
        for (dt, expected) in dts.iter().zip(&changes).step_by(4).filter(|(dt, _)| **dt != 0.0) {
            // With a dendritic delay a post spike reaches the synapse 0.1 ms later; a far pre spike reads the weight.
            let text = pair(&[200.0, 1900.0], &[200.0 + dt - 0.1], VTEAM, "", engine);
            let (memory, outcome) = run_with(&text, 1, &Options::default());
            let weights = memory.weights(0).1;
            let found = weights[1] * 1e-6 - 4.807692307692308e-6;
            let error = outcome.summary.projections["p"]["surface"]["error"].as_f64().unwrap();
            let table = outcome.summary.projections["p"]["surface"]["largest_S"].as_f64().unwrap();
            assert!(error > 0.0 && error < 1e-3);
            let allowed = (2.0 * error * table).max(1e-4 * largest);
            assert!((found - expected).abs() < allowed, "{engine} {dt}: {found} {expected} {allowed}");
        }
    }
}

#[test]
fn trains_follow_the_solver_where_each_side_makes_one_waveform_at_a_time() {
    // Heads of one side are further apart than their length, as between them the pairs are what happens.
    let pre = [100.0, 131.0, 180.0, 300.0, 322.0, 391.0];
    let post = [112.0, 141.0, 170.0, 195.0, 310.5, 405.0];
    let mut train: Vec<(Side, f64)> =
        pre.iter().map(|t| (Side::Pre, *t)).chain(post.iter().map(|t| (Side::Post, t + 0.1))).collect();
    train.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut all = pre.to_vec();
    all.push(1900.0);
    let (memory, _) = run_with(&pair(&all, &post, VTEAM, "", "event"), 1, &Options::default());
    let found = memory.weights(0).1.last().unwrap() * 1e-6;
    let expected = integrated(&train);
    let change = expected - 4.807692307692308e-6;
    assert!(change.abs() > 2e-7, "{change}");
    assert!((found - expected).abs() < 0.02 * change.abs(), "{found} {expected}");
    assert!(found > G.0 && found < G.1);
}

#[test]
fn a_spike_alone_changes_nothing_until_it_crosses_the_threshold() {
    let pre = [100.0, 400.0, 700.0, 1900.0];
    let (memory, _) = run_with(&pair(&pre, &[1000.0], VTEAM, "", "event"), 1, &Options::default());
    assert!(memory.weights(0).1.iter().all(|w| *w == 4.807692307692308));
    let alone = run_with(&pair(&pre, &[1000.0], VTEAM, "alpha_pre = 1.3", "event"), 1, &Options::default());
    let weights = alone.0.weights(0).1;
    assert!(weights[1] < weights[0] && weights[2] < weights[1], "the head of a pre spike depresses: {weights:?}");
    // Post spikes alone move it too, also before any pre spike.
    let silent =
        run_with(&pair(&[1900.0], &[300.0, 600.0], VTEAM, "alpha_post = 1.3", "event"), 1, &Options::default());
    assert!(silent.0.weights(0).1[0] > 4.807692307692308);
}

#[test]
fn spikes_at_one_tick_are_a_pair_which_cancels_where_both_are_alike() {
    // One spike alone drives this device into a bound. Over a dendritic delay the post spike at 9.9 ms reaches the synapse with the pre
    // spike; over an axonal one that at 10.1 ms.
    for (engine, delay, together) in
        [("event", "'0.1 ms'", 9.9), ("grid", "'0.1 ms'", 9.9), ("event", "'0.1 ms'\ndelay_location = 'axonal'", 10.1)]
    {
        let end = |post: f64| {
            let text = format!(
                "simulation.duration = '200 ms'\nsimulation.engine = '{engine}'\n\
                 population.pre.source.spike_times = {{ values = [[10]], unit = 'ms' }}\n\
                 population.post.source.spike_times = {{ values = [[{post}]], unit = 'ms' }}\n\
                 [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\ndelay = {delay}\n\
                 weight = 0.5\nw_max = 1\ndevice.hp = {{ window = 'biolek', p = 2 }}\nwaveform = {{}}\n\
                 [[record.weights]]\nprojection = 'p'\non = 'end'\n"
            );
            snapshots(&run(&text, 1))[0].1[0]
        };
        assert!((end(together) - 0.5).abs() < 1e-4, "{engine} {delay}: {}", end(together));
        assert!((end(together + 20.0) - 0.5).abs() > 1e-2, "{engine} {delay}: one alone moves it");
    }
}

/// Neither side is the first of spikes that come together: either meets the last one of the other side before, and so what one side learns of it
/// the other unlearns.
#[test]
fn spikes_at_one_tick_each_meet_the_other_sides_last_one_before() {
    for (engine, location, travel) in
        [("event", "dendritic", -1.0), ("grid", "dendritic", -1.0), ("event", "axonal", 1.0), ("grid", "axonal", 1.0)]
    {
        let change = |device: &str, pre: &[f64], post: &[f64]| {
            let post: Vec<f64> = post.iter().map(|t| t + travel).collect();
            let text = format!(
                "simulation.duration = '300 ms'\nsimulation.engine = '{engine}'\n\
                 population.pre.source.spike_times = {{ values = [{pre:?}], unit = 'ms' }}\n\
                 population.post.source.spike_times = {{ values = [{post:?}], unit = 'ms' }}\n\
                 [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect = 'all_to_all'\ndelay = '1 ms'\n\
                 delay_location = '{location}'\nweight = 0.5\nw_max = 1\n{device}\nwaveform = {{}}\n\
                 [[record.weights]]\nprojection = 'p'\non = 'end'\n"
            );
            snapshots(&run(&text, 1))[0].1[0] - 0.5
        };
        let threshold = "device.voltage_threshold = {}";
        let (after, before) = (change(threshold, &[10.0, 40.0], &[40.0]), change(threshold, &[40.0], &[10.0, 40.0]));
        assert!(after > 5e-4, "{engine} {location}: {after}");
        assert!((after + before).abs() < 1e-3 * after, "{engine} {location}: {after} {before}");
        // What came together last is met by what comes later, on either side.
        let (after, before) =
            (change(threshold, &[10.0, 40.0], &[40.0, 60.0]), change(threshold, &[40.0, 60.0], &[10.0, 40.0]));
        assert!((after + before).abs() < 1e-3 * after, "{engine} {location}: {after} {before}");
        // A device that one spike alone moves: what comes far from all others does nothing else there.
        let moved = "device.hp = { window = 'biolek', p = 2 }";
        let (near, far) = (change(moved, &[60.0], &[60.0]), change(moved, &[200.0], &[200.0]));
        assert!((near - far).abs() < 1e-9 && near.abs() < 1e-4, "{engine} {location}: {near} {far}");
    }
}

/// A network of them, with spread, noise, multapses and silent sources.
fn network(engine: &str) -> String {
    format!(
        "simulation.duration = '400 ms'\nsimulation.seed = 3\nsimulation.engine = '{engine}'\nsimulation.resolution = '0.1 ms'\n\
         [population.inputs]\nsize = 60\nsource.poisson = {{ rate = '20 Hz' }}\n\
         [population.E]\nsize = 40\nneuron.lif_exp = {{ i_e = '390 pA' }}\n\
         [projection.p]\nsource = 'inputs'\ntarget = 'E'\nconnect.fixed_indegree = 20\nweight = {{ uniform = ['10 pA', '60 pA'] }}\n\
         delay = {{ uniform = ['0.5 ms', '3 ms'] }}\nw_max = '100 pA'\n\
         device.voltage_threshold = {{ i_o = '1e-4 /ms', sigma_d2d = 0.2, sigma_c2c = 0.3, read_noise = 0.05 }}\nwaveform = {{}}\n\
         [projection.axonal]\nsource = 'E'\ntarget = 'E'\nconnect.fixed_indegree = 5\nweight = '20 pA'\ndelay = '1.5 ms'\n\
         delay_location = 'axonal'\nw_max = '50 pA'\ndevice.vteam = {{ {VTEAM} }}\nwaveform.alpha_post = 1.2\n\
         [[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n\
         [[record.weights]]\nprojection = 'axonal'\non = 'pre_spike'\n"
    )
}

#[test]
fn any_number_of_threads_gives_the_same_bytes() {
    for engine in ["event", "grid"] {
        let one = run(&network(engine), 1);
        assert!(one.spikes(1).0.len() > 100);
        for threads in [2, 3, 16] {
            let more = run(&network(engine), threads);
            assert_eq!(one.spikes(1), more.spikes(1), "{engine}, {threads} threads");
            for projection in 0..2 {
                assert_eq!(one.weights(projection), more.weights(projection), "{engine}, {threads} threads");
            }
        }
    }
}

#[test]
fn a_run_in_legs_has_the_bytes_of_one_without_a_stop() {
    let folder = tempfile::tempdir().unwrap();
    for engine in ["event", "grid"] {
        let text = network(engine);
        let whole = crate::engine_run::run(&text, &[], 1);
        let path = folder.path().join(format!("{engine}.ckpt"));
        let (mut chunks, mut legs) = (Vec::new(), 0);
        for threads in [2, 1, 3, 16, 2, 1, 5, 2, 1, 2] {
            let (after, outcome) = leg(&text, &[], threads, &path, 33.3, 220, chunks);
            chunks = after;
            legs += 1;
            if outcome.complete {
                break;
            }
        }
        assert!(legs > 2, "{legs}");
        assert_same(&whole.bytes(), &joined(&chunks), engine);
    }
}

#[test]
fn rule_waveform_and_device_that_do_not_go_together_are_errors_with_a_remedy() {
    let base = pair(&[1.0], &[2.0], VTEAM, "", "event");
    let error =
        |text: String| memspike::spec::parse(&text, "test", std::path::Path::new(""), &[]).unwrap_err().to_string();
    let with_rule = base.replace("waveform = {  }", "waveform = {}\nplasticity.stdp = {}");
    assert!(error(with_rule).contains("second cause"));
    let soft = base.replace(&format!("device.vteam = {{ {VTEAM} }}"), "device.soft_bounds = {}");
    assert!(error(soft).contains("needs a physical device"));
    let rule_without_pulses = base.replace("waveform = {  }", "plasticity.stdp = {}");
    let message = error(rule_without_pulses);
    assert!(message.contains("by pulses") && message.contains("pulse_up"), "{message}");
    for (device, name) in [
        ("voltage_threshold = { pulse_noise = '3 uS' }", "pulse_noise"),
        ("voltage_threshold = { noise_slope = 0.1 }", "noise_slope"),
        ("stanford_rram = { delta_gap = '0.02 m/s' }", "delta_gap"),
    ] {
        let text = base.replace(&format!("device.vteam = {{ {VTEAM} }}"), &format!("device.{device}"));
        let message = error(text);
        assert!(message.contains(&format!("`{name}` is of pulses")), "{device}: {message}");
    }
    let wrong = base.replace("waveform = {  }", "waveform.tail_plus = '-5 ms'");
    assert!(error(wrong).contains("tail_plus"));
    let sign = base.replace("waveform = {  }", "").replace(
        "v_off = '1 V' }",
        "v_off = '1 V', pulse_up = { v = '2 V', width = '1 us' }, pulse_down = { v = '2 V', width = '1 us' } }",
    );
    let message = error(sign);
    assert!(message.contains("expected a negative voltage"), "{message}");
}

#[test]
fn a_rule_drives_a_physical_device_by_pulses_of_its_own_voltage() {
    let text = pair(&[100.0, 300.0, 1900.0], &[101.0], VTEAM, "", "event")
        .replace("waveform = {  }", "plasticity.stdp = { tau_plus = '20 ms', a_plus = 0.01, a_minus = 0 }")
        .replace(
            "v_off = '1 V' }",
            "v_off = '1 V', pulses = 'one', pulse_up = { v = '-1.5 V', width = '100 us' }, \
             pulse_down = { v = '1.5 V', width = '100 us' } }",
        );
    let (memory, _) = run_with(&text, 1, &Options::default());
    let found = memory.weights(0).1[2];
    let d = vteam();
    // dx/dt = k_on (v/v_on - 1) = -0.5e-6 m/s for 100 us at -1.5 V: 0.05 nm towards the lowest resistance.
    let expected = d.conductance(d.state(4.807692307692308e-6) - 0.05e-9) * 1e6;
    assert!((found - expected).abs() < 1e-6 && expected > 5.0, "{found} {expected}");
}

#[test]
fn the_shipped_model_prefers_inputs_that_fire_together() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models/overlap_stdp.toml");
    let text = std::fs::read_to_string(path).unwrap();
    let sets = [("simulation.duration", "15 s"), ("population.output.size", "4")];
    let ran = crate::engine_run::run(&text, &sets, 1);
    let snapshots = ran.memory.chunks.iter().filter_map(|chunk| match chunk {
        Chunk::Snapshot { index, weights, .. } => Some((*index, weights.iter().sum::<f64>() / weights.len() as f64)),
        _ => None,
    });
    let means: std::collections::HashMap<usize, f64> = snapshots.collect();
    let last = |projection: usize| means[&projection];
    let (common, other) = (last(0), last(1));
    assert!(common > other + 2.0, "{common} {other} pA");
    let figures = &ran.outcome.summary.projections["common_to_output"]["surface"];
    assert!(figures["error"].as_f64().unwrap() <= 1e-5, "{figures}");
    let whole = ran.bytes();
    for threads in [2, 3] {
        assert_same(&whole, &crate::engine_run::run(&text, &sets, threads).bytes(), "threads");
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut chunks, path) = (Vec::new(), folder.path().join("a.ckpt"));
    for threads in [3, 1, 2, 1, 3, 2, 1, 2] {
        let (after, outcome) = leg(&text, &sets, threads, &path, 2000.0, 5000, chunks);
        chunks = after;
        if outcome.complete {
            break;
        }
    }
    assert_same(&whole, &joined(&chunks), "in legs");
}
