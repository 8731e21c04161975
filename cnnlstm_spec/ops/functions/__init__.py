"""`Op: {function: ...}`: every function of `keras.ops` of one tensor, from a generated table; the way in is `find_function_op`.

It imports `ops`, `ir` and the rooms below. A name comes in, and a class goes out whose fields are the function's arguments.
`table` reads the table, `kinds` has what an argument takes, `shapes` a rule a sort of function, `ranges` what values come out.
"""
