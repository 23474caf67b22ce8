"""The HTTP API apart from single endpoints."""
