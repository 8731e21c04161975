"""A program printed as Python source that a person could own.

It imports `ir` and `text`. A `Program` comes in; text goes out, in which whatever a spec says stands in string constants alone.
"""
