"""The calls of a try-out that an application makes by itself, each kept as a step."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from gatepost.model.clients import StoredClient
from gatepost.protocol import discovery, scopes
from gatepost.protocol.parameters import OAuthError
from gatepost.services import tenants, try_out_flows
from gatepost.services.access import AccessService
from gatepost.services.client_login import FormRequest
from gatepost.services.devices import DeviceService
from gatepost.services.issuing import Mint
from gatepost.services.token import Tokens, TokenService
from gatepost.services.token_use import TokenUse
from gatepost.services.try_out_flows import Vouched
from gatepost.services.try_out_state import Kept, ReadToken, Step, failed, masked, read_token, shown
from gatepost.services.world import Act, World

Form = Mapping[str, str | None]


class Endpoints(NamedTuple):
    """The services behind the endpoints."""

    mint: Mint
    tokens: TokenService
    access: AccessService
    use: TokenUse
    devices: DeviceService


class Calls:
    """Plays the application against the endpoints of one issuer."""

    def __init__(self, world: World, endpoints: Endpoints) -> None:
        self._world = world
        self._at = endpoints
        self.issuer = endpoints.mint.issuer

    def for_itself(self, act: Act, client: StoredClient, kept: Kept) -> Kept:
        """Client credentials: a token at once, and the tenant read with it."""
        scope = try_out_flows.scope_of(client)
        form: Form = {
            "grant_type": "client_credentials",
            "scope": scope,
            **try_out_flows.credentials(client, kept),
        }
        step, tokens = self._ask(act, "token", form)
        kept = kept.with_step(step)
        return kept if tokens is None else kept.with_step(self._read_tenant(act, tokens))

    def with_answer(
        self, act: Act, client: StoredClient, kept: Kept, came: tuple[Mapping[str, str], str]
    ) -> Kept:
        """The browser's answer, and all that follows from it; `came` is it and where it came."""
        answer, redirect_uri = came
        kept = replace(kept, steps=(replace(kept.steps[-1], state="done"),))
        step = self._looked_at(client, kept, came)
        kept = kept.with_step(step)
        if step.state == "failed":
            return kept
        form = try_out_flows.redemption(client, kept, answer["code"], redirect_uri)
        step, tokens = self._ask(act, "token", form)
        if tokens is None:
            return kept.with_step(step)
        vouched = Vouched(client.settings.id, kept.nonce, {"at_hash": tokens.access_token})
        kept = kept.with_step(self._verified(step, tokens.id_token, vouched))
        return self._with_tokens(act, client, kept, tokens)

    def start_device(self, act: Act, client: StoredClient, kept: Kept) -> Kept:
        """A device asks for its codes (RFC 8628, 3.1)."""
        form = {"client_id": client.settings.id, "scope": try_out_flows.scope_of(client)}
        address = f"POST {self.issuer}{discovery.DEVICE_PATH}"
        step = Step(key="device", state="done", address=address, sent=shown(form))
        start = self._at.devices.start(FormRequest(form, None, act.origin))
        if isinstance(start, OAuthError):
            return kept.with_step(failed(step, start))
        told = {**start._asdict(), "verification_uri": f"{self.issuer}/device"}
        kept = replace(kept, device_code=start.device_code, user_code=start.user_code)
        return kept.with_step(replace(step, came=shown(told)))

    def poll(self, act: Act, client: StoredClient, kept: Kept, grant_type: str) -> Kept:
        """A device asks for its tokens, once (RFC 8628, 3.4)."""
        form: Form = {
            "grant_type": grant_type,
            "device_code": kept.device_code,
            "client_id": client.settings.id,
        }
        step, tokens = self._ask(act, "poll", form)
        if tokens is None:
            return kept.with_step(step)
        vouched = Vouched(client.settings.id, None, {"at_hash": tokens.access_token})
        kept = kept.with_step(self._verified(step, tokens.id_token, vouched))
        return self._with_tokens(act, client, kept, tokens)

    def _looked_at(
        self, client: StoredClient, kept: Kept, came: tuple[Mapping[str, str], str]
    ) -> Step:
        """The answer, looked at as an application does before it uses the code."""
        answer, redirect_uri = came
        id_token = answer.get("id_token")
        told = {name: answer[name] for name in _ANSWER if name in answer}
        step = Step(
            key="answer",
            state="done",
            address=redirect_uri,
            came=shown(told),
            checks=try_out_flows.answer_checks(kept, answer, self.issuer),
        )
        if "error" in answer or "code" not in answer:
            said = answer.get("error_description", "")
            return replace(
                step, state="failed", error=answer.get("error", "no_code"), description=said
            )
        if try_out_flows.response_type_of(client) == try_out_flows.HYBRID_TYPE:
            hashes = {"c_hash": answer["code"], "s_hash": answer["state"]}
            step = self._verified(step, id_token, Vouched(client.settings.id, kept.nonce, hashes))
        return _judged(step)

    def _with_tokens(self, act: Act, client: StoredClient, kept: Kept, tokens: Tokens) -> Kept:
        """UserInfo and renewal; the tokens are given back, also when something was wrong."""
        if kept.steps[-1].state != "failed":
            kept, tokens = self._used(act, client, kept, tokens)
        return kept.with_step(self._give_back(act, client, kept, tokens))

    def _used(
        self, act: Act, client: StoredClient, kept: Kept, tokens: Tokens
    ) -> tuple[Kept, Tokens]:
        """The person asked for and the tokens renewed, as the scopes allow it."""
        if scopes.OPENID in tokens.scope.split(" "):
            kept = kept.with_step(self._userinfo(act, tokens))
        if tokens.refresh_token:
            form: Form = {
                "grant_type": "refresh_token",
                "refresh_token": tokens.refresh_token,
                **try_out_flows.credentials(client, kept),
            }
            step, renewed = self._ask(act, "refresh", form)
            kept, tokens = kept.with_step(step), renewed or tokens
        return kept, tokens

    def _ask(self, act: Act, key: str, form: Form) -> tuple[Step, Tokens | None]:
        sent = {name: value for name, value in form.items() if value is not None}
        answer = self._at.tokens.answer(FormRequest(sent, None, act.origin))
        if isinstance(answer, OAuthError):
            address = f"POST {self.issuer}{discovery.TOKEN_PATH}"
            step = Step(key=key, state="done", address=address, sent=shown(sent))
            waits = answer.error in _WAITING
            step = failed(step, answer)
            return (replace(step, state="waiting") if waits else step), None
        return try_out_flows.tokens_step(key, sent, answer, self.issuer), answer

    def _verified(self, step: Step, id_token: str | None, vouched: Vouched) -> Step:
        """The step with what was looked at in its id token."""
        if id_token is None:
            return step
        token = read_token("id_token", id_token)
        is_signed = self._at.mint.read_hint(id_token) is not None
        checks = try_out_flows.id_token_checks(token, vouched, is_signed=is_signed)
        known: tuple[ReadToken, ...] = step.tokens or ((token,) if token else ())
        return _judged(replace(step, tokens=known, checks=(*step.checks, *checks)))

    def _userinfo(self, act: Act, tokens: Tokens) -> Step:
        address = f"GET {self.issuer}{discovery.USERINFO_PATH}"
        step = _with_bearer("userinfo", address, tokens)
        found = self._at.use.userinfo(tokens.access_token, act.origin)
        if isinstance(found, str):
            return failed(step, OAuthError("invalid_token", found, found))
        texts = {
            name: value if isinstance(value, str) else msgspec.json.encode(value).decode()
            for name, value in found.items()
        }
        return replace(step, came=shown(texts))

    def _read_tenant(self, act: Act, tokens: Tokens) -> Step:
        url = self.issuer.removesuffix(discovery.ISSUER_PATH)
        step = _with_bearer("tenant", f"GET {url}/api/v1/Tenants/{act.tenant_id}", tokens)
        caller = self._at.access.caller(tokens.access_token, act.origin)
        if isinstance(caller, str):
            return failed(step, OAuthError("invalid_token", caller, caller))
        tenant = tenants.get(self._world, caller.tenant_id)
        return replace(step, came=shown({"Id": tenant.id, "Name": tenant.name}))

    def _give_back(self, act: Act, client: StoredClient, kept: Kept, tokens: Tokens) -> Step:
        """Nothing of a try-out is to be usable later (RFC 7009)."""
        token = tokens.refresh_token or tokens.access_token
        form: Form = {"token": token, **try_out_flows.credentials(client, kept)}
        sent = {name: value for name, value in form.items() if value is not None}
        address = f"POST {self.issuer}{discovery.REVOCATION_PATH}"
        step = Step(key="revoke", state="done", address=address, sent=shown(sent))
        error = self._at.use.revoke(FormRequest(sent, None, act.origin))
        return step if error is None else failed(step, error)


def _with_bearer(key: str, address: str, tokens: Tokens) -> Step:
    sent = (("Authorization", f"Bearer {masked(tokens.access_token)}"),)
    return Step(key=key, state="done", address=address, sent=sent)


def _judged(step: Step) -> Step:
    """Failed as soon as one thing that was looked at is wrong."""
    if all(passed for _, passed in step.checks):
        return step
    return replace(step, state="failed", error="check_failed")


_ANSWER = ("code", "id_token", "state", "iss", "session_state", "error", "error_description")
_WAITING = frozenset({"authorization_pending", "slow_down"})
