"""A ledger that cannot be used: one clear message, nothing written behind its back, and nothing lost afterwards."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from plugin_runs import SECONDS, Outcome, is_one_clear_message

TASK = "tap-inventory--products own-products-inventory-to-crm target-crm"
# Root may write everywhere; a process started through this may do what its owner may, and no more.
WITHOUT_PRIVILEGE = (
    "import ctypes, os, sys\n"
    "drop = getattr(ctypes.CDLL(None), 'prctl', None)\n"
    "[drop(24, capability, 0, 0, 0) for capability in (1, 2)] if drop else None\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)
# A disk of its own, so small that it fills up; what stands on it at the end is copied to "$1" before it vanishes.
SMALL_DISK = 'mount -t tmpfs -o size="$2" tmpfs "$0" && keep="$1" && shift 2 && { "$@"; code=$?; cp "$0"/* "$keep"; exit $code; }'


@pytest.fixture
def stocked(site):
    """Three items in inventory that the CRM does not have yet."""
    for number in range(3):
        site.new_item(f"LG-{number}")
    return site


def all_arrive_once(site, *codes):
    outcomes = site.pipe(TASK)
    assert [one.code for one in outcomes] == [0, 0, 0], outcomes[-1].err
    assert site.products() == sorted(codes)


def records_for_the_target(site):
    """What the mapper hands to the target."""
    tap = site.plugin("tap-inventory--products")
    mapped = site.plugin("own-products-inventory-to-crm", stdin=tap.out)
    assert (tap.code, mapped.code) == (0, 0), tap.err + mapped.err
    return mapped.out


def test_a_ledger_of_a_newer_version_is_left_alone(stocked):
    all_arrive_once(stocked, "LG-0", "LG-1", "LG-2")
    stocked.new_item("LG-3")
    ledger = stocked.folder / "ledger.db"
    with closing(sqlite3.connect(ledger)) as database:
        [(version,)] = database.execute("SELECT version_num FROM alembic_version").fetchall()
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()
        content = list(database.iterdump())
    before = stocked.stage.journal()["next"]
    outcome = stocked.pipe(TASK)[-1]
    is_one_clear_message(outcome, "newer than this program", "ledger", "upgrade ofrecord")
    assert stocked.writes(before) == []
    with closing(sqlite3.connect(ledger)) as database:
        assert list(database.iterdump()) == content
        database.execute("UPDATE alembic_version SET version_num = ?", [version])
        database.commit()
    all_arrive_once(stocked, "LG-0", "LG-1", "LG-2", "LG-3")


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_ledger_that_may_not_be_written_is_said_to_be_so_before_any_write(stocked, what):
    records = records_for_the_target(stocked)
    home = stocked.folder / "closed"
    home.mkdir()
    ledger = home / "ledger.db"
    if what == "file":
        ledger.touch(mode=0o400)
    home.chmod(0o500)
    before = stocked.stage.journal()["next"]
    try:
        command = stocked.command("target-crm", stocked.config("target-crm", ledger=str(ledger)))
        outcome = stocked.run([sys.executable, "-c", WITHOUT_PRIVILEGE, *command], stdin=records)
    finally:
        home.chmod(0o700)
        shutil.rmtree(home)
    is_one_clear_message(outcome, "ledger is not writable", "ledger", "permissions")
    assert stocked.writes(before) == []
    all_arrive_once(stocked, "LG-0", "LG-1", "LG-2")


def test_a_folder_in_the_place_of_the_ledger_is_said_to_be_so(stocked):
    folder = stocked.folder / "run"
    outcome = stocked.pipe(TASK, {"target-crm": {"ledger": str(folder)}})[-1]
    is_one_clear_message(outcome, "ledger is not writable", "ledger", "setting ledger")
    assert stocked.products() == []


def test_a_file_that_is_no_ledger_is_left_as_it_is(stocked):
    other = stocked.folder / "run" / "letter.txt"
    other.parent.mkdir(exist_ok=True)
    other.write_text("Dear all,\n" * 500, encoding="utf-8")
    outcome = stocked.pipe(TASK, {"target-crm": {"ledger": str(other)}})[-1]
    is_one_clear_message(outcome, "not a ledger", "setting ledger")
    assert other.read_text(encoding="utf-8") == "Dear all,\n" * 500
    assert stocked.products() == []


def small_disks_exist(folder):
    command = ["unshare", "-Urm", "mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(command, capture_output=True, check=False, timeout=SECONDS).returncode == 0


def test_a_full_disk_stops_the_run_and_the_next_one_completes_without_doubles(stocked, tmp_path):
    disk, saved = tmp_path / "disk", tmp_path / "saved"
    disk.mkdir()
    saved.mkdir()
    if not small_disks_exist(disk):
        pytest.skip("this machine does not let a test mount a small disk of its own (unshare -Urm)")
    for number in range(3, 400):
        stocked.new_item(f"LG-{number}")
    records = records_for_the_target(stocked)
    command = stocked.command("target-crm", stocked.config("target-crm", ledger=str(disk / "ledger.db")))
    outcome = stocked.run(
        ["unshare", "-Urm", "sh", "-c", SMALL_DISK, str(disk), str(saved), "400k", *command], stdin=records
    )
    is_one_clear_message(outcome, "disk is full", "ledger", "free some space")
    assert (saved / "ledger.db").exists()
    for path in saved.iterdir():
        shutil.copy2(path, stocked.folder / path.name)
    all_arrive_once(stocked, *(f"LG-{number}" for number in range(400)))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("plugin", ["tap-inventory--products", "own-products-inventory-to-crm"])
def test_output_to_a_full_disk_is_one_clear_message(stocked, plugin):
    lines = "" if plugin.startswith("tap-") else stocked.plugin("tap-inventory--products").out
    config = stocked.mapping(plugin) if plugin.startswith("own-") else stocked.config(plugin)
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a path of ours
        answer = subprocess.run(
            stocked.command(plugin, config),
            input=lines,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=stocked.folder,
            env=stocked.stage.environment,
            check=False,
            timeout=SECONDS,
        )
    is_one_clear_message(Outcome(plugin, answer.returncode, "", answer.stderr), "no space|disk is full", "output|space")
