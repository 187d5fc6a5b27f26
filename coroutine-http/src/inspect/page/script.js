// Keeps the page as the program is. All that is shown is written by the server; this fetches it anew, and changes what has changed, so that what is folded, chosen and
// scrolled to stays as it is. Without it the page works as well, and is reloaded by hand.
"use strict";

const get = (id) => document.getElementById(id);
const form = get("ask"), filter = get("filter"), state = get("state"), pause = get("pause");
const folded = new Set();
let paused = false, timer, fetching;

// Morphing: has an element become like another one, and touches nothing else.

const keyOf = (node) => node.dataset?.id ?? node.dataset?.key;

function morph(old, next) {
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
    return;
  }
  for (const { name, value } of [...next.attributes]) {
    if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (name !== "open" && !next.hasAttribute(name)) old.removeAttribute(name);
  }
  morphChildren(old, next);
}

function morphChildren(old, next) {
  const keyed = new Map([...old.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let at = old.firstChild;
  for (const wanted of [...next.childNodes]) {
    const key = keyOf(wanted);
    const match = key ? keyed.get(key) : at && !keyOf(at) ? at : undefined;
    if (!match || match.nodeName !== wanted.nodeName) {
      old.insertBefore(fold(document.adoptNode(wanted)), at);
      continue;
    }
    keyed.delete(key);
    if (match === at) at = at.nextSibling;
    else old.insertBefore(match, at);
    morph(match, wanted);
  }
  while (at) {
    const after = at.nextSibling;
    at.remove();
    at = after;
  }
}

// What was folded before it went away is folded when it comes back.
function fold(node) {
  for (const details of node.querySelectorAll?.("details[data-key]") ?? []) {
    if (folded.has(details.dataset.key)) details.open = false;
  }
  return node;
}

document.addEventListener("toggle", ({ target }) => {
  const key = target.dataset.key;
  if (!key || !target.isConnected) return;
  if (target.open) folded.delete(key);
  else if (target.closest("#list")) folded.add(key);
}, true);

// Fetching.

async function refresh() {
  clearTimeout(timer);
  fetching?.abort();
  const mine = fetching = new AbortController();
  try {
    const answer = await fetch(location.href, { cache: "no-store", signal: mine.signal });
    const text = await answer.text();
    if (mine.signal.aborted) return;
    show(new DOMParser().parseFromString(text, "text/html"));
    say(paused ? "paused" : "live");
  } catch (error) {
    if (mine.signal.aborted) return;
    say("lost", "no answer");
  }
  again();
}

function show(page) {
  const parts = [...document.querySelectorAll("[data-live]")];
  if (!parts.every((part) => page.getElementById(part.id))) throw new Error("this is another page");
  for (const part of parts) morph(part, page.getElementById(part.id));
  showMark();
}

// Where the picture is larger than its frame, the state is brought into view when it has changed.
let marked;
function showMark() {
  const state = document.querySelector(".picture .present"), frame = state?.closest(".picture");
  const now = state && frame.parentElement.dataset.key + state.id;
  if (now && now !== marked) {
    const of = (box) => [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    const [x, y] = of(state.getBoundingClientRect()), [middleX, middleY] = of(frame.getBoundingClientRect());
    frame.scrollBy(x - middleX, y - middleY);
  }
  marked = now;
}

// Every second, but where a dump takes long it takes a fiftieth of the program's time at most.
function again() {
  clearTimeout(timer);
  const taken = Number(get("count").dataset.taken) / 1000;
  if (!paused && !document.hidden) timer = setTimeout(refresh, Math.max(1000, taken * 50));
}

function say(word, text = word) {
  state.className = word;
  if (state.textContent !== text) state.textContent = text;
}

// Asking for something else.

function go(url) {
  history.pushState(null, "", url);
  refresh();
}

function asked() {
  const query = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    if (value && !(name === "order" && value === "tree")) query.set(name, value);
  }
  return "?" + query;
}

function fillForm() {
  const query = new URLSearchParams(location.search);
  filter.value = query.get("filter") ?? "";
  form.elements.order.value = query.get("order") ?? "tree";
  form.elements.each.checked = query.get("each") === "1";
}

let typing;
filter.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => { history.replaceState(null, "", asked()); refresh(); }, 150);
});
form.addEventListener("change", (event) => { if (event.target !== filter) go(asked()); });
form.addEventListener("submit", (event) => { event.preventDefault(); go(asked()); });
addEventListener("popstate", () => { fillForm(); refresh(); });
document.addEventListener("visibilitychange", () => { if (!document.hidden && !paused) refresh(); });

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href^='?']");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.getAttribute("href"));
  fillForm();
});

function setPaused(value) {
  paused = value;
  pause.textContent = paused ? "Go on" : "Pause";
  pause.setAttribute("aria-pressed", String(paused));
  say(paused ? "paused" : "live");
  if (paused) clearTimeout(timer);
  else refresh();
}
pause.addEventListener("click", () => setPaused(!paused));

// Keys.

const lines = () => [...document.querySelectorAll("#list a.name")].filter((line) => line.checkVisibility());

function step(by) {
  const all = lines();
  const here = all.indexOf(document.activeElement?.closest("li.node")?.querySelector("a.name"));
  const next = all[here < 0 ? 0 : Math.min(Math.max(here + by, 0), all.length - 1)];
  next?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return void document.querySelector("#detail .close")?.click();
  if (event.target.closest("input, select, .picture")) return;
  const act = {
    "/": () => filter.focus(),
    p: () => setPaused(!paused),
    j: () => step(1), ArrowDown: () => step(1),
    k: () => step(-1), ArrowUp: () => step(-1),
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// What sticks to the top of the window begins below the header, however many lines that has.
const head = document.querySelector("header"), root = document.documentElement;
new ResizeObserver(() => root.style.setProperty("--head", head.offsetHeight + "px")).observe(head);
root.classList.add("scripted");
get("live").hidden = false;
showMark();
again();
