"""All pages of the portal for people who are signed in, each with who may use it."""

from gatepost.web.portal import (
    activity_pages,
    client_actions,
    client_add,
    client_edit,
    client_list,
    expiring_pages,
    role_forms,
    role_member_pages,
    role_pages,
    role_tab,
    secret_pages,
    session_pages,
    sign_in_rules_pages,
    try_pages,
    user_actions,
    user_forms,
    user_links,
    user_pages,
)
from gatepost.web.portal.visits import Route

ROUTES: tuple[Route, ...] = (
    *session_pages.ROUTES,
    *client_list.ROUTES,
    *client_add.ROUTES,
    *client_edit.ROUTES,
    *client_actions.ROUTES,
    *secret_pages.ROUTES,
    *expiring_pages.ROUTES,
    *activity_pages.ROUTES,
    *role_forms.ROUTES,
    *role_member_pages.ROUTES,
    *role_pages.ROUTES,
    *role_tab.ROUTES,
    *sign_in_rules_pages.ROUTES,
    *try_pages.ROUTES,
    *user_actions.ROUTES,
    *user_forms.ROUTES,
    *user_links.ROUTES,
    *user_pages.ROUTES,
)
