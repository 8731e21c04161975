"""What an editor shows of a text, a file each: the state of a text and a place in it come in, JSON of LSP goes out.

Nothing here knows of streams or threads.
"""
