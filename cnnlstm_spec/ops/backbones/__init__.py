"""The models of `keras.applications` as layers. What each holds is generated, into `data/`."""
