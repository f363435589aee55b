"""What Windows, phones and scanners write over SMB: smbclient against a real smbd."""

from __future__ import annotations

import getpass
import os
import subprocess
import time
from collections.abc import Callable

from loopback import free_port
from writers.plain import ON_CLOSE
from writers.scene import Scene, Writer, found
from writers.servers import NotStarted, Servers
from writers.with_rsync import ON_RENAME

SETTINGS = """
[global]
  server role = standalone server
  map to guest = bad user
  guest account = {user}
  smb ports = {port}
  interfaces = 127.0.0.1/8
  bind interfaces only = yes
  load printers = no
  disable spoolss = yes
  log file = {folder}/smbd.log
  private dir = {folder}
  lock directory = {folder}
  state directory = {folder}
  cache directory = {folder}
  pid directory = {folder}
  ncalrpc dir = {folder}/ncalrpc
[share]
  path = {share}
  guest ok = yes
  read only = no
  force user = {user}
"""


def start(servers: Servers) -> int:
    """Start smbd; return its port."""
    if os.geteuid() != 0:
        raise NotStarted("smbd can only act for its clients when it is root")
    folder, port = servers.folder / "smb", free_port()
    folder.mkdir()
    config = folder / "smb.conf"
    config.write_text(SETTINGS.format(user=getpass.getuser(), port=port, folder=folder, share=servers.served))
    process = servers.daemon(str(found("smbd")), "--foreground", "--no-process-group", f"--configfile={config}")
    servers.until_listening(process, port)
    return port


def _smbclient(scene: Scene, commands: str) -> tuple[str, ...]:
    port = str(scene.servers.get("smb"))
    return ("smbclient", "//127.0.0.1/share", "-N", "-p", port, "-c", commands)


def _remote(scene: Scene, name: str | None = None) -> str:
    folder = scene.folder.relative_to(scene.servers.served)
    return f"{folder}/{name or scene.target.name}"


def put(scene: Scene) -> None:
    scene.run(*_smbclient(scene, f"put {scene.source} {_remote(scene)}"))


def put_over(scene: Scene) -> None:
    put(scene)
    scene.source = scene.replaced()
    put(scene)


def put_slowly(scene: Scene) -> None:
    """smbd holds the file open while its client pauses."""
    content = scene.content
    command = _smbclient(scene, f"put - {_remote(scene)}")
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as client:
        assert client.stdin is not None
        for third in range(3):
            client.stdin.write(content[third * len(content) // 3 : (third + 1) * len(content) // 3])
            client.stdin.flush()
            time.sleep(2.5)
        client.stdin.close()
        assert client.wait(timeout=60) == 0


def put_and_rename(scene: Scene) -> None:
    temporary = _remote(scene, f"{scene.target.name}.tmp")
    scene.run(*_smbclient(scene, f"put {scene.source} {temporary}; rename {temporary} {_remote(scene)}"))


def _writer(name: str, write: Callable[[Scene], None], taken: str, *, generations: int = 1) -> Writer:
    return Writer(name, write, taken, needs=("smbd", "smbclient"), server="smb", generations=generations)


WRITERS = (
    _writer("Samba: smbclient put", put, ON_CLOSE),
    _writer("Samba: smbclient put over an earlier video", put_over, ON_CLOSE, generations=2),
    _writer("Samba: smbclient put, with pauses", put_slowly, ON_CLOSE),
    _writer("Samba: smbclient put and rename (.tmp)", put_and_rename, ON_RENAME),
)
