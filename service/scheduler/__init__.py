"""The pure scheduler: `decide(board, event) -> (board, actions)`; it touches no clock, no pool and no ledger."""

from service.scheduler.board import Board, Limits, Run, Slot, Ticket
from service.scheduler.decide import capacity, decide

__all__ = ["Board", "Limits", "Run", "Slot", "Ticket", "capacity", "decide"]
