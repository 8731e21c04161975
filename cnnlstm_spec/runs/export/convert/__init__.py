"""A file a format: `convert` makes it of a SavedModel, `open_file` opens it in its own runtime. Run in a process of their own."""
