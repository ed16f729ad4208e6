"""Reads a NIR graph that memspike wrote, with the Python package nir, and compares it with what is expected of tests/data/nir/chain.toml.

check_nir.py chain.nir, of `memspike convert tests/data/nir/chain.toml chain.nir --dt 0.1ms`.
"""
import sys

import nir
import numpy as np

graph = nir.read(sys.argv[1])
nodes = graph.nodes
assert isinstance(nodes["first"], nir.LIF) and isinstance(nodes["second"], nir.CubaLIF), nodes
assert isinstance(nodes["sensor"], nir.Input) and isinstance(nodes["second.output"], nir.Output)
assert np.allclose(nodes["first"].tau, 0.01) and np.allclose(nodes["first"].r, 100)
assert np.allclose(nodes["first"].v_leak, -65 + 50 * 10 / 250) and np.allclose(nodes["first"].v_reset, -66)
assert np.allclose(nodes["second"].r, 15 / 200) and np.allclose(nodes["second"].w_in, 30)
assert np.array_equal(nodes["in"].weight, [[8, 0], [8, 8], [0, 16]]), nodes["in"].weight
assert np.allclose(nodes["in.delay"].delay, 1e-3)
assert np.array_equal(nodes["on_1"].weight + nodes["on_2"].weight, np.full((2, 3), 900.0))
assert np.array_equal(nodes["back"].weight, [[0, 0], [-3, 0], [-3, 0]])
assert ("back.delay", "first") in graph.edges and graph.metadata["time_unit"] in (b"s", "s")
# And nir writes what it has read.
nir.write(sys.argv[1] + ".again", graph)
print("nir", nir.version, "reads it:", len(nodes), "nodes,", len(graph.edges), "edges")
