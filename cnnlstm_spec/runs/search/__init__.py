"""`search`: trials drawn by Optuna, checked like any variant, trained like any run, and kept in a study.

The command's process draws (`draw.py`, `search.py`); `trial.py` trains, in that process or in others. What lies in the folder
of a search is said in `place.py`, and written by `table.py`, `best.py` and `pictures.py`.
"""
