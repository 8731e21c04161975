"""Strategies of fusion: several inputs to one output."""
