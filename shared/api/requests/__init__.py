"""Request bodies: pydantic models, form readers, and the sizes and images in them."""
