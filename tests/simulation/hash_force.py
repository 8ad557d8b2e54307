"""Print the hash of a small force's rows: run by ``test_same_rows_everywhere`` under other processor settings."""

from __future__ import annotations

import hashlib
import json
import sys

import numpy as np
import pyarrow as pa

from threat.simulation.force import Settings, simulate


def row_hashes(settings: Settings) -> dict[str, str]:
    """SHA-256 of every table's rows, in order."""
    out = {}
    for name, table in simulate(settings).items():
        digest = hashlib.sha256()
        for column in table.columns:
            values = column.combine_chunks()
            if pa.types.is_dictionary(values.type):
                values = values.dictionary_decode()
            digest.update(json.dumps(values.to_pylist()).encode())
        out[name] = digest.hexdigest()
    return out


if __name__ == "__main__":
    features = np._core._multiarray_umath.__cpu_features__
    enabled = sorted(name for name, on in features.items() if on)
    hashes = row_hashes(Settings(relationships=int(sys.argv[1]), years=2, seed=5))
    print(json.dumps({"hashes": hashes, "enabled": enabled}))
