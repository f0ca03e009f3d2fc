"""Seed companies, brought into an empty world through the vendors' documented calls alone."""

from ofrecord_sandbox.seeds.adventureworks import AdventureWorksFacts, seed_adventureworks
from ofrecord_sandbox.seeds.demo import DemoFacts, seed_demo

__all__ = ["AdventureWorksFacts", "DemoFacts", "seed_adventureworks", "seed_demo"]
