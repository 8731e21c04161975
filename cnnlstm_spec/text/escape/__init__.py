"""How text that may be anyone's is written: a file for each medium, through which all of that medium goes.

It imports nothing of ours. Any text comes in; the same text as the medium writes it goes out. A spec is data, whoever wrote it:
nothing in it may become code, markup, or a command to a terminal. `characters` says which characters are never written as they
are.
"""
