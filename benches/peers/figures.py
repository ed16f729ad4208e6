"""What the scripts of this folder share: their arguments, and how they print what they measured."""
import argparse
import contextlib
import json
import os
import resource
import time

NETWORKS = ["cuba", "coba_bias", "voltage_jump", "voltage_jump_precise", "brunel", "stdp_brunel_multiplicative",
            *(f"neurons_{model}" for model in (
                "lif_delta", "lif_exp", "lif_alpha", "lif_cond_exp", "lif_cond_alpha", "adex", "izhikevich"))]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--warm-up", type=float, default=0.2, help="model time before the measured window [s]")
    parser.add_argument("--seconds", type=float, default=1.0, help="the measured window [s]")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    args.step = 0.125 if args.network.startswith("voltage_jump") else 0.1  # ms
    return args


@contextlib.contextmanager
def quiet():
    """Sends what is written to standard output, by compilers too, to standard error: the JSON stays alone."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def simulate(nest, args, recorders):
    """Runs NEST through the warm-up, then the measured window: the seconds that it took, and each recorder's spikes in it."""
    nest.Simulate(1000.0 * args.warm_up)
    begin = time.perf_counter()
    nest.Simulate(1000.0 * args.seconds)
    return time.perf_counter() - begin, [recorder.n_events for recorder in recorders]


def show(args, sizes, synapses, spikes, events, build_s, sim_s, peak_rss_mib=None):
    """Prints the figures; `events` are arrivals through synapses in the measured window."""
    if peak_rss_mib is None:
        peak_rss_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({
        "neurons": sum(sizes), "synapses": int(synapses), "duration_s": args.seconds, "build_s": build_s,
        "sim_s": sim_s, "realtime_factor": sim_s / args.seconds, "spikes": int(sum(spikes)),
        "synaptic_events": int(events), "peak_rss_mib": peak_rss_mib}))
