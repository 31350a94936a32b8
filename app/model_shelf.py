"""Models that this person trained or brought, beside those that ship.

shelf_models(); model_place("my fox")     # its folder, or the name itself if it ships
"""

from pathlib import Path

MODEL_CARD = "model.json"


def shelf_folder() -> Path:
    """Where they are on this system."""
    import platformdirs

    return Path(platformdirs.user_data_dir("dasr-studio", appauthor=False)) / "models"


def runs_folder() -> Path:
    """Where trainings keep what they need to go on."""
    return shelf_folder().parent / "runs"


def shelf_models() -> list[str]:
    """Their names."""
    return sorted(path.parent.name for path in shelf_folder().glob(f"*/{MODEL_CARD}"))


def model_place(name: str) -> str:
    """What loads a model of that name: the folder of one's own, else the name."""
    own = shelf_folder() / name
    is_own = name == Path(name).name and (own / MODEL_CARD).is_file()
    return str(own) if is_own else name


def free_name(wanted: str) -> str:
    """The name, numbered if a model or a training has it already."""
    name, number = wanted, 2
    while (shelf_folder() / name).exists() or (runs_folder() / name).exists():
        name, number = f"{wanted}-{number}", number + 1
    return name
