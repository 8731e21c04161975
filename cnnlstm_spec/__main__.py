"""`python -m cnnlstm_spec`."""

from .cli import main

main()
