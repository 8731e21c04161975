"""Where the tests find what they read: the project's root, and the folder of the tests."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
