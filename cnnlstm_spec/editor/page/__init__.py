"""The live page: a spec's text beside its picture, drawn again when a file changes, or written as one file.

It imports `compiler` and the rooms below. Paths of specs come in; one HTML file goes out, or JSON for the page that a browser
shows. `views.py` compiles, `describe.py` and `details.py` make the data, `assemble.py` makes the page around `data/`, and
`server.py` serves it.
"""
