"""Responses, one module per kind of answer."""
