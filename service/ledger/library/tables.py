"""The library's tables; the index of words over `passages` is the database's own (`word_index`)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from service.ledger.columns import NameList
from service.ledger.tables import metadata

SORT_KEY = Text().with_variant(Text(collation="C"), "postgresql")
"""Keys are made to be compared byte by byte, as SQLite does; PostgreSQL would order them by the host's locale."""

library = Table(
    "library",
    metadata,
    Column("document_id", Integer, primary_key=True),
    Column("output_root", LargeBinary, nullable=False),
    Column("document", Text, nullable=False),
    Column("video_id", String(16), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("run_id", Text, nullable=False),
    Column("file_mark", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("relative_path", Text, nullable=False),
    Column("folder", SORT_KEY, nullable=False),
    Column("status", String(16), nullable=False),
    Column("duration_s", Double, nullable=False),
    Column("described_at", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("has_audio", Boolean, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("language", Text),
    Column("word_count", Integer),
    Column("shot_count", Integer, nullable=False),
    Column("speaker_count", Integer),
    Column("keyframe", Text),
    Column("caption", Text),
    Column("author", Text),
    Column("posted_at", SORT_KEY),
    Column("hashtags", NameList, nullable=False),
    Column("views", BigInteger),
    Column("likes", BigInteger),
    Column("comments", BigInteger),
    Column("shares", BigInteger),
    Column("saves", BigInteger),
    Column("warnings", NameList, nullable=False),
    Column("name_key", SORT_KEY, nullable=False),
    Column("author_words", Text, nullable=False),
    UniqueConstraint("output_root", "document", name="uq_library_document"),
)
"""One row per document on disk; most columns are the fields of `values.DocumentRow`."""
SORTED = ("described_at", "name_key", "duration_s", "word_count", "shot_count", "views", "posted_at")
"""The columns a listing can be ordered by; each has an index."""
for _name in SORTED:
    Index(f"ix_library_{_name}", library.c.output_root, library.c[_name], library.c.document_id)
FILTERED = ("language", "folder", "status", "word_count", "duration_s", "described_at", "author")
"""What documents are filtered and counted by: one index has it all, so that counting reads no row."""
Index("ix_library_filters", library.c.output_root, *(library.c[name] for name in FILTERED))
Index("ix_library_video", library.c.video_id)

library_tags = Table(
    "library_tags",
    metadata,
    Column("output_root", LargeBinary, primary_key=True),
    Column("tag", SORT_KEY, primary_key=True),
    Column("document_id", Integer, ForeignKey("library.document_id"), primary_key=True),
)
"""Folded hashtags."""
Index("ix_library_tags_document", library_tags.c.document_id)

passages = Table(
    "passages",
    metadata,
    Column("passage_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("start_s", Double),
    Column("end_s", Double),
    Column("text", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("word_times", Text, nullable=False),
)
"""Pieces of text. The key says which document and kind (`numbers`): a search reads neither this table nor another."""

index_due = Table(
    "index_due",
    metadata,
    Column("due_id", Integer, primary_key=True),
    Column("output_root", LargeBinary, nullable=False),
    Column("document", Text, nullable=False),
)
"""Documents that may have changed: noted in the transaction that changes a job, gone in the one that indexes."""
Index("ix_index_due_document", index_due.c.document, index_due.c.output_root, index_due.c.due_id)
"""For an answer: an old ledger at its first start has a note for every document."""
