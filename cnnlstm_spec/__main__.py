"""`python -m cnnlstm_spec`."""

import sys

try:
    from .cli.main import main
except KeyboardInterrupt:
    sys.exit(130)

main()
