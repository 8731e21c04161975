"""How text that may be anyone's is written: a file for each medium, through which all of that medium goes.

A spec is data, whoever wrote it: nothing in it may become code, markup, or a command to a terminal. `characters` says which
characters are never written as they are. Imports nothing of ours.
"""
