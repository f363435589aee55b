"""A measured program: `python tests/bench/canned_service.py HOME [media]`. The service over models that answer at once.

media: on real Ray, with the real decoder. Logs JSON lines on stderr as the service does, each with `at_s`, the
monotonic time of its event.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "e2e")]

from cheap_hosts import cheap_host

from actors.host import ActorHost
from actors.pool.base import ActorSpec, Host, Pool
from actors.pool.fake_pool import FakePool
from service.configuration import Configuration, load
from service.daemon import run


def _tell(event: str, /, **fields: object) -> None:
    said = {name: os.fsdecode(value) if isinstance(value, bytes) else value for name, value in fields.items()}
    sys.stderr.write(json.dumps({"event": event, "at_s": time.monotonic(), **said}, default=str) + "\n")
    sys.stderr.flush()


def media_host(spec: ActorSpec) -> Host:
    """Return the real decoder, and a canned host for every model."""
    return ActorHost(spec) if spec.role == "media" else cheap_host(spec)


def ray_pool(configuration: Configuration) -> Pool:
    """Return a pool of processes as `reelwatch run` has it, in which the decoder and fusion are real."""
    from actors.pool.ray_options import RayOptions
    from actors.pool.ray_pool import RayPool

    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # Ray's processes find `cheap_hosts` by it
    token = configuration.state.dir / "ray-auth-token"
    options = RayOptions(num_cpus=8, object_store_mib=configuration.pool.object_store_mib, auth_token=token)
    return RayPool(options, media_host)


def main() -> int:
    """Serve until a signal comes; return the exit code."""
    home, media = Path(sys.argv[1]), "media" in sys.argv[2:]
    flags = {"disk.low_water_mib": 0, "pool.num_cpus": 8} | ({} if media else {"pool.kind": "local"})
    settings = load(flags, config_path=home / "reelwatch.toml", environ={"HOME": str(home)}).configuration
    return run(settings, _tell, pool_factory=ray_pool if media else lambda _settings: FakePool(cheap_host))


if __name__ == "__main__":
    sys.exit(main())
