// Lists that grow entry by entry, without a reload. The form sends the same with and without this.
import { problemOf, show } from "/static/portal_check.js";
import { announce } from "/static/portal_live.js";

function start(field) {
  const name = field.dataset.listField;
  const box = document.getElementById(name);
  const list = field.querySelector(".entries");
  const values = () => Array.from(list.querySelectorAll("input"), (input) => input.value);
  const tell = (words, value) => announce(words.replace("{value}", () => value));

  function refuse(problem) {
    show(box, problem);
    announce(problem);
    box.focus();
  }

  async function add() {
    const value = box.value.trim();
    if (!value) return box.focus();
    const problem = await problemOf(field.dataset.field, value);
    if (box.value.trim() !== value) return;
    if (problem) return refuse(problem);
    if (values().includes(value)) return refuse(field.dataset.already.replace("{value}", () => value));
    const entry = field.querySelector("template").content.cloneNode(true);
    entry.querySelector("input").value = value;
    for (const place of entry.querySelectorAll("code, [data-entry]")) place.textContent = value;
    list.append(entry);
    number();
    box.value = "";
    show(box, null);
    box.focus();
    tell(field.dataset.added, value);
  }

  function remove(entry) {
    const next = entry.nextElementSibling ?? entry.previousElementSibling;
    const { value } = entry.querySelector("input");
    entry.remove();
    number();
    (next?.querySelector("button") ?? box).focus();
    tell(field.dataset.removed, value);
  }

  function number() {
    list.querySelectorAll("button").forEach((button, index) => { button.value = `remove:${name}:${index}`; });
    if (!list.children.length) list.textContent = "";
  }

  field.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=op]");
    if (!button) return;
    event.preventDefault();
    if (button.value.startsWith("add:")) add();
    else remove(button.closest("li"));
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || !box.value.trim()) return;
    event.preventDefault();
    add();
  });
  box.addEventListener("input", () => { if (!box.value) show(box, null); });
  number();
}

document.querySelectorAll("[data-list-field]").forEach(start);
