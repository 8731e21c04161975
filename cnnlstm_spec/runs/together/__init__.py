"""Processes, on one machine or several, that train one model together: how they meet, and what all do when one is lost.

It imports `runs`, `runs/train` and the rooms below, and no Keras. A `Job` and the `Seat` of this process come in; the `Ending`
of the training goes out, the same in all. Each is two processes: one that meets the others and outlives whatever happens, and
the one that trains, which it starts.
"""
