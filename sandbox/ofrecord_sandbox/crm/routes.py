"""The CRM's paths, and the refusals of whole requests turned into answers."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from ofrecord_sandbox.crm import (
    arranged,
    attachments,
    bulk_jobs,
    bulk_reads,
    coql,
    counting,
    currencies,
    deleting,
    guard,
    listing,
    making_fields,
    making_modules,
    merging,
    notes,
    reading,
    recycle_bin,
    related,
    settings,
    users,
    views,
    writing,
)
from ofrecord_sandbox.crm.answers import RefusedError
from ofrecord_sandbox.web import Request, Response
from ofrecord_sandbox.world import World

_PATHS: list[tuple[str, str, Callable[..., Response]]] = [
    ("GET", "settings/modules", settings.modules),
    ("POST", "settings/modules", making_modules.create),
    ("GET", "settings/modules/{name}", settings.module),
    ("GET", "settings/fields", settings.fields),
    ("POST", "settings/fields", making_fields.create),
    ("GET", "settings/fields/{field_id}", settings.field),
    ("DELETE", "settings/fields/{field_id}", making_fields.delete),
    ("GET", "settings/layouts", settings.layouts),
    ("GET", "settings/related_lists", related.lists),
    ("GET", "settings/recycle_bin", recycle_bin.list_all),
    ("GET", "settings/recycle_bin/actions/count", recycle_bin.count),
    ("POST", "settings/recycle_bin/actions/restore", recycle_bin.restore),
    ("POST", "settings/recycle_bin/actions/empty", recycle_bin.empty),
    ("GET", "settings/recycle_bin/{record_id}", recycle_bin.get),
    ("DELETE", "settings/recycle_bin/{record_id}", recycle_bin.delete_one),
    ("POST", "settings/recycle_bin/{record_id}/actions/restore", recycle_bin.restore_one),
    ("GET", "settings/custom_views", views.list_all),
    ("GET", "settings/custom_views/{view_id}", views.get),
    ("GET", "org", settings.organization),
    ("GET", "org/currencies", currencies.list_all),
    ("GET", "org/currencies/{currency_id}", currencies.get),
    ("GET", "users", users.list_all),
    ("GET", "users/{user_id}", users.get),
    ("POST", "coql", coql.answer),
    ("POST", "upload", bulk_jobs.upload),
    ("GET", "Attachments", attachments.list_all),
    ("GET", "Notes", notes.list_all),
    ("POST", "Notes", notes.create),
    ("PUT", "Notes", notes.update),
    ("DELETE", "Notes", notes.delete),
    ("GET", "Notes/{note_id}", notes.get),
    ("PUT", "Notes/{note_id}", notes.update_one),
    ("DELETE", "Notes/{note_id}", notes.delete_one),
    ("GET", "{module}", listing.list_records),
    ("POST", "{module}", writing.insert),
    ("PUT", "{module}", writing.update_many),
    ("DELETE", "{module}", deleting.delete_many),
    ("POST", "{module}/upsert", writing.upsert),
    ("GET", "{module}/actions/count", counting.count),
    ("GET", "{module}/deleted", reading.list_deleted),
    ("GET", "{module}/{record_id}", reading.get_record),
    ("PUT", "{module}/{record_id}", writing.update),
    ("DELETE", "{module}/{record_id}", deleting.delete),
    ("POST", "{module}/{record_id}/actions/clone", writing.clone),
    ("GET", "{module}/{record_id}/actions/merge", merging.status),
    ("POST", "{module}/{record_id}/actions/merge", merging.start),
    ("GET", "{module}/{record_id}/Attachments", attachments.list_attachments),
    ("POST", "{module}/{record_id}/Attachments", attachments.upload),
    ("GET", "{module}/{record_id}/Attachments/{attachment_id}", attachments.download),
    ("DELETE", "{module}/{record_id}/Attachments/{attachment_id}", attachments.delete),
    ("GET", "{module}/{record_id}/Notes", notes.list_of_record),
    ("POST", "{module}/{record_id}/Notes", notes.create_of_record),
    ("PUT", "{module}/{record_id}/Notes", notes.update_of_record),
    ("DELETE", "{module}/{record_id}/Notes", notes.delete_of_record),
    ("GET", "{module}/{record_id}/Notes/{note_id}", notes.get_of_record),
    ("PUT", "{module}/{record_id}/Notes/{note_id}", notes.update_one_of_record),
    ("DELETE", "{module}/{record_id}/Notes/{note_id}", notes.delete_one_of_record),
    ("GET", "{module}/{record_id}/{related}", related.list_related),
    ("PUT", "{module}/{record_id}/{related}", related.relate),
    ("DELETE", "{module}/{record_id}/{related}", related.separate),
    ("GET", "{module}/{record_id}/{related}/{other}", related.get_related),
    ("PUT", "{module}/{record_id}/{related}/{other}", related.relate_one),
    ("DELETE", "{module}/{record_id}/{related}/{other}", related.separate_one),
]
_ELSEWHERE: list[tuple[str, str, Callable[..., Response]]] = [
    ("POST", guard.BULK_READ, bulk_reads.create),
    ("GET", guard.BULK_READ + "/{job_id}", bulk_reads.status),
    ("GET", guard.BULK_READ + "/{job_id}/result", bulk_reads.download),
    ("POST", guard.BULK_WRITE, bulk_jobs.create),
    ("GET", guard.BULK_WRITE + "/{job_id}", bulk_jobs.status),
    ("GET", "/v2/crm/{org}/bulk-write/{job_id}/{name}", bulk_jobs.download),
]


def register(world: World) -> None:
    """Hang the CRM's paths and its guard on the world."""
    world.guards["/crm/"] = guard.guard
    arranged.register(world)
    for method, path, handler in [*((one, guard.PREFIX + path, act) for one, path, act in _PATHS), *_ELSEWHERE]:
        world.router.add(method, path, _refusing(handler))


def _refusing(handler: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(handler)
    def answer(world: World, request: Request, **values: str) -> Response:
        bulk_jobs.run_due(world)
        bulk_reads.run_due(world)
        try:
            response = handler(world, request, **values)
        except RefusedError as error:
            response = error.response()
        return guard.add_credit_header(world, response)

    return answer
