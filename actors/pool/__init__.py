"""The actor pool: one file imports Ray, one has processes of its own instead, and the fake stands beside them."""
