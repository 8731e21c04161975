"""Formats of the files that cells name: a file each, which gives a sample's shape from its header, and its values."""
