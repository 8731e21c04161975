"""Processes, on one machine or several, that train one model together: how they meet, and what becomes of all when one is lost.

Each is two: one that meets the others and outlives whatever happens, and the one that trains, which it starts. Imports no Keras.
"""
