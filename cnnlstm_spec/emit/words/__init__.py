"""Diagnostics and typed graphs as words: for a terminal, and as JSON. Facts come in, text goes out; nothing is decided here."""
