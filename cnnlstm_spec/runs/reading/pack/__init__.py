"""Packs: the samples of a spec as its model is fed them, in shards with digests. `write.py` makes one, `open.py` reads it.

It imports `runs`, `runs/reading` and the rooms below. A `Data` comes in and a folder goes out, or a folder and a
`Data`. `document.py` is `pack.json`; `describe.py` says what of a spec a pack depends on; `shards.py` reads Parquet files, in
order, at random and by column. A pack is data like any other: what it announces is held against what it holds.
"""
