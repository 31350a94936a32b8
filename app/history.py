"""What can be undone, as a value: steps with names, each holding the state before and after.

history = history.recorded(Step("PC 3", before, after))
history, state = history.undone()        # state is `before`
"""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

State = TypeVar("State")


@dataclass(frozen=True)
class Step(Generic[State]):
    """One edit."""

    name: str
    """As the menu says it after "Undo"."""
    before: State
    after: State


@dataclass(frozen=True)
class History(Generic[State]):
    """Steps done, and steps undone that can be done again."""

    past: tuple[Step[State], ...] = ()
    future: tuple[Step[State], ...] = ()
    """The next to be done again is the last."""

    @property
    def undo_name(self) -> str | None:
        """The step that Undo would take back."""
        return self.past[-1].name if self.past else None

    @property
    def redo_name(self) -> str | None:
        """The step that Redo would do again."""
        return self.future[-1].name if self.future else None

    def recorded(self, step: Step[State], merges: bool = False) -> "History[State]":
        """With one more step; what was undone before is forgotten.

        Args:
            step: What was done; one that changes nothing is not kept.
            merges: Let a step of the same name grow instead: one drag is one step.
        """
        last = self.past[-1] if self.past else None
        if merges and last is not None and last.name == step.name and not self.future:
            grown = replace(last, after=step.after)
            kept = () if grown.before == grown.after else (grown,)
            return History((*self.past[:-1], *kept))
        if step.before == step.after:
            return self
        return History((*self.past, step))

    def undone(self) -> "tuple[History[State], State]":
        """One step back, and the state to go back to.

        Raises:
            ValueError: There is nothing to undo.
        """
        if not self.past:
            raise ValueError("there is nothing to undo")
        step = self.past[-1]
        return History(self.past[:-1], (*self.future, step)), step.before

    def redone(self) -> "tuple[History[State], State]":
        """One undone step on again, and the state it leads to.

        Raises:
            ValueError: There is nothing to redo.
        """
        if not self.future:
            raise ValueError("there is nothing to redo")
        step = self.future[-1]
        return History((*self.past, step), self.future[:-1]), step.after
