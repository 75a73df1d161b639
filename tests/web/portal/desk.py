"""People at work in the portal, without a browser: a product in memory, signed in and ready."""

import re
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import urljoin

import httpx

from gatepost.model.tenants import ADMINISTRATOR
from gatepost.services import users
from gatepost.services.tenants import operator_act
from tests.flows import Person, Visitor, new_person
from tests.served import Tenant
from tests.web.indoors import Indoors, indoors

CLIENTS = "/portal/security/clients"


class Worker(NamedTuple):
    """Somebody who is signed in to the portal of a tenant."""

    inside: Indoors
    tenant: Tenant
    person: Person
    visitor: Visitor

    def get(self, path: str) -> httpx.Response:
        """Open a page of the portal and follow where it leads."""
        return self.visitor.get(path).response

    def post(self, path: str, on: str | None = None, **fields: Any) -> httpx.Response:
        """Send a form to `path` with the proof that the page `on` (or `path`) has for it.

        A field whose value is a list is sent several times. The redirect is not followed.
        """
        page = self.get(on or path)
        proof = proof_for(page, path)
        return self.send(path, proof=proof, **fields)

    def send(self, path: str, **fields: Any) -> httpx.Response:
        """Send a form as it is."""
        return self.visitor.http.post(path, data=fields)

    def submit(self, page: httpx.Response, path: str, **fields: Any) -> httpx.Response:
        """Send the form of a page that leads to `path`, with its hidden fields and these."""
        return self.send(path, **(hidden_fields(page, path) | fields))


class Office(NamedTuple):
    """The product with what a test of the portal needs."""

    inside: Indoors

    def administrator(self, tenant: Tenant | None = None) -> Worker:
        """An administrator at work."""
        return self._worker(tenant or self.inside.served.first, administers=True)

    def member(self, tenant: Tenant | None = None) -> Worker:
        """Somebody who may look and not change."""
        return self._worker(tenant or self.inside.served.first, administers=False)

    def _worker(self, tenant: Tenant, *, administers: bool) -> Worker:
        person = new_person(self.inside.served, tenant)
        if administers:
            make_administrator(self.inside, tenant, person)
        return Worker(self.inside, tenant, person, signed_in(self.inside, tenant, person))


def office(url: str = "http://localhost:8080", **settings: Any) -> Office:
    """A new product with two tenants."""
    return Office(indoors(url, **settings))


def signed_in(inside: Indoors, tenant: Tenant, person: Person) -> Visitor:
    """A browser in which the person signed in to the portal."""
    visitor = inside.visitor()
    landing = visitor.get("/portal/")
    landing = visitor.submit(landing, "choose", alias=alias_of(inside, tenant))
    landing = visitor.sign_in(landing, person)
    assert landing.path.startswith("/portal/"), landing
    return visitor


def alias_of(inside: Indoors, tenant: Tenant) -> str:
    """The alias by which people choose the tenant."""
    with inside.world.store.reading(tenant.id) as tenancy:
        found = tenancy.directory.tenant()
    assert found is not None
    return found.alias


def make_administrator(inside: Indoors, tenant: Tenant, person: Person) -> None:
    """Give the person the administrator role."""
    with inside.world.store.reading(tenant.id) as tenancy:
        role = tenancy.directory.role_of_type(ADMINISTRATOR)
    assert role is not None
    users.replace_roles(inside.world, operator_act(tenant.id, "test"), person.id, [role.id])


def proof_for(page: httpx.Response, path: str) -> str:
    """The proof in the page's form that leads to the path."""
    return str(hidden_fields(page, path)["proof"])


def hidden_fields(page: httpx.Response, path: str) -> dict[str, Any]:
    """The hidden fields of the page's form that leads to the path; repeated ones as lists."""
    for form in re.findall(r"<form\b.*?</form>", _without_templates(page.text), re.DOTALL):
        head = form.split(">", 1)[0]
        action = re.search(r'\baction="([^"]*)"', head)
        where = urljoin(str(page.url), unescape(action[1])) if action else str(page.url)
        if 'method="post"' not in head or httpx.URL(where).path != path.partition("?")[0]:
            continue
        found: dict[str, Any] = {}
        for tag in re.findall(r'<input[^>]*\btype="hidden"[^>]*>', form):
            name = re.search(r'\bname="([^"]*)"', tag)
            value = re.search(r'\bvalue="([^"]*)"', tag)
            if name:
                known = found.setdefault(unescape(name[1]), [])
                known.append(unescape(value[1]) if value else "")
        return {name: values[0] if len(values) == 1 else values for name, values in found.items()}
    raise AssertionError(f"no form that leads to {path} ({page.status_code}): {page.text[-3000:]}")


def _without_templates(text: str) -> str:
    """The page without what only scripts use."""
    return re.sub(r"<template>.*?</template>", "", text, flags=re.DOTALL)
