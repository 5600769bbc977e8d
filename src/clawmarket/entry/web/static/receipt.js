// Checks a receipt in the browser; the file never leaves it. What is not checked here is said.
// Sources: RFC 6962 (2.1), C2SP signed-note and tlog-checkpoint, RFC 8032.
"use strict";

const form = document.querySelector("[data-receipt]");
const words = JSON.parse(form.dataset.words);
const MAX_BYTES = 20_000_000;
const utf8 = new TextEncoder();

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => String(values[name]));
const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
const fromHex = (text) => {
  if (typeof text !== "string" || !/^([0-9a-f]{2})*$/.test(text)) throw new Error(words.malformed);
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
};
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const join = (...parts) => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => { whole.set(part, at); return at + part.length; }, 0);
  return whole;
};
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

class Flaw extends Error {}
class Skip extends Error {}
const demand = (good, text, values = {}) => { if (!good) throw new Flaw(fill(text, values)); };

const FIELDS = ["format", "market", "testMoney", "receipt", "parties", "statements", "postings",
  "records", "checkpoint", "anchors"];

function parse(text) {
  const receipt = JSON.parse(text);
  demand(receipt?.format === "clawmarket-receipt/1", words.not_a_receipt);
  const names = Object.keys(receipt);
  demand(names.length === FIELDS.length && FIELDS.every((name) => names.includes(name)), words.malformed);
  demand(Array.isArray(receipt.records) && receipt.records.length > 0, words.malformed);
  return receipt;
}

function factsOf(receipt) {
  const facts = receipt.records.map((record) => JSON.parse(record.record));
  const places = receipt.records.map((record) => record.index);
  demand(places.every((p, i) => Number.isSafeInteger(p) && (i === 0 || p > places[i - 1])), words.order);
  return facts;
}

function note(text) {
  const end = text.lastIndexOf("\n\n");
  demand(end > 0, words.checkpoint_bad);
  const body = text.slice(0, end + 1);
  const [origin, size, root] = body.split("\n");
  const signatures = text.slice(end + 2).split("\n").filter(Boolean).map((line) => {
    const [, name, data] = /^\u2014 (\S+) (\S+)$/.exec(line) ?? [];
    demand(name, words.checkpoint_bad);
    return { name, data: fromBase64(data) };
  });
  return { body, origin, size: Number(size), root: fromBase64(root), signatures };
}

async function leafOf(record) {
  const commit = hex(await sha256(join(fromHex(record.salt), utf8.encode(record.record))));
  return sha256(join(Uint8Array.of(0), utf8.encode(`{"commit":"${commit}","v":1}`)));
}

// RFC 9162, 2.1.3.2, which is RFC 6962's tree.
async function included(leaf, index, size, proof, root) {
  if (index >= size) return false;
  let [fn, sn, hash] = [index, size - 1, leaf];
  for (const sibling of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = await sha256(join(Uint8Array.of(1), sibling, hash));
      while (fn % 2 === 0 && fn !== 0) { fn = Math.floor(fn / 2); sn = Math.floor(sn / 2); }
    } else {
      hash = await sha256(join(Uint8Array.of(1), hash, sibling));
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && same(hash, root);
}

async function inclusion({ receipt }) {
  const head = note(receipt.checkpoint);
  for (const record of receipt.records) {
    const proof = record.proof.map(fromHex);
    const good = await included(await leafOf(record), record.index, head.size, proof, head.root);
    demand(good, words.not_included, { index: record.index });
  }
  return fill(words.included, { n: receipt.records.length, size: head.size });
}

async function checkpoint({ receipt }) {
  const head = note(receipt.checkpoint);
  const [, name, id, data] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(receipt.market.key) ?? [];
  demand(name && name === head.origin && name === receipt.market.origin, words.other_market);
  const key = fromBase64(data);
  demand(key.length === 33 && key[0] === 1, words.checkpoint_bad);
  const named = await sha256(join(utf8.encode(`${name}\n`), key));
  demand(hex(named.slice(0, 4)) === id, words.checkpoint_bad);
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key.slice(1), "Ed25519", false, ["verify"]);
  } catch {
    throw new Skip(words.no_ed25519);
  }
  const good = await Promise.all(head.signatures
    .filter((s) => s.name === name && hex(s.data.slice(0, 4)) === id)
    .map((s) => crypto.subtle.verify("Ed25519", imported, s.data.slice(4), utf8.encode(head.body))));
  demand(good.some(Boolean), words.checkpoint_bad);
  return fill(words.signed, { origin: name, size: head.size });
}

async function money({ receipt, facts }) {
  const moved = new Map(facts.map((fact) => [fact.id, fact.postings.map((p) => p.map(String))]));
  for (const postings of moved.values()) {
    const sum = postings.reduce((whole, [, , amount]) => whole + BigInt(amount), 0n);
    demand(sum === 0n, words.postings_bad);
  }
  const told = new Map();
  for (const { recordId, account, asset, amount } of receipt.postings) {
    told.set(recordId, [...(told.get(recordId) ?? []), [account, asset, String(amount)]]);
  }
  for (const [id, postings] of told) {
    demand(JSON.stringify(postings) === JSON.stringify(moved.get(id)), words.postings_other);
  }
  const { amount, sellerAmount, fee, refund } = receipt.receipt;
  const parts = BigInt(sellerAmount) + BigInt(fee) + BigInt(refund);
  demand(parts === BigInt(amount), words.postings_bad);
  return fill(words.postings, { n: receipt.postings.length });
}

async function delivery({ receipt, facts }) {
  const claimed = receipt.receipt.deliveryDigest;
  if (!claimed) throw new Skip(words.no_delivery);
  const said = facts.flatMap((fact) => fact.events).some((event) => event.digest === claimed);
  demand(said, words.delivery_other);
  return words.delivery;
}

async function pinned({ receipt, key }) {
  demand(!key || key === receipt.market.key, words.key_other);
  return key ? words.key : null;
}

const CHECKS = [
  ["format", async ({ receipt }) => fill(words.complete, { n: receipt.records.length })],
  ["inclusion", inclusion],
  ["checkpoint", checkpoint],
  ["key", pinned],
  ["postings", money],
  ["delivery", delivery],
  ["signatures", async () => { throw new Skip(words.signatures); }],
  ["story", async () => { throw new Skip(words.story); }],
  ["anchors", async () => { throw new Skip(words.anchors); }],
];

async function check([name, run], given) {
  try {
    const said = await run(given);
    return said === null ? { name, kind: "warn", text: words.unpinned } : { name, kind: "pass", text: said };
  } catch (error) {
    if (error instanceof Skip) return { name, kind: "none", text: error.message };
    return { name, kind: "fail", text: error instanceof Flaw ? error.message : words.malformed };
  }
}

const RANK = { fail: 0, warn: 1, none: 2, pass: 3 };
const SHAPES = { pass: "st-pass", warn: "st-warn", fail: "st-fail", none: "st-open" };

function icon(kind, extra) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${SHAPES[kind]}`);
  svg.setAttribute("class", extra);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function element(name, text, kind) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function show(checks) {
  const count = (kind) => checks.filter((each) => each.kind === kind).length;
  const worst = count("fail") ? "fail" : count("warn") ? "warn" : "pass";
  const verdict = form.parentElement.querySelector("[data-verdict]");
  const head = element("div", "", `verdict ${worst === "pass" ? "" : worst}`);
  const title = element("h2", words[`verdict.${worst}`]);
  const sums = fill(words.sums, { pass: count("pass"), warn: count("warn"), none: count("none"), fail: count("fail") });
  const said = element("div");
  said.append(title, element("p", sums, "quiet"));
  head.append(icon(worst, ""), said);
  const list = element("ol", "", "checks");
  for (const each of [...checks].sort((a, b) => RANK[a.kind] - RANK[b.kind])) {
    const item = element("li");
    const text = element("div");
    text.append(element("strong", words[`check.${each.name}`]), " ",
      element("span", words[`kind.${each.kind}`], "small quiet"), element("p", each.text));
    item.append(icon(each.kind, `icon ${each.kind}`), text);
    list.append(item);
  }
  verdict.replaceChildren(head, list);
  verdict.hidden = false;
  title.tabIndex = -1;
  title.focus();
}

async function verify(file) {
  if (file.size > MAX_BYTES) { show([{ name: "format", kind: "fail", text: words.not_a_receipt }]); return; }
  let given;
  try {
    const receipt = parse(await file.text());
    given = { receipt, facts: factsOf(receipt), key: form.elements.key.value.trim() };
  } catch (error) {
    show([{ name: "format", kind: "fail", text: error instanceof Flaw ? error.message : words.not_a_receipt }]);
    return;
  }
  show(await Promise.all(CHECKS.map((each) => check(each, given))));
}

form.hidden = false;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const [file] = form.elements.receipt.files;
  if (file) verify(file);
});
const drop = form.querySelector(".drop");
drop.addEventListener("dragover", (event) => { event.preventDefault(); drop.classList.add("over"); });
drop.addEventListener("dragleave", () => drop.classList.remove("over"));
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  form.elements.receipt.files = event.dataTransfer.files;
  const [file] = event.dataTransfer.files;
  if (file) verify(file);
});
