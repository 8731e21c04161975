"""What the tool costs, measured in pairs of fresh processes on this machine. Never part of the tests."""
