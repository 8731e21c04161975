"""The section `fit`: what `keras.Model.fit` is given, callbacks, phases, class weights and thresholds."""
