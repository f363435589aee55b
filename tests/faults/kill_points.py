"""Where a SIGKILL may meet the service, by name, and what the next start does then (`kill_switch.py` names the place).

The order is that of a video's way through the service.
"""

from __future__ import annotations

KILL_POINTS: dict[str, str] = {
    "killed before the row of a new file is committed": "the first scan of the next start finds the file",
    "killed while a file settles": "it settles again from the beginning; no attempt is used",
    "killed after a job is queued": "it is claimed as usual",
    "killed after a claim": "`job.recovered`; queued again, its attempt counted; held against nobody",
    "killed in the middle of decoding": "`job.recovered`; attempt and crash are counted; done by the next attempt",
    "killed in the middle of the work, with Ray": "no model's process outlives the service; the next start goes on",
    "killed in the middle of the work, with the local pool": "as above",
    "killed before the draft of the document is on disk": "the draft is swept away; done by the next attempt",
    "killed between pictures and document": "the pictures go back to what they were; done by the next attempt",
    "killed before the ledger hears of the document": "`job.recovered`, `published`: done, and not made again",
    "killed after a job is done": "nothing is done again",
    "killed before a described video is moved": "it is moved, once, with its sidecar; nothing is described again",
    "killed after a described video was moved": "as above",
    "killed in a migration": "the old schema or the new one, never half of it",
    "killed between any two statements of a transaction": "all of the change is there or nothing of it",
    "killed at random moments": "nothing lost, nothing doubled, nothing torn",
    "killed ten times over a long queue": "each job is there once, and done once",
    "killed three times over one file": "a crash is held against nobody, after two it runs alone, after three it is "
    "parked, `crash_suspect`; the others are done",
    "an actor killed by one file": "the file runs alone, then is parked with what other stages found; others are done",
    "power is lost": "documents and pictures are on the disk before their names are, and these before it is done; "
    "every commit is on the disk",
    "a second service on the same state": "refused; what the first one has claimed is not taken from it",
}
