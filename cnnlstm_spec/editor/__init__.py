"""What an editor asks of a spec while a person writes it: the language server, and what it knows of half-written text.

It imports `compiler` and the rooms below, and neither `runs` nor `cli`. Texts and places in them come in; findings, hints and
edits, by line and column, go out. Nothing here writes a file.
"""
