// What pages do beyond HTML. Each works on a page that also works without: forms send, links lead, times are readable.
"use strict";

// A copy button takes the text of the code beside it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const code = button.closest(".code, .copyable").querySelector("code");
  const words = button.querySelector("[data-copied]");
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch { // no permission, or not over HTTPS: select it, and the keyboard copies
    getSelection().selectAllChildren(code);
    if (!document.execCommand("copy")) return;
  }
  if (words.dataset.shown) return; // pressed again before its own words are back
  const before = words.textContent;
  words.dataset.shown = "yes";
  words.setAttribute("role", "status");
  words.textContent = words.dataset.copied;
  setTimeout(() => { words.textContent = before; delete words.dataset.shown; }, 1500);
});

// A form is sent once: its buttons rest until the answer is there, or the page is come back to.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) return event.preventDefault();
  if (event.defaultPrevented || form.method === "get" || form.target) return;
  form.dataset.sent = "yes";
  for (const button of form.querySelectorAll("button:not([type=button])")) button.setAttribute("aria-busy", "true");
  const words = event.submitter?.dataset.busy;
  if (words) {
    const progress = document.createElement("p");
    progress.className = "progress";
    progress.setAttribute("role", "status");
    progress.textContent = words;
    event.submitter.after(progress);
  }
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  for (const progress of document.querySelectorAll("button + .progress")) progress.remove();
});

// A form with data-live sends what it holds to that address while it is filled in, and puts the answer into the element that data-into names.
for (const form of document.querySelectorAll("form[data-live]")) {
  const into = document.querySelector(form.dataset.into);
  let waiting, under;
  const refresh = async () => {
    under?.abort();
    under = new AbortController();
    into.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.live, { method: "POST", body: new URLSearchParams(new FormData(form)), signal: under.signal });
      if (answer.ok) prepare(into, await answer.text());
      into.removeAttribute("aria-busy");
    } catch (fault) {
      if (fault.name !== "AbortError") into.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("input", (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(refresh, 250);
  });
}

// An element with data-load is a first state that holds without script; what the address answers takes its place.
async function load(root) {
  for (const element of root.querySelectorAll("[data-load]")) {
    const address = element.dataset.load;
    delete element.dataset.load;
    element.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address);
      if (answer.ok) prepare(element, await answer.text());
    } catch { /* the first state stays */ }
    element.removeAttribute("aria-busy");
  }
}

// A select or box with data-submit sends its form when it is changed, by the button that carries what it says: data-submit="refresh" takes the one with data-refresh.
document.addEventListener("change", (event) => {
  if (event.target.dataset?.submit === undefined) return;
  const form = event.target.form;
  form.requestSubmit(form.querySelector(`button[data-${event.target.dataset.submit || "submit"}]`));
});

function prepare(element, html) {
  element.innerHTML = html;
  ready(element);
}

const near = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
function relative(then) {
  const seconds = (then - Date.now()) / 1000, size = Math.abs(seconds);
  if (size < 45) return seconds > 0 ? "in a moment" : "just now";
  for (const [unit, length, end] of [["minute", 60, 2700], ["hour", 3600, 79200], ["day", 86400, 2160000]]) {
    if (size < end) return near.format(Math.round(seconds / length), unit);
  }
  return new Date(then).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
}

function ready(root) {
  for (const element of root.querySelectorAll("[data-copy][hidden]")) element.hidden = false;
  for (const element of root.querySelectorAll("[data-without-script]")) element.hidden = true;
  for (const element of root.querySelectorAll("time[datetime]")) {
    const then = new Date(element.dateTime);
    element.title = `${then.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })}\n${then.toISOString()} (UTC)`;
    element.textContent = element.dataset.exact !== undefined ? then.toLocaleString() : relative(then);
  }
  for (const element of root.querySelectorAll("text[data-time]")) {
    const then = new Date(element.dataset.time);
    element.textContent = element.dataset.style === "date" ? then.toLocaleDateString(undefined, { day: "numeric", month: "short" }) : then.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
  }
  load(root);
}

ready(document);
document.querySelector("[data-focus]")?.focus();

// The menu lies open in the page, for those without script; on a small screen it is shut until it is asked for.
const menu = document.querySelector("details.menu");
if (menu) {
  const small = matchMedia("(max-width: 59.99rem)");
  const fit = () => { menu.open = !small.matches; };
  small.addEventListener("change", fit);
  fit();
}
