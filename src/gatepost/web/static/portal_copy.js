// Copy buttons: they are hidden until this runs, and say on themselves that they have copied.
import { announce } from "/static/portal_live.js";

const SHOWN_FOR = 2500;

function choose(source) {
  if (source.select) source.select();
  else window.getSelection().selectAllChildren(source);
}

async function copy(source, button) {
  const text = source.value ?? source.textContent;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // no clipboard without https, or it is not allowed: the way of before
    choose(source);
    const done = document.execCommand("copy");
    if (done) button.focus();
    return done;
  }
}

function say(button, text) {
  const word = button.querySelector("[data-word]");
  button.dataset.first ??= word.textContent;
  word.textContent = text;
  button.toggleAttribute("data-done", true);
  clearTimeout(Number(button.dataset.timer));
  button.dataset.timer = setTimeout(() => {
    word.textContent = button.dataset.first;
    button.removeAttribute("data-done");
  }, SHOWN_FOR);
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    if (await copy(source, button)) {
      say(button, button.dataset.copied);
      announce(button.dataset.told);
      document.dispatchEvent(new Event("gatepost-copied"));
    } else {
      choose(source);
      announce(button.dataset.notCopied);
    }
  });
}
