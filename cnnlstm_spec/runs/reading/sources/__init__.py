"""Sources of samples, a file each: tables, arrays, folders of folders, functions, and rows that a program holds.

They import `runs`, `runs/reading`, `spec` and the rooms below, and a library when a source needs it. A section of the spec
comes in; `Rows` go out (`rows.py`): columns, and where each row stands. `open.py` finds the source by what lies there.
"""
