"""The library: what the documents in the output say, to be listed and searched. Derived from them, and never truth."""
