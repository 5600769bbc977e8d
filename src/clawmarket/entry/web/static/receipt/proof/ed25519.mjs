// Ed25519 (RFC 8032) by the browser's own WebCrypto, which not every browser has.

import { Unable } from "../flaw.mjs";
import { encoded, fromHex } from "../text/bytes.mjs";

// The first vector of RFC 8032, section 7.1: the signature over no bytes at all.
const PUBLIC = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
const SIGNATURE =
  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b";

async function verifies(key, signature, message) {
  const imported = await crypto.subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", imported, signature, message);
}

async function isThere() {
  try {
    return await verifies(fromHex(PUBLIC), fromHex(SIGNATURE), encoded(""));
  } catch {
    return false;
  }
}

/** Whether a signature over a message is this key's. Throws Unable where a browser can't tell. */
export async function isSigned(key, signature, message) {
  if (!(await isThere())) throw new Unable("no_ed25519");
  try {
    return await verifies(key, signature, message);
  } catch {
    return false; // 32 bytes that are no point of the curve are no key
  }
}
