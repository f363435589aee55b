"""Who is let in, under which name, from which page, and what a page may load."""
