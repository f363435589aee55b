"""What may happen to files, and what is expected then.

The first table holds at every moment (settling, queued, claimed, decoded, done, done with the service down) unless it
says otherwise.
"""

from __future__ import annotations

_CHANGES = {
    "another file renamed over it": "the new content is described, once; what was made of the old one is replaced",
    "appended to": "as above",
    "rewritten in place, as long as before": "as above",
    "truncated": "`incomplete(reason)`; a document of what was there before stands",
    "emptied": "`waiting(empty)`; a document of what was there before stands",
    "renamed": "the job follows by inode and keeps its number; the document names the new path",
    "renamed out and back in": "the same generation: nothing is done again",
    "deleted": "`gone`, one line; once it is open or described, the document is made, or stands, `source_missing`",
    "deleted for a moment, as Syncthing does": "no deletion; the new content is described",
    "hard-linked": "two paths, one document: the other is a `duplicate`",
    "copied": "as above, whichever is taken first",
    "swapped for a symbolic link": "as deleted; the link is not followed",
    "swapped for a FIFO": "as deleted; nothing hangs",
    "swapped for a folder": "as deleted; the folder is scanned",
    "touched": "no new content: one document, made once more at most",
    "mode and extended attributes changed": "nothing happens",
}

FILES: dict[str, str] = _CHANGES | {
    "gone for one scan": "no deletion is concluded from one scan",
    "reappeared after it was gone": "its row is opened again",
    "an inode used again": "another file: described anew",
    "the same content later and across a restart": "`duplicate` each time, told once; no second document",
    "unreadable": "`blocked(permission)`, one warning, no attempt; taken when it can be read",
    "zero bytes": "waits without a word; after a day one line, `stale_empty`",
    "cut, still recorded, or with a hole": "`incomplete(reason)`, looked at ever more seldom; taken when it is whole; "
    "after a day what can be decoded is described",
    "a tail of zeros": "`incomplete(zero_tail)`",
    "more than 4 GiB, 64-bit sizes, boxes to the end of the file": "read as they are; a hole in them is seen",
    "no video": "`rejected(not_video)` by its content, whatever its name",
    "a video under a wrong extension": "its content decides: described",
    "box counts and sizes that are absurd": "a bounded number of reads decides",
    "a name that trips programs up": "described; one spelling in the log, none that acts on a terminal",
    "names that differ in case only, or in composition": "no two documents share a name on any file system",
    "a symbolic link, FIFO, socket or device with a video's name": "passed over, whatever it leads to",
    "a folder with a video's name": "a folder",
    "two hundred folders deep": "described",
    "a time before 1970, of 1970, or in the future": "described",
    "a sidecar with paths that lead away": "what it tells is text; nothing is written outside the output",
    "touched every second for ever": "taken when its content stands still; else one `file.never_settles`",
}
