"""The language as JSON Schema, from the same declarations that it is read by."""
