"""Syncthing: two real instances that know each other and nobody else."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path

from loopback import free_port
from processes import until
from writers.scene import Scene, Writer
from writers.servers import end
from writers.with_rsync import ON_RENAME

OPTIONS = {
    "globalAnnounceEnabled": "false",
    "localAnnounceEnabled": "false",
    "relaysEnabled": "false",
    "natEnabled": "false",
    "crashReportingEnabled": "false",
    "urAccepted": "-1",
    "autoUpgradeIntervalH": "0",
    "startBrowser": "false",
    "reconnectionIntervalS": "1",
    "setLowPriority": "false",
}


@dataclass(frozen=True)
class Instance:
    """One Syncthing: its home, the folder it keeps, and where it listens."""

    home: Path
    folder: Path
    port: int

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def generate(self) -> str:
        """Make keys and settings; return the device's id."""
        command = ["syncthing", "generate", f"--home={self.home}", "--no-default-folder"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        words = ["syncthing", f"--home={self.home}", "--device-id"]
        return subprocess.run(words, check=True, capture_output=True, timeout=60, text=True).stdout.strip()

    def configure(self, mine: str, other: str, others: Instance) -> None:
        """Know the other instance, share one folder with it, and talk to nobody else."""
        path = self.home / "config.xml"
        tree = ET.parse(path)  # noqa: S314 - Syncthing has just written it
        root = tree.getroot()
        options = root.find("options")
        assert options is not None
        for name, value in {**OPTIONS, "listenAddress": self.address}.items():
            for found in options.findall(name):
                options.remove(found)
            ET.SubElement(options, name).text = value
        gui = root.find("gui")
        assert gui is not None
        gui.set("enabled", "false")
        for device in root.findall("device"):
            root.remove(device)
        for device, address in ((mine, "dynamic"), (other, others.address)):
            ET.SubElement(ET.SubElement(root, "device", id=device, name=device[:7]), "address").text = address
        shared = ET.SubElement(
            root, "folder", id="videos", path=str(self.folder), type="sendreceive", rescanIntervalS="2",
            fsWatcherEnabled="false",
        )  # fmt: skip
        for device in (mine, other):
            ET.SubElement(shared, "device", id=device)
        tree.write(path)


def syncthing(scene: Scene) -> None:
    sender = Instance(scene.away / "sender", scene.away / "sent", free_port())
    receiver = Instance(scene.away / "receiver", scene.folder, free_port())
    sender.folder.mkdir()
    ids = [instance.generate() for instance in (sender, receiver)]
    sender.configure(ids[0], ids[1], receiver)
    receiver.configure(ids[1], ids[0], sender)
    scene.source.rename(sender.folder / scene.target.name)
    alone = ("--no-browser", "--no-restart", "--no-upgrade")
    running = [
        scene.servers.daemon("syncthing", "serve", f"--home={instance.home}", *alone) for instance in (sender, receiver)
    ]
    try:
        _until_synced(scene, sender)
        scene.replaced().replace(sender.folder / scene.target.name)
        _until_synced(scene, sender)
    finally:
        for process in running:
            end(process)


def _until_synced(scene: Scene, sender: Instance) -> None:
    sent = sender.folder / scene.target.name
    scene.source = sent

    def same() -> bool:
        return scene.target.exists() and scene.target.stat().st_mtime == sent.stat().st_mtime

    until(same, f"the video arrives, and its time is restored {scene.servers.logs()}", within_s=90)


WRITERS = (Writer("Syncthing, new and updated", syncthing, ON_RENAME, needs=("syncthing",), generations=2),)
