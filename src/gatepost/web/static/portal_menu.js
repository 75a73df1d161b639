// Menus close with Escape, and by a click or the focus elsewhere.

for (const menu of document.querySelectorAll("details.menu")) {
  const close = () => { menu.open = false; };
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    close();
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) close();
  });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) close();
  });
}
