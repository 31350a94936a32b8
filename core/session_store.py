"""Sessions: one reconstruction of one video or take, written as it goes, reopenable (DESIGN 5).

    with SessionWriter(folder, header_of(model, camera, "walk")) as writer:
        writer.append(result)
    record = read_session(folder)
    record.frame_count, record.times_s, record.result(0), record.results()

The writer is in core/session_writer.py, the reader in core/session_record.py, the tables in
core/session_schema.py; this file is their front door. What is done to finished sessions is in
core/session_check.py, session_copy.py (trim, repair), session_merge.py and session_relink.py.
"""

from core.session_header import SessionHeader, header_of, model_sha256
from core.session_record import SessionRecord, read_session
from core.session_relink import relink_source
from core.session_source import SourceLink, find_source, link_source
from core.session_writer import SessionWriter

__all__ = [
    "SessionHeader",
    "SessionRecord",
    "SessionWriter",
    "SourceLink",
    "find_source",
    "header_of",
    "link_source",
    "model_sha256",
    "read_session",
    "relink_source",
]
