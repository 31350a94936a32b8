"""Brings sessions of older formats up to date: one transaction in the file, or a copy in memory.

    connection = open_current(path)      # read-only, in today's format, whatever lies on the disk

A kill in between leaves the old format or the new one, never half of either. Where the folder
cannot be written, or another program holds the file, an upgraded copy in memory is read instead.
"""

import os
import sqlite3
from pathlib import Path

from core.errors import SessionError
from core.session_schema import APPLICATION_ID, SCHEMA_VERSION

STEPS = {
    1: ("ALTER TABLE frames ADD COLUMN crc INTEGER",),
}
"""What leads from a version to the next one; rows written before stay without check sums."""
WAIT_S = 2.0


def open_current(path: Path) -> sqlite3.Connection:
    """A read-only connection to a session's database, brought up to date.

    Raises:
        SessionError: It is foreign, of an unknown format, or written by a newer program.
        sqlite3.Error: It is damaged.
    """
    connection = _read_only(path)
    try:
        version = _version(path.parent, connection)
        if version == SCHEMA_VERSION:
            return connection
        if _upgrade_file(path):
            connection.close()
            return _read_only(path)
        return _upgraded_copy(connection)
    except BaseException:
        connection.close()
        raise


def upgrade(connection: sqlite3.Connection) -> None:
    """Take all steps to today's format in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for step in range(version, SCHEMA_VERSION):
            for statement in STEPS[step]:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        values = ("schema_version", str(SCHEMA_VERSION))
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", values)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _upgrade_file(path: Path) -> bool:
    """Upgrade in place; False where that cannot be done now."""
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return False
    connection = sqlite3.connect(path, isolation_level=None, timeout=WAIT_S)
    try:
        upgrade(connection)
    except sqlite3.OperationalError:  # held by another program, a full disk, a read-only mount
        return False
    finally:
        connection.close()
    return True


def _upgraded_copy(connection: sqlite3.Connection) -> sqlite3.Connection:
    copy = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    try:
        connection.backup(copy)
        upgrade(copy)
    except BaseException:
        copy.close()
        raise
    connection.close()
    copy.row_factory = sqlite3.Row
    return copy


def _read_only(path: Path) -> sqlite3.Connection:
    """A folder that cannot be written is read without SQLite's side files."""
    can_write = os.access(path.parent, os.W_OK)
    mode = "mode=ro" if can_write else "mode=ro&immutable=1"
    uri = f"{path.resolve().as_uri()}?{mode}"
    connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
    connection.row_factory = sqlite3.Row
    return connection


def _version(folder: Path, connection: sqlite3.Connection) -> int:
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION_ID:
        raise SessionError(f"{folder} was not written by this program, or is damaged.")
    if version > SCHEMA_VERSION:
        raise SessionError(
            f"{folder} was written by a newer version of this program "
            f"(format {version}, this one reads {SCHEMA_VERSION}): update the program."
        )
    if version < 1:
        raise SessionError(f"{folder} has the unknown format {version}.")
    return int(version)
