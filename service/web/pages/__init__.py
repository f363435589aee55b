"""The pages: server-rendered, each with an address of its own."""
