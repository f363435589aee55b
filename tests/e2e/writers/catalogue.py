"""Every writer there is a test for."""

from __future__ import annotations

from writers import plain, with_rsync, with_ssh

WRITERS = (*plain.WRITERS, *with_rsync.WRITERS, *with_ssh.WRITERS)

assert len({writer.slug for writer in WRITERS}) == len(WRITERS), "two writers have one name"
