"""The hosts as they really start a function: their own protocols, processes and limits."""
