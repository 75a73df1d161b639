// A form with data-once is sent once, however often its button is pressed.

const buttons = (form) => form.querySelectorAll("button:not([type=button])");

for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.once === "sent") return event.preventDefault();
    form.dataset.once = "sent";
    for (const button of buttons(form)) button.setAttribute("aria-disabled", "true");
  });
}

// back to a page that the browser kept: it may be sent again
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.dataset.once = "";
    for (const button of buttons(form)) button.removeAttribute("aria-disabled");
  }
});
