"""The conformance suite itself: a careful target passes, one made of defaults fails, and every case finds its flaw."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ofrecord_kit.testing.conformance import CASES, Conformance, Wiring, WiringProblem, run
from ofrecord_kit.testing.conformance.__main__ import main, opened
from ofrecord_kit.testing.conformance.process import as_fork

HERE = Path(__file__).parent / "conformance"


def store_module() -> Any:
    spec = importlib.util.spec_from_file_location("store", HERE / "store.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


STORE = store_module()


def thing(number: int) -> dict[str, Any]:
    return {
        "code": f"T-{number}",
        "name": f"Quillfeather {number}",
        "mail": f"ada{number}@example.com",
        "note": "of steel",
    }


@contextmanager
def wired(
    program: str = "target_careful.py", flaw: str | None = None, command: list[str] | None = None, **more: Any
) -> Iterator[Wiring]:
    text = {"type": ["string", "null"]}
    with STORE.running_store() as store:
        yield Wiring(
            command=command or [sys.executable, str(HERE / program)], server=store.url,
            config=lambda url, _folder: {"api_url": url, "token": STORE.TOKEN, **({"flaw": flaw} if flaw else {})},
            stream="things", schema={"type": "object", "properties": dict.fromkeys(thing(1), text)}, key_properties=["code"],
            record=thing, changed=("name", "Quillfeather-Okonkwo"), clearable="mail", bad={"note": "n" * 60},
            read=store.read, edit=store.edit, unmapped=("shelf", "kept:\t“as it is”\n"), reset=store.reset,
            secrets=["token"], personal=["name", "mail"], **more,
        )  # fmt: skip


class TestCareful(Conformance):
    wiring = staticmethod(wired)


def only(*names: str) -> list[Any]:
    return [case for case in CASES if case.name in names]


FLAWS = {
    "forgets": {"unchanged-is-free": "cost 2 calls, 2 of them writing"},
    "posts": {"create-once": "holds 4 after a target without memory"},
    "writes whole": {
        "absent-is-left": "the record came without it, and it is None",
        "unmapped-is-untouched": "changed, and no property of the stream: shelf",
    },
    "fills in": {"absent-is-left": "the record came without it, and it is None"},
    "drops nulls": {"null-clears": "mail was sent as null and is 'ada2@example.com'"},
    "keeps deleted": {"delete": "still there"},
    "first schema": {"schema-change": "mail came with the second SCHEMA as 'ada2@example.com' and is None"},
    "stops at one": {"bad-record-alone": "of five records the third is bad; at the system are: [1, 2]"},
    "smiles": {"bad-record-alone": "a record was refused, and the run ended with 0"},
    "gives up": {"busy-is-waited-out": "the run ended with 1"},
    "impatient": {"busy-is-waited-out": "Retry-After said 1 s, and it called again after 0.0"},
    "shrugs": {"down-is-told": "every call was refused with 503, and the run ended with 0"},
    "state first": {"state-after-delivery": "nothing was delivered, and a STATE that stands behind it was passed on"},
    "talks": {"tells-no-secrets": "a value of name stands in its log"},
    "keeps all": {"tells-no-secrets": "a value of name stands in the file memory.txt, which others may read"},
}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_flaw_is_found_by_its_case_and_named(flaw: str) -> None:
    with wired(flaw=flaw) as wiring:
        report = run(wiring, only(*FLAWS[flaw]))
    found = {one.case: one.reason or "" for one in report.verdicts}
    assert {case: words in found[case] for case, words in FLAWS[flaw].items()} == dict.fromkeys(FLAWS[flaw], True), (
        found
    )


@pytest.mark.parametrize("case", ["5xx-after-commit", "dropped-answer", "cut-answer", "killed-before-the-answer"])
def test_a_target_that_posts_again_after_a_lost_answer_is_found(case: str) -> None:
    with wired(flaw="posts") as wiring:
        (verdict,) = run(wiring, only(case)).verdicts
    assert verdict.outcome == "failed"
    assert "the system holds 3" in (verdict.reason or "") or "2 rows in an unbroken run, 5 here" in (
        verdict.reason or ""
    )


def test_state_before_delivery_loses_records_when_the_target_is_killed() -> None:
    with wired(flaw="state first") as wiring:
        report = run(wiring, only("killed-before-the-answer"))
    assert "its STATE stands behind record" in (report.verdicts[0].reason or "")


@pytest.fixture(scope="module")
def default() -> Any:
    with wired(command=[str(HERE / "target_default.py")], start=as_fork) as wiring:
        return run(wiring, CASES)


@pytest.mark.promise("N18")
def test_a_target_made_of_the_sdks_defaults_fails_for_the_right_reasons(default: Any) -> None:
    reasons = {one.case: one.reason for one in default.verdicts if one.outcome == "failed"}
    assert set(default.named("passed")) == {
        "down-is-told", "killed-at-every-message", "schema-change", "state-after-delivery",
    }  # fmt: skip
    assert "holds 3 after the first run" in reasons["create-once"]


def test_the_report_says_the_score_for_people_and_for_programs(default: Any) -> None:
    assert default.score == f"{len(default.named('passed'))} of {len(CASES)}"
    text = default.as_text()
    assert text.startswith(f"target_default.py, stream things: {default.score} claimed cases passed, 0 not claimed")
    assert json.loads(json.dumps(default.as_json()))["conforms"] is False


def test_what_is_not_claimed_is_reported_with_its_reason() -> None:
    with wired(not_claimed={"delete": "the store never deletes", "new-version": "nothing has versions"}) as wiring:
        report = run(wiring, only("delete"))
    assert (report.score, report.conforms) == ("0 of 0", True)
    assert "the store never deletes" in report.as_text()


BAD_WIRINGS = {
    "changed: nothing is no property": {"changed": ("nothing", 1)},
    "changed: record(1) holds that value of name": {"changed": ("name", "Quillfeather 1")},
    "clearable: is name like changed": {"clearable": "name"},
    "unmapped: note is a property": {"unmapped": ("note", "x")},
    "personal: code of record(1) is shorter than 6": {"personal": ["code"]},
    "not_claimed: create-once is not an optional case": {"not_claimed": {"create-once": "no"}},
    "record: 1 and 2 have the same code": {"record": lambda _number: thing(1)},
}


@pytest.mark.parametrize("words", BAD_WIRINGS)
def test_a_wiring_that_contradicts_itself_is_refused_before_anything_runs(words: str) -> None:
    with wired() as wiring, pytest.raises(WiringProblem) as told:
        run(replace(wiring, **BAD_WIRINGS[words]), CASES)
    assert words in str(told.value)


def test_a_wiring_whose_functions_do_not_work_is_not_the_targets_fault() -> None:
    def read() -> Any:
        return [{}["nothing"]]

    with wired() as wiring, pytest.raises(WiringProblem, match=r"create-once: the wiring does not work: KeyError"):
        run(replace(wiring, read=read), only("create-once"))


def test_the_command_prints_the_score_writes_json_and_ends_with_what_it_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ofrecord_kit.testing.conformance", f"{__file__}:wired", "--only", "delete"]
    answer = subprocess.run([*command, "--json", tmp_path / "report.json"], capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout.splitlines()[0]) == (
        0, "target_careful.py, stream things: 1 of 1 claimed cases passed, 0 not claimed",
    )  # fmt: skip
    assert json.loads((tmp_path / "report.json").read_text())["score"] == "1 of 1"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "nothing: names no wiring"),
        ("no_such_module:wiring", "no_such_module: cannot be imported"),
        ("no_such.py:wiring", "no_such.py: there is no such file"),
        (f"{__file__}:missing", "has no missing"),
        (f"{__file__}:only", "gives a list and not a Wiring"),
    ],
)
def test_a_name_that_leads_to_no_wiring_is_one_clear_line(name: str, words: str) -> None:
    with pytest.raises(WiringProblem) as told, opened(name):
        pass
    assert words in str(told.value)


def test_a_case_that_there_is_not_ends_the_command_with_2(capsys: Any) -> None:
    assert main([f"{__file__}:wired", "--only", "delet"]) == 2
    assert "--only: delet is not a case" in capsys.readouterr().err
