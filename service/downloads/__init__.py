"""Videos by URL: yt-dlp in a process of its own, which can reach no private address and start no program."""
