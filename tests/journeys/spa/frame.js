// Frames the address that stands behind the #.

const frame = document.getElementById("frame");
frame.addEventListener("load", () => {
  document.getElementById("loaded").hidden = false;
});
frame.src = decodeURIComponent(location.hash.slice(1));
