"""The command line of a process, `python -m cnnlstm_spec` or `cnnlstm-spec`: heeds interrupts before all large imports."""

from .compiler import interrupts


def main() -> None:
    """Runs the command line, and ends the process."""
    interrupts.heed_at_start()
    from .cli.main import main

    main()


if __name__ == "__main__":
    main()
