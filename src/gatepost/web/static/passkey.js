// Sign in with a passkey (Web Authentication Level 3, section 7.2, as far as the browser does it).
// The page that adds passkeys takes the two conversions of base64url from here.

export function bytesOf(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export function textOf(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const PROBLEMS = {
  NotAllowedError: "No passkey was used. Try again, or sign in with your password.",
  SecurityError: "Passkeys do not work at this address. Sign in with your password.",
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
  const status = form.querySelector("[role=status]");
  for (const part of form.querySelectorAll("[hidden]")) part.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    status.textContent = "";
    try {
      form.elements.assertion.value = JSON.stringify(await assertion(form));
      form.submit();
    } catch (error) {
      button.disabled = false;
      button.focus();
      status.textContent = PROBLEMS[error.name] ?? "That did not work. Sign in with your password.";
    }
  });
}

const form = document.getElementById("passkey_form");
if (form && window.PublicKeyCredential) offer(form);
