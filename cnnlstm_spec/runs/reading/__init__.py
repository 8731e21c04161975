"""Opens data: sources to rows, rows to parts, cells to arrays, arrays to batches; what is amiss is told by file and row.

It imports `runs`, `compiler` and the rooms below, and no Keras; libraries are imported when a file needs them. A compilation
comes in and a `samples.Data` goes out (`open.py`), or, for `cnnlstm-spec data`, a report of everything there is (`check.py`). A
source is a file of `sources/`, a format a file of `formats/`.
"""
