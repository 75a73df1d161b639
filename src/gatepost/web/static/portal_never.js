// A check box with data-never, such as Never Expires, takes the field it names out of use.
import { announce } from "/static/portal_live.js";

for (const box of document.querySelectorAll("[data-never]")) {
  const field = document.getElementById(box.dataset.never);
  const caution = document.getElementById(`${box.id}-caution`);
  const follow = () => { field.disabled = box.checked; };
  box.addEventListener("change", () => {
    follow();
    if (box.checked && caution) announce(caution.textContent.trim());
  });
  // a browser that goes back restores boxes only later
  window.addEventListener("pageshow", follow);
  follow();
}
