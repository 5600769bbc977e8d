// A tool's arguments: how large they may be, and what tells two of them apart.

import { sha256 } from "../digest.js";
import { Failure } from "../failure.js";

// What the market takes in one call, less room for its own words.
const MAX_BYTES = 2 ** 20 - 4096;
const MAX_NESTING = 32;

// A hash over the arguments, whatever the order of their names. Throws a Failure.
export function digestOf(params) {
  const text = JSON.stringify(sorted(params ?? {}, MAX_NESTING));
  if (Buffer.byteLength(text) > MAX_BYTES) {
    throw new Failure("E_INVALID_ARGUMENT", "The arguments have more than 1 MiB.", {
      next: "Hand in less; larger files go in with `clawmarket files put`.",
    });
  }
  return sha256(text);
}

function sorted(value, depth) {
  if (value === null || typeof value !== "object") return value;
  if (depth === 0) throw new Failure("E_INVALID_ARGUMENT", "The arguments are nested too deeply.");
  if (Array.isArray(value)) return value.map((one) => sorted(one, depth - 1));
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted(value[name], depth - 1)]));
}
