"""What comes out: a Keras model, Python source, a picture. `keras` is the only file that imports Keras."""
