//! Whole rows of plastic synapses at once against synapse by synapse: a projection whose transmitted weights are recorded goes
//! one by one, and must come to the same bits as one that is not.

use memspike::record::Chunk;

use super::plasticity_stdp::{run, snapshots};

const RULES: [&str; 9] = [
    "stdp = { a_plus = 0.02, a_minus = 0.03 }",
    "stdp = { a_plus = 0.02, a_minus = 0.03, mu_plus = 1.0, mu_minus = 1.0 }",
    "stdp = { a_plus = 0.02, a_minus = 0.03, mu_plus = 0.4, mu_minus = 0.7, pairing = 'nearest_symmetric' }",
    "stdp = { pairing = 'nearest_restricted' }",
    "stdp_power_law = { lambda = 0.01, w_0 = 1 }",
    "stdp_triplet = { a_plus = 0.02, a_minus = 0.03, a_plus_triplet = 0.05, a_minus_triplet = 0.01 }",
    // As in Diehl & Cook 2015: pairs alone change nothing at a post spike.
    "stdp_triplet = { a_plus = 0, a_minus = 0.003, a_plus_triplet = 0.2, a_minus_triplet = 0, pairing = 'nearest' }",
    "inhibitory = { eta = 0.05, alpha = 0.2 }",
    "hebbian = { variant = 'oja' }",
];

/// The device of a file of pulses.
macro_rules! measured {
    ($file:literal $(, $more:literal)?) => {
        concat!(
            "device.table = { file = '",
            env!("CARGO_MANIFEST_DIR"),
            "/",
            $file,
            "', g = 'G_uS', unit = 'uS', direction = 'polarity', device = 'cell', cycle = 'cycle'",
            $(", ", $more,)?
            " }"
        )
    };
}

const BESIDE: [&str; 34] = [
    "",
    "normalize = { sum = 12, every = '40 ms' }",
    "short_term = { u_0 = 0.4, tau_rec = '200 ms', tau_fac = '50 ms' }",
    "device.soft_bounds = { sigma_d2d = 0.3, sigma_c2c = 0.5, read_noise = 0.1 }",
    "device.exp_step = { sigma_c2c = 0.5, pulses = 'one' }",
    "device.soft_bounds = { sigma_c2c = 0.5, pulses = 'stochastic' }\nnormalize = { sum = 12, every = '70 ms' }",
    "normalize = { sum = 15, every = '1 ms' }",
    "device.re_ram_es = { levels = 40 }",
    "device.re_ram_sb = { read_noise = 0.1 }",
    "device.re_ram_array_om = { pulses = 'carry' }",
    "device.ec_ram = {}",
    "device.pow_step = { gamma_up = 0.5, gamma_down = 2, sigma_g_min = 0.1, sigma_up_down = 0.2, pulses = 'carry' }",
    "device.querlioz = { sigma_d2d = 0.3, write_noise = '1 uS', program_noise = '1 uS' }",
    "device.neurosim = { pulse_noise = '1 uS', sigma_g_max = 0.1 }",
    "device.pcm = {}",
    "device.pcm = { refresh = 0.3, devices = 2, sigma_c2c = 0 , pulses = 'carry' }",
    "device.soft_bounds = { pair = 'push_pull', sigma_d2d = 0.2, sigma_c2c = 0.3, read_noise = 0.1 }",
    "device.soft_bounds = { devices = 5, sigma_g_max = 0.2, write_noise = '1 uS', levels = 30 }",
    "device.linear_step = { one_sided = true, pair = 'one_sided', refresh = 0.4, sigma_reset = 0.05 }",
    "device.re_ram_sb = { pair = 'push_pull', devices = 4, read_noise = 0.1 }",
    // What time does to them, and what does not work.
    "device.pcm = { pcm_statistics = true }",
    "device.soft_bounds = { drift = { nu = 0.3, sigma_nu = 0.1, t_0 = '5 ms' }, sigma_c2c = 0.2 }",
    "device.soft_bounds = { retention = { tau = '200 ms', sigma_tau = 0.5, g_inf = '10 uS' }, write_noise = '1 uS', devices = 3 }",
    "device.re_ram_sb = { stuck_low = 0.2, stuck_high = 0.1, stuck_between = 0.2, write_noise = '1 uS', pair = 'push_pull' }",
    "device.exp_step = { endurance = { pulses = 6, sigma = 0.8 }, flicker = { q = 0.05 }, pulses = 'one' }",
    "device.two_state = { devices = 4 }",
    "device.two_state = { pair = 'push_pull', stuck_low = 0.1, drift = { nu = 0.2, t_0 = '1 ms' }, pulses = 'one' }",
    // Measured pulses, whose law is Gaussian or not.
    measured!("tests/data/devices/pulses.csv"),
    measured!("tests/data/devices/two_levels.csv"),
    // With noise beside their own, which has a random word more.
    measured!("tests/data/devices/pulses.csv", "sigma_c2c = 0.4, pair = 'push_pull', devices = 2"),
    measured!("tests/data/devices/pulses.csv", "sigma_c2c = 0.4, pair = 'one_sided', refresh = 0.3, pulses = 'carry'"),
    "device.linear_step = { sigma_slope_up = 0.1, retention = { tau = '300 ms', g_inf = '0 S' }, levels = 30 }",
    "device.linear_step = { one_sided = true, pair = 'one_sided', refresh = 0.3, devices = 2, sigma_reset = 0.1, drift = { nu = 0.2, t_0 = '1 ms' }, endurance = { pulses = 15, sigma = 0.5 } }",
    "device.pcm = { pcm_statistics = true, stuck_between = 0.3, endurance = { pulses = 9, sigma = 0.3 }, pulses = 'carry' }",
];

/// Devices that are read against a reference of their own, which follows from where their bounds and steps are.
const REFERENCES: [&str; 4] = [
    "device.soft_bounds_reference = { dg_down = '3 uS', sigma_d2d = 0.1, subtract_symmetry_point = true }",
    "device.soft_bounds_reference = { dg_down = '3 uS', sigma_d2d = 0.1, sigma_up_down = 0.1, subtract_symmetry_point = true }",
    "device.soft_bounds_reference = { dg_up = '3 uS', sigma_g_max = 0.1, subtract_symmetry_point = true }",
    "device.soft_bounds_reference = { reference = '5 uS', sigma_reference = '2 uS', levels = 40 }",
];

/// Devices across which spikes overlap: moved by one spike alone, by pairs only, differing and noisy, held at bounds, in a table of changes.
const OVERLAPS: [&str; 7] = [
    "device.hp = {}",
    "device.hp = { window = 'biolek', p = 2.5, mu_v = '1e-12 m^2/V/s' }",
    "device.hp = { mu_v = '1e-11 m^2/V/s' }\nshort_term = { u_0 = 0.4, tau_rec = '200 ms', tau_fac = '50 ms' }",
    "device.voltage_threshold = { read_noise = 0.1 }",
    "device.voltage_threshold = { sigma_d2d = 0.3, sigma_c2c = 0.2 }",
    "device.hp = { sigma_d2d = 0.3, sigma_g_max = 0.1, sigma_c2c = 0.5 }",
    "device.team = {}",
];

fn network(rule: &str, beside: &str, (during, delay): (bool, &str), simulation: &str, record: &str) -> String {
    let (rule, end) = rule.split_at(rule.rfind('}').unwrap());
    let during = if during { ", during = 'lesson'" } else { "" };
    with_plasticity(&format!("plasticity.{rule}{during}{end}"), beside, delay, simulation, record)
}

/// Some sources are so slow, and some targets so fast, that there are more post spikes between two pre spikes than a row has at hand, or room
/// for.
fn with_plasticity(plasticity: &str, beside: &str, delay: &str, simulation: &str, record: &str) -> String {
    format!(
        "simulation = {{ duration = '400 ms', {simulation} }}\n\
         interval.lesson = {{ start = '50 ms', duration = '120 ms', every = '130 ms', count = 2 }}\n\
         population.pre = {{ size = 12, source.poisson = {{ rate = {{ uniform = ['3 Hz', '90 Hz'] }} }} }}\n\
         population.silent = {{ size = 3, source.poisson = {{ rate = '1 Hz' }} }}\n\
         population.post = {{ size = 40, source.poisson = {{ rate = {{ uniform = ['20 Hz', '400 Hz'] }} }} }}\n\
         projection.q = {{ source = 'silent', target = 'post', connect = 'all_to_all', delay = '2 ms', w_max = 5, weight = 1, {plasticity} }}\n\
         [projection.p]\nsource = 'pre'\ntarget = 'post'\nconnect.fixed_probability = 0.8\n\
         delay = {delay}\nw_max = 4\nweight = {{ uniform = [0.5, 2] }}\n\
         {plasticity}\n{beside}\n\
         [[record.weights]]\nprojection = 'p'\non = 'end'\n[[record.weights]]\nprojection = 'q'\non = 'end'\n{record}"
    )
}

#[test]
fn rows_come_to_the_bits_of_one_by_one_for_every_rule_device_and_span() {
    let watched = "[[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n[[record.weights]]\nprojection = 'q'\non = 'pre_spike'\n";
    for (number, rule) in RULES.iter().enumerate() {
        for (other, beside) in BESIDE.iter().enumerate() {
            let during = (number + other) % 2 == 0;
            // Devices go row by row only where some have the same delay.
            let delay = if (number + other) % 4 < 3 { "'1.5 ms'" } else { "{ uniform = ['0.5 ms', '4 ms'] }" };
            let simulation = [
                "engine = 'grid', resolution = '0.1 ms'",
                "engine = 'event'",
                "engine = 'grid', resolution = '0.5 ms', precision = 'single'",
            ][(number + other) % 3];
            let at_end = |record| snapshots(&run(&network(rule, beside, (during, delay), simulation, record), 1));
            let (rows, singly) = (at_end(""), at_end(watched));
            assert!(!rows.is_empty());
            assert_eq!(rows, singly, "{rule} {beside} during {during} delay {delay} {simulation}");
        }
    }
}

#[test]
fn rows_come_to_the_bits_of_one_by_one_where_spikes_overlap() {
    let watched = "[[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n";
    for (number, device) in OVERLAPS.iter().enumerate() {
        // Of the short waveform some pairs are out of reach, and one that is coarse is quickly tabulated.
        let waveform = match number % 3 {
            1 => "waveform = { tail_minus = '10 ms' }",
            _ if device.contains("team") => "waveform = { tolerance = 0.2 }",
            _ => "waveform = {}",
        };
        for (which, simulation) in
            ["engine = 'grid', resolution = '0.5 ms', precision = 'single'", "engine = 'event'"].into_iter().enumerate()
        {
            let delay = if which == 0 { "{ uniform = ['0.5 ms', '4 ms'] }" } else { "'1.5 ms'" };
            let beside = format!("{device}\n{waveform}");
            let at_end = |record| snapshots(&run(&with_plasticity("", &beside, delay, simulation, record), 1));
            let (rows, singly) = (at_end(""), at_end(watched));
            assert!(!rows.is_empty());
            assert_eq!(rows, singly, "{device} {waveform} {simulation}");
        }
    }
}

#[test]
fn rows_come_to_the_bits_of_one_by_one_where_a_pulse_moves_the_state_at_random() {
    let watched = "[[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n[[record.weights]]\nprojection = 'q'\non = 'pre_spike'\n";
    let at_end = |more: &str, record: &str| {
        let device = format!(
            "device.stanford_rram = {{ delta_gap = '0.02 m/s', pulses = 'one', pulse_up = {{ v = '1.2 V', width = '10 ns' }}, \
             pulse_down = {{ v = '-1.2 V', width = '10 ns' }}{more} }}"
        );
        snapshots(&run(&network(RULES[0], &device, (false, "'1.5 ms'"), "engine = 'event'", record), 1))
    };
    let rows = at_end("", "");
    assert!(!rows.is_empty());
    assert_eq!(rows, at_end("", watched));
    assert_ne!(rows, at_end(", ideal = true", ""));
}

/// What learns from the potentials of its targets: at every 0.1 or 0.5 ms for 2 ms after a spike, so that slow sources find hundreds of steps.
#[test]
fn rows_come_to_the_bits_of_one_by_one_where_potentials_are_learnt_from() {
    let watched = "[[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n[[record.weights]]\nprojection = 'q'\non = 'pre_spike'\n";
    // Two of three, each third of them in every simulation.
    let some = BESIDE.iter().enumerate().filter(|(number, _)| number % 3 != 2).map(|(_, beside)| beside);
    for (number, beside) in some.enumerate() {
        let during = if number % 2 == 0 { "during = 'lesson'" } else { "a_ltd_const = false" };
        let plasticity = format!("plasticity.clopath = {{ a_ltd = 0.01, a_ltp = 0.002, {during} }}");
        let delay = if number % 4 < 2 { "'1.5 ms'" } else { "{ uniform = ['0.5 ms', '4 ms'] }" };
        let simulation = [
            "engine = 'grid', resolution = '0.1 ms'",
            "engine = 'event', resolution = '0.1 ms'",
            "engine = 'grid', resolution = '0.5 ms', precision = 'single'",
        ][number % 3];
        let model = |record| {
            let model = with_plasticity(&plasticity, beside, delay, simulation, record);
            let sources =
                "population.post = { size = 40, source.poisson = { rate = { uniform = ['20 Hz', '400 Hz'] } } }";
            let neurons =
                "population.post = { size = 40, neuron.lif_exp = { i_e = { uniform = ['300 pA', '1500 pA'] } } }";
            let currents = [
                (sources, neurons),
                ("w_max = 5, weight = 1,", "w_max = '5 pA', weight = '1 pA',"),
                (
                    "w_max = 4\nweight = { uniform = [0.5, 2] }",
                    "w_max = '4 pA'\nweight = { uniform = ['0.5 pA', '2 pA'] }",
                ),
                ("sum = 12", "sum = '12 pA'"),
                ("sum = 15", "sum = '15 pA'"),
            ];
            currents.iter().fold(model, |model, (from, to)| model.replace(from, to))
        };
        let at_end = |record| snapshots(&run(&model(record), 1));
        let (rows, singly) = (at_end(""), at_end(watched));
        assert!(!rows.is_empty());
        assert_eq!(rows, singly, "{beside} {plasticity} delay {delay} {simulation}");
    }
}

/// What arrives, seen in the membranes that it moves: how devices are read stands in no snapshot.
#[test]
fn rows_transmit_the_bits_of_one_by_one() {
    let watched = "[[record.weights]]\nprojection = 'p'\non = 'pre_spike'\n";
    let states = "[[record.state]]\npopulation = 'post'\ninterval = '0.5 ms'\n";
    for (number, beside) in BESIDE.iter().chain(&REFERENCES).enumerate() {
        let simulation = [
            "engine = 'grid', resolution = '0.1 ms'",
            "engine = 'event'",
            "engine = 'grid', resolution = '0.5 ms', precision = 'single'",
        ][number % 3];
        let seen = |record: &str| {
            let model =
                network(RULES[number % 2], beside, (false, "'1.5 ms'"), simulation, &format!("{states}{record}"));
            let membranes = [
                (
                    "source.poisson = { rate = { uniform = ['20 Hz', '400 Hz'] } }",
                    "neuron.lif_delta = { i_e = { uniform = ['300 pA', '900 pA'] } }",
                ),
                ("w_max = 5, weight = 1,", "w_max = '5 mV', weight = '1 mV',"),
                (
                    "w_max = 4\nweight = { uniform = [0.5, 2] }",
                    "w_max = '4 mV'\nweight = { uniform = ['0.5 mV', '2 mV'] }",
                ),
                ("sum = 12", "sum = '12 mV'"),
                ("sum = 15", "sum = '15 mV'"),
            ];
            let memory = run(&membranes.iter().fold(model, |model, (from, to)| model.replace(from, to)), 1);
            let rows = memory.chunks.iter().filter_map(|chunk| match chunk {
                Chunk::State { rows, .. } => Some(rows.clone()),
                _ => None,
            });
            rows.flatten().collect::<Vec<f64>>()
        };
        let (rows, singly) = (seen(""), seen(watched));
        assert!(rows.len() == 40 * 801 || rows.len() == 40 * 800, "{}", rows.len());
        assert!(rows == singly, "{beside} {simulation}");
    }
}
