"""The statements of redemptions, written by hand for both databases.

Parameters are named `:so`; `Lines.written` puts them into the words of the driver. No text of a
caller is ever part of a statement.
"""

from gatepost.storage.lines import Lines

_FAMILY = """
    f.id, f.client_id, f.user_id, f.sign_in_id, {grounds}, f.created_at, f.expires_at,
    f.revoked_at, f.revoked_because
"""
_CODE = """
    SELECT c.redirect_uri, c.challenge, c.nonce, c.created_at, c.expires_at, c.used_at, {family}
    FROM codes AS c JOIN families AS f ON f.tenant_id = c.tenant_id AND f.id = c.family_id
    WHERE c.tenant_id = :tenant AND c.digest = :digest
"""
_REFRESH_TOKEN = """
    SELECT r.generation, r.created_at, r.expires_at, r.used_at, r.sealed_successor,
        CASE WHEN r.used_at IS NULL THEN 0 ELSE (
            SELECT count(*) FROM refresh_tokens AS later
            WHERE later.tenant_id = r.tenant_id AND later.family_id = r.family_id
                AND later.generation > r.generation AND later.used_at IS NOT NULL
        ) END, {family}
    FROM refresh_tokens AS r JOIN families AS f ON f.tenant_id = r.tenant_id AND f.id = r.family_id
    WHERE r.tenant_id = :tenant AND r.digest = :digest
"""
_ONE_FAMILY = """
    SELECT {family} FROM families AS f WHERE f.tenant_id = :tenant AND f.id = :id
"""
_REVOKED = "SELECT 1 FROM revoked_tokens WHERE tenant_id = :tenant AND id = :id"
_ALIVE = """
    WHERE tenant_id = :tenant AND digest = :digest AND family_id = :family
        AND used_at IS NULL AND expires_at > :now
        AND EXISTS (SELECT 1 FROM families AS f WHERE f.tenant_id = :tenant
            AND f.id = :family AND f.revoked_at IS NULL)
"""
_SIGNED_IN = """
        AND EXISTS (SELECT 1 FROM sign_ins AS s WHERE s.tenant_id = :tenant AND s.id = :sign_in)
"""
_SPEND_CODE = "UPDATE codes SET used_at = :now" + _ALIVE + _SIGNED_IN  # noqa: S608
_USED = "UPDATE refresh_tokens SET used_at = :now, sealed_successor = :sealed"
_SPEND_REFRESH_TOKEN = _USED + _ALIVE
_COLUMNS = "(tenant_id, digest, family_id, generation, created_at, expires_at)"
_SUCCESSOR = ":tenant, :next_digest, :family, :generation, :now, :next_expires"

_ADD = f"INSERT INTO refresh_tokens {_COLUMNS} VALUES ({_SUCCESSOR})"  # noqa: S608


class Statements:
    """The statements in the words of one database."""

    def __init__(self, lines: Lines, *, is_postgresql: bool) -> None:
        grounds = "f.grounds::text" if is_postgresql else "f.grounds"
        family = _FAMILY.format(grounds=grounds)
        self.code = lines.written(_CODE.format(family=family))
        self.refresh_token = lines.written(_REFRESH_TOKEN.format(family=family))
        self.family = lines.written(_ONE_FAMILY.format(family=family))
        self.revoked = lines.written(_REVOKED)
        self.add = lines.written(_ADD)
        self.spend_code = lines.written(_SPEND_CODE)
        self.spend_refresh_token = lines.written(_SPEND_REFRESH_TOKEN)
        self.exchange_code = lines.written(_with_successor(_SPEND_CODE))
        self.exchange_refresh_token = lines.written(_with_successor(_SPEND_REFRESH_TOKEN))


def _with_successor(spend: str) -> str:
    return (
        f"WITH spent AS ({spend} RETURNING 1) "  # noqa: S608  (our own words throughout)
        f"INSERT INTO refresh_tokens {_COLUMNS} SELECT {_SUCCESSOR} FROM spent"
    )
