// Digests, and the one name under which the market knows a session.

import { createHash } from "node:crypto";

export function sha256(text) {
  return createHash("sha256").update(text, "utf8").digest("hex");
}

// Of the key that the host gives a session, never of its id: the host keeps that over /new. Empty
// without a key.
export function sessionHash(sessionKey) {
  return sessionKey ? sha256(sessionKey) : "";
}
