"""Responses, one module per kind."""
