// Asks the server whether what was typed will do, and shows its answer at the box.

// The problem of a value, or null. When the server does not answer, the form will find out.
export async function problemOf(field, value) {
  try {
    const address = `/portal/check?${new URLSearchParams({ field, value })}`;
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    return answer.ok ? (await answer.json()).problem : null;
  } catch {
    return null;
  }
}

export function show(box, problem) {
  const line = document.getElementById(`${box.id}-problem`);
  if (!line) return;
  line.hidden = !problem;
  line.querySelector("span").textContent = problem ?? "";
  if (problem) box.setAttribute("aria-invalid", "true");
  else box.removeAttribute("aria-invalid");
}

for (const box of document.querySelectorAll("input[data-check]")) {
  box.addEventListener("change", async () => {
    const value = box.value;
    const problem = value.trim() ? await problemOf(box.dataset.check, value) : null;
    if (box.value === value) show(box, problem);
  });
}
