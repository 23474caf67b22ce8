"""The OpenAPI document and its descriptions."""
