// What every page of the portal does. All of it works without this too, with more clicks.
import "/static/portal_menu.js";
import "/static/portal_copy.js";
import "/static/portal_check.js";
import "/static/portal_list_field.js";
import "/static/portal_close.js";
import "/static/portal_once.js";
import "/static/portal_never.js";

// moments are shown in the time zone of the browser, which only the browser knows
function tellZone() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const told = `gatepost-zone=${encodeURIComponent(timeZone)}`;
  if (document.cookie.split("; ").includes(told)) return;
  document.cookie = `${told}; Path=/portal; SameSite=Lax; Max-Age=31536000`;
}

// what asks for attention comes first: a window, what is marked, the first field with a problem
function focusFirst() {
  const places = [".dim [data-focus]", "[data-focus]", "[aria-invalid=true]"];
  const first = places.map((place) => document.querySelector(place)).find(Boolean);
  if (first && !location.hash) first.focus();
}

for (const select of document.querySelectorAll("[data-auto-submit]")) {
  const send = () => select.form.requestSubmit();
  select.addEventListener("change", send);
  // somebody may have chosen before this script was there
  const shown = [...select.options].find((option) => option.defaultSelected);
  if (shown && !shown.selected) send();
}
tellZone();
focusFirst();
