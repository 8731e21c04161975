"""How branches read their samples, a way a file: numbers of columns at once, or cells one by one, held against their shape."""
