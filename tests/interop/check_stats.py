"""Compares `memspike stats` and `memspike diff` with elephant (and scipy), number by number, on the same spikes.

    python check_stats.py MEMSPIKE FILE..

MEMSPIKE is the program, each FILE a recording or a result; a folder stands for all recordings in it. Needs: pip install elephant h5py.
Prints the largest relative difference of each statistic; exit code 0 if none is above 1e-9.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import h5py
import neo
import numpy as np
import quantities as pq
from elephant.conversion import BinnedSpikeTrain
from elephant.spectral import welch_psd
from elephant.spike_train_correlation import correlation_coefficient
from elephant.spike_train_dissimilarity import van_rossum_distance, victor_purpura_distance
from elephant.statistics import cv, cv2, fanofactor, isi, lv, lvr, mean_firing_rate, time_histogram
from scipy.special import kolmogorov
from scipy.stats import ks_2samp

LIMIT = 1e-9
worst = {}


def run(*args):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True)
    assert done.returncode in (0, 1) and done.stdout, f"{args}: {done.stderr}"
    return done.stdout


def same(what, found, expected, scale=None):
    """Both are numbers, lists of them, or nothing. With a scale, differences are relative to that."""
    none = lambda x: np.array([np.nan if v is None else v for v in np.ravel(x)], float)
    found, expected = none(found), none(expected)
    assert found.shape == expected.shape, f"{what}: {found.shape} and {expected.shape}"
    assert np.array_equal(np.isnan(found), np.isnan(expected)), f"{what}: not defined in different places: {found} {expected}"
    size = np.maximum(np.abs(found), np.abs(expected)) if scale is None else np.full(found.shape, scale)
    size = np.where(size > 0, size, 1)
    worst[what] = max(worst.get(what, 0), np.nanmax(np.abs(found - expected) / size, initial=0))
    assert worst[what] <= LIMIT, f"{what} differs by {worst[what]}: {found} {expected}"


def summary(what, found, values):
    """The figures over units."""
    values = np.array([v for v in values if v is not None and not np.isnan(v)])
    if not len(values):
        assert found is None, f"{what}: {found}"
        return
    expected = [len(values), values.mean(), values.std(), values.min(), np.median(values), values.max()]
    same(what, [found[key] for key in ("n", "mean", "std", "min", "median", "max")], expected, np.abs(values).max() or 1)


def spikes_of(memspike, file, units, folder):
    """The train of each (population, unit) as memspike reads them; a table of several populations has their numbers."""
    order = list(dict.fromkeys(population for population, _ in units))
    out = folder / "spikes.npy"
    run(memspike, "convert", file, out, "--force")
    table = np.load(out)
    names = table["population"] if "population" in table.dtype.names else None
    trains = {}
    for population, unit in units:
        chosen = table["unit"] == unit
        if names is not None:
            chosen &= names == order.index(population)
        trains[population, unit] = table["time_s"][chosen]
    assert sum(map(len, trains.values())) == len(table)
    return trains


def spans_of(memspike, file):
    """The spans in which a recording was observed, those that touch joined."""
    joined = []
    for start, stop in sorted(json.loads(run(memspike, "info", file, "--json"))["observed_s"]):
        if joined and start <= joined[-1][1] + 1e-9:
            joined[-1][1] = max(joined[-1][1], stop)
        else:
            joined.append([start, stop])
    return joined


def check_stats(memspike, file, folder):
    stats = json.loads(run(memspike, "stats", file, "--json", "--per-unit"))
    rows = stats["per_unit"]
    units = [(row["population"], row["unit"]) for row in rows]
    if len(set(units)) < len(units):
        print(f"{file.name}: units share an id")
        return
    if len(spans_of(memspike, file)) > 1:
        print(f"{file.name}: observed with gaps, which elephant takes for silence")
        return
    trains = spikes_of(memspike, file, units, folder)
    start, stop = stats["start_s"], stats["stop_s"]
    neos = {key: neo.SpikeTrain(times, t_start=start, t_stop=stop, units="s") for key, times in trains.items()}

    def of_interval(function, train):
        # Of nearly equal intervals elephant's formula of LvR is a difference of numbers that cancel: in 64 bits it is off by 1e-9.
        intervals = isi(train).magnitude.astype(np.longdouble)
        # Three spikes at once have no CV2; elephant divides by 0.
        with np.errstate(all="ignore"):
            value = function(intervals) if len(intervals) > 1 else np.nan
        return None if np.isnan(value) else float(value)

    expected = [
        {
            "rate_hz": mean_firing_rate(neos[key]).rescale("Hz").item(),
            "cv": of_interval(cv, neos[key]),
            "cv2": of_interval(cv2, neos[key]),
            "lv": of_interval(lv, neos[key]),
            "lvr": of_interval(lambda i: lvr(1000 * i, R=5), neos[key]),
        }
        for key in units
    ]
    at_once = [bool(np.any((np.diff(t)[1:] == 0) & (np.diff(t)[:-1] == 0))) for t in trains.values()]
    for row, e, skip in zip(rows, expected, at_once):
        for key in ("rate_hz", "cv") if skip else ("rate_hz", "cv", "cv2", "lv", "lvr"):
            same(key, row[key], e[key])
    binned = {}
    for name in ("correlation", "fano", "spectrum"):
        width = stats[f"{name}_bin_s"]
        if width:
            binned[name] = BinnedSpikeTrain(list(neos.values()), bin_size=width * pq.s, t_start=start * pq.s, t_stop=stop * pq.s)
    if "fano" in binned and binned["fano"].n_bins > 1:
        counts = binned["fano"].to_array()
        fano = [float(fanofactor([range(n) for n in row])) for row in counts]
        same("fano_bins", [row["fano_bins"] for row in rows], fano)
    populations = {name: [i for i, u in enumerate(units) if u[0] == name] for name in stats["populations"]}
    groups = [(stats["populations"][name], members) for name, members in populations.items()] + [(stats["all"], list(range(len(units))))]
    matrix = None
    if "correlation" in binned and len(units) <= 2000:
        with np.errstate(all="ignore"):
            matrix = np.atleast_2d(correlation_coefficient(binned["correlation"]))
        table = json.loads(run(memspike, "stats", file, "--json", "--correlations"))["correlations"]["matrix"]
        # Of nearly uncorrelated units both have the rounding errors of numbers that cancel.
        same("correlations", table, matrix, 1.0)
    spectra = None
    if "spectrum" in binned and stats["spectrum_segment"]:
        spectra = json.loads(run(memspike, "stats", file, "--json", "--spectrum"))["spectra"]
    for name, (group, members) in zip([*populations, "all"], groups):
        keys = [units[i] for i in members]
        same("rate_hz of a population", group["rate_hz"]["mean"], np.mean([expected[i]["rate_hz"] for i in members]))
        for key in ("cv", "cv2", "lv", "lvr"):
            if any(at_once):
                continue
            summary(f"{key} of a population", group[key], [expected[i][key] for i in members if len(trains[units[i]]) >= 5])
        pooled = np.concatenate([np.diff(trains[key]) for key in keys])
        if len(pooled):
            found = [group["isi_s"][key] for key in ("n", "mean", "std", "min", "max")]
            same("isi_s", found, [len(pooled), pooled.mean(), pooled.std(), pooled.min(), pooled.max()])
        if len(keys) > 1:
            same("fano_units", group["fano_units"], float(fanofactor([neos[key] for key in keys])))
        if matrix is not None:
            block = matrix[np.ix_(members, members)]
            pairs = block[np.triu_indices(len(members), 1)]
            pairs = pairs[~np.isnan(pairs)]
            assert group["correlation"]["pairs"] == len(pairs)
            if len(pairs):
                figures = [pairs.mean(), pairs.std(), pairs.min(), np.median(pairs), pairs.max()]
                same("correlation", [group["correlation"][k] for k in ("mean", "std", "min", "median", "max")], figures, np.abs(pairs).max())
        if spectra:
            width = stats["spectrum_bin_s"]
            rate = time_histogram([neos[key] for key in keys], bin_size=width * pq.s, t_start=start * pq.s, t_stop=stop * pq.s, output="rate")
            hz, density = welch_psd(rate.rescale("Hz"), len_segment=stats["spectrum_segment"])
            same("spectrum", spectra["density"].get(name, *spectra["density"].values()) if len(populations) == 1 else spectra["density"][name], np.ravel(density.magnitude), float(np.max(density.magnitude)))
            same("spectrum, frequencies", spectra["hz"], hz.magnitude)
    print(f"{file.name}: {len(units)} units, {sum(map(len, trains.values()))} spikes agree with elephant")


def check_trials(memspike, file, events, before, after, folder):
    """The Fano factor over trials, from `before` to `after` the events [s]."""
    stats = json.loads(run(memspike, "stats", file, "--json", "--per-unit", "--align-to", "trials", "--before", f"{before}s", "--after", f"{after}s"))
    rows = stats["per_unit"]
    trains = spikes_of(memspike, file, [(row["population"], row["unit"]) for row in rows], folder)
    spans = spans_of(memspike, file) or [[stats["start_s"], stats["stop_s"]]]
    events = [e for e in events if any(e - before >= a - 1e-9 and e + after <= b + 1e-9 for a, b in spans)]
    assert stats["trials"] == len(events) > 1
    for row, times in zip(rows, trains.values()):
        slices = [times[np.searchsorted(times, e - before) : np.searchsorted(times, e + after)] for e in events]
        same("fano_trials", row["fano_trials"], float(fanofactor(slices)))
    print(f"{file.name}: Fano factors over {len(events)} trials agree with elephant")


def check_diff(memspike, trains, folder, tau, cost):
    """Trains against themselves with some spikes moved, lost and added."""
    rng = np.random.default_rng(1)
    last = max(t[-1] for t in trains if len(t))
    change = lambda t: np.concatenate([t[rng.random(len(t)) < 0.9], rng.uniform(0, last, 3)])
    jitter = lambda t: np.sort(t + rng.normal(0, tau / 2, len(t)))
    others = [jitter(change(t)) for t in trains]
    for name, lists in (("first", trains), ("second", others)):
        table = np.zeros(sum(map(len, lists)), [("time_s", "<f8"), ("unit", "<i8")])
        table["time_s"] = np.concatenate(lists)
        table["unit"] = np.repeat(np.arange(len(lists)), [len(t) for t in lists])
        np.save(folder / f"{name}.npy", table[np.argsort(table["time_s"], kind="stable")])
    flags = ["--tau", f"{tau}s", "--cost", f"{cost}Hz", "--json", "--per-unit"]
    found = json.loads(run(memspike, "diff", folder / "first.npy", folder / "second.npy", *flags))
    assert not found["same"]
    trains_of = lambda lists: [neo.SpikeTrain(t * 1e3, units="ms", t_start=-1e9, t_stop=1e9) for t in lists]
    for row, a, b in zip(found["per_unit"], trains_of(trains), trains_of(others)):
        same("van Rossum", row["van_rossum"], van_rossum_distance([a, b], tau * pq.s)[0, 1])
        same("Victor-Purpura", row["victor_purpura"], victor_purpura_distance([a, b], cost * pq.Hz)[0, 1])
    population = found["populations"]["units"]
    samples = {
        "rate_hz": lambda lists, side: [len(t) / (found[side]["stop_s"] - found[side]["start_s"]) for t in lists],
        "cv": lambda lists, side: [cv(np.diff(t)) for t in lists if len(t) >= 5],
        "isi_s": lambda lists, side: np.concatenate([np.diff(t) for t in lists]),
    }
    for key, sample in samples.items():
        a, b = sample(trains, "first"), sample(others, "second")
        ks, mine = ks_2samp(a, b), population["kolmogorov_smirnov"][key]
        assert (mine["n_first"], mine["n_second"]) == (len(a), len(b))
        same("Kolmogorov-Smirnov", mine["distance"], ks.statistic)
        same("Kolmogorov-Smirnov, p", mine["p"], kolmogorov(ks.statistic * np.sqrt(len(a) * len(b) / (len(a) + len(b)))), 1.0)
    print(f"distances of {len(trains)} trains agree with elephant, tau {tau} s, q {cost} Hz")


def recordings(path):
    """What memspike reads below a path, with spikes."""
    if path.is_file():
        return [path]
    if (path / "spike_times.npy").exists():
        return [path]
    return [file for below in sorted(path.iterdir()) for file in recordings(below)]


def main(memspike, *paths):
    memspike = Path(memspike).resolve()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        checked = []
        for path in map(Path, paths):
            for file in recordings(path):
                info = subprocess.run([str(memspike), "info", str(file), "--json"], capture_output=True, text=True)
                told = json.loads(info.stdout) if info.returncode == 0 else {}
                if told.get("kind") in ("recording", "result") and told["spikes"] > 0:
                    check_stats(memspike, file, folder)
                    checked.append(file)
                    starts = next((t for t in told["intervals"] if t["name"] == "trials" and t["count"] > 2), None)
                    if starts and file.suffix == ".nwb":
                        with h5py.File(file) as nwb:
                            gaps = len(spans_of(memspike, file)) > 1
                            check_trials(memspike, file, nwb["intervals/trials/start_time"][:], 0 if gaps else 0.25, 0.5, folder)
        rng = np.random.default_rng(7)
        trains = [np.sort(rng.uniform(0, 5, n)) for n in (1, 7, 60, 150)]
        for tau, cost in ((0.001, 1000.0), (0.01, 100.0), (0.05, 20.0), (1.0, 1.0)):
            check_diff(memspike, trains, folder, tau, cost)
    assert checked, "no recordings"
    for what, largest in worst.items():
        print(f"  {what:<32} largest relative difference {largest:.1e}")


if __name__ == "__main__":
    main(*sys.argv[1:])
