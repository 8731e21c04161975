"""`python tools/kill_nodes.py N [SEED]`: searches in a Ray cluster on this machine, of whose nodes one dies at random, N times.

It runs where Ray is installed. Another node takes the place of one that died. A trial is tried again twice at most, so no search
loses more than two nodes. What a search comes to is judged as in `tools/kill_search.py`: as many trials as are wanted, of the
same space, none twice, none lost, and the best is that of the table.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from kill_search import ROOT, judge, make_data
from ray.cluster_utils import Cluster

NODE: dict[str, Any] = {"include_dashboard": False, "object_store_memory": 100 * 2**20}
NODES = 2
MOST = 2
"""So many nodes die under one search."""


def start(spec: Path, output: Path, address: str) -> subprocess.Popen[str]:
    """The search, in a cluster."""
    line = [sys.executable, "-m", "cnnlstm_spec", "search", str(spec), "-o", str(output), "--engine", "ray", "--jobs", str(NODES)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "jax", "RAY_ADDRESS": address}
    return subprocess.Popen(line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def begin(make: Callable[[], Any]) -> Any:
    """A node, or a cluster. Ray gives one that is slow to begin 30 seconds, which are few where much else runs."""
    for _ in range(4):
        try:
            return make()
        except Exception as error:
            print(f"a node did not begin: {str(error)[:60]}", flush=True)
    return make()


def search_once(
    cluster: Cluster, spec: Path, output: Path, kills: int, rng: random.Random, whole: float
) -> tuple[str | None, int]:
    """A search under which so many nodes die; what is amiss with it, and how many have died before its end."""
    process, died = start(spec, output, cluster.address), 0
    for _ in range(kills):
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, whole / kills))
        if process.poll() is None:
            lost = rng.choice([node for node in cluster.list_all_nodes() if node is not cluster.head_node])
            cluster.remove_node(lost, allow_graceful=False)
            begin(lambda: cluster.add_node(num_cpus=1, **NODE))
            died += 1
    _, said = process.communicate()
    if process.returncode != 0:
        return f"status {process.returncode}: {said[-300:]}", died
    return ", ".join(judge(output)) or None, died


def main() -> int:
    """0 where every search came to what was wanted."""
    count, seed = (*map(int, sys.argv[1:]), *(20, 0)[len(sys.argv) - 1 :])
    rng = random.Random(seed)
    # Ray's processes import the package by this path.
    os.environ["PYTHONPATH"] = str(ROOT)
    cluster = begin(lambda: Cluster(initialize_head=True, head_node_args={**NODE, "num_cpus": 0}))
    with tempfile.TemporaryDirectory() as name:
        try:
            for _ in range(NODES):
                begin(lambda: cluster.add_node(num_cpus=1, **NODE))
            folder = Path(name)
            spec, began = make_data(folder), time.monotonic()
            amiss, died = search_once(cluster, spec, folder / "reference", 0, rng, 0)
            whole, searches = time.monotonic() - began, 0
            while amiss is None and died < count:
                kills = min(rng.randint(1, MOST), count - died)
                amiss, more = search_once(cluster, spec, folder / f"search-{searches}", kills, rng, whole)
                died, searches = died + more, searches + 1
                print(f"search {searches}, {more} nodes died: {amiss or 'nothing amiss'}", flush=True)
        finally:
            cluster.shutdown()
    print(f"{died} nodes died under {searches} searches, {amiss or 'nothing'} amiss")
    return 1 if amiss else 0


if __name__ == "__main__":
    sys.exit(main())
