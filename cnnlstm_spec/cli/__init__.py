"""A file per command, each with its click command as `command`; `common` holds what several take."""
