"""Errors a person can act on.

`str(error)` is one sentence fit for a dialog or stderr: what went wrong, and what to do next.
The command line and the window catch `ExplainedError` in one place each; anything else is a bug.
"""


class ExplainedError(Exception):
    """Base of every error caused by the world (files, cameras, disks) and not by a bug."""


class SourceError(ExplainedError):
    """A video, folder, camera or stream cannot be read."""


class RigError(ExplainedError):
    """A glTF file is broken or holds no usable rig."""


class ModelError(ExplainedError):
    """A category model is missing, broken or of an unknown version."""


class SegmentError(ExplainedError):
    """Masks cannot be read, or a segmenter cannot start."""


class SessionError(ExplainedError):
    """A session cannot be opened or written."""


class ExportError(ExplainedError):
    """A result cannot be written."""
