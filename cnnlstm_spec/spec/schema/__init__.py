"""The language as JSON Schema, from the same declarations that it is read by.

It imports `spec`, `spec/data`, `spec/fit` and the rooms below. Nothing comes in; the schema goes out as data, which
`tools/schema.py` and `cnnlstm-spec schema` write.
"""
