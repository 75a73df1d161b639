// A single-page application as its makers would write it, on oidc-client-ts.

import { manager } from "/manager.js";

const person = document.getElementById("person");
const events = document.getElementById("events");

function show(user) {
  person.textContent = user && !user.expired ? user.profile.email : "nobody";
  // What a test compares; an application would keep it to itself.
  window.user = user;
}

function note(event) {
  events.textContent += ` ${event}`;
}

manager.events.addUserLoaded((user) => {
  show(user);
  note("loaded");
});
manager.events.addUserUnloaded(() => note("unloaded"));
manager.events.addUserSignedOut(async () => {
  await manager.removeUser();
  show(null);
  note("signed-out-elsewhere");
});
manager.events.addSilentRenewError((error) => note(`renewal-failed:${error.error}`));

document.getElementById("sign_in").addEventListener("click", () => manager.signinRedirect());
document.getElementById("sign_out").addEventListener("click", () => manager.signoutRedirect());
document.getElementById("renew").addEventListener("click", async () => {
  try {
    await manager.signinSilent();
  } catch (error) {
    note(`renewal-failed:${error.error}`);
  }
});

if (location.pathname === "/callback") {
  await manager.signinCallback();
  history.replaceState(null, "", "/");
} else if (location.pathname === "/signed-out") {
  await manager.signoutCallback();
  note("back");
}
show(await manager.getUser());
