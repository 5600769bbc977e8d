// Canonical JSON (RFC 8785) for the values that records hold, and what follows from it: the hash
// that names a value, and whether two values are the same.

import { Flaw } from "../flaw.mjs";
import { encoded, hex, sha256 } from "./bytes.mjs";

const ASCII = /^[\u0000-\u007f]*$/;

/** Whether a value is a JSON object: our readers make them without a prototype. */
export const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a value is a whole number; true and false are not. */
export const isWhole = (value) => typeof value === "number" || typeof value === "bigint";

/** A member of an object; null where there is none, as for a member that is null. */
export const member = (object, name) => (Object.hasOwn(object, name) ? object[name] : null);

/** Writes a value with its names in order (by UTF-16 units, RFC 8785, section 3.2.3). */
export function written(value) {
  if (value === null || value === undefined) return "null";
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (typeof value !== "object") return String(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${written(value[name])}`).join(",")}}`;
}

/** Whether two JSON values are the same; 1, true and "1" are not. */
export function alike(one, other) {
  if (one === other) return true;
  if (typeof one === "string" || typeof other === "string") return false;
  return written(one) === written(other);
}

/** Throws a Flaw unless a record may hold a value: ASCII names, numbers below 2^53. */
export function checkRecordable(value) {
  if (typeof value === "bigint" || (typeof value === "number" && !Number.isSafeInteger(value))) {
    throw new Flaw("canonical");
  }
  if (Array.isArray(value)) value.forEach(checkRecordable);
  if (!isObject(value)) return;
  for (const name of Object.keys(value)) {
    if (!ASCII.test(name)) throw new Flaw("canonical");
    checkRecordable(value[name]);
  }
}

/** Names a value by the SHA-256 of its canonical form. */
export async function digestOf(value) {
  return `sha256:${hex(await sha256(encoded(written(value))))}`;
}
