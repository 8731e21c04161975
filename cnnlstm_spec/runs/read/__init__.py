"""Opens data: sources to rows, rows to parts, cells to arrays, arrays to batches; what is amiss is told by file and row.

`open.py` makes a `samples.Data` of a compilation; `check.py` reads everything there is, for `cnnlstm-spec data`. A source is a
file of `sources/`, a format a file of `formats/`. Nothing here knows Keras; libraries are imported when a file needs them.
"""
