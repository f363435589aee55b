"""`reelwatch demo`: the real service on folders of its own, with the sample clip."""
