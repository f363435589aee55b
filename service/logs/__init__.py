"""The log: a closed vocabulary of events, one line each, which alone must be enough to run the service (DESIGN 7)."""

from service.logs.emitter import Emit, Emitter, Recorder
from service.logs.names import readable
from service.logs.setup import start

__all__ = ["Emit", "Emitter", "Recorder", "readable", "start"]
