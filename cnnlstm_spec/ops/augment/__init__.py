"""Layers of Keras that change images or sequences at random, in training alone."""
