"""The sandbox, for all tests of this folder."""

from ofrecord_kit.testing.sandbox import sandbox, sandbox_server

__all__ = ["sandbox", "sandbox_server"]
