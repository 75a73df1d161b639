"""Operations on the tenant itself; every sample application reads it to prove its token."""

from gatepost.services import tenants
from gatepost.web.api import views
from gatepost.web.api.operations import MEMBER, READ_STATUSES, Answer, Operation, Request


def operations() -> tuple[Operation, ...]:
    """The operations on the tenant."""
    getting = Operation(
        id="Tenants.get",
        method="GET",
        path="",
        summary="Get the tenant of your access token",
        allowed=MEMBER,
        handle=_get,
        success=200,
        result="TenantWithProperties",
        statuses=READ_STATUSES - {404} | {400},
    )
    exists = getting.head("Tenants.exists", "Tell whether the tenant exists", success=204)
    return (
        getting,
        exists._replace(handle=_exists, statuses=READ_STATUSES | {400}),
    )


def _get(request: Request) -> Answer:
    return Answer(200, views.tenant(tenants.get(request.world, request.tenant_id)))


def _exists(request: Request) -> Answer:
    return _get(request)._replace(status=204, value=None)
