// Checkpoints of the log (C2SP tlog-checkpoint) as signed notes (C2SP signed-note).

import { Flaw, demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { encoded, fromBase64, hex, joined, sha256 } from "../text/bytes.mjs";
import { SPACE } from "../text/space.mjs";
import { isSigned } from "./ed25519.mjs";

const NAME = new RegExp(`^[^+\\x00-\\x1f${SPACE}]+$`);
const CONTROL = /[\x00-\x1f]/;
const CONTROL_BUT_NEWLINE = /[\x00-\x09\x0b-\x1f]/;
const SIZE = /^(?:0|[1-9][0-9]{0,19})$/;
const KEY = /^([^+]*)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]*)$/;
const MAX_SIZE = 2n ** 64n - 1n;
const ED25519 = 1;
const ID_BYTES = 4;
const HASH_BYTES = 32;

/** Reads a market's key as it is pinned: name, id, and 32 bytes. Throws a Flaw for none. */
export async function parseKey(text) {
  const [, name, id, data] = KEY.exec(text) ?? [];
  demand(name && NAME.test(name), "key_form");
  const typed = fromBase64(data);
  demand(typed && typed.length === 1 + HASH_BYTES && typed[0] === ED25519, "key_form");
  const hashed = await sha256(joined(encoded(`${name}\n`), typed));
  demand(hex(hashed.slice(0, ID_BYTES)) === id, "key_form");
  return { name, id, bytes: typed.slice(1) };
}

function parseSignature(line) {
  demand(line.startsWith("\u2014 "), "note_form");
  const gap = line.indexOf(" ", 2);
  const name = line.slice(2, gap < 0 ? undefined : gap);
  const data = fromBase64(gap < 0 ? "" : line.slice(gap + 1));
  demand(NAME.test(name) && data && data.length > ID_BYTES, "note_form");
  return { name, id: hex(data.slice(0, ID_BYTES)), signature: data.slice(ID_BYTES) };
}

function parseNote(text) {
  // The signed text may hold empty lines itself: the last one parts it from the signatures.
  const end = text.lastIndexOf("\n\n");
  demand(end >= 0 && text.endsWith("\n"), "note_form");
  const body = text.slice(0, end + 1);
  const lines = text.slice(end + 2).split("\n").slice(0, -1);
  demand(!CONTROL_BUT_NEWLINE.test(body), "note_form");
  demand(lines.length >= 1 && lines.length <= RULES.maxSignatures, "note_form");
  return { body, signatures: lines.map(parseSignature) };
}

function parseHead(body) {
  const [origin, size, root, ...rest] = body.split("\n");
  demand(rest.length >= 1 && rest.at(-1) === "", "note_form");
  demand(origin && SIZE.test(size) && BigInt(size) <= MAX_SIZE, "note_form");
  const extensions = rest.slice(0, -1);
  demand(![origin, ...extensions].some((line) => CONTROL.test(line)), "note_form");
  const hash = fromBase64(root);
  demand(hash, "note_form");
  return { origin, size: BigInt(size), root: hash, extensions };
}

/** Reads origin, size and root of a checkpoint; its signatures are not looked at. */
export function readHead(text) {
  return parseHead(parseNote(text).body);
}

/**
 * Reads a checkpoint that its log's key signed. Signatures of other keys are passed over; each by
 * the log's own has to be good (signed-note, Signatures).
 */
export async function openCheckpoint(text, key) {
  const note = parseNote(text);
  const known = note.signatures.filter((one) => one.name === key.name && one.id === key.id);
  demand(known.length > 0, "unsigned_log", { name: key.name });
  for (const { signature } of known) {
    const good = await isSigned(key.bytes, signature, encoded(note.body));
    if (!good) throw new Flaw("log_signature", { name: key.name });
  }
  const head = parseHead(note.body);
  // A key that signs for two logs must not let one pass as the other.
  demand(head.origin === key.name, "other_log", { expected: key.name, found: head.origin });
  demand(head.root.length === HASH_BYTES && !head.extensions.includes(""), "note_form");
  return head;
}
