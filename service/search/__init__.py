"""Search over everything said, shown and written: words, the query language, what is indexed, and what is found."""
