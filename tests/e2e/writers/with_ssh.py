"""What comes through SSH: scp in both its protocols, sftp in each way of finishing, lftp, rsync; a real sshd serves."""

from __future__ import annotations

import getpass
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from loopback import free_port
from writers.plain import ON_CLOSE
from writers.scene import Scene, Writer, found
from writers.servers import Servers
from writers.with_rsync import ON_RENAME, SLOW

SETTINGS = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
MaxStartups 100
Subsystem sftp internal-sftp
"""
CLIENT = """
Host here
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile {folder}/known_hosts
  LogLevel ERROR
"""


@dataclass(frozen=True)
class Ssh:
    """A running sshd; `config` makes it known to clients as the host `here`."""

    config: Path


def start(servers: Servers) -> Ssh:
    folder, port = servers.folder / "ssh", free_port()
    folder.mkdir()
    for key in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / key]
        subprocess.run(command, check=True, capture_output=True)
    (folder / "sshd_config").write_text(SETTINGS.format(port=port, folder=folder))
    (folder / "ssh_config").write_text(CLIENT.format(port=port, folder=folder, user=getpass.getuser()))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # compiled in; where the package's own service starts, it makes it
    sshd = found("sshd")  # it wants to be called by its whole path
    process = servers.daemon(str(sshd), "-D", "-e", "-f", folder / "sshd_config")
    servers.until_listening(process, port)
    # A locked account, or one without a shell, is let in nowhere.
    probe = ["ssh", "-F", folder / "ssh_config", "here", "true"]
    subprocess.run(probe, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)
    return Ssh(folder / "ssh_config")


def _config(scene: Scene) -> Path:
    ssh: Ssh = scene.servers.get("ssh")
    return ssh.config


def _sftp(scene: Scene, *commands: str, options: tuple[str, ...] = ()) -> tuple[str | Path, ...]:
    batch = scene.away / f"batch-{len(list(scene.away.iterdir()))}"
    batch.write_text("\n".join(commands) + "\n")
    return ("sftp", "-F", _config(scene), *options, "-b", batch, "here")


def scp(scene: Scene) -> None:
    scene.run("scp", "-F", _config(scene), "-l", "24000", scene.source, f"here:{scene.target}")


def scp_old(scene: Scene) -> None:
    scene.run("scp", "-O", "-p", "-F", _config(scene), "-l", "24000", scene.source, f"here:{scene.target}")


def cat_over_ssh(scene: Scene) -> None:
    with scene.source.open("rb") as source:
        scene.run("ssh", "-F", _config(scene), "here", f"cat > '{scene.target}'", stdin=source)


def sftp(scene: Scene) -> None:
    scene.run(*_sftp(scene, f"put -p {scene.source} {scene.target}"))


def sftp_dropped(scene: Scene) -> None:
    """The server closes the file when the connection is gone: by its events it is finished."""
    put = _sftp(scene, f"put {scene.source} {scene.target}", options=("-l", "3000"))
    scene.broken_off(*put, when=scene.grown, with_signal=signal.SIGKILL)
    scene.wait_for_refusal()
    scene.run(*_sftp(scene, f"reput {scene.source} {scene.target}"))


def sftp_renamed(scene: Scene) -> None:
    temporary = f"{scene.target}.filepart"
    scene.run(*_sftp(scene, f"put {scene.source} {temporary}", f"rename {temporary} {scene.target}"))


def sftp_linked(scene: Scene) -> None:
    """The rename of protocol version 3 is a link and an unlink: nothing is closed or moved under the final name."""
    temporary = f"{scene.target}.filepart"
    scene.run(*_sftp(scene, f"put {scene.source} {temporary}", f"rename -l {temporary} {scene.target}"))


def lftp(scene: Scene) -> None:
    connect = f"set sftp:connect-program 'ssh -a -x -F {_config(scene)}'; set net:limit-total-rate 0:3000000"
    scene.run("lftp", "-c", f"{connect}; open sftp://here; put {scene.source} -o {scene.target}")


def rsync(scene: Scene) -> None:
    scene.run("rsync", "-a", SLOW, "-e", f"ssh -F {_config(scene)}", scene.source, f"here:{scene.target}")


def _writer(name: str, write: object, taken: str, *programs: str, aborts: bool = False) -> Writer:
    return Writer(name, write, taken, needs=("sshd", *programs), server="ssh", aborts=aborts)  # type: ignore[arg-type]


WRITERS = (
    _writer("scp", scp, ON_CLOSE, "scp"),
    _writer("scp -O -p", scp_old, ON_CLOSE, "scp"),
    _writer("ssh, cat > file", cat_over_ssh, ON_CLOSE, "ssh"),
    _writer("sftp put -p", sftp, ON_CLOSE, "sftp"),
    _writer(
        "sftp put, dropped and resumed", sftp_dropped, f"{ON_CLOSE}, and its container is closed", "sftp", aborts=True
    ),
    _writer("sftp put and rename (.filepart)", sftp_renamed, ON_RENAME, "sftp"),
    _writer("sftp put and rename of version 3 (link, unlink)", sftp_linked, "at once", "sftp"),
    _writer("lftp put", lftp, ON_CLOSE, "lftp"),
    _writer("rsync over ssh", rsync, ON_RENAME, "rsync"),
)
