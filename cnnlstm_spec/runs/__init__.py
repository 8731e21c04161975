"""From a spec to a trained, measured model: data are opened, models trained, measured and compared here.

`read/` opens data, and gives a `samples.Data`; all else takes what it needs of one. It stands above `compiler/`, and knows
neither `editor/` nor `cli/`. A `Compilation` comes in; a run's folder goes out, or what was measured of one.
"""
