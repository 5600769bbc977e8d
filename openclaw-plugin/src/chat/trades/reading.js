// Ids as a person types them, and texts of strangers as a phone shows them.

import { Failure } from "../../failure.js";

const ID = /^[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const TITLE_CHARS = 60;

export function idOf(words, noun, usage) {
  const [typed = "", ...more] = words;
  const id = typed.replace(new RegExp(`^${noun}:`, "i"), "").toLowerCase();
  if (more.length || !ID.test(id) || !id.startsWith(`${noun}_`))
    throw new Failure("E_INVALID_ARGUMENT", `An id of this kind begins with ${noun}_.`, {
      next: usage,
    });
  return id;
}

// One line of what somebody else wrote: a second one could pass for a line of ours.
export function titled(text, most = TITLE_CHARS) {
  const line = String(text).replace(/\s+/g, " ").trim();
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}
