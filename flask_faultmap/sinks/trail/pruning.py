"""How are faults deleted? By age or by user, in small transactions, and for a user in the journal too."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine, delete, select, tuple_

from flask_faultmap.errors import ConfigError
from flask_faultmap.sinks.trail.database import (
    FAULT,
    SEGMENT,
    check_version,
    is_missing,
    is_prepared,
    open_to_read,
    open_to_write,
)
from flask_faultmap.sinks.trail.entries import Filters
from flask_faultmap.sinks.trail.records import name_of_user
from flask_faultmap.sinks.trail.segments import erase_lines, segments_of
from flask_faultmap.sinks.trail.settings import TrailSettings
from flask_faultmap.sinks.trail.snapshots import conditions_of

PRUNED_AT_ONCE = 1000
KEY = tuple_(FAULT.c.segment, FAULT.c.offset)


def prune(
    settings: TrailSettings,
    app: str,
    *,
    older_than: datetime | None = None,
    user_id: str | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Delete faults from the database, a thousand in one transaction; give how many.

    Groups keep their counts, and segments their offsets, so that nothing is shipped again. One user's lines
    are erased from this host's journal too, where they were shipped.

    Raises:
        ConfigError: a file of the journal cannot be written by this user; all others were erased.
    """
    if older_than is None and user_id is None:
        raise ValueError("nothing says which faults to prune: give older_than, user_id, or both")
    user_id = None if user_id is None else name_of_user(user_id)
    conditions = [FAULT.c.app == app, *conditions_of(Filters(user_id=user_id, until=older_than))]
    some = select(FAULT.c.segment, FAULT.c.offset).where(*conditions).limit(PRUNED_AT_ONCE)
    if is_missing(open_to_read(settings.url)):
        return 0
    engine = open_to_write(settings.url)
    pruned = 0
    try:
        with engine.begin() as connection:
            if not is_prepared(connection):
                return 0
            check_version(connection)
        while True:
            with engine.begin() as connection:
                deleted = connection.execute(delete(FAULT).where(KEY.in_(some))).rowcount
            if not deleted:
                break
            pruned += deleted
            progress(deleted)
        if user_id is not None:
            _erase_in_journal(settings, engine, user_id)
    finally:
        engine.dispose()
    return pruned


def _erase_in_journal(settings: TrailSettings, engine: Engine, user_id: str) -> None:
    """Erase one user's lines that were shipped, and that the segments of living processes still hold."""
    closed = []
    for path in segments_of(settings.folder):
        with engine.begin() as connection:
            end = connection.scalar(select(SEGMENT.c.offset).where(SEGMENT.c.name == path.stem))
        try:
            erase_lines(path, int(end or 0), lambda record: record.get("user") == user_id)
        except FileNotFoundError:  # deleted, meanwhile
            continue
        except OSError:
            closed.append(str(path))
    if closed:
        told = "cannot be written by this user; lines of the one to delete may be left there"
        raise ConfigError(f"{', '.join(closed)} {told}. Give it to the app's user, and run this again")
