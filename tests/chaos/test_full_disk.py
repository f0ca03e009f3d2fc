"""The disk of `state_dir` fills up: tokens, call counts and what was delivered are kept there. One clear message, and the next run completes."""

import json
import subprocess
import sys

import pytest
from plugin_runs import SECONDS, Outcome, is_one_clear_message

DRIVER = """
import json, pathlib, subprocess, sys
disk, size, command, when = json.loads(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk], check=True)
filler = pathlib.Path(disk, "filler")

def run():
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return [done.returncode, done.stdout, done.stderr]

def fill():
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass

told = []
if when == "later":
    told.append(run())
fill()
told.append(run())
filler.unlink()
told.append(run())
print(json.dumps([told, sorted(one.name for one in pathlib.Path(disk).rglob("*"))]))
"""


@pytest.mark.parametrize("when", ["from the beginning", "later"])
def test_a_full_disk_under_the_state_is_one_clear_message_and_the_next_run_completes(site, tmp_path, when):
    disk = tmp_path / "disk"
    disk.mkdir()
    for number in range(3):
        site.new_item(f"LG-{number}")
    config = site.config("tap-inventory--products", state_dir=str(disk), calls_per_minute=1000, changed_only=["items"])
    command = site.command("tap-inventory--products", config)
    asked = json.dumps([str(disk), "2m", command, when])
    done = subprocess.run(
        ["unshare", "-Urm", sys.executable, "-c", DRIVER, asked],
        capture_output=True, text=True, check=False, timeout=SECONDS, cwd=site.folder, env=site.stage.environment,
    )  # fmt: skip
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip(f"this machine does not let a test mount a small disk of its own: {done.stderr.splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    told, left = json.loads(done.stdout)
    *_, full, after = [Outcome("tap-inventory", *one) for one in told]
    is_one_clear_message(full, "space", "state_dir")
    assert after.code == 0, after.err
    assert after.out.count('"RECORD"') == 3
    assert {"tokens.json", "calls.sqlite", "calls.jsonl", "known.sqlite"} <= set(left)
