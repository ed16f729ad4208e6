"""2,000 neurons of one model on NEST: benches/neurons.toml. """
import time

from figures import show, simulate

# NEST's model, what differs from its defaults (which are ours too), range of currents, weights.
MODELS = {
    "lif_delta": ("iaf_psc_delta", {}, (300, 500), (0.2, -0.8)),
    "lif_exp": ("iaf_psc_exp", {}, (300, 500), (30, -120)),
    "lif_alpha": ("iaf_psc_alpha", {}, (300, 500), (30, -120)),
    "lif_cond_exp": ("iaf_cond_exp", {}, (200, 400), (1, -4)),
    "lif_cond_alpha": ("iaf_cond_alpha", {}, (200, 400), (1, -4)),
    "adex": ("aeif_cond_exp", {"tau_syn_ex": 5.0, "tau_syn_in": 10.0, "b": 20.0, "t_ref": 2.0}, (500, 900), (1, -4)),
    "izhikevich": ("izhikevich", {}, (4, 10), (0.2, -0.8)),
}
SIZE, EXCITATORY = 2000, 1600


def run(nest, args, begin):
    model, cell, (low, high), weights = MODELS[args.network.removeprefix("neurons_")]
    cells = nest.Create(model, SIZE, cell)
    cells.I_e = nest.random.uniform(low, high)
    excitatory = {"weight": weights[0], "delay": nest.random.uniform(0.5, 2.0)}
    nest.Connect(cells[:EXCITATORY], cells, {"rule": "fixed_indegree", "indegree": 80}, excitatory)
    nest.Connect(cells[EXCITATORY:], cells, {"rule": "fixed_indegree", "indegree": 20}, {"weight": weights[1], "delay": 1.0})
    recorder = nest.Create("spike_recorder", params={"start": 1000.0 * args.warm_up})
    nest.Connect(cells, recorder)
    build_s = time.perf_counter() - begin
    sim_s, [spikes] = simulate(nest, args, [recorder])
    show(args, [SIZE], nest.num_connections - SIZE, [spikes], spikes * 100, build_s, sim_s)
