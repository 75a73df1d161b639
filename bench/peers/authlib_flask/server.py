# mypy: ignore-errors
# Authlib and Flask are installed in a folder of this program's own, where mypy does not look.
"""Authlib with Flask and SQLAlchemy, as its example server has it, for gunicorn.

FOLDER holds the database and the key; CLIENT_ID and CLIENT_SECRET are the client's. `python
server.py` makes the tables and the client, gunicorn then loads `application`.

Set up for speed where its documentation leaves the choice: the key is a key object that was made
once, SQLite writes ahead and syncs at checkpoints only. Each token's row is saved, as it ships.
"""

import os
from pathlib import Path

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.integrations.sqla_oauth2 import (
    OAuth2ClientMixin,
    OAuth2TokenMixin,
    create_query_client_func,
    create_save_token_func,
)
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from joserfc.jwk import RSAKey
from sqlalchemy import event

FOLDER = Path(os.environ["FOLDER"])
CLIENT_ID = os.environ["CLIENT_ID"]
KEY = RSAKey.import_key((FOLDER / "key.pem").read_bytes(), {"kid": "bench"})

database = SQLAlchemy()


class Client(database.Model, OAuth2ClientMixin):
    """A client, as the example keeps it."""

    id = database.Column(database.Integer, primary_key=True)


class Token(database.Model, OAuth2TokenMixin):
    """A token that was given."""

    id = database.Column(database.Integer, primary_key=True)
    user_id = database.Column(database.Integer)


class PostedSecret(ClientCredentialsGrant):
    """The client's secret comes in the form."""

    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_post",)


class Tokens(JWTBearerTokenGenerator):
    """Access tokens as JWTs."""

    def get_jwks(self):
        """The prepared key."""
        return KEY


def made():
    """The application."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{FOLDER}/tokens.db"
    database.init_app(app)
    with app.app_context():
        event.listen(database.engine, "connect", _write_ahead)
    server = AuthorizationServer(
        app,
        query_client=create_query_client_func(database.session, Client),
        save_token=create_save_token_func(database.session, Token),
    )
    server.register_token_generator("default", Tokens(issuer="http://127.0.0.1"))
    server.register_grant(PostedSecret)
    app.add_url_rule("/token", view_func=server.create_token_response, methods=["POST"])
    return app


def prepare(app):
    """The tables, and the one client."""
    with app.app_context():
        database.create_all()
        client = Client(client_id=CLIENT_ID, client_secret=os.environ["CLIENT_SECRET"])
        client.set_client_metadata(
            {
                "grant_types": ["client_credentials"],
                "token_endpoint_auth_method": "client_secret_post",
                "scope": "read",
            }
        )
        database.session.add(client)
        database.session.commit()


def _write_ahead(connection, _):
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


application = made()

if __name__ == "__main__":
    prepare(application)
