"""Scripts of our pages, run by Node with as much of a browser around them as they ask for."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

STATIC = Path(__file__).parents[1] / "src/gatepost/web/static"


class Message(NamedTuple):
    """What an application says to a frame, and the origin that the browser vouches for."""

    data: object
    origin: str


class Frame(NamedTuple):
    """The check-session page: the cookie that it names, and all that its script can read."""

    named: str
    cookies: str
    is_safe: bool = True


_CHECK_SESSION = """
{unsafe}
let listener;
globalThis.window = globalThis;
globalThis.document = {{ cookie: {cookies}, body: {{ dataset: {{ cookie: {named} }} }} }};
globalThis.addEventListener = (type, heard) => {{ if (type === "message") listener = heard; }};
{script}
const answers = {{}};
for (const [name, [data, origin]] of Object.entries({messages})) {{
  const source = {{ postMessage: (answer, to) => {{ answers[name] = [answer, to]; }} }};
  await listener({{ data, origin, source }});
}}
console.log(JSON.stringify(answers));
"""


def check_session(frame: Frame, messages: Mapping[str, Message]) -> dict[str, list[str]]:
    """What the page's script answers to each message, and to which origin."""
    program = _CHECK_SESSION.format(
        # a browser has crypto.subtle on safe lines alone
        unsafe="" if frame.is_safe else "delete globalThis.crypto;",
        cookies=json.dumps(frame.cookies),
        named=json.dumps(frame.named),
        script=(STATIC / "check_session.js").read_text(),
        messages=json.dumps(messages),
    )
    answers: dict[str, list[str]] = run(program)
    return answers


def run(program: str) -> Any:
    """The JSON that a module prints."""
    done = subprocess.run(
        ["node", "--input-type=module", "-"],
        input=program,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
