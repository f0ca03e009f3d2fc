"""For the tests of every member: the page of promises (tests/promise_page.py) and the server of PostgreSQL (tests/postgresql_server.py)."""

pytest_plugins = ["promise_page", "postgresql_server"]
