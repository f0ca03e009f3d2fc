"""`ofrecord diff`: what a change of the rules changes."""

import json
import shutil
import subprocess

import pytest

RULES = """\
entity: widget
responsible: {owner: A, deputy: B, escalation: C}
systems:
  inventory: {stream: things, id: item_id, external_id: cf_crm_id}
  crm: {stream: Things, id: id, external_id: Inventory_ID}
new: [inventory]
fields:
  - {what: Name, owner: inventory, inventory: name, crm: Name}
  - {what: Weight, owner: inventory, inventory: {field: weight, unit: kg}, crm: {field: Weight, unit: g}}
  - {what: Note, owner: shared, policy: latest, inventory: notes, crm: Note}
"""
NEW = (
    RULES
    .replace("{field: Weight, unit: g}", "{field: Weight, unit: kg}")
    .replace("policy: latest", "policy: crm")
    .replace("new: [inventory]\n", "new: [inventory]\nwhen: {inventory: {kind: [goods]}}\n")
)  # fmt: skip
RECORDS = [
    {"item_id": "1", "name": "Saddle", "weight": 1.5, "notes": "secret", "kind": "goods"},
    {"item_id": "2", "name": "Bell", "weight": None, "notes": "n", "kind": "goods"},
    {"item_id": "3", "name": "Fee", "weight": 0.5, "notes": "n", "kind": "service"},
]


@pytest.fixture
def folders(tmp_path):
    """Old and new rules."""
    for name, text in (("old", RULES), ("new", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "widget.yml").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.jsonl"
    lines = [{"type": "SCHEMA", "stream": "things", "schema": {}, "key_properties": []}]
    lines += [{"type": "RECORD", "stream": "things", "record": record} for record in RECORDS]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_lines_that_were_added_removed_or_changed_are_told_with_before_and_after(ask, folders):
    (folders / "new" / "widget.yml").write_text(
        NEW.replace("  - {what: Name, owner: inventory, inventory: name, crm: Name}\n", "")
        + "  - {what: Web, owner: crm, inventory: website, crm: Website}\n",
        encoding="utf-8",
    )
    done = ask("diff", "--rules", str(folders / "new"), "--against", str(folders / "old"), "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)["changes"]
    told = [(one["kind"], one["field"], one["what"], one["before"], one["after"]) for one in found]
    assert ("changed", "Weight", "unit", "kg, g", "kg") in told
    assert ("changed", "Weight", "conversion", "kg → g", "kg as it is") in told
    assert ("changed", "Note", "policy", "latest", "crm") in told
    assert ("added", "Web", "", "", "") in told
    assert told[-1] == ("removed", "Name", "", "", "")
    assert {what for kind, field, what, _, _ in told if kind == "changed" and not field} == {"when"}


def test_keys_of_the_entity_and_systems_are_compared_too(ask, folders):
    (folders / "new" / "widget.yml").write_text(
        RULES.replace("owner: A,", "owner: D,").replace("id: item_id", "id: thing_id"), encoding="utf-8"
    )
    (folders / "new" / "systems.yml").write_text(
        "systems:\n  shop: {tap: tap-shop, modified: updated, created: made}\n  books: {created: made_at}\n",
        encoding="utf-8",
    )
    done = ask("diff", "--rules", str(folders / "new"), "--against", str(folders / "old"), "--json")
    told = {(one["kind"], one["entity"], one["field"], one["what"]): one for one in json.loads(done.stdout)["changes"]}
    assert set(told) == {
        ("changed", "widget", "", "responsible"),
        ("changed", "widget", "", "systems"),
        ("added", "systems", "shop", ""),
        ("changed", "systems", "books", "created"),
    }
    places = told["changed", "widget", "", "systems"]
    assert "inventory: system inventory, id item_id, stream things" in places["before"]
    assert "inventory: system inventory, id thing_id, stream things" in places["after"]


def test_a_moved_line_is_no_change(ask, folders):
    (folders / "new" / "widget.yml").write_text("# A word before.\n" + RULES, encoding="utf-8")
    done = ask("diff", "--rules", str(folders / "new"), "--against", str(folders / "old"), "--exit-code")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "The rules say the same." in done.stderr


def test_recorded_data_tells_which_records_would_be_sent_differently_and_no_value(ask, folders, data):
    arguments = ["diff", "--rules", str(folders / "new"), "--against", str(folders / "old"), "--data", str(data)]
    done = ask(*arguments, "--from", "inventory", "--to", "crm", "--json")
    assert json.loads(done.stdout)["records"] == [
        {
            "entity": "widget", "source": "inventory", "destination": "crm", "read": 3, "ids": ["1", "3"],
            "fields": {"(filtered)": 1, "Weight": 1},
        }
    ]  # fmt: skip
    shown = ask(*arguments, "--from", "inventory", "--to", "crm")
    assert "widget inventory→crm: 2 of 3 records would be sent differently." in shown.stderr
    assert not any(word in shown.output for word in ("secret", "Saddle", "1500"))


def git(folder, *words):
    author = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *author, *words], cwd=folder, check=True, capture_output=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_commit_can_be_compared_and_a_missing_one_is_named(ask, tmp_path, data):
    folder = tmp_path / "project" / "rules"
    folder.mkdir(parents=True)
    (folder / "widget.yml").write_text(RULES, encoding="utf-8")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    (folder / "widget.yml").write_text(NEW, encoding="utf-8")
    asked = ["diff", "--rules", str(folder), "--data", str(data), "--from", "inventory", "--to", "crm", "--exit-code"]
    done = ask(*asked, "--against", "HEAD")
    assert done.exit_code == 1
    assert ["rules", "changed", "widget", "Note", "policy", "latest", "crm"] in [
        line.split("\t")[:7] for line in done.stdout.splitlines()
    ]
    assert any(line.startswith("records\twidget") for line in done.stdout.splitlines())
    lost = ask(*asked, "--against", "no-such-commit")
    assert (lost.exit_code, lost.stdout) == (2, "")
    assert "no-such-commit" in lost.stderr
    assert "Name a folder, or a commit of this project." in lost.stderr


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--data", "DATA"], "--data needs --from and --to"),
        (["--data", "DATA", "--from", "inventory", "--to", "shop"], '"shop" is not a system'),
        (["--data", "BAD", "--from", "inventory", "--to", "crm"], "line 1 of the data is no Singer message"),
        (["--data", "NONE", "--from", "inventory", "--to", "crm"], "No such file"),
    ],
)
def test_what_cannot_be_read_is_named(ask, folders, data, more, words):
    (folders / "bad.jsonl").write_text("not json\n", encoding="utf-8")
    places = {"DATA": str(data), "BAD": str(folders / "bad.jsonl"), "NONE": str(folders / "none")}
    done = ask(
        "diff",
        "--rules",
        str(folders / "new"),
        "--against",
        str(folders / "old"),
        *(places.get(one, one) for one in more),
    )
    assert done.exit_code == 2
    assert words in done.stderr


def test_bad_rules_are_not_compared(ask, folders):
    (folders / "old" / "widget.yml").write_text("entity: widget\n", encoding="utf-8")
    done = ask("diff", "--rules", str(folders / "new"), "--against", str(folders / "old"))
    assert done.exit_code == 2
    assert '"fields" is missing' in done.stderr
