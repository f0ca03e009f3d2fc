"""What must be true when people have stopped editing and nothing goes wrong any more. It knows ownership, and nothing of the kit."""

from collections.abc import Iterator
from dataclasses import dataclass

from simulation.bottle import Bottle
from simulation.ownership import Field
from simulation.people import People, Thing, Wrote
from simulation.plugins import DEFECT, KILLED, Ended
from simulation.remodelled import is_off
from simulation.steps import SYSTEMS

from ofrecord_kit.ledger import Held
from ofrecord_sandbox import oauth

CLOSE_S = 180
"""Edits of one shared field this close to each other are in no order that could be told: the clocks' tolerance and their difference."""
EMPTY = (None, "", ("",) * 5)
"""An owner who never said anything leaves what the other side holds (`missing: leave`)."""
OUTCOMES = ("written", "unchanged", "held", "failed", "filtered")
SECRETS = (oauth.CLIENT_SECRET, oauth.REFRESH_TOKEN)


@dataclass(frozen=True)
class Broken:
    """An invariant that does not hold, and how."""

    invariant: str
    how: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.how}"


def judge_run(ended: list[Ended], *, quiet: bool) -> Iterator[Broken]:
    """Of a job: a plugin may be killed or give up, but never break; in peace it may not even give up."""
    for one in ended:
        if one.code == DEFECT:
            yield Broken("no defect", f"{one.name} broke with {one.error!r}")
        elif quiet and one.code:
            yield Broken("convergence", f"{one.name} ended with exit code {one.code} in peace ({one.error})")
        elif one.code == KILLED and quiet:
            yield Broken("convergence", f"{one.name} was killed in peace")


def judge_things(people: People, held: list[Held]) -> Iterator[Broken]:
    """Convergence, owner holds, nothing lost, no duplicate, nothing touched; every held record explained."""
    people.meet()
    explained: list[Held] = []
    for thing in people.things.values():
        if thing.merged:
            continue
        rows = [row for row in held if _is_about(row, thing)]
        yield from _judge_existence(people, thing, rows, explained)
        yield from _judge_untouched(people, thing)
        if not (thing.deleted or thing.is_alone or thing.is_homeless) and set(SYSTEMS) <= set(thing.ids):
            for one in thing.entity.fields:
                if is_off(people.changes, thing.entity, one):
                    continue
                mine = [row for row in rows if row.field in {one.name, ""}]
                yield from _judge_field(people, thing, one, mine, explained)
    yield from _judge_counts(people)
    for row in held:
        if row not in explained:
            yield Broken("held is explained", f"{row.kind} {row.code or ''} {row.entity} {row.field}: {row.message}")


def _is_about(row: Held, thing: Thing) -> bool:
    return row.entity == thing.entity.name and row.source_id == thing.ids.get(row.source)


def _judge_existence(people: People, thing: Thing, rows: list[Held], explained: list[Held]) -> Iterator[Broken]:
    if thing.deleted:
        yield from _judge_deleted(people, thing, rows)
        explained += [
            row
            for row in rows
            if row.code in {"GONE", "NO_FIELD", "WRONG_TYPE"} or row.kind in {"conflict", "reference"}
        ]
        return
    for system in SYSTEMS:
        there = people.counterparts(thing, system)
        if len(there) > 1:
            yield Broken("no duplicate", f"{thing.entity.name} {thing.number} has {len(there)} records in {system}")
        if not thing.is_alone and system not in thing.ids and not thing.is_homeless:
            yield Broken("convergence", f"{thing.entity.name} {thing.number} never came to {system}")
    if thing.is_homeless:
        explained += [row for row in rows if row.kind in {"reference", "moved"}]


def _judge_deleted(people: People, thing: Thing, rows: list[Held]) -> Iterator[Broken]:
    """A customer that is gone in the CRM is switched off; a product that is gone there is held as soon as it has news."""
    if not thing.was_linked:
        return
    record = people.record(thing, "inventory") or {}
    if thing.entity.when_deleted == "inactive" and record.get("status") != "inactive":
        yield Broken(
            "nothing lost",
            f"{thing.entity.name} {thing.number} was deleted in the CRM and is {record.get('status')} in inventory",
        )
    made_again = getattr(thing, "answered_gone", "") == "create"
    if thing.was_stamped and not made_again and people.counterparts(thing, "crm"):
        yield Broken("nothing lost", f"{thing.entity.name} {thing.number} was deleted in the CRM and is there again")
    changed = [name for name in thing.wrote if _is_news(thing, name)]
    asked = any(row.code == "GONE" for row in rows)
    if thing.answered_gone == "create" and not asked:
        yield Broken(
            "an answer is carried out",
            f"{thing.entity.name} {thing.number} was to be made again in the CRM, and was not",
        )
    if thing.entity.when_deleted == "news" and changed and not asked and not thing.answered_gone:
        yield Broken(
            "nothing lost",
            f"{thing.entity.name} {thing.number} was edited after it was deleted in the CRM, and nobody was told",
        )


def _is_news(thing: Thing, name: str) -> bool:
    """Does inventory say something of the field since the deletion that nobody had said before?"""
    last, before = thing.last(name, "inventory"), [one.value for one in thing.wrote[name] if one.order < thing.deleted]
    return last is not None and last.order > thing.deleted and last.value not in before


def _judge_counts(people: People) -> Iterator[Broken]:
    for entity in {thing.entity.name: thing.entity for thing in people.things.values()}.values():
        things = [one for one in people.things.values() if one.entity is entity]
        for system in SYSTEMS:
            most = sum(not (one.is_alone and system not in one.ids) for one in things)
            if (count := len(people.records(entity, system))) > most:
                yield Broken(
                    "no duplicate", f"{system} holds {count} records of {entity.name}, there are {most} in the world"
                )


def _judge_untouched(people: People, thing: Thing) -> Iterator[Broken]:
    for system, before in thing.untouched.items():
        record = people.record(thing, system)
        now = thing.entity.untouched(system, record) if record is not None else before
        for name in sorted(before.keys() | now.keys()):
            if before.get(name) != now.get(name):
                yield Broken(
                    "nothing touched that is not ours",
                    f"{name} of {thing.entity.name} {thing.number} in {system} was {before.get(name)!r} and is {now.get(name)!r}",
                )


def _judge_field(people: People, thing: Thing, one: Field, rows: list[Held], explained: list[Held]) -> Iterator[Broken]:
    values = {system: one.read(system, people.record(thing, system) or {}) for system in SYSTEMS}
    where = f"{one.name} of {thing.entity.name} {thing.number}"
    said = f"{where} is {values['crm']!r} in the CRM and {values['inventory']!r} in inventory"
    if one.owner == "shared":
        yield from _judge_shared(thing, one, values, [row for row in rows if row.kind == "conflict"], said, explained)
        return
    last = thing.last(one.name, one.owner)
    if last is not None and values[one.owner] != last.value:
        yield Broken("owner holds", f"{said}; {one.owner} owns it and was told {last.value!r} last")
    elif len(set(values.values())) > 1 and not (last is None and values[one.owner] in EMPTY):
        yield Broken("convergence", f"{said}; {one.owner} owns it")


def _judge_shared(  # noqa: PLR0917
    thing: Thing, one: Field, values: dict[str, object], conflicts: list[Held], said: str, explained: list[Held]
) -> Iterator[Broken]:
    where = f"{one.name} of {thing.entity.name} {thing.number}"
    lasts = {system: thing.last(one.name, system) for system in SYSTEMS}
    if len(set(values.values())) == 1:
        yield from _judge_agreement(thing, one, values["crm"], lasts, where)
        if conflicts:
            yield Broken("held is explained", f"a conflict about {where} is held, but both hold {values['crm']!r}")
        explained += conflicts
        return
    explained += conflicts
    if not conflicts:
        if one.name not in thing.dropped:
            yield Broken("convergence", f"{said}, and nobody is asked")
    elif one.name in thing.unsure:
        return
    elif any(last is None for last in lasts.values()) or not _is_contest(thing, one, lasts):
        yield Broken("held is explained", f"{said}: a conflict is held, but it was edited on one side only")
    for system, last in lasts.items():
        if last is not None and values[system] != last.value and thing.was_everywhere.get(one.name, 0) < last.order:
            yield Broken("nothing lost", f"{said}; {system} was told {last.value!r} last")


def _is_contest(thing: Thing, one: Field, lasts: dict[str, Wrote | None]) -> bool:
    """Did people write on both sides since the two last agreed?"""
    known = thing.was_agreed.get(one.name, 0)
    return all(last is not None and last.order >= known for last in lasts.values())


def _judge_agreement(
    thing: Thing, one: Field, value: object, lasts: dict[str, Wrote | None], where: str
) -> Iterator[Broken]:
    """Both hold the same of a shared field: it must be what somebody wrote last, and of two the later one."""
    written = [last for last in lasts.values() if last is not None]
    if not written or one.name in thing.unsure:
        return
    newest = max(written, key=lambda last: last.order)
    decided = thing.decided.get(one.name)
    is_decided = decided is not None and decided.order == newest.order and decided.value == value
    is_withdrawn = newest.value in (thing.was_value.get(one.name, value), thing.was_known.get(one.name, value))
    if is_decided or (is_withdrawn and newest.value != value):
        return
    known = thing.was_everywhere.get(one.name, 0)
    if one.policy == "review" and len({last.value for last in written if last.order > known}) > 1:
        yield Broken("nothing lost", f"{where} is {value!r} everywhere; both sides had edited it, and nobody was asked")
    if value == newest.value:
        return
    others = [last for last in written if last.value == value]
    if not others:
        yield Broken(
            "nothing lost",
            f"{where} is {value!r} everywhere, which nobody wrote last ({newest.value!r} in {newest.system})",
        )
    elif (
        newest.at - thing.touched[others[-1].system] > CLOSE_S and thing.was_everywhere.get(one.name, 0) < newest.order
    ):
        yield Broken(
            "nothing lost", f"{where} is {value!r} everywhere; {newest.value!r} was written later in {newest.system}"
        )


def judge_ledger(bottle: Bottle) -> Iterator[Broken]:
    """Every run that came to its end balances; no secret stands in what is left behind."""
    ledger = bottle.ledger()
    for run in ledger.runs(last=1000):
        for stream, counted in run.counts.items():
            if (
                stream != "_end"
                and run.status != "running"
                and counted.get("read", 0) != sum(counted.get(name, 0) for name in OUTCOMES)
            ):
                yield Broken("balanced", f"{run.plugin} {stream}: {counted}")
    ledger.close()
    yield from judge_secrets(bottle)


def judge_secrets(bottle: Bottle) -> Iterator[Broken]:
    """No credential in logs, states, or the ledger."""
    tokens = list(bottle.vendors.store.table("oauth/access").rows)
    places = {
        "the log": "\n".join(bottle.host.log).encode(),
        "a state": b"\n".join(bottle.host.seen),
        "the ledger": b"".join(path.read_bytes() for path in sorted(bottle.folder.glob("ledger.db*"))),
    }
    for place, content in places.items():
        for secret in (*SECRETS, *tokens):
            if secret.encode() in content:
                yield Broken("quiet about secrets", f"{place} holds {secret[:12]}…")
