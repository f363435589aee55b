"""The unit under a real systemd, started as an operator starts it: the chapters of one life, to be run in order."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent)]
from container import PROGRAM, Container, asked, lacking  # noqa: E402 - the line above finds it
from loopback import free_port  # noqa: E402 - as above

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        os.environ.get("REELWATCH_TEST_SYSTEM") != "1", reason="boots a systemd: REELWATCH_TEST_SYSTEM=1 has it do so"
    ),
]

SETTINGS = "/etc/reelwatch/reelwatch.toml"
MODELS = ("vad", "asr", "diarization", "captions", "objects", "ocr", "audio")
WITHOUT_MODELS = "".join(f"\n[stages.{stage}]\nbackends = []\n" for stage in MODELS)
CHEAP = '\n[pool]\nkind = "local"\nnum_cpus = 2\n[disk]\nlow_water_mib = 16\n' + WITHOUT_MODELS

AT_ONCE = r"quiet_local_s = 0.3\nforeign_quiet_s = 0.5"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    reason = lacking()
    if reason is not None:
        pytest.skip(reason)
    work = tmp_path_factory.mktemp("container") / "host"
    work.mkdir()
    with Container(work) as container:
        container.shell("mkdir -p /srv/videos/inbox /srv/videos/more")
        yield container


def drop(host: Container, inbox: str, name: str) -> None:
    """A video that differs from others by its end comes to lie in an inbox, whole."""
    clip = "/opt/src/service/demo/sample.mp4"
    box = r"printf '\0\0\0\20free%08d' " + str(sum(name.encode()))
    host.shell(f"cd {inbox}; (cat {clip}; {box}) >.{name}; mv .{name} {name}.mp4")


def described(host: Container, name: str) -> None:
    there(host, f"/srv/videos/described/{name}.json")


def there(host: Container, path: str) -> None:
    host.until(lambda: host.run("test", "-s", path, check=False).returncode == 0, f"{path} is written")


def test_it_is_installed_and_started_by_one_command(host: Container) -> None:
    install = (PROGRAM, "service", "install", "--inbox", "/srv/videos/inbox", "--output", "/srv/videos/described")
    host.run(*install, "--program", PROGRAM)
    host.shell(f"printf '%s' '{CHEAP}' >>{SETTINGS}; sed -i '/^inboxes/a {AT_ONCE}' {SETTINGS}")
    host.run(PROGRAM, "service", "install", "--program", PROGRAM, "--now", "--yes")
    shown = host.show("ActiveState", "SubState", "Type", "NotifyAccess", "UnitFileState", "NRestarts")
    assert (shown["ActiveState"], shown["SubState"]) == ("active", "running"), "READY was said"
    assert (shown["Type"], shown["NotifyAccess"], shown["UnitFileState"]) == ("notify", "main", "enabled")
    owners = host.shell("stat -c '%U %a' /var/lib/reelwatch /var/cache/reelwatch /run/reelwatch /srv/videos/described")
    assert owners.split("\n")[:4] == ["reelwatch 700"] * 3 + ["reelwatch 2750"]


def test_it_describes_a_video_and_shows_how_it_is_doing(host: Container) -> None:
    drop(host, "/srv/videos/inbox", "first")
    described(host, "first")
    # The inbox, and the folder of what the web face receives.
    line = r"2 roots, 0 settling, 0 queued, 0 running, 0 failed, scan \d+ ms"
    host.until(lambda: re.fullmatch(line, host.show("StatusText")["StatusText"]), "STATUS= shows the counts")
    assert '"event":"job.done"' in host.log()


def test_it_cannot_write_an_inbox_whoever_it_is(host: Container) -> None:
    pid = host.show("MainPID")["MainPID"]
    refused = host.run("nsenter", f"--target={pid}", "--mount", "touch", "/srv/videos/inbox/x", check=False)
    assert "Read-only file system" in refused.stderr
    assert host.shell(f"grep -c ^NoNewPrivs:.1 /proc/{pid}/status; grep ^CapEff /proc/{pid}/status").split() == [
        "1",
        "CapEff:",
        "0000000000000000",
    ]


def test_a_reload_watches_another_inbox(host: Container) -> None:
    host.shell(f'sed -i \'s|^inboxes = .*|inboxes = ["/srv/videos/inbox", "/srv/videos/more"]|\' {SETTINGS}')
    host.run("systemctl", "reload", "reelwatch")
    host.until(lambda: '"changed":"intake.inboxes"' in host.log(), "service.reloaded")
    drop(host, "/srv/videos/more", "second")
    described(host, "second")
    assert host.show("ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}


WEB = "reelwatch-web.service"
TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of this test alone


def test_the_web_face_has_a_unit_of_its_own(host: Container) -> None:
    port = free_port()
    host.shell(f"printf '[web]\\nlisten = \"127.0.0.1:{port}\"\\n' >>{SETTINGS}")
    host.run(PROGRAM, "service", "install", "--program", PROGRAM, "--web", "--now", "--yes")
    host.until(lambda: asked(port, "/health/live") == 200, "it answers", unit=WEB)
    assert host.show("ActiveState", "UnitFileState", unit=WEB) == {"ActiveState": "active", "UnitFileState": "enabled"}
    host.until(
        lambda: asked(port, "/health/ready") == 200, "it sees the service, whose process belongs to the same user"
    )
    drop(host, "/root", "sent")
    host.run(
        "curl", "--silent", "--show-error", "--fail", "-F", "file=@/root/sent.mp4", f"http://127.0.0.1:{port}/analyze"
    )
    described(host, "sent")
    refused = host.run(
        "nsenter",
        f"--target={host.show('MainPID', unit=WEB)['MainPID']}",
        "--mount",
        "touch",
        "/srv/videos/described/x",
        check=False,
    )
    assert "Read-only file system" in refused.stderr


def test_its_token_is_a_credential(host: Container) -> None:
    port = int(host.shell(f"sed -n 's/^listen = \"127.0.0.1:\\([0-9]*\\)\"/\\1/p' {SETTINGS}"))
    host.shell(f"install -D -m 600 /dev/stdin /etc/credstore/reelwatch.web-token <<<{TOKEN}; systemctl restart {WEB}")
    host.until(lambda: asked(port, "/health/live") == 200, "it answers", unit=WEB)
    assert [asked(port, "/jobs"), asked(port, "/jobs", token=TOKEN[::-1]), asked(port, "/jobs", token=TOKEN)] == [
        401,
        401,
        200,
    ]
    host.run("systemctl", "stop", WEB)
    assert host.show("ActiveState", "Result", unit=WEB) == {"ActiveState": "inactive", "Result": "success"}
    assert host.show("ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}


@pytest.mark.skipif(shutil.which("rclone") is None, reason="rclone is not installed")
def test_a_sync_fills_the_inbox_and_takes_nothing_away(host: Container) -> None:
    host.shell("chown reelwatch-sync:reelwatch /srv/videos/inbox; chmod 2775 /srv/videos/inbox; mkdir -p /srv/phone")
    drop(host, "/srv/phone", "pulled")
    host.shell("touch -d '1 hour ago' /srv/phone/pulled.mp4; touch /srv/videos/inbox/mine.txt")
    host.write(Path("/etc/reelwatch/sync/phone.env"), "SOURCE=/srv/phone\nINBOX=/srv/videos/inbox\n")
    host.run("systemctl", "start", "reelwatch-sync@phone.timer")
    host.run("systemctl", "start", "reelwatch-sync@phone.service")
    result = host.show("Result", unit="reelwatch-sync@phone.service")["Result"]
    assert result == "success", host.log("reelwatch-sync@phone.service")
    owner = host.shell("stat -c '%U:%G %a' /srv/videos/inbox/pulled.mp4").strip()
    assert owner == "reelwatch-sync:reelwatch 640"
    described(host, "pulled")
    host.shell("test -e /srv/phone/pulled.mp4 -a -e /srv/videos/inbox/mine.txt")


def test_a_broken_file_changes_nothing(host: Container) -> None:
    host.shell(f"cp {SETTINGS} /root/good; printf 'inboxes = [' >>{SETTINGS}")
    host.run("systemctl", "reload", "reelwatch")
    host.until(lambda: "service.reload_failed" in host.log(), "service.reload_failed")
    assert host.show("ActiveState", "SubState") == {"ActiveState": "active", "SubState": "running"}
    drop(host, "/srv/videos/more", "third")
    described(host, "third")
    host.shell(f"cp /root/good {SETTINGS}")


def test_described_videos_move_away_as_the_page_says(host: Container) -> None:
    """The folder that holds inboxes and archive is root's, and the archive has yet to be made."""
    install = (PROGRAM, "service", "install", "--program", PROGRAM, "--now", "--yes")
    host.shell("chgrp -R reelwatch /srv/videos/inbox; chmod -R g+rwX /srv/videos/inbox")
    host.shell(f'printf \'[done]\\nafter_done = "move"\\nmove_to = "/srv/videos/archive"\\n\' >>{SETTINGS}')
    host.run(*install)
    drop(host, "/srv/videos/inbox", "away")
    there(host, "/srv/videos/archive/away.mp4")
    described(host, "away")
    assert "away.mp4" not in host.shell("ls /srv/videos/inbox")
    host.shell(f"cp /root/good {SETTINGS}")
    host.run(*install)


def test_one_that_stands_still_is_ended_and_started_again(host: Container) -> None:
    folder = "/etc/systemd/system/reelwatch.service.d"
    host.shell(f"printf '[Service]\\nWatchdogSec=8\\nRestartSec=100ms\\n' >{folder}/90-trial.conf")
    host.shell("systemctl daemon-reload; systemctl restart reelwatch")
    host.until(lambda: host.show("WatchdogTimestampMonotonic")["WatchdogTimestampMonotonic"] != "0", "it is fed")
    host.shell("kill -STOP $(systemctl show --property=MainPID --value reelwatch)")
    host.until(lambda: host.show("NRestarts")["NRestarts"] == "1", "the watchdog has it started again")
    host.until(lambda: host.show("ActiveState")["ActiveState"] == "active", "it is up again")
    host.run("systemctl", "reload", "reelwatch")
    drop(host, "/srv/videos/inbox", "fourth")
    described(host, "fourth")


@pytest.mark.long
@pytest.mark.timeout(900)
def test_ray_and_real_models_have_all_they_need(host: Container) -> None:
    """Under every restriction of the unit; and nobody else can talk to them."""
    with_models = 'profile = "embedded"\n' + host.shell(f"sed '/^\\[pool/,$d' {SETTINGS}")
    host.shell(f"cp {SETTINGS} /root/cheap")
    host.write(Path(SETTINGS), with_models)
    host.run("systemctl", "restart", "reelwatch")
    drop(host, "/srv/videos/inbox", "spoken")
    document = Path("/srv/videos/described/spoken.json")
    host.until(lambda: host.run("test", "-s", document, check=False).returncode == 0, "it is described", within_s=600)
    stages = json.loads(host.run("cat", document).stdout)["processing"]["stages"]
    assert {name: stages[name]["status"] for name in ("asr", "ocr", "objects", "audio")} == dict.fromkeys(
        ("asr", "ocr", "objects", "audio"), "done"
    )
    ours = [line for line in host.shell("ss -Hltnp").splitlines() if "users:" in line]  # the network is the host's
    listening = {line.split()[3].rpartition(":")[0] for line in ours}
    assert listening
    assert listening <= {"127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"}
    assert host.shell("stat -c '%U %a' /var/lib/reelwatch/ray-auth-token").split() == ["reelwatch", "600"]
    assert "service.stuck" not in host.log()
    took_s = float(host.shell("TIMEFORMAT=%R; { time systemctl stop reelwatch; } 2>&1"))
    assert took_s < 60
    assert not host.shell("pgrep --uid reelwatch || true").split(), "nothing is left of Ray"
    host.shell(f"cp /root/cheap {SETTINGS}; systemctl start reelwatch")


def test_settings_that_cannot_be_used_are_not_tried_again(host: Container) -> None:
    host.shell(f"cp {SETTINGS} /root/good; echo 'nonsense = 1' >>{SETTINGS}; systemctl restart reelwatch || true")
    shown = host.show("ActiveState", "ExecMainStatus")
    assert shown == {"ActiveState": "failed", "ExecMainStatus": "78"}
    host.shell(f"cp /root/good {SETTINGS}; systemctl start reelwatch")


def test_it_stops_within_seconds_and_in_order(host: Container) -> None:
    took_s = float(host.shell("TIMEFORMAT=%R; { time systemctl stop reelwatch; } 2>&1"))
    shown = host.show("ActiveState", "Result", "ExecMainStatus")
    assert shown == {"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"}
    assert took_s < 20
    assert '"event":"service.stopped"' in host.log()


def test_it_is_uninstalled_but_for_what_is_the_operators(host: Container) -> None:
    said = host.run(PROGRAM, "service", "uninstall", "--now").stdout
    assert f"kept     {SETTINGS}: changed by hand" in said
    left = host.shell(
        "find /etc/systemd/system -path '*reelwatch*' | sort; ls /var/lib/reelwatch /srv/videos/described"
    )
    assert left.splitlines()[:2] == [
        "/etc/systemd/system/reelwatch.service.d",
        "/etc/systemd/system/reelwatch.service.d/90-trial.conf",
    ]
    assert "ledger.sqlite3" in left
    assert "first.json" in left
