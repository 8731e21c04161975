"""Why a layer of a model cannot be written. Imports nothing of ours."""


class Unsayable(Exception):
    """Why a layer cannot be written in a spec, as a whole sentence."""
