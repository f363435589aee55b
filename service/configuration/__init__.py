"""What may change without touching code: settings, their origins and their rules (DESIGN 5)."""

from service.configuration.loading import Loaded, load
from service.configuration.schema import STAGES, Configuration, StageSettings

__all__ = ["STAGES", "Configuration", "Loaded", "StageSettings", "load"]
