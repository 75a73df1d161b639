// Add a passkey (Web Authentication Level 3, section 7.1, as far as the browser does it).

import { bytesOf, send, textOf } from "/static/passkey.js";

const ES256 = -7;
const EDDSA = -8;
const RS256 = -257;
const PROBLEMS = {
  InvalidStateError: "This device already has a passkey for your account.",
  NotAllowedError: "No passkey was made. You can try again.",
  SecurityError: "Passkeys do not work at this address. Ask your administrator.",
  other: "That did not work. You can try again.",
};

async function attestation({ challenge, rpId, userHandle, userName, displayName, exclude }) {
  const credential = await navigator.credentials.create({
    publicKey: {
      challenge: bytesOf(challenge),
      rp: { id: rpId, name: "Gatepost" },
      user: { id: bytesOf(userHandle), name: userName, displayName },
      pubKeyCredParams: [ES256, RS256, EDDSA].map((alg) => ({ type: "public-key", alg })),
      authenticatorSelection: {
        residentKey: "required",
        requireResidentKey: true,
        userVerification: "required",
      },
      attestation: "none",
      excludeCredentials: exclude
        .split(" ")
        .filter((id) => id)
        .map((id) => ({ type: "public-key", id: bytesOf(id) })),
    },
  });
  const { clientDataJSON, attestationObject } = credential.response;
  return {
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: textOf(clientDataJSON),
      attestationObject: textOf(attestationObject),
      transports: credential.response.getTransports?.() ?? [],
    },
  };
}

function offer(form) {
  const button = form.querySelector("button");
  for (const note of document.querySelectorAll("#no_passkeys")) note.hidden = true;
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, button, "attestation", () => attestation(form.dataset), PROBLEMS);
  });
}

const form = document.getElementById("passkey_add");
if (form && window.PublicKeyCredential) offer(form);
