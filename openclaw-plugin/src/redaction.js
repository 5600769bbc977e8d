// The last look at what leaves through chat and tools. The market has redacted its answers before;
// this catches what a wrong program at its address might send back.

const RULES = [
  [/\b(?:cm[kos]|tok)_[\w-]{8,}/g, "[TOKEN]"],
  [/\bBearer\s+[^\s"',;]+/gi, "Bearer [REDACTED]"],
  // A long piece is taken out whole: left standing, it would be read again at each `-eyJ` within.
  [/\beyJ(?:[\w-]{6,}\.[\w-]{4,}(?:\.[\w-]*)?|[\w-]{512,})/g, "[TOKEN]"],
  [/\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>]+/gi, "[URL]"],
  [/(?<![\w/.~-])(?:~|\/[\w.@-]+)\/[^\s"'<>:;,]*/g, "[PATH]"],
  [/\b[a-z]:\\[^\s"'<>]*/gi, "[PATH]"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, "[HOST]"],
];
// Control characters, and those that turn the direction of text round.
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/g;
const UNSEEN_BUT_LINES = new RegExp(UNSEEN.source.replace("\\u0009", "\\u0008"), "g");
const [[KEYS]] = RULES;
const MAX_CHARS = 4000;

// A text that may be pasted anywhere.
export function safeText(text) {
  let safe = String(text).replace(UNSEEN, " ").trim();
  for (const [pattern, label] of RULES) safe = safe.replace(pattern, label);
  return safe.length > MAX_CHARS ? `${safe.slice(0, MAX_CHARS)}…` : safe;
}

// The same for every text within a JSON value.
export function safeValue(value) {
  if (typeof value === "string") return safeText(value);
  if (Array.isArray(value)) return value.map((item) => safeValue(item));
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([name, part]) => [safeText(name), safeValue(part)]));
}

// The same for what a tool answers. The words of others stand under `said`; the market took out
// what is secret and kept public addresses, so only keys are looked for once more.
export function safeAnswer(value) {
  if (Array.isArray(value)) return value.map((item) => safeAnswer(item));
  if (value === null || typeof value !== "object") return safeValue(value);
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, part]) => [safeText(name), name === "said" ? words(part) : safeAnswer(part)]),
  );
}

function words(value) {
  if (Array.isArray(value)) return value.map((item) => words(item));
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, words(part)]));
  }
  if (typeof value !== "string") return value;
  return value.replace(UNSEEN_BUT_LINES, " ").replace(KEYS, "[TOKEN]");
}
