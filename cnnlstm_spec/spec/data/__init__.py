"""The section `data`, read and checked before anything of it is opened: sources, parts, windows, inputs and targets.

It imports `spec`, `ops` and the rooms below, and opens no file. The section's node comes in; a `DataSpec` goes out
(`section.py`), with a finding for each mistake. What it must fit in the rest of the spec is judged by `model/rules/data.py`.
"""
