//! The bounds of windows, reads and checkpoints leave no trace in the result.

use memspike::neuron::adex::Adex;
use memspike::neuron::izhikevich::Izhikevich;
use memspike::neuron::lif_cond_alpha::LifCondAlpha;
use memspike::neuron::lif_cond_exp::LifCondExp;
use memspike::neuron::{EventNeuron, NeuronModel};
use memspike::time::Time;
use proptest::prelude::*;

const END: Time = Time(100_000_000_000);

/// What an engine may do between two events.
#[derive(Clone, Debug)]
enum Action {
    /// Ask for spikes before this.
    Window(i64),
    /// Read a variable here.
    Read(i64),
    /// Advance to here, without an event.
    Advance(i64),
    Checkpoint,
    /// Ask for spikes far ahead, on a copy.
    LookAhead,
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let at = 0..END.0;
    let one = prop_oneof![
        3 => at.clone().prop_map(Action::Window),
        2 => at.clone().prop_map(Action::Read),
        1 => at.prop_map(Action::Advance),
        1 => Just(Action::Checkpoint),
        1 => Just(Action::LookAhead),
    ];
    prop::collection::vec(one, 0..60)
}

/// Spikes, and what every variable is at the end, by bits.
fn run<N: EventNeuron>(
    params: &[f64],
    initial: &[f64],
    input: &[(Time, f64)],
    actions: &[Action],
) -> (Vec<Time>, Vec<u64>) {
    let p = N::params(params).unwrap();
    let mut state = N::initial(&p, initial);
    let mut spikes = Vec::new();
    let mut drain = |state: &mut N::State, before: Time| {
        loop {
            let earliest = N::earliest(&p, state);
            assert!(earliest > N::time(state));
            let Some(spike) = N::next_spike(&p, state, before) else { return };
            assert!(earliest <= spike, "earliest says {earliest}, the spike is at {spike}");
            assert!(spike < before);
            spikes.push(spike);
        }
    };
    let mut i = 0;
    let mut reads = Vec::new();
    loop {
        let next = input.get(i).map_or(END, |e| e.0);
        for action in actions {
            let now = N::time(&state);
            match *action {
                Action::Window(at) if at > now.0 && at <= next.0 => {
                    drain(&mut state, Time(at));
                    N::keep_up(&p, &mut state, Time(at));
                    assert!(N::time(&state) < Time(at));
                }
                Action::Read(at) if at > now.0 && at < next.0 => {
                    drain(&mut state, Time(at));
                    if at >= N::time(&state).0 {
                        N::read(&p, &state, 0, Time(at));
                    }
                }
                Action::Advance(at) if at > now.0 && at < next.0 => {
                    drain(&mut state, Time(at + 1));
                    if at > N::time(&state).0 {
                        N::advance(&p, &mut state, Time(at));
                    }
                }
                Action::Checkpoint => {
                    state = serde_json::from_value(serde_json::to_value(state).unwrap()).unwrap();
                }
                Action::LookAhead => {
                    let mut copy = state;
                    N::next_spike(&p, &mut copy, Time(next.0 + 7_000_000_000));
                    // What a search without success learnt may stay.
                    if N::time(&copy) == now {
                        state = copy;
                    }
                }
                _ => {}
            }
        }
        drain(&mut state, next);
        N::advance(&p, &mut state, next);
        if next == END {
            break;
        }
        while i < input.len() && input[i].0 == next {
            N::receive(&p, &mut state, input[i].1);
            i += 1;
        }
        let spiked = N::settle(&p, &mut state);
        if spiked {
            reads.push(next.0 as u64);
        }
    }
    reads.extend((0..initial.len()).map(|k| N::read(&p, &state, k, Time(END.0 + 3_333_333)).to_bits()));
    (spikes, reads)
}

fn check<N: EventNeuron>(
    model: NeuronModel,
    set: &[(&str, f64)],
    scale: f64,
    kicks: &[(i64, f64)],
    actions: &[Action],
) {
    let table = model.describe();
    let mut params: Vec<f64> = table.params.iter().map(|p| p.default).collect();
    for (name, value) in set {
        params[table.param(name).unwrap()] = *value;
    }
    let mut input: Vec<(Time, f64)> = kicks.iter().map(|&(t, w)| (Time(t), w * scale)).collect();
    input.sort_by_key(|e| e.0);
    let initial = vec![f64::NAN; table.variables.len()];
    let plain = run::<N>(&params, &initial, &input, &[]);
    assert_eq!(plain, run::<N>(&params, &initial, &input, actions), "{model:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn windows_reads_and_checkpoints_change_no_bit(
        kicks in prop::collection::vec((1..END.0, -0.5..1.0f64), 0..15),
        drive in 0.0..600.0f64,
        actions in actions(),
    ) {
        let synapses = [("tau_syn_ex", 2.0), ("tau_syn_in", 5.0), ("i_e", drive)];
        check::<LifCondExp>(NeuronModel::LifCondExp, &synapses, 30.0, &kicks, &actions);
        check::<LifCondAlpha>(NeuronModel::LifCondAlpha, &synapses, 15.0, &kicks, &actions);
        let strong = [("tau_syn_ex", 2.0), ("t_ref", 1.0), ("i_e", 2.0 * drive)];
        check::<Adex>(NeuronModel::Adex, &strong, 30.0, &kicks, &actions);
        check::<Izhikevich>(NeuronModel::Izhikevich, &[("i_e", drive / 30.0)], 15.0, &kicks, &actions);
        let floor = [("i_e", drive / 30.0), ("v_min", -66.0)];
        check::<Izhikevich>(NeuronModel::Izhikevich, &floor, 15.0, &kicks, &actions);
    }
}

/// At time 0 the origin is what a time is by default.
#[test]
fn a_checkpoint_before_the_first_event_changes_no_bit() {
    for drive in [0.0, 100.0, 168.578_664_400_088_9, 400.0] {
        let strong = [("tau_syn_ex", 2.0), ("t_ref", 1.0), ("i_e", 2.0 * drive)];
        let kicks = [(50_515_611, -0.235_855_949_187_979_22)];
        check::<Adex>(NeuronModel::Adex, &strong, 30.0, &kicks, &[Action::Checkpoint]);
        let drive = [("i_e", drive / 30.0)];
        check::<Izhikevich>(NeuronModel::Izhikevich, &drive, 15.0, &kicks, &[Action::Checkpoint]);
    }
}
