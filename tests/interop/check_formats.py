"""Checks what `memspike convert` writes with the formats' own libraries, and what they write with memspike.

    python check_formats.py MEMSPIKE RECORDINGS

MEMSPIKE is the program, RECORDINGS the folder tests/data/recordings. Needs: pip install pynwb nwbinspector libsonata neo nixio elephant
pynapple h5py. Exit code 0 if all agree; the first difference ends it.
"""

import json
import subprocess
import sys
import tempfile
import warnings
from datetime import datetime, timezone
from pathlib import Path

import h5py
import libsonata
import neo
import numpy as np
import pynapple
import pynwb
import quantities as pq
from nwbinspector import inspect_nwbfile

FIELDS = [
    "--session-start", "2026-03-01T14:30:00+01:00", "--session-description", "A test of the writer.", "--session-id", "7",
    "--experimenter", "Doe, Jane", "--institution", "An institute", "--lab", "A lab", "--experiment", "To test the writer.",
    "--keyword", "spikes", "--subject-id", "M1", "--species", "Macaca mulatta", "--sex", "U", "--age", "P8Y", "--subject-description", "A made-up subject.",
    "--resolution", "33.3us",
]  # fmt: skip

# What nwbinspector says of the recordings themselves, whoever writes them.
OF_THE_RECORDING = {
    # triggers and cues are moments
    "lz4.aedat4": ["check_time_intervals_stop_after_start"],
    "none.aedat4": ["check_time_intervals_stop_after_start"],
    "zstd.aedat4": ["check_time_intervals_stop_after_start"],
    "neo_block.nix": ["check_time_intervals_stop_after_start"],
    "neo_block.mat": ["check_time_intervals_stop_after_start"],
    "neo_segments.mat": ["check_time_intervals_stop_after_start"],
    "mc_maze_trial_748.nwb": ["check_single_row"],  # it has one trial
    "electrodes_links.nwb": ["check_col_not_nan"],  # no impedance was measured
    "result.h5": ["check_single_row"],  # of the same recording
}


def run(*args):
    done = subprocess.run([str(a) for a in args], capture_output=True, text=True)
    assert done.returncode == 0, f"{args}: {done.stderr}"
    return done.stdout


def spikes_of_csv(memspike, path, folder):
    """{(population, unit): times} as memspike itself reads them."""
    table = folder / "read.csv"
    run(memspike, "convert", path, table, "--force")
    names, *rows = table.read_text().splitlines()
    trains = {}
    for row in rows:
        time, unit, *population = row.split(",")
        trains.setdefault((population[0] if population else "", int(unit)), []).append(float(time))
    return {key: np.array(times) for key, times in trains.items()}


def nwb_trains(path):
    with pynwb.NWBHDF5IO(path, "r") as io:
        units = io.read().units
        if units is None:
            return {}
        units = units.to_dataframe()
    ids = units["id_in_population"] if "id_in_population" in units else units.index
    # Without it a column of that name is the laboratory's own.
    names = units["population"] if "population" in units and "id_in_population" in units else [""] * len(units)
    return {(name, int(id)): times for name, id, times in zip(names, ids, units["spike_times"]) if len(times)}


def plain(trains):
    """{place: times in s} of trains that have spikes, in their order: not every library keeps names."""
    return dict(enumerate(times for times in trains.values() if len(times)))


def neo_trains(io):
    """The same as neo reads it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        blocks = io.read_all_blocks()
    trains = [train for block in blocks for segment in block.segments for train in segment.spiketrains]
    assert all(train.units == pq.s for train in trains)
    return plain(dict(enumerate(train.magnitude for train in trains)))


def expect_same(a, b, what, last_bits=0):
    assert a.keys() == b.keys(), f"{what}: units {sorted(a.keys() ^ b.keys())[:5]} are only in one"
    for key in a:
        assert len(a[key]) == len(b[key]), f"{what}: {key} has {len(a[key])} and {len(b[key])} spikes"
        near = np.abs(a[key] - b[key]) <= last_bits * np.spacing(np.abs(b[key]))
        assert near.all(), f"{what}: {key} differs"


def check_nwb(memspike, source, folder, of_the_recording=()):
    out = folder / f"{source.stem}.nwb"
    run(memspike, "convert", source, out, "--force", *FIELDS)
    errors = pynwb.validate(path=str(out))
    assert not errors, f"{source}: pynwb finds {errors}"
    found = list(inspect_nwbfile(nwbfile_path=str(out)))
    # Columns keep the types that they have in the recording, also where they hold nothing but 0 and 1.
    kept = ["check_column_binary_capability", *of_the_recording]
    issues = [issue for issue in found if issue.check_function_name not in kept]
    assert not issues, f"{source}: nwbinspector finds {issues}"
    expect_same(nwb_trains(out), spikes_of_csv(memspike, source, folder), f"{source} as NWB")
    check_neo_reads(memspike, source, nwb_trains(out), folder)
    info = json.loads(run(memspike, "info", source, "--json"))
    loaded = len(pynapple.load_file(str(out))["units"]) if info["units"] else 0
    assert loaded == info["units"], f"{source}: pynapple sees {loaded} units, memspike {info['units']}"
    with pynwb.NWBHDF5IO(out, "r") as io:
        file = io.read()
        assert file.subject.species == "Macaca mulatta" and file.experimenter == ("Doe, Jane",)
        behaviour = file.processing["behavior"].data_interfaces if "behavior" in file.processing else {}
        assert len(behaviour) == len(info["behavior"])
        for signal in info["behavior"]:
            assert len(behaviour[signal["name"]].data) == signal["samples"]
        for table in info["intervals"]:
            assert len(file.intervals[table["name"]]) == table["count"]
        assert len(file.electrodes or []) == info["electrodes"]
    print(f"{source.name}: NWB valid, {len(found)} remarks on the recording, {info['spikes']} spikes of {info['units']} units")


def check_neo_reads(memspike, source, trains, folder):
    # neo 0.14 stumbles over keywords, over units without obs_intervals, and over several of them, whoever wrote them.
    out = folder / f"{source.stem}_bare.nwb"
    run(memspike, "convert", source, out, "--force", *FIELDS[:2])
    with pynwb.NWBHDF5IO(out, "r") as io:
        units = io.read().units
        if units is None or "obs_intervals" not in units.colnames or len(units["obs_intervals"][0]) != 1:
            return
    expect_same(neo_trains(neo.io.NWBIO(str(out), mode="r")), plain(trains), f"{source} as NWB, read by neo")
    print(f"{source.name}: NWB read by neo")


def check_sonata(memspike, source, folder):
    out = folder / f"{source.stem}_spikes.h5"
    run(memspike, "convert", source, out, "--to", "sonata", "--force")
    reader, trains = libsonata.SpikeReader(str(out)), {}
    names = reader.get_population_names()
    for name in names:
        assert reader[name].sorting == "by_time" and reader[name].time_units == "ms"
        for node, time in reader[name].get():
            trains.setdefault((name if len(names) > 1 else "", node), []).append(time / 1e3)
    expect_same({k: np.array(v) for k, v in trains.items()}, spikes_of_csv(memspike, source, folder), f"{source} as SONATA", 1)
    print(f"{source.name}: SONATA read by libsonata")


def check_npy(memspike, source, folder):
    out = folder / f"{source.stem}.npy"
    run(memspike, "convert", source, out, "--force")
    table = np.load(out)
    expected = spikes_of_csv(memspike, source, folder)
    assert len(table) == sum(map(len, expected.values())) and np.all(np.diff(table["time_s"]) >= 0)
    if "population" not in table.dtype.names:
        for (_, unit), times in expected.items():
            assert np.array_equal(table["time_s"][table["unit"] == unit], times), f"{source}: unit {unit}"
    print(f"{source.name}: NPY read by numpy")


def check_circuit(memspike, model, folder):
    """A network that memspike writes as SONATA, read by libsonata, and simulated from there."""
    circuit = folder / "circuit"
    recorded = ["--set", "record.state=[{ population = 'first', variables = ['v_m'], interval = '1 ms' }]"]
    run(memspike, "convert", model, circuit, "--to", "sonata", *recorded)
    sizes = {}
    for file in ("nodes.h5", "virtual_nodes.h5"):
        nodes = libsonata.NodeStorage(str(circuit / file))
        sizes |= {name: nodes.open_population(name).size for name in nodes.population_names}
    assert sizes == {"sensor": 2, "first": 3, "second": 2}, sizes
    storage, edges = libsonata.EdgeStorage(str(circuit / "edges.h5")), {}
    for name in storage.population_names:
        population = storage.open_population(name)
        all_of_it = population.select_all()
        weights, delays = (population.get_attribute(key, all_of_it) for key in ("syn_weight", "delay"))
        ends = zip(population.source_nodes(all_of_it), population.target_nodes(all_of_it))
        edges[population.source, population.target] = sorted((int(s), int(t), w, d) for (s, t), w, d in zip(ends, weights, delays))
        for name, of_node, find in (("source", population.source_nodes, population.efferent_edges), ("target", population.target_nodes, population.afferent_edges)):
            for node in range(sizes[getattr(population, name)]):
                assert find(node).flatten().tolist() == np.flatnonzero(of_node(all_of_it) == node).tolist(), f"{name} {node}"
    assert edges == {
        ("sensor", "first"): [(0, 0, 8, 1), (0, 1, 8, 1), (1, 1, 8, 1), (1, 2, 8, 1), (1, 2, 8, 1)],
        ("first", "second"): [(0, 0, 900, 1), (0, 1, 900, 1), (1, 0, 900, 2), (1, 1, 900, 2), (2, 0, 900, 1), (2, 1, 900, 1)],
        ("second", "first"): [(0, 1, -3, 1.5), (0, 2, -3, 1.5)],
    }, edges
    inputs = libsonata.SpikeReader(str(circuit / "inputs.h5"))["sensor"].get()
    given = {0: [1, 2, 3, 20, 21, 22, 40, 41, 42], 1: [1.5, 2.5, 3.5, 20.5, 21.5, 22.5]}
    assert sorted(inputs) == sorted((node, time) for node, times in given.items() for time in times)
    run(memspike, "run", model, "-o", folder / "model.h5", *recorded)
    run(memspike, "run", circuit / "simulation_config.json", "--engine", "event", "-o", folder / "circuit.h5")
    run(memspike, "diff", folder / "model.h5", folder / "circuit.h5")
    report = libsonata.SomaReportReader(str(circuit / "output/first_state.h5"))["first"]
    with h5py.File(folder / "circuit.h5") as file:
        states = file["state/first/v_m/data"][()]
    samples = report.get()
    assert (report.data_units, report.time_units, samples.ids.tolist()) == ("mV", "ms", [0, 1, 2]), samples.ids
    assert len(samples.data) == 61 and np.array_equal(samples.data, states.astype(np.float32))
    print(f"{model.name}: a circuit that libsonata reads, with the same spikes")


def neo_block(trains):
    """A block of neo with these trains, every second of them in ms, a signal, and an epoch."""
    segment = neo.Segment(name="recording")
    for place, (unit, times) in enumerate(trains.items()):
        unit_of_time = [pq.s, pq.ms][place % 2]
        train = neo.SpikeTrain((times * pq.s).rescale(unit_of_time), t_stop=10 * pq.s, name=f"unit {unit[1]}")
        segment.spiketrains.append(train)
    segment.analogsignals.append(neo.AnalogSignal(np.ones((100, 2)), units="mV", sampling_rate=10 * pq.Hz, name="lfp"))
    segment.epochs.append(neo.Epoch(times=[1, 4] * pq.s, durations=[2, 3] * pq.s, labels=["a", "b"], name="trials"))
    when = datetime(2026, 3, 1, tzinfo=timezone.utc)
    block = neo.Block(name="block", session_start_time=when, identifier="neo", session_description="A block.")
    block.segments.append(segment)
    return block


def check_theirs(memspike, folder):
    """Files that pynwb, neo and numpy write, as memspike reads them."""
    import elephant.spike_train_generation as generation

    trains = [
        generation.StationaryPoissonProcess(20 * pq.Hz, t_stop=10 * pq.s).generate_spiketrain().rescale("s").magnitude
        for _ in range(5)
    ]
    expected = {("", 10 * unit): times for unit, times in enumerate(trains)}
    file = pynwb.NWBFile("A session", "identifier", datetime(2026, 3, 1, tzinfo=timezone.utc))
    for (_, unit), times in expected.items():
        file.add_unit(id=unit, spike_times=times)
    with pynwb.NWBHDF5IO(folder / "theirs.nwb", "w") as io:
        io.write(file)
    expect_same(spikes_of_csv(memspike, folder / "theirs.nwb", folder), expected, "pynwb's file")
    table = np.zeros(sum(map(len, trains)), [("time", "<f8"), ("unit", "<i4")])
    table["time"] = np.concatenate(trains)
    table["unit"] = np.repeat([10 * unit for unit in range(len(trains))], [len(train) for train in trains])
    np.save(folder / "theirs.npy", table)
    expect_same(spikes_of_csv(memspike, folder / "theirs.npy", folder), expected, "numpy's file")
    check_neo(memspike, neo_block(expected), folder)
    print("files of pynwb, neo and numpy read by memspike")


def check_neo(memspike, block, folder):
    """NIX, NWB and MATLAB that neo writes: the times that neo has, a signal and two epochs."""
    expected = dict(enumerate(train.rescale("s").magnitude for train in block.segments[0].spiketrains))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, write in (
            ("neo.nix", lambda path: neo.io.NixIO(path, "ow").write_block(block)),
            ("neo.nwb", lambda path: neo.io.NWBIO(path, "w").write_all_blocks([block])),
            ("neo.mat", lambda path: neo.io.NeoMatlabIO(path).write_block(block)),
        ):
            path = folder / name
            write(str(path))
            found = spikes_of_csv(memspike, path, folder)
            # Times in ms have no double in s that is exactly theirs.
            expect_same({unit: times for (_, unit), times in found.items()}, expected, f"neo's {name}", 1)
            info = json.loads(run(memspike, "info", path, "--json"))
            [signal], [epochs] = info["behavior"], info["intervals"]
            assert (signal["samples"], signal["unit"], epochs["count"]) == (100, "mV", 2), info


def all_recordings(folder):
    """One of each: of those that hold the same in other encodings the first."""
    same = ["hdf5_filters", "hdf5_variants"]
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix not in (".md", ".npy", ".tsv", ".py")]
    firsts = [next(path for path in files if path.parent.name == name) for name in same]
    skipped = [*same, "matlab_v73"]  # samples of MATLAB's types, without spikes
    phy = [folder / "phy_kilosort", folder / "phy_kilosort/with_tables"]
    return [path for path in files if path.parent.name not in skipped] + firsts + phy


def main(memspike, recordings):
    memspike, recordings = Path(memspike).resolve(), Path(recordings)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        session = recordings / "mc_maze_trial_748/mc_maze_trial_748.nwb"
        run(memspike, "replay", session, "-o", folder / "result.h5")
        for source in [*all_recordings(recordings), folder / "result.h5"]:
            check_nwb(memspike, source, folder, OF_THE_RECORDING.get(source.name, ()))
            check_sonata(memspike, source, folder)
            check_npy(memspike, source, folder)
        check_circuit(memspike, recordings.parent / "nir/chain.toml", folder)
        check_theirs(memspike, folder)


if __name__ == "__main__":
    main(*sys.argv[1:])
