// Sign in with a passkey (Web Authentication Level 3, section 7.2, as far as the browser does it).
// The page that adds passkeys takes the conversions of base64url and the sending from here.

export function bytesOf(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function textOf(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Sends the form with what the authenticator makes for a field of it, or says what went wrong.
export async function send(form, button, field, make, problems) {
  const status = form.querySelector("[role=status]");
  button.disabled = true;
  status.textContent = "";
  try {
    form.elements[field].value = JSON.stringify(await make());
    form.submit();
  } catch (error) {
    button.disabled = false;
    button.focus();
    status.textContent = problems[error.name] ?? problems.other;
  }
}

const PROBLEMS = {
  NotAllowedError: "No passkey was used. Try again, or sign in with your password.",
  SecurityError: "Passkeys do not work at this address. Sign in with your password.",
  other: "That did not work. Sign in with your password.",
};

// On the page of a second step the password was right already.
const SECOND = {
  NotAllowedError: "No passkey was used. You can try again.",
  SecurityError: "Passkeys do not work at this address. Use another way.",
  other: "That did not work. Try again, or use another way.",
};

async function assertion(form) {
  const credential = await navigator.credentials.get({
    publicKey: {
      challenge: bytesOf(form.dataset.challenge),
      rpId: form.dataset.rpId,
      userVerification: "required",
      allowCredentials: [],
    },
  });
  const { clientDataJSON, authenticatorData, signature, userHandle } = credential.response;
  return {
    id: credential.id,
    rawId: textOf(credential.rawId),
    type: credential.type,
    response: {
      clientDataJSON: textOf(clientDataJSON),
      authenticatorData: textOf(authenticatorData),
      signature: textOf(signature),
      userHandle: userHandle ? textOf(userHandle) : null,
    },
    clientExtensionResults: credential.getClientExtensionResults(),
    authenticatorAttachment: credential.authenticatorAttachment,
  };
}

function offer(form) {
  const button = document.getElementById("passkey");
  for (const part of form.querySelectorAll("[hidden]")) part.hidden = false;
  for (const part of form.querySelectorAll("[data-without]")) part.hidden = true;
  const problems = "second" in form.dataset ? SECOND : PROBLEMS;
  button.addEventListener("click", () => {
    send(form, button, "assertion", () => assertion(form), problems);
  });
}

const form = document.getElementById("passkey_form");
if (form && window.PublicKeyCredential) offer(form);
