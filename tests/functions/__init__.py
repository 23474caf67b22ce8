"""Every endpoint over real sockets, with the real OpenAI client where it has a method."""
