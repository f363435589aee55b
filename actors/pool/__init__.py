"""The actor pool: one file imports Ray, its fake stands beside it."""
