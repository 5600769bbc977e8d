// Commitments to contents: SHA-256(salt, content). The salt is worked out of a secret that never
// leaves this machine, so that its owner can open one field alone, and nobody can guess it.

import { createHash, createHmac } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";

import { contentPieces } from "./canonical.js";

const MAX_BYTES = 64 * 2 ** 20;
const UNITS_AT_ONCE = 2 ** 17;

export function saltOf(secret, { source, sessionIdHash, seq }, name) {
  return createHmac("sha256", secret)
    .update(`${source}|${sessionIdHash}|${seq}|${name}`)
    .digest();
}

// {bytes, hash}, or null for what is too large or no JSON. The host goes on in between.
export async function commitment(salt, content) {
  const hash = createHash("sha256").update(salt);
  let bytes = 0;
  let units = 0;
  try {
    for (const piece of contentPieces(content)) {
      hash.update(piece, "utf8");
      bytes += Buffer.byteLength(piece);
      if (bytes > MAX_BYTES) return null;
      units += piece.length;
      if (units < UNITS_AT_ONCE) continue;
      units = 0;
      await turn();
    }
  } catch {
    return null;
  }
  return { bytes, hash: hash.digest("hex") };
}
