"""What an editor shows of a text, a file each: findings, fixes, completion, hover, names, hints, outline.

It imports `editor`, `editor/server` and the rooms below. The `State` of a text and a place in it come in; values of LSP go out,
as they are written in JSON. Nothing here knows of streams or threads.
"""
