"""One decision under construction: a board that may be written to, and the actions asked for so far."""

from __future__ import annotations

from dataclasses import replace

from service.scheduler.board import Board, Run, Slot
from service.scheduler.events import Action


class Turn:
    """Collects the changes of one `decide`; the board it was made from is never touched."""

    def __init__(self, board: Board, now_s: float) -> None:
        self.board = board
        self.plan = board.plan
        self.limits = board.limits
        self.now_s = now_s
        self.runs: dict[int, Run] = dict(board.runs)
        self.slots: dict[str, Slot] = dict(board.slots)
        self.unavailable: dict[str, str] = dict(board.unavailable)
        self.next_call_id = board.next_call_id
        self.idle_since_s = board.idle_since_s
        self.actions: list[Action] = []

    def ask(self, *actions: Action) -> None:
        """Add actions, in the order in which they are to be carried out."""
        self.actions.extend(actions)

    def put(self, run: Run) -> None:
        """Write a run back."""
        self.runs[run.job_id] = run

    def drop(self, run: Run, *actions: Action) -> None:
        """Take a run off the board, with what the ledger has to be told about it."""
        self.runs.pop(run.job_id, None)
        self.ask(*actions)

    def result(self) -> tuple[Board, list[Action]]:
        """Return the new board and the actions."""
        board = replace(
            self.board,
            runs=self.runs,
            slots=self.slots,
            unavailable=self.unavailable,
            next_call_id=self.next_call_id,
            idle_since_s=self.idle_since_s,
        )
        return board, self.actions
