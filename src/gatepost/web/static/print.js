// The button that prints the page: it is hidden until this runs.
const button = document.getElementById("print");
button.hidden = false;
button.addEventListener("click", () => window.print());
