"""The library: documents to be listed and searched, and which of them are to be looked at."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from service.ledger.dialects import chosen

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_KEY = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_SORTED = ("described_at", "name_key", "duration_s", "word_count", "shot_count", "views", "posted_at")
_FILTERED = ("language", "folder", "status", "word_count", "duration_s", "described_at", "author")
_FTS5 = (
    """CREATE VIRTUAL TABLE passage_words USING fts5(
        words, content='passages', content_rowid='passage_id', tokenize='ascii')""",
    """CREATE TRIGGER passages_added AFTER INSERT ON passages BEGIN
        INSERT INTO passage_words(rowid, words) VALUES (new.passage_id, new.words);
    END""",
    """CREATE TRIGGER passages_dropped AFTER DELETE ON passages BEGIN
        INSERT INTO passage_words(passage_words, rowid, words) VALUES('delete', old.passage_id, old.words);
    END""",
)
_TSEARCH = (
    """ALTER TABLE passages ADD COLUMN lexemes tsvector
        GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, words)) STORED""",
    "CREATE INDEX ix_passages_lexemes ON passages USING gin (lexemes)",
)


def upgrade() -> None:
    """Add the tables, and have every document that is there looked at."""
    _library()
    _passages()
    op.create_table(
        "index_due",
        sa.Column("due_id", sa.Integer, primary_key=True),
        sa.Column("output_root", sa.LargeBinary, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("ix_index_due_document", "index_due", ["document", "output_root", "due_id"])
    op.execute(
        "INSERT INTO index_due (output_root, document) SELECT output_root, document FROM jobs "
        "WHERE document IS NOT NULL AND output_root IS NOT NULL ORDER BY described_at"
    )


def _library() -> None:
    op.create_table(
        "library",
        sa.Column("document_id", sa.Integer, primary_key=True),
        sa.Column("output_root", sa.LargeBinary, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("video_id", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("file_mark", sa.Text, nullable=False),
        sa.Column("filename", sa.Text, nullable=False),
        sa.Column("relative_path", sa.Text, nullable=False),
        sa.Column("folder", _KEY, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("duration_s", sa.Double, nullable=False),
        sa.Column("described_at", sa.Double, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("has_audio", sa.Boolean, nullable=False),
        sa.Column("width", sa.Integer),
        sa.Column("height", sa.Integer),
        sa.Column("language", sa.Text),
        sa.Column("word_count", sa.Integer),
        sa.Column("shot_count", sa.Integer, nullable=False),
        sa.Column("speaker_count", sa.Integer),
        sa.Column("keyframe", sa.Text),
        sa.Column("caption", sa.Text),
        sa.Column("author", sa.Text),
        sa.Column("posted_at", _KEY),
        sa.Column("hashtags", sa.Text, nullable=False),
        *(sa.Column(count, sa.BigInteger) for count in ("views", "likes", "comments", "shares", "saves")),
        sa.Column("warnings", sa.Text, nullable=False),
        sa.Column("name_key", _KEY, nullable=False),
        sa.Column("author_words", sa.Text, nullable=False),
        sa.UniqueConstraint("output_root", "document", name="uq_library_document"),
    )
    for name in _SORTED:
        op.create_index(f"ix_library_{name}", "library", ["output_root", name, "document_id"])
    op.create_index("ix_library_filters", "library", ["output_root", *_FILTERED])
    op.create_index("ix_library_video", "library", ["video_id"])


def _passages() -> None:
    op.create_table(
        "library_tags",
        sa.Column("output_root", sa.LargeBinary, primary_key=True),
        sa.Column("tag", _KEY, primary_key=True),
        sa.Column("document_id", sa.Integer, sa.ForeignKey("library.document_id"), primary_key=True),
    )
    op.create_index("ix_library_tags_document", "library_tags", ["document_id"])
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "passages",
        sa.Column("passage_id", number, primary_key=True, autoincrement=False),
        sa.Column("start_s", sa.Double),
        sa.Column("end_s", sa.Double),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("word_times", sa.Text, nullable=False),
    )
    for statement in chosen(op.get_bind(), sqlite=_FTS5, postgresql=_TSEARCH):
        op.execute(statement)
