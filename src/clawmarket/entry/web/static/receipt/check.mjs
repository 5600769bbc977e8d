// One file that somebody chose, from its bytes to a verdict, or to plain words for what it is.

import { Flaw, NotAReceipt } from "./flaw.mjs";
import { RULES } from "./rules.mjs";
import { examine, pinnedKey } from "./verdict.mjs";

const MARKUP = /^\s*<(?:!doctype|html|\?xml|head|body|!--)/i;
const PAUSE_MS = 100;

async function bytesIn(file) {
  if (file.size === 0) throw new NotAReceipt("empty");
  if (file.size > RULES.maxBytes) throw new NotAReceipt("too_large"); // before reading any of it
  try {
    return await file.arrayBuffer();
  } catch {
    throw new NotAReceipt("unreadable");
  }
}

function textIn(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new NotAReceipt("binary");
  }
}

/** What a text is that does not claim to be a receipt. */
function kindOf(text) {
  if (text.includes("\0")) return "binary";
  if (MARKUP.test(text)) return "html";
  try {
    JSON.parse(text);
    return "other_json";
  } catch {
    return "no_claim";
  }
}

/** Tells how far a check is, ten times a second at most, and lets the page breathe meanwhile. */
function pacing(tell) {
  let last = -Infinity;
  return async (check, done, total) => {
    const now = performance.now();
    if (now - last < PAUSE_MS) return;
    last = now;
    tell({ check, done, total });
    await new Promise((resume) => {
      setTimeout(resume, 0);
    });
  };
}

async function refusalOf(error, file) {
  if (error.code === "no_claim") return kindOf(textIn(await bytesIn(file)));
  if (error instanceof NotAReceipt) return error.code;
  return error instanceof Flaw && error.code === "key_form" ? "pin" : "defect";
}

/** Returns `{verdict}`, or `{refused}` with the code of what the file or the key is instead. */
export async function check(file, key, tell) {
  try {
    if (!globalThis.crypto?.subtle) return { refused: "insecure" };
    const pinned = await pinnedKey(key);
    return { verdict: await examine(textIn(await bytesIn(file)), pinned, pacing(tell)) };
  } catch (error) {
    return { refused: await refusalOf(error, file) };
  }
}
