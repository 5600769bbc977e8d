// The page that checks a receipt: takes the file and the key, has them checked, shows the verdict.
// Nothing leaves the browser.

import { showSlip } from "./paper.mjs";
import { showProgress, showRefusal, showVerdict } from "./showing.mjs";

const form = document.querySelector("[data-receipt]");
const words = JSON.parse(form.dataset.words);
const drop = form.querySelector(".drop");
const QUICK_MS = 300;
let running = null;

async function checkHere(file, key, tell) {
  const { check } = await import("./check.mjs");
  return check(file, key, tell);
}

/** Checks in a worker; where there is none, here, piece by piece. */
function checked(file, key, tell) {
  running?.terminate();
  return new Promise((resolve) => {
    const here = () => resolve(checkHere(file, key, tell));
    try {
      running = new Worker(new URL("worker.mjs", import.meta.url), { type: "module" });
    } catch {
      here();
      return;
    }
    running.addEventListener("error", here, { once: true });
    running.addEventListener("message", ({ data: { progress, done } }) => {
      if (progress) tell(progress);
      if (done) resolve(done);
    });
    running.postMessage({ file, key });
  });
}

let turn = 0;

async function verify(file) {
  turn += 1;
  const mine = turn;
  const since = performance.now();
  const tell = (progress) => {
    if (mine === turn && performance.now() - since >= QUICK_MS) {
      showProgress(words, file.name, progress);
    }
  };
  const reading = setTimeout(tell, QUICK_MS, null); // most receipts are done before
  const { verdict, refused } = await checked(file, form.elements.key.value, tell);
  clearTimeout(reading);
  if (mine !== turn) return; // another file was chosen meanwhile
  if (!verdict) {
    showRefusal(words, refused);
    return;
  }
  showVerdict(words, verdict);
  showSlip(words, verdict);
}

form.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [file] = form.elements.receipt.files;
  if (file) verify(file);
});
// A file that is dropped beside the box would replace the page with itself.
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
document.addEventListener("dragleave", () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  const [file] = event.dataTransfer.files;
  if (!file) return;
  form.elements.receipt.files = event.dataTransfer.files;
  verify(file);
});
