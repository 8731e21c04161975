"""A file per command, each with its click command as `command`; `options` holds what several take.

It imports every room. The arguments of a command line come in; what `terminal.py` prints, files and a status go out.
What a command says of a spec is made below: here it is asked for, and written.
"""
