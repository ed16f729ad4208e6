"""Checks a memspike result with other people's readers: h5py for everything, libsonata for the spikes.

    python check_result.py OUT.h5

Needs: pip install h5py libsonata numpy. Exit code 0 if all is as documented.
"""

import sys

import h5py
import libsonata
import numpy as np


def main(path):
    with h5py.File(path) as file:
        assert file.attrs["format"] == "memspike", file.attrs["format"]
        for name in ("program_version", "model", "model_hash", "engine", "precision", "started_utc"):
            assert isinstance(file.attrs[name], str), name
        assert file.attrs["magic"] == 0x0A7A and list(file.attrs["version"]) == [0, 1]
        assert file.attrs["complete"] in (0, 1)
        reader = libsonata.SpikeReader(path)
        assert sorted(reader.get_population_names()) == sorted(file["spikes"])
        for name, group in file["spikes"].items():
            times, nodes = group["timestamps"][()], group["node_ids"][()]
            assert times.dtype == np.float64 and nodes.dtype == np.uint64
            assert group["timestamps"].attrs["units"] == "ms"
            kinds = h5py.check_enum_dtype(group.attrs.get_id("sorting").dtype)
            assert kinds == {"none": 0, "by_id": 1, "by_time": 2}, kinds
            assert group.attrs["sorting"] == 2
            assert np.array_equal(np.lexsort((nodes, times)), np.arange(len(times))), f"{name}: not by (time, node)"
            size = file["populations"][name].attrs["size"]
            assert len(nodes) == 0 or nodes.max() < size
            spikes = reader[name].get()
            assert [node for node, _ in spikes] == nodes.tolist()
            assert [time for _, time in spikes] == times.tolist()
            assert reader[name].sorting == "by_time" and reader[name].time_units == "ms"
            print(f"/spikes/{name}: {len(times)} spikes of {size} nodes, the same in h5py and libsonata")
        read = []
        file.visititems(lambda place, item: read.append(item[()]) if isinstance(item, h5py.Dataset) else None)
        print(f"{len(read)} datasets read, summary: {dict(file['summary'].attrs)}")


if __name__ == "__main__":
    main(sys.argv[1])
