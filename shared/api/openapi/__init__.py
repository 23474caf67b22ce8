"""The OpenAPI document and everything it describes in words."""
