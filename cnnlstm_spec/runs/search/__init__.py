"""`search`: trials drawn by Optuna, checked like any variant, trained like any run, and kept in a study.

It imports `runs`, `runs/report`, `runs/train` and the rooms below. `SearchOrders` come in: the spec's variants, and how many
trials there are to be. A folder goes out, with a `Report` of all trials. The command's process draws (`draw.py`, `search.py`);
`trial.py` trains, in that process or in others. What lies in the folder is said in `place.py`, and written by `table.py`,
`best.py` and `pictures.py`.
"""
