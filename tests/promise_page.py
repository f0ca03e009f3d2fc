"""The page docs/promises.md: which promise is shown by which test, and whether those tests pass.

`tests/promises.yml` holds the promises; tests name them with `@pytest.mark.promise("F013", …)`. The outcomes travel in
the reports' `user_properties`, so the page can be written under xdist, where only the controller sees all of them.

Options: `--write-promises` writes the page after a whole run; `--list-promises FILE` writes what collection found as
JSON, `{id: [test, …]}`. A test is `path::name`, without the parameters of a case.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
import yaml

PROPERTY = "promise"
PROMISES = Path("tests/promises.yml")
PAGE = Path("docs/promises.md")
HEADER = """# Promises

What ofrecord gives its users, and the tests that show it. `make promises` writes this page from `tests/promises.yml`
and the outcomes of the tests; a test fails when it is stale.
"""

Sections = Mapping[str, Mapping[str, str]]
Outcomes = Mapping[str, Mapping[str, str]]
"""Promise → test → `pass`, `fail` or `skipped`."""


def read_promises(root: Path) -> Sections:
    """Section → id → sentence, in the order of the file."""
    return yaml.safe_load((root / PROMISES).read_text(encoding="utf-8"))


def promise_ids(sections: Sections) -> list[str]:
    """All ids, in order."""
    return [one for promises in sections.values() for one in promises]


def verdict(tests: Mapping[str, str]) -> str:
    """One word for a promise: a failing test fails it, and skipped tests alone show nothing."""
    outcomes = set(tests.values())
    return next((word for word in ("fail", "pass", "skipped") if word in outcomes), "not yet shown")


def render(sections: Sections, shown: Outcomes) -> str:
    """The text of the page.

    >>> print(render({"Cash": {"F068": "The deal shows its invoice."}}, {}).splitlines()[-1])
    - **F068** · not yet shown · The deal shows its invoice.
    """
    verdicts = {one: verdict(shown.get(one, {})) for one in promise_ids(sections)}
    counts = Counter(verdicts.values())
    summary = (
        f"**{len(verdicts)} promises: {counts['pass']} shown, {counts['fail']} failing, "
        f"{counts['skipped']} skipped, {counts['not yet shown']} not yet shown.**"
    )
    lines = [HEADER, summary]
    for section, promises in sections.items():
        lines += ["", f"## {section}", ""]
        for one, sentence in promises.items():
            lines.append(f"- **{one}** · {verdicts[one]} · {sentence}")
            lines += [f"  - {outcome} · `{test}`" for test, outcome in sorted(shown.get(one, {}).items())]
    return "\n".join(lines) + "\n"


def read_outcomes(page: str) -> dict[str, dict[str, str]]:
    """What a written page says; the inverse of `render`."""
    shown: dict[str, dict[str, str]] = {}
    current = ""
    for line in page.splitlines():
        if head := re.match(r"- \*\*([A-Z]\d+)\*\*", line):
            current = head[1]
        elif test := re.match(r"  - (\w+) · `(.+)`$", line):
            shown.setdefault(current, {})[test[2]] = test[1]
    return shown


def complaints(sections: Sections, page: str, collected: Mapping[str, Iterable[str]]) -> list[str]:
    """Why the page cannot stand as it is: one line for each reason, none when it can."""
    known = set(promise_ids(sections))
    found = {one: set(tests) for one, tests in collected.items()}
    told = read_outcomes(page)
    unknown = [
        f"{test}: there is no promise {one}; the ids are in {PROMISES}"
        for one in sorted(found.keys() - known)
        for test in sorted(found[one])
    ]
    moved = [
        f"{PAGE} is stale at {one}: `make promises` writes it again"
        for one in sorted(known)
        if found.get(one, set()) != set(told.get(one, {}))
    ]
    failing = [
        f"{PAGE}: {one} fails in {test}; mend it, then `make promises`"
        for one, tests in sorted(told.items())
        for test, outcome in sorted(tests.items())
        if outcome == "fail"
    ]
    if not moved and page != render(sections, told):
        moved = [f"{PAGE} differs from what {PROMISES} and its own outcomes give: `make promises` writes it again"]
    return unknown + moved + failing


def collected_promises(items: Iterable[pytest.Item]) -> dict[str, list[str]]:
    """Id → tests, of the items pytest collected."""
    found: dict[str, set[str]] = {}
    for item in items:
        for marker in item.iter_markers("promise"):
            for one in marker.args:
                found.setdefault(one, set()).add(item.nodeid.partition("[")[0])
    return {one: sorted(tests) for one, tests in sorted(found.items())}


class Page:
    """Gathers outcomes where all reports arrive (the controller) and writes the page at the end."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.shown: dict[str, dict[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        outcome = {"failed": "fail", "skipped": "skipped"}.get(report.outcome)
        if outcome is None and report.when == "call":
            outcome = "pass"
        if outcome is None:
            return
        test = report.nodeid.partition("[")[0]
        for name, one in report.user_properties:
            if name == PROPERTY:
                tests = self.shown.setdefault(str(one), {})
                tests[test] = verdict({"before": tests.get(test, outcome), "now": outcome})

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if exitstatus not in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}:
            return
        path = self.root / PAGE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(read_promises(self.root), self.shown), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("promises")
    group.addoption("--write-promises", action="store_true", help=f"write {PAGE} from the outcomes of a whole run")
    group.addoption("--list-promises", metavar="FILE", help="write the promises of the collected tests as JSON")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "promise(*ids): the promises (docs/promises.md) this test shows")
    if not config.option.write_promises or hasattr(config, "workerinput"):
        return
    whole = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    if not whole or config.option.keyword or config.option.markexpr:
        message = "--write-promises needs a run of every test: name no paths and no -k or -m"
        raise pytest.UsageError(message)
    config.pluginmanager.register(Page(config.rootpath), "promise-page")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        ids = {one for marker in item.iter_markers("promise") for one in marker.args}
        item.user_properties.extend((PROPERTY, one) for one in sorted(ids))


def pytest_collection_finish(session: pytest.Session) -> None:
    if path := session.config.option.list_promises:
        Path(path).write_text(json.dumps(collected_promises(session.items)), encoding="utf-8")
