"""The section `data`, read and checked before anything of it is opened: sources, parts, windows, inputs and targets."""
