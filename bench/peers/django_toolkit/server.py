# mypy: ignore-errors
# Django is installed in a folder of this program's own, where mypy does not look.
"""django-oauth-toolkit alone in a Django of its own, for gunicorn.

FOLDER holds the database; CLIENT_ID and CLIENT_SECRET are the client's. `python server.py` makes
the tables and the client, gunicorn then loads `application`.

Its tokens are as shipped: opaque, nothing signed, a row each. Set up for speed where there is a
choice: no middleware, no debugging, kept connections, SQLite writes ahead and syncs at checkpoints
only, the secret is kept unhashed (hashed as shipped, each request costs a slow hash).
"""

import os

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.urls import path

CLIENT_ID = os.environ["CLIENT_ID"]

settings.configure(
    DEBUG=False,
    SECRET_KEY="only for measuring",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    MIDDLEWARE=[],
    LOGGING_CONFIG=None,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    OAUTH2_PROVIDER={"SCOPES": {"read": "Reads"}},
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.path.join(os.environ["FOLDER"], "tokens.db"),  # noqa: PTH118  (a word)
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
            },
        }
    },
)
django.setup()

from oauth2_provider.models import Application  # noqa: E402  (needs the settings)
from oauth2_provider.views import TokenView  # noqa: E402

urlpatterns = [path("token", TokenView.as_view())]
application = get_wsgi_application()


def prepare():
    """The tables, and the one client."""
    call_command("migrate", verbosity=0)
    Application.objects.create(
        name="bench",
        client_id=CLIENT_ID,
        client_secret=os.environ["CLIENT_SECRET"],
        hash_client_secret=False,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )


if __name__ == "__main__":
    prepare()
