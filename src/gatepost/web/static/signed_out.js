// Go on when all frames of a front-channel logout have loaded, or after three seconds.

const PATIENCE = 3000;
let gone = false;

function goOn() {
  if (gone) return;
  gone = true;
  location.assign(document.getElementById("continue").href);
}

// The load event of the page comes after that of its frames, and unlike theirs it cannot be missed:
// the page is complete from then on.
if (document.readyState === "complete") goOn();
else addEventListener("load", goOn);
setTimeout(goOn, PATIENCE);
