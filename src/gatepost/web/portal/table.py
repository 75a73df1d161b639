"""All pages of the portal for people who are signed in, each with who may use it."""

from gatepost.web.portal import client_actions, client_add, client_edit, client_list, session_pages
from gatepost.web.portal.visits import Route

ROUTES: tuple[Route, ...] = (
    *session_pages.ROUTES,
    *client_list.ROUTES,
    *client_add.ROUTES,
    *client_edit.ROUTES,
    *client_actions.ROUTES,
)
