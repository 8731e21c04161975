"""Hostile inputs: bytes, texts, trees, files and command lines, through all that reads a spec. Imports no Keras.

`python -m fuzz.inputs N` draws so many and says how far each comes; a finding is a status 70, an exception, a hang or too much
memory. A seed gives the same input until the generator changes.
"""
