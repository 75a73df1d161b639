// A window shows a secret once: closing it before anything was copied asks first.

let copied = false;
const remember = () => { copied = true; };
document.addEventListener("gatepost-copied", remember);
document.addEventListener("copy", remember);

for (const closing of document.querySelectorAll("[data-closing]")) {
  const close = closing.querySelector("[data-close]");
  const question = closing.querySelector(".question");
  const stay = question.querySelector("[data-stay]");
  close.addEventListener("click", (event) => {
    if (copied) return;
    event.preventDefault();
    question.hidden = false;
    stay.focus();
  });
  stay.addEventListener("click", () => {
    question.hidden = true;
    close.focus();
  });
}
