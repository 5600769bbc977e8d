// What was typed after a command: its words, and whether a secret is among them.

// `: status deep` and `status deep` are the same words.
export function wordsOf(args) {
  return (args ?? "").replace(/^\s*:/, "").split(/\s+/).filter(Boolean);
}

export const SECRET_TYPED =
  "This looks like a key, a token or a seed phrase: it was not used, not sent on and not kept.\n" +
  "OpenClaw shows the model what is typed here. Take the message out, and replace that secret.";

const FORMS = [
  /(?:^|[^\w])(?:cm[kos]|tok|sk|pk|rk|ghp|gho|ghs|glpat|xox[abprs])[_-][\w-]{12,}/,
  /\bgithub_pat_\w{12,}/,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/,
  // The second form: whatever is so long without a dot would be read again at each `-eyJ` within.
  /\beyJ(?:[\w-]{6,}\.[\w-]{4,}|[\w-]{512,})/,
  /\bnsec1[0-9a-z]{20,}/,
  /\b[xyz]prv[1-9A-HJ-NP-Za-km-z]{20,}/,
  /-----BEGIN/,
  /\bBearer\s+\S{8,}/i,
  /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/@:]+:[^\s/@]+@/i,
  new RegExp(
    "(?:pass(?:word|phrase)|secret|token|api[ _-]?key|private[ _-]?key|mnemonic|seed)" +
      "\\s*(?:[=:]|\\bis\\b)\\s*\\S{6,}",
    "i",
  ),
];
// What is long and yet known to be none: ids, addresses, signatures, content hashes.
const KNOWN =
  /(?<![\w])(?:[a-z]+_[0-7][0-9a-hjkmnp-tv-z]{25}|0x[0-9a-f]{40}|0x[0-9a-f]{130}|sha256:[0-9a-f]{64})(?!\w)/gi;
const HEX = /(?:(?:0x)?[0-9a-f]{4,}[\s:,-]*){1,40}/gi;
const KEY_HEX = 64;
const PHRASE_WORDS = 12;
const PHRASE_WORD = /^(?:\p{Ll}{3,8}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Hangul}]{1,8})$/u;
const MIXED_CHARS = 32;

// A wrong guess costs somebody another wording; a secret that passes is with the model provider.
export function looksSecret(text) {
  const rest = String(text).normalize("NFKC").replace(KNOWN, " ");
  if (FORMS.some((form) => form.test(rest))) return true;
  return holdsHexKey(rest) || holdsPhrase(rest) || rest.split(/\s+/).some(isMixed);
}

function holdsHexKey(text) {
  const runs = text.match(HEX) ?? [];
  return runs.some((run) => run.replace(/0x|[^0-9a-f]/gi, "").length >= KEY_HEX);
}

// Twelve or more plain words in a row, whatever numbers or commas stand between them.
function holdsPhrase(text) {
  let inRow = 0;
  for (const word of text.toLowerCase().split(/[^\p{L}]+/u)) {
    if (!word) continue;
    inRow = PHRASE_WORD.test(word) ? inRow + 1 : 0;
    if (inRow >= PHRASE_WORDS) return true;
  }
  return false;
}

// Long, without a blank, and of capitals, small letters and digits: no word of any language.
function isMixed(word) {
  return (
    word.length >= MIXED_CHARS &&
    /^[\w+/=.~-]+$/.test(word) &&
    /[A-Z]/.test(word) &&
    /[a-z]/.test(word) &&
    /\d/.test(word)
  );
}
