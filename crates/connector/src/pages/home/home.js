for (const button of document.querySelectorAll("button[data-copies]")) {
  const source = document.getElementById(button.dataset.copies);
  const status = button.nextElementSibling;
  const isField = "value" in source;
  if (isField) source.addEventListener("focus", () => source.select());
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(isField ? source.value : source.textContent);
      status.textContent = "Copied.";
      setTimeout(() => (status.textContent = ""), 4000);
    } catch {
      if (isField) source.focus();
      else getSelection().selectAllChildren(source);
    }
  });
}

const health = document.getElementById("health");
const { asks, account } = health.dataset;

/** Shows whether the connector answers a ping, and how fast. */
async function look() {
  const began = performance.now();
  let state = "Does not answer at the moment.";
  try {
    const answer = await fetch(asks, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-protocol-version": "2025-11-25",
      },
      body: '{"jsonrpc":"2.0","id":1,"method":"ping"}',
    });
    const { result } = await answer.json();
    if (result) {
      state = `Answers in ${Math.round(performance.now() - began)} ms.`;
      // Without cookies, the account page asks no storage.
      if (account) state += (await fetch(account, { credentials: "omit" })).ok ? " Sign-in works." : " Sign-in does not work at the moment.";
    }
  } catch {
    // No answer that a connector gives.
  }
  health.textContent = state;
  health.parentElement.classList.toggle("down", !state.startsWith("Answers") || state.includes("does not work"));
}
look();
setInterval(() => document.hidden || look(), 60_000);
