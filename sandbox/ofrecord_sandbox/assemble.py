"""Puts the world together: accounts server, CRM, finance, control, and the seed companies."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from ofrecord_sandbox import control, crm, finance, oauth, seeds
from ofrecord_sandbox.store import Store
from ofrecord_sandbox.world import World

SEEDS = ("demo", "adventureworks", "none")


def new_world(db: Path | None = None) -> World:
    """A world with all routes, credentials and metadata; records come from `db` when it has any."""
    world = World(store=Store(db))
    oauth.register(world)
    control.register(world)
    crm.register(world)
    finance.register(world)
    if not len(world.store.table("oauth/clients")):
        _install(world)
    world.reseed = partial(seed, name="none", data_dir=None)
    return world


def is_planted(world: World) -> bool:
    """Whether a seed was planted into this store before."""
    return world.store.table("sandbox/switches").get("seed") is not None


def seed(world: World, name: str, data_dir: Path | None) -> None:
    """Empty the world and plant a seed company; raises ValueError for an unknown name or missing data."""
    if name not in SEEDS:
        msg = f"there is no seed {name!r}; known: {', '.join(SEEDS)}"
        raise ValueError(msg)
    if name == "adventureworks" and (data_dir is None or not data_dir.is_dir()):
        msg = "the seed adventureworks needs --data DIR, the folder that holds its CSV files"
        raise ValueError(msg)
    world.store.clear()
    world.cache.clear()
    world.crm_calls.clear()
    _install(world)
    if name == "demo":
        seeds.seed_demo(world)
    elif name == "adventureworks" and data_dir is not None:
        seeds.seed_adventureworks(world, data_dir)
    world.seed = name
    world.reseed = partial(seed, name=name, data_dir=data_dir)
    world.store.table("sandbox/switches").put("seed", {"name": name})
    world.store.commit()


def _install(world: World) -> None:
    oauth.install(world)
    crm.install(world)
    crm.setup_fields(world)
    world.store.commit()
