#!/usr/bin/env python3
"""Writes the test vectors of this folder anew: ``python spec/vectors/generate.py [FOLDER]``.

The same bytes come out at every run: keys and salts are made from names. Not written here:
``published/`` (made by others, kept with their source) and ``sealed-objects.json`` (sealing
draws randomness; made once by hpke-js, see ``tests/interop/make_sealed.mjs``).
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from makers import (
    archives,
    certificates,
    curves,
    dates,
    doubtfulfolders,
    edges,
    faultyfolders,
    feeds,
    flows,
    folders,
    folds,
    forkedfolders,
    identities,
    intakes,
    later,
    lifecycles,
    oddities,
    opposites,
    orders,
    profiles,
    requests,
    signed_records,
    treeproofs,
)  # found by the line above


def vectors() -> dict[str, dict[str, Any]]:
    """Every JSON file that this script writes, by name, but the index of the feeds."""
    actors = signed_records.Actors()
    return {
        "json.json": profiles.make_json(),
        "multikeys.json": profiles.make_multikeys(),
        "fingerprints.json": profiles.make_fingerprints(sorted(actors.scids.values())),
        "identity.json": identities.make_identity(
            [*oddities.first(), *oddities.later(), *oddities.many_keys()]
        ),
        "proofs.json": signed_records.make_proofs(),
        "records.json": signed_records.make_records(),
        "origins.json": feeds.make_origins(),
        "leaves.json": feeds.make_leaves(),
        "trees.json": feeds.make_trees(),
        "tiles.json": feeds.make_tiles(),
        "paths.json": feeds.make_paths(),
        "checkpoints.json": feeds.make_checkpoints(),
        "commitments.json": feeds.make_commitments(),
        "intake.json": intakes.make_intake(),
        "requests.json": requests.make_requests(),
        "signatures.json": curves.make_signatures(),
        "tree-proofs.json": treeproofs.make_tree_proofs(),
        "forks.json": treeproofs.make_forks(),
        "dates.json": dates.make_dates(),
        "times.json": dates.make_times(),
        "successions.json": later.make_successions(),
        "anchors.json": later.make_anchors(),
        "witness.json": later.make_witness(),
        "policies.json": later.make_policies(),
        "bundles.json": archives.make_bundles(),
        "certificates.json": certificates.make_certificates(),
        **{f"fold/{name}": make() for name, make in (folds.FILES | opposites.FILES | edges.FILES).items()},
        "fold/states.json": lifecycles.states(),
        "fold/order.json": orders.order(),
        "fold/thirds.json": orders.thirds(),
        "fold/flows.json": flows.make_flows(),
    }


def encode(value: object) -> bytes:
    """Readable, and the same everywhere."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def main(folder: Path) -> None:
    """Writes all files into a folder; whole feeds below ``feeds/``, in place of what is there."""
    makers = (folders.Cases, faultyfolders.More, forkedfolders.Forked, doubtfulfolders.Doubtful)
    index, files = folders.make_feeds([case for maker in makers for case in maker().all()])
    (folder / "fold").mkdir(exist_ok=True)
    for name, value in {**vectors(), "feeds.json": index}.items():
        (folder / name).write_bytes(encode(value))
    shutil.rmtree(folder / "feeds", ignore_errors=True)
    for name, data in files.items():
        path = folder / "feeds" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
