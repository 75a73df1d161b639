// Tells people who do not see the page what has just happened on it.

const place = document.getElementById("live");

export function announce(text) {
  if (!place) return;
  place.textContent = "";
  setTimeout(() => { place.textContent = text; }, 50);
}
