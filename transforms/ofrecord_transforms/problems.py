"""Problems of rule files: collected, so that a person sees all of them at once."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field

import yaml

from ofrecord_transforms import located
from ofrecord_transforms.located import Node

MOST_BYTES = 512 << 10
"""Of a rule file; the shipped ones have some ten thousand."""


class RulesError(Exception):
    """The rules cannot be used. `problems` holds every reason, one line each; correct the files they name."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, order=True)
class Problem:
    """One thing that is wrong: file, line, where in it, and what to do."""

    file: str
    line: int
    where: str
    text: str

    def __str__(self) -> str:
        """`rules/product.yml:12, "Shipping weight": …`."""
        where = f', "{self.where}"' if self.where else ""
        return f"{self.file}:{self.line}{where}: {self.text}"


@dataclass
class Problems:
    """Collects problems of all files; `where` is the field or key a reader will look for."""

    found: list[Problem] = field(default_factory=list)

    def add(self, at: Node, where: str, text: str) -> None:
        """Note one problem at the place of a node."""
        self.found.append(Problem(at.file, at.line, where, text))

    def lines(self) -> list[str]:
        """All problems in the order of files and lines, each once."""
        return [str(problem) for problem in sorted(set(self.found))]

    def raise_if_any(self) -> None:
        """Raise `RulesError` with everything found so far."""
        if self.found:
            raise RulesError(self.lines())


def one_of(allowed: Iterable[str]) -> str:
    """`a, b or c`, for sentences."""
    words = list(allowed)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def nearest(word: str, allowed: Iterable[str]) -> str:
    """` Did you mean "stream"?`, or nothing when no word is near."""
    choices = {str(choice).lower(): str(choice) for choice in allowed}
    close = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.6)
    return f' Did you mean "{choices[close[0]]}"?' if close else ""


def root_of(name: str, content: bytes, problems: Problems) -> Node | None:
    """The content of a YAML file under its name; None when it cannot be read, and `problems` says why."""
    if len(content) > MOST_BYTES:
        problems.add(
            Node(None, name, 1),
            "",
            f"is larger than {MOST_BYTES >> 10} KiB. Keep one file per entity, and data out of it.",
        )
        return None
    try:
        return located.read(content.decode("utf-8"), name)
    except UnicodeDecodeError:
        problems.add(Node(None, name, 1), "", "is not UTF-8 text. Save it as UTF-8.")
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.add(Node(None, name, line), "", f"is not YAML: {error.problem}. Check indentation, colons and quotes.")
    except RecursionError:
        problems.add(Node(None, name, 1), "", "is nested too deep. Rules are at most six levels deep.")
    except yaml.YAMLError:
        problems.add(Node(None, name, 1), "", "is not YAML. Check for control characters.")
    return None
