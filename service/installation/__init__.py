"""Reelwatch as a service of the host: which files systemd needs, with this host's paths in them, and their upkeep."""
