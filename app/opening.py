"""From what was typed, dropped or chosen to what the session opens."""

from pathlib import Path

from app.edits import KeyedCode
from app.session import Session
from core.errors import ExplainedError, SessionError

SESSION_DATABASE = "session.sqlite"
MODEL_CARD = "model.json"
RIG_SUFFIXES = (".glb", ".gltf")
RIG_SCHEME = "rig:"
"""Before the path of a rigged file that is played."""


def open_anything(session: Session, text: str) -> None:
    """Open a source, a saved session or a category model; say so if it is none of them."""
    path = Path(text).expanduser()
    if text.startswith(RIG_SCHEME):
        session.load_model(text.removeprefix(RIG_SCHEME))
    try:
        if (path / SESSION_DATABASE).is_file():
            _open_session(session, path)
        elif (
            (path / MODEL_CARD).is_file()
            or path.suffix == ".zip"
            or text in session.services.list_models()
        ):
            session.load_model(text)
        elif path.suffix.lower() in RIG_SUFFIXES and path.is_file():
            session.rig_given.emit(str(path))
        else:
            if not text.startswith(RIG_SCHEME):
                leave_played_rig(session)
            session.open(text)
    except ExplainedError as error:
        session.failed.emit("Could not open this", error)


def leave_played_rig(session: Session) -> None:
    """A body that only plays its own file makes room for a model that looks at videos."""
    models = session.services.list_models()
    if models and (session.model_name or "").lower().endswith(RIG_SUFFIXES):
        session.load_model(models[0])


def _open_session(session: Session, folder: Path) -> None:
    from core.session_edits import read_edits
    from core.session_store import read_session

    with read_session(folder) as record:
        header, source = record.header, record.source
        numbers = record.sizes.shape
        known = tuple(record.results())
    keys = tuple(
        KeyedCode(frame, tuple(float(one) for one in code))
        for frame, code in read_edits(folder).items()
    )
    if source is None:
        was = header.source.absolute if header.source is not None else "a camera"
        session.source_missing.emit(str(folder), was)
        return
    is_other = header.model_name != session.model_name
    model = session.model
    if model is not None and not is_other and numbers > model.shape_count:
        raise SessionError(
            f"{folder} was made with a newer {header.model_name}: get that model, or reconstruct "
            "the video again."
        )
    if is_other and header.model_name in session.services.list_models():
        session.load_model(header.model_name)
    session.open(str(source.resolve()), known, keys=keys, folder=folder.resolve())
