"""For the tests of every member: the page of promises (tests/promise_page.py)."""

pytest_plugins = ["promise_page"]
