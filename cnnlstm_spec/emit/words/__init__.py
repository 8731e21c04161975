"""Findings, graphs and layers as text: for a terminal, and as JSON, SARIF, JUnit and other forms, a file each.

It imports `model` and the rooms below. Facts come in, text goes out; nothing is decided here, and nothing is printed.
"""
