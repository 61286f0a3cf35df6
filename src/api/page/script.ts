/**
 * The page's script: renews what is shown when the journal grows, at most once a second, and sends
 * what the buttons ask for. Plain JavaScript for the browser, so it stands here as a text.
 */
export const script = `"use strict";
const main = document.getElementById("main");
const live = document.getElementById("live");
let due = 0;
let isBusy = false;

async function renew() {
  if (isBusy) return plan(300);
  isBusy = true;
  try {
    const answer = await fetch("/page/body", { headers: { accept: "text/html" } });
    if (answer.ok) replace(await answer.text());
    else say("the daemon refused: " + answer.status);
  } catch {
    say("not connected");
  }
  isBusy = false;
}

function replace(text) {
  const open = new Set([...main.querySelectorAll("details[open]")].map((each) => each.dataset.key));
  const focused = document.activeElement && document.activeElement.dataset.post;
  main.innerHTML = text;
  document.title = document.getElementById("verdict").dataset.title;
  for (const each of main.querySelectorAll("details")) each.open = open.has(each.dataset.key);
  if (focused) main.querySelector('[data-post="' + CSS.escape(focused) + '"]')?.focus();
}

function plan(delayMs) {
  if (due) return;
  due = setTimeout(() => { due = 0; renew(); }, delayMs);
}

function say(text) {
  if (live.textContent !== text) live.textContent = text;
}

main.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-post]");
  if (!button) return;
  const word = button.textContent;
  if (!confirm(word + ": " + button.dataset.post.replace("/api/v1/", "") + "?")) return;
  button.disabled = true;
  try {
    const answer = await fetch(button.dataset.post, { method: "POST" });
    const body = await answer.json();
    say(answer.ok ? "asked for " + body.what : body.error.message);
  } catch {
    say("not sent: no connection");
  }
  plan(200);
});

const events = new EventSource("/api/v1/events");
events.onopen = () => { say("live"); plan(0); };
events.onmessage = () => plan(1000);
events.onerror = () => say("not connected, trying again");
// Times that are shown grow old even when nothing happens.
setInterval(() => { if (!document.hidden) plan(0); }, 10000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) plan(0); });
`;
