// Lists that grow entry by entry, without a reload. The form sends the same with and without.
import { problemOf, show } from "/static/portal_check.js";
import { announce } from "/static/portal_live.js";

function start(field) {
  const box = document.getElementById(field.dataset.listField);
  const list = field.querySelector(".entries");
  const has = (value) => [...list.querySelectorAll("input")].some((each) => each.value === value);
  const said = (words, value) => field.dataset[words].replace("{value}", () => value);
  const ask = (value) => problemOf(field.dataset.field, value);

  async function add() {
    const value = box.value.trim();
    if (!value) return box.focus();
    const problem = has(value) ? said("already", value) : await ask(value);
    if (box.value.trim() !== value) return;
    show(box, problem);
    box.focus();
    if (problem) return announce(problem);
    const entry = field.querySelector("template").content.cloneNode(true);
    entry.querySelector("input").value = value;
    for (const place of entry.querySelectorAll("code, [data-entry]")) place.textContent = value;
    list.append(entry);
    number();
    box.value = "";
    announce(said("added", value));
  }

  function remove(entry) {
    const next = entry.nextElementSibling ?? entry.previousElementSibling;
    announce(said("removed", entry.querySelector("input").value));
    entry.remove();
    number();
    (next?.querySelector("button") ?? box).focus();
  }

  function number() {
    list.querySelectorAll("button").forEach((button, index) => {
      button.value = `remove:${box.id}:${index}`;
    });
  }

  field.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=op]");
    if (!button) return;
    event.preventDefault();
    if (button.closest("li")) remove(button.closest("li"));
    else add();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !box.value.trim()) return;
    event.preventDefault();
    add();
  });
}

document.querySelectorAll("[data-list-field]").forEach(start);
