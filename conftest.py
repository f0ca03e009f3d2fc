"""For the tests of every member: promises (tests/promise_page.py), PostgreSQL (tests/postgresql_server.py), the search for secrets (tests/leak_search.py)."""

pytest_plugins = ["promise_page", "postgresql_server", "leak_search"]
