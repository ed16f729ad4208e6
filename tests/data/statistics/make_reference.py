"""Makes reference.json: what elephant and scipy say of trains and of two recordings.

    python make_reference.py TESTS_DATA_RECORDINGS > reference.json

Needs: pip install elephant h5py.
"""

import json
import sys
import warnings
from pathlib import Path

import elephant
import h5py
import neo
import numpy as np
import quantities as pq
import scipy
from elephant.conversion import BinnedSpikeTrain
from elephant.spectral import welch_psd
from elephant.spike_train_correlation import correlation_coefficient
from elephant.spike_train_dissimilarity import van_rossum_distance, victor_purpura_distance
from elephant.statistics import cv, cv2, fanofactor, isi, lv, lvr, mean_firing_rate, time_histogram
from scipy.special import kolmogorov
from scipy.stats import ks_2samp

warnings.simplefilter("ignore")


def plain(x):
    """Lists of numbers; null where there is none."""
    x = np.asarray(x, float)
    return None if x.ndim == 0 and np.isnan(x) else x.item() if x.ndim == 0 else [plain(row) for row in x]


def of_unit(train):
    intervals = isi(train)
    enough = len(intervals) > 1
    return {
        "spikes": len(train),
        "rate_hz": mean_firing_rate(train).rescale("Hz").item(),
        "cv": plain(cv(intervals.magnitude)) if enough else None,
        "cv2": plain(cv2(intervals)) if enough else None,
        "lv": plain(lv(intervals)) if enough else None,
        "lvr": plain(lvr(intervals, 5 * pq.ms)) if enough else None,
    }


def all_of(trains, start, stop, widths, segment, full):
    """Of trains [s] over a window."""
    bins, fano_bin, spectrum_bin = widths
    neos = [neo.SpikeTrain(t, t_start=start, t_stop=stop, units="s") for t in trains]
    window = {"t_start": start * pq.s, "t_stop": stop * pq.s}
    units = [of_unit(train) for train in neos]
    for unit, counts in zip(units, BinnedSpikeTrain(neos, bin_size=fano_bin * pq.s, **window).to_array()):
        unit["fano_bins"] = plain(fanofactor([range(n) for n in counts]))
    matrix = correlation_coefficient(BinnedSpikeTrain(neos, bin_size=bins * pq.s, **window))
    pairs = matrix[np.triu_indices(len(trains), 1)]
    rate = time_histogram(neos, bin_size=spectrum_bin * pq.s, output="rate", **window)
    hz, density = welch_psd(rate.rescale("Hz"), len_segment=segment)
    return {
        "start_s": start,
        "stop_s": stop,
        "bin_s": bins,
        "fano_bin_s": fano_bin,
        "spectrum_bin_s": spectrum_bin,
        "segment": segment,
        "units": units,
        "fano_units": plain(fanofactor(neos)),
        "correlation": plain(matrix) if full else None,
        "correlation_mean": plain(np.nanmean(pairs)),
        "correlation_pairs": int(np.sum(~np.isnan(pairs))),
        "hz": plain(hz.magnitude),
        "density": plain(np.ravel(density.magnitude)),
    }


def made():
    """Poisson, regular with jitter, bursts, a slow rhythm in common, one and no spike, an equal pair; in whole microseconds."""
    rng = np.random.default_rng(20261126)
    beat = np.cumsum(rng.normal(0.1, 0.004, 95))
    trains = [
        rng.uniform(0, 10, 120),
        beat + rng.normal(0, 0.002, len(beat)),
        np.concatenate([start + np.cumsum(rng.exponential(0.006, 5)) for start in rng.uniform(0, 9.8, 25)]),
        np.concatenate([beat[rng.random(len(beat)) < 0.7] + 0.003, rng.uniform(0, 10, 40)]),
        np.array([4.2]),
        np.array([]),
        beat,
    ]
    trains = [np.unique(np.round(t[(t >= 0) & (t < 10)], 6)) for t in trains]
    return [*trains, trains[0]]


def main(recordings):
    recordings = Path(recordings)
    trains = made()
    out = {"elephant": elephant.__version__, "scipy": scipy.__version__, "trains": plain_lists(trains)}
    out["made"] = all_of(trains, 0.0, 10.0, (0.02, 0.25, 0.005), 256, True)
    ms = [neo.SpikeTrain(t * 1e3, units="ms", t_stop=1e4) for t in trains]
    taus, costs = (0.001, 0.01, 0.1, 1.0), (0.0, 0.5, 10.0, 100.0, 1000.0)
    out["van_rossum"] = [[tau, plain(van_rossum_distance(ms, tau * pq.s))] for tau in taus]
    out["victor_purpura"] = [[q, plain(victor_purpura_distance(ms, q * pq.Hz))] for q in costs]
    out["kolmogorov_smirnov"] = []
    for i in range(4):
        for j in range(i):
            a, b = np.diff(trains[i]), np.diff(trains[j])
            d = ks_2samp(a, b).statistic
            out["kolmogorov_smirnov"].append([i, j, float(d), float(kolmogorov(d * np.sqrt(len(a) * len(b) / (len(a) + len(b)))))])
    events = np.fromfile(recordings / "m1_riehle_gdf/winny131_23.gdf", sep=" ").reshape(-1, 2)
    gdf = [events[events[:, 0] == unit, 1] / 1e3 for unit in (2, 3)]
    out["recordings"] = {}
    # Trials begin and end the recording: codes 700 to 704 are their starts.
    window = events[0, 1] / 1e3, np.nextafter(events[-1, 1] / 1e3, np.inf)
    winny = all_of(gdf, *window, (0.005, 0.1, 0.001), 1024, True)
    begun = np.unique(events[(events[:, 0] >= 700) & (events[:, 0] < 705), 1]) / 1e3
    starts = [t for t in begun if t - 0.25 >= window[0] and t + 1.5 <= window[1]]
    for unit, train in zip(winny["units"], gdf):
        # From 250 ms before to 1.5 s after the start, which is not counted.
        unit["fano_trials"] = plain(fanofactor([train[np.searchsorted(train, t - 0.25) : np.searchsorted(train, t + 1.5)] for t in starts]))
    out["recordings"]["m1_riehle_gdf/winny131_23.gdf"] = winny | {"trials": len(starts)}
    with h5py.File(recordings / "retina_mea_hdf5/Wong1993_P5.h5") as file:
        times, counts = file["spikes"][:], file["sCount"][:].astype(int)
    retina = np.split(times, np.cumsum(counts)[:-1])
    window = min(times), np.nextafter(max(times), np.inf)
    out["recordings"]["retina_mea_hdf5/Wong1993_P5.h5"] = all_of(retina, *window, (0.1, 1.0, 0.01), 128, False)
    print(json.dumps(out))


def plain_lists(trains):
    return [[float(t) for t in train] for train in trains]


if __name__ == "__main__":
    main(sys.argv[1])
