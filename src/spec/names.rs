//! Names: their form, what the neighbours (NEST, PyNN, Brian2) call things, and the nearest valid one.

use super::error::{ModelError, Place};
use super::tree::Entry;
use crate::units::nearest;

/// (their name, whose it is, ours) of keys and parameters.
const KEYS: [(&str, &str, &str); 109] = [
    ("V_m", "NEST", "v_m"),
    ("v", "PyNN, Brian2", "v_m"),
    ("gsyn_exc", "PyNN", "g_ex"),
    ("gsyn_inh", "PyNN", "g_in"),
    ("isyn_exc", "PyNN", "i_syn_ex"),
    ("isyn_inh", "PyNN", "i_syn_in"),
    ("V_th", "NEST", "v_th"),
    ("V_reset", "NEST", "v_reset"),
    ("V_min", "NEST", "v_min"),
    ("V_peak", "NEST", "v_peak"),
    ("E_L", "NEST", "e_l"),
    ("E_ex", "NEST", "e_ex"),
    ("E_in", "NEST", "e_in"),
    ("C_m", "NEST", "c_m"),
    ("g_L", "NEST", "g_l"),
    ("I_e", "NEST", "i_e"),
    ("Delta_T", "NEST", "delta_t"),
    ("U_m", "NEST", "u_m"),
    ("I_syn_ex", "NEST", "i_syn_ex"),
    ("I_syn_in", "NEST", "i_syn_in"),
    ("Wmax", "NEST", "w_max"),
    ("Wmin", "NEST", "w_min"),
    ("Aplus", "NEST", "a_plus"),
    ("Aminus", "NEST", "a_minus"),
    ("Aplus_triplet", "NEST", "a_plus_triplet"),
    ("Aminus_triplet", "NEST", "a_minus_triplet"),
    ("stdp_pl_synapse_hom_hpc", "NEST", "stdp_power_law"),
    ("stdp_synapse_hom", "NEST", "stdp"),
    ("stdp_facetshw_synapse_hom", "NEST", "stdp with a device"),
    ("SpikePairRule", "PyNN", "stdp"),
    ("TsodyksMarkramSynapse", "PyNN", "short_term, a key of the projection"),
    ("U", "NEST", "u_0"),
    ("A_LTD", "NEST", "a_ltd"),
    ("A_LTP", "NEST", "a_ltp"),
    ("vt", "NEST", "modulator = \"<population>\""),
    ("lambda", "NEST", "a_plus"),
    ("alpha", "NEST", "a_minus = alpha lambda"),
    ("indegree", "NEST", "fixed_indegree"),
    ("outdegree", "NEST", "fixed_outdegree"),
    ("pairwise_bernoulli", "NEST", "fixed_probability"),
    ("N", "NEST, Brian2", "fixed_total_number, or size of a population"),
    ("allow_autapses", "NEST", "autapses"),
    ("allow_multapses", "NEST", "multapses"),
    ("rule", "NEST", "connect"),
    ("conn_spec", "NEST", "connect"),
    ("syn_spec", "NEST", "weight, delay and plasticity"),
    ("synapse_model", "NEST", "plasticity"),
    ("stdp_synapse", "NEST", "stdp"),
    ("stdp_nn_symm_synapse", "NEST", "stdp with pairing = \"nearest_symmetric\""),
    ("stdp_nn_pre_centered_synapse", "NEST", "stdp with pairing = \"nearest_pre_centered\""),
    ("stdp_nn_restr_synapse", "NEST", "stdp with pairing = \"nearest_restricted\""),
    ("stdp_pl_synapse_hom", "NEST", "stdp_power_law"),
    ("stdp_triplet_synapse", "NEST", "stdp_triplet"),
    ("stdp_dopamine_synapse", "NEST", "stdp_dopamine"),
    ("vogels_sprekeler_synapse", "NEST", "inhibitory"),
    ("clopath_synapse", "NEST", "clopath"),
    ("static_synapse", "NEST", "no plasticity key at all"),
    ("tsodyks_synapse", "NEST", "short_term, a key of the projection"),
    ("tsodyks2_synapse", "NEST", "short_term, a key of the projection"),
    ("poisson_generator", "NEST", "poisson"),
    ("spike_generator", "NEST", "spike_times"),
    ("dc_generator", "NEST", "current.steps"),
    ("step_current_generator", "NEST", "current.steps"),
    ("ac_generator", "NEST", "current.sine"),
    ("noise_generator", "NEST", "current.noise"),
    ("spike_recorder", "NEST", "record.spikes"),
    ("multimeter", "NEST", "record.state"),
    ("voltmeter", "NEST", "record.state"),
    ("weight_recorder", "NEST", "record.weights"),
    ("rng_seed", "NEST", "seed"),
    ("simtime", "NEST, PyNN", "duration"),
    ("t_sim", "NEST", "duration"),
    ("local_num_threads", "NEST", "the flag --threads"),
    ("tau_refrac", "PyNN", "t_ref"),
    ("tau_syn_E", "PyNN", "tau_syn_ex"),
    ("tau_syn_I", "PyNN", "tau_syn_in"),
    ("v_rest", "PyNN", "e_l"),
    ("v_thresh", "PyNN", "v_th"),
    ("v_spike", "PyNN", "v_peak"),
    ("cm", "PyNN", "c_m"),
    ("i_offset", "PyNN", "i_e"),
    ("e_rev_E", "PyNN", "e_ex"),
    ("e_rev_I", "PyNN", "e_in"),
    ("v_init", "PyNN", "initial.v_m"),
    ("timestep", "PyNN", "resolution"),
    ("A_plus", "PyNN", "a_plus"),
    ("A_minus", "PyNN", "a_minus"),
    ("OneToOneConnector", "PyNN", "one_to_one"),
    ("AllToAllConnector", "PyNN", "all_to_all"),
    ("FixedProbabilityConnector", "PyNN", "fixed_probability"),
    ("FixedNumberPreConnector", "PyNN", "fixed_indegree"),
    ("FixedNumberPostConnector", "PyNN", "fixed_outdegree"),
    ("FixedTotalNumberConnector", "PyNN", "fixed_total_number"),
    ("FromListConnector", "PyNN", "pairs"),
    ("SpikeSourcePoisson", "PyNN", "poisson"),
    ("SpikeSourceArray", "PyNN", "spike_times"),
    ("refractory", "Brian2", "t_ref"),
    ("threshold", "Brian2", "v_th"),
    ("reset", "Brian2", "v_reset"),
    ("dt", "Brian2, NEST", "resolution"),
    ("taupre", "Brian2", "tau_plus"),
    ("taupost", "Brian2", "tau_minus"),
    ("gmax", "Brian2", "w_max"),
    ("NeuronGroup", "Brian2", "population"),
    ("PoissonGroup", "Brian2", "poisson"),
    ("PoissonInput", "Brian2", "poisson"),
    ("SpikeGeneratorGroup", "Brian2", "spike_times"),
    ("SpikeMonitor", "Brian2", "record.spikes"),
    ("StateMonitor", "Brian2", "record.state"),
];

/// (their name, ours) of neuron models.
const NEURONS: [(&str, &str); 29] = [
    ("iaf_psc_delta", "lif_delta"),
    ("iaf_psc_delta_ps", "lif_delta"),
    ("iaf_psc_exp", "lif_exp"),
    ("iaf_psc_exp_ps", "lif_exp"),
    ("iaf_psc_exp_ps_lossless", "lif_exp"),
    ("iaf_psc_alpha", "lif_alpha"),
    ("iaf_psc_alpha_ps", "lif_alpha"),
    ("iaf_cond_exp", "lif_cond_exp"),
    ("iaf_cond_alpha", "lif_cond_alpha"),
    ("aeif_cond_exp", "adex"),
    ("aeif_psc_delta", "adex (with conductances)"),
    ("IF_curr_exp", "lif_exp"),
    ("IF_curr_alpha", "lif_alpha"),
    ("IF_curr_delta", "lif_delta"),
    ("IF_cond_exp", "lif_cond_exp"),
    ("IF_cond_alpha", "lif_cond_alpha"),
    ("EIF_cond_exp_isfa_ista", "adex"),
    ("Izhikevich", "izhikevich"),
    ("AdEx", "adex"),
    ("aeif", "adex"),
    ("lif", "lif_delta, lif_exp or lif_alpha"),
    ("LIF", "lif_delta, lif_exp or lif_alpha"),
    ("parrot_neuron", "a population with a source"),
    ("poisson_generator", "a population with source.poisson"),
    ("spike_generator", "a population with source.spike_times"),
    ("SpikeSourcePoisson", "a population with source.poisson"),
    ("SpikeSourceArray", "a population with source.spike_times"),
    ("PoissonGroup", "a population with source.poisson"),
    ("SpikeGeneratorGroup", "a population with source.spike_times"),
];

/// What the neighbours' name of a key is here; the name itself if it is none of theirs.
pub(crate) fn here(name: &str) -> &str {
    KEYS.iter().find(|key| key.0 == name).map_or(name, |key| key.2)
}

/// The error for a name that is not among `valid`, e.g. `unknown neuron model iaf_psc_exp: here it is lif_exp`.
pub(crate) fn unknown(at: &Place, what: &str, name: &str, valid: &[&str]) -> ModelError {
    let list = if valid.is_empty() { "there are none".to_string() } else { format!("valid: {}", valid.join(", ")) };
    if what == "neuron model"
        && let Some((_, ours)) = NEURONS.iter().find(|n| n.0 == name)
    {
        return at.error(format!("unknown neuron model {name}: here it is {ours}")).help(list);
    }
    if let Some((_, whose, ours)) = KEYS.iter().find(|k| k.0 == name)
        && !valid.contains(&name)
        && (valid.iter().any(|v| ours.split([' ', '.', ',']).any(|part| part == *v))
            || nearest(name, valid.iter().copied()).is_none())
    {
        let is_key = !ours.contains(' ');
        if is_key && !ours.split(['.', ',']).any(|part| valid.contains(&part)) {
            return at
                .error(format!("unknown {what} {name}: {whose}'s is {ours} here, which is none of these"))
                .help(list);
        }
        return at.error(format!("{name} ({whose}): write {ours}")).help(list);
    }
    // "parameter of stdp" reads better with the name in the middle.
    let found = match what.split_once(" of ") {
        Some((thing, owner)) => format!("{thing} {name} of {owner}"),
        None => format!("{what} {name}"),
    };
    let message = match nearest(name, valid.iter().copied()) {
        Some(near) => format!("unknown {found}: did you mean {near}?"),
        None => format!("unknown {found}"),
    };
    at.error(message).help(list)
}

/// The longest name: as of a file, where results and sweeps take it from the model.
const LONGEST: usize = 255;

/// Checks the form of a name that the model gives.
pub(crate) fn check_name(entry: &Entry) -> Result<(), ModelError> {
    let fine = entry.key.starts_with(|c: char| c.is_ascii_alphabetic())
        && entry.key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if fine && entry.key.len() > LONGEST {
        let (begin, length) = (&entry.key[..20], entry.key.len());
        return Err(entry
            .key_at
            .error(format!("{begin}.. has {length} characters: expected a name of at most {LONGEST}")));
    }
    if fine {
        return Ok(());
    }
    Err(entry.key_at.error(format!("\"{}\" is not a name: expected a letter, then letters, digits or _", entry.key)))
}
