// One script for every page: copy, toasts, what is new, what needs focus. Nothing needs it.
"use strict";

const toasts = document.querySelector(".toasts");
const LASTS_MS = 8000;

function toast(text, href) {
  while (toasts.children.length > 1) toasts.firstElementChild.remove();
  const box = document.createElement("div");
  box.className = "toast";
  const said = document.createElement("p");
  said.textContent = text;
  if (href) {
    const link = document.createElement("a");
    link.href = href;
    link.textContent = document.body.dataset.view;
    said.append(" ", link);
  }
  const mark = document.querySelector(".brand .glyph").cloneNode(true);
  mark.setAttribute("class", "icon");
  box.append(mark, said);
  toasts.append(box);
  leave(box);
}

// Eight seconds or until dismissed; it stays while somebody points at it or is in it.
function leave(box) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = document.body.dataset.dismiss;
  button.addEventListener("click", () => box.remove());
  box.append(button);
  let timer = setTimeout(() => box.remove(), LASTS_MS);
  const stay = () => clearTimeout(timer);
  const go = () => { stay(); timer = setTimeout(() => box.remove(), LASTS_MS); };
  box.addEventListener("mouseenter", stay);
  box.addEventListener("focusin", stay);
  box.addEventListener("mouseleave", go);
  box.addEventListener("focusout", go);
}

for (const box of document.querySelectorAll("[data-toast]")) leave(box);

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const word = button.querySelector("span");
    const before = word.textContent;
    await navigator.clipboard.writeText(button.parentElement.querySelector("code").textContent);
    word.textContent = button.dataset.done;
    setTimeout(() => { word.textContent = before; }, 2000);
  });
}

// A summary of mistakes is read first; the browser kept what was typed.
document.querySelector(".mistakes[tabindex]")?.focus();

// A form that was sent is not sent twice by an impatient hand; its key would make it one anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "1";
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
});

// What is new comes over one stream (HTML, 9.2). Rows never jump: a bar offers to load them anew.
const body = document.body;
const news = document.querySelector("[data-news]");
const mine = body.dataset.live === "own";
if ((news || mine) && window.EventSource) {
  const stream = new EventSource(mine && !news ? "/events?mine=1" : "/events");
  const fresh = new Set();
  let lostAt = null;
  stream.addEventListener("task", (event) => {
    const told = JSON.parse(event.data);
    if (!news || told.change !== news.dataset.change) return;
    fresh.add(told.taskId);
    const text = fresh.size === 1 ? news.dataset.one : news.dataset.many;
    news.querySelector("span").textContent = text.replace("{n}", fresh.size);
    news.hidden = false;
  });
  stream.addEventListener("order", (event) => {
    const told = JSON.parse(event.data);
    const word = JSON.parse(body.dataset.states)[told.status];
    if (word) toast(body.dataset.changed.replace("{state}", word), told.taskId ? `/tasks/${told.taskId}` : `/orders/${told.orderId}`);
  });
  // The browser tries again by itself; only a line that stays lost is worth a word.
  stream.addEventListener("error", () => {
    if (stream.readyState !== EventSource.CLOSED || lostAt) return;
    lostAt = new Date().toISOString().slice(11, 16);
    toast(body.dataset.lost.replace("{at}", `${lostAt} UTC`));
  });
  window.addEventListener("pagehide", () => stream.close());
}
