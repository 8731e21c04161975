"""Training of one model in Keras as it is: the order of samples, phases, what is kept between epochs. Imports Keras.

It imports `runs`, `runs/together` and the rooms below. A Keras model, a `Data` and a `FitSpec` come in; an `Outcome` goes out,
and what a run that is killed goes on from.
"""
