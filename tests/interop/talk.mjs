// What the programs of this folder share: a word with the test that started them, and openid-client
// set up for the client that the test registered.

import { createInterface } from "node:readline";

// Node 18 has the one as a module only, and the other nowhere by name.
globalThis.crypto ??= (await import("node:crypto")).webcrypto;
globalThis.CryptoKey ??= (
  await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt"])
).constructor;

export const client = await import("openid-client");
export const settings = JSON.parse(process.argv[2]);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Tell the test something, as one line of JSON. */
export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** What the test says next. */
async function hear() {
  const { value, done } = await lines.next();
  if (done) throw new Error("the test went away");
  return JSON.parse(value);
}

/** Have a person sent to an address; how their browser comes back, as a request or an address. */
export async function visit(address) {
  say({ go: String(address) });
  const { address: back, form } = await hear();
  if (!form) return new URL(back);
  return new Request(back, { method: "POST", body: new URLSearchParams(form) });
}

/** What a promise fails with, as the OAuth error or the name of the fault. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (fault) {
    return fault.error ?? fault.cause?.[0]?.parameters?.error ?? fault.code ?? fault.name;
  }
  return null;
}

/** The private key that the test gave. */
export async function privateKey() {
  const { kid, ...jwk } = settings.key;
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  return { key: await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]), kid };
}

async function authentication() {
  switch (settings.method) {
    case "client_secret_basic":
      return client.ClientSecretBasic(settings.secret);
    case "client_secret_post":
      return client.ClientSecretPost(settings.secret);
    case "private_key_jwt":
      return client.PrivateKeyJwt(await privateKey());
    default:
      return client.None();
  }
}

/** The configuration by discovery. */
export async function discovered(...how) {
  const server = new URL(settings.issuer);
  const execute = [client.allowInsecureRequests, ...how];
  return client.discovery(server, settings.id, undefined, await authentication(), { execute });
}

/** Parameters of an authorization request, and the checks of its answer. */
export async function request() {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  };
  const parameters = {
    redirect_uri: settings.redirect_uri,
    scope: settings.scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
  };
  if (settings.response_mode) parameters.response_mode = settings.response_mode;
  return { parameters, checks };
}

/** Run a program, say what it found, and end. */
export async function run(program) {
  say({ done: await program() });
  process.exit();
}
