"""To devices and servers: a model as a SavedModel, LiteRT, ONNX or OpenVINO file, each run in its own runtime beside Keras.

It imports `runs`, `runs/measure` and the rooms below. A `Finished` comes in, a folder with `export.json` goes out. Files are
converted and run in a process of their own (`worker.py`), under a limit of time and memory, since a converter may end its
process; `child.py` starts it and talks with it.
"""
