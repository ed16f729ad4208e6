"""Runs one benchmark network on NEST and prints its figures as one JSON object, by memspike's names for them."""
import time

import neurons
from figures import arguments, quiet, show, simulate

args = arguments()
with quiet():
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=args.step, local_num_threads=args.threads, rng_seed=args.seed)
begin = time.perf_counter()
if args.network.startswith("neurons_"):
    neurons.run(nest, args, begin)
    raise SystemExit
small = args.network in ("cuba", "coba_bias", "voltage_jump", "voltage_jump_precise")
if small:
    cell = {"C_m": 200.0, "V_th": -50.0, "V_reset": -60.0, "t_ref": 5.0}
    sizes, model, start = (3200, 800), "iaf_psc_delta", (-60.0, -50.0)
    if args.network == "cuba":
        # 1.62 mV and -9 mV through 100 Mohm.
        model, weights, delay = "iaf_psc_exp", (16.2, -90.0), 0.1
        cell |= {"E_L": -49.0, "tau_m": 20.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0}
    elif args.network == "coba_bias":
        model, weights, delay = "iaf_cond_exp", (4.0, -51.0), 0.8
        cell |= {"E_L": -60.0, "g_L": 10.0, "I_e": 200.0, "E_ex": 0.0, "E_in": -80.0,
                 "tau_syn_ex": 5.0, "tau_syn_in": 10.0}
    else:
        weights, delay = (0.25, -2.25), 0.125
        cell |= {"E_L": -49.0, "tau_m": 20.0}
        if args.network == "voltage_jump_precise":
            model = "iaf_psc_delta_ps"
    rules = [{"rule": "pairwise_bernoulli", "p": 0.02}] * 2
else:
    plastic = args.network == "stdp_brunel_multiplicative"
    sizes, model, start = ((8000, 2000) if plastic else (10000, 2500)), "iaf_psc_delta", (0.0, 20.0)
    cell = {"C_m": 250.0, "tau_m": 20.0, "E_L": 0.0, "V_th": 20.0, "V_reset": 10.0, "t_ref": 2.0, "tau_minus": 20.0}
    weights, delay = (0.1, -0.5), 1.5
    rules = [{"rule": "fixed_indegree", "indegree": size // 10} for size in sizes]

populations = [nest.Create(model, size, cell) for size in sizes]
everyone = populations[0] + populations[1]
everyone.V_m = nest.random.uniform(*start)
projections = []
for source in (0, 1):
    for target in (0, 1):
        synapse = {"synapse_model": "static_synapse", "weight": weights[source], "delay": delay}
        if not small and plastic and source == target == 0:
            nest.CopyModel("stdp_synapse", "learning", {
                "tau_plus": 20.0, "lambda": 0.01, "alpha": 2.02, "mu_plus": 1.0, "mu_minus": 1.0, "Wmax": 0.3})
            synapse["synapse_model"] = "learning"
        before = nest.num_connections
        nest.Connect(populations[source], populations[target], rules[source], synapse)
        projections.append((source, nest.num_connections - before))
synapses = nest.num_connections
if not small:
    # External input at twice the rate that reaches threshold: 20 spikes per ms and neuron.
    noise = nest.Create("poisson_generator", params={"rate": 20000.0})
    nest.Connect(noise, everyone, syn_spec={"weight": weights[0], "delay": delay})
recorders = [nest.Create("spike_recorder", params={"start": 1000.0 * args.warm_up}) for _ in sizes]
for population, recorder in zip(populations, recorders):
    nest.Connect(population, recorder)
build_s = time.perf_counter() - begin

sim_s, spikes = simulate(nest, args, recorders)
show(args, sizes, synapses, spikes, sum(spikes[s] / sizes[s] * n for s, n in projections), build_s, sim_s)
