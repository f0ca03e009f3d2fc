"""The page of promises tells the truth about the tests."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from promise_page import complaints, promise_ids, read_outcomes, read_promises, render

ROOT = Path(__file__).parents[1]
SECTIONS = {"Cash": {"F001": "One.", "F002": "Two."}, "More": {"N01": "Three."}}
SHOWN = {"F001": {"tests/test_a.py::test_one": "pass", "kit/tests/test_b.py::test_two": "skipped"}}


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False, timeout=300)


def test_every_promise_has_one_sentence_of_its_own():
    sections = read_promises(ROOT)
    assert promise_ids(sections) == [f"F{n:03}" for n in range(1, 147)] + [f"N{n:02}" for n in range(1, 22)]
    sentences = [sentence for promises in sections.values() for sentence in promises.values()]
    assert len(set(sentences)) == len(sentences)
    assert [sentence for sentence in sentences if not sentence.endswith(".") or not sentence[0].isupper()] == []


def test_the_page_agrees_with_the_tests(request, tmp_path):
    if request.config.getoption("write_promises"):
        pytest.skip("the page is written at the end of this very run")
    listing = tmp_path / "promises.json"
    answer = run_pytest(ROOT, "--collect-only", "-qq", "--list-promises", str(listing))
    assert answer.returncode == 0, answer.stdout[-2000:] + answer.stderr[-2000:]
    page = (ROOT / "docs/promises.md").read_text(encoding="utf-8")
    assert complaints(read_promises(ROOT), page, json.loads(listing.read_text(encoding="utf-8"))) == []


def test_a_page_read_again_gives_the_outcomes_it_was_written_from():
    page = render(SECTIONS, SHOWN)
    assert read_outcomes(page) == SHOWN
    assert "3 promises: 1 shown, 0 failing, 0 skipped, 2 not yet shown" in page


def test_a_fresh_page_is_not_complained_about():
    collected = {one: list(tests) for one, tests in SHOWN.items()}
    assert complaints(SECTIONS, render(SECTIONS, SHOWN), collected) == []


@pytest.mark.parametrize(
    ("collected", "expected"),
    [
        ({}, "docs/promises.md is stale at F001: `make promises` writes it again"),
        ({"F001": ["tests/test_a.py::test_one"]}, "docs/promises.md is stale at F001"),
        ({"F002": ["tests/test_a.py::test_one"]}, "docs/promises.md is stale at F002"),
        ({"F999": ["tests/test_a.py::test_one"]}, "tests/test_a.py::test_one: there is no promise F999"),
    ],
)
def test_a_page_that_misses_or_invents_a_test_is_complained_about(collected, expected):
    assert expected in "\n".join(complaints(SECTIONS, render(SECTIONS, SHOWN), collected))


def test_a_failing_promise_is_complained_about():
    shown = {"F002": {"tests/test_a.py::test_one": "fail"}}
    reasons = complaints(SECTIONS, render(SECTIONS, shown), {"F002": ["tests/test_a.py::test_one"]})
    assert reasons == ["docs/promises.md: F002 fails in tests/test_a.py::test_one; mend it, then `make promises`"]


def test_an_edited_page_is_complained_about():
    edited = render(SECTIONS, SHOWN).replace("Two.", "Two and a half.")
    collected = {one: list(tests) for one, tests in SHOWN.items()}
    assert len(complaints(SECTIONS, edited, collected)) == 1


@pytest.fixture
def small_project(tmp_path):
    (tmp_path / "tests").mkdir()
    plugin = (ROOT / "tests/promise_page.py").read_text(encoding="utf-8")
    files = {
        "pyproject.toml": '[tool.pytest.ini_options]\ntestpaths = ["tests"]\npythonpath = ["tests"]\n',
        "conftest.py": 'pytest_plugins = ["promise_page"]\n',
        "tests/promise_page.py": plugin,
        "tests/promises.yml": "Cash:\n  F001: One.\n  F002: Two.\n  F003: Three.\n  F004: Four.\n",
        "tests/test_a.py": (
            "import pytest\n"
            '@pytest.mark.promise("F001", "F002")\n@pytest.mark.parametrize("n", [1, 2])\n'
            "def test_one(n):\n    assert n\n"
        ),
        "tests/test_b.py": (
            "import pytest\n"
            '@pytest.mark.promise("F002")\ndef test_two():\n    assert False\n'
            '@pytest.mark.promise("F003")\ndef test_three():\n    pytest.skip("no data")\n'
        ),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_outcomes_of_all_workers_reach_the_page(small_project):
    run_pytest(small_project, "-n", "2", "--dist", "loadfile", "--write-promises")
    page = (small_project / "docs/promises.md").read_text(encoding="utf-8")
    assert "1 shown, 1 failing, 1 skipped, 1 not yet shown" in page
    assert read_outcomes(page) == {
        "F001": {"tests/test_a.py::test_one": "pass"},
        "F002": {"tests/test_a.py::test_one": "pass", "tests/test_b.py::test_two": "fail"},
        "F003": {"tests/test_b.py::test_three": "skipped"},
    }


def test_a_run_of_some_tests_does_not_write_the_page(small_project):
    answer = run_pytest(small_project, "--write-promises", "tests/test_a.py")
    assert answer.returncode == pytest.ExitCode.USAGE_ERROR
    assert "--write-promises needs a run of every test" in answer.stderr
    assert not (small_project / "docs/promises.md").exists()
