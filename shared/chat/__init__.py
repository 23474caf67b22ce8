"""Text models: send a conversation, collect a streamed response."""
