// White space as the market reads it (Python's `str.isspace`): JavaScript's own counts the byte
// order mark and leaves five control characters out.

/** For the inside of a character class. */
export const SPACE =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const AROUND = new RegExp(`^[${SPACE}]+|[${SPACE}]+$`, "g");

export const trimmed = (text) => text.replace(AROUND, "");
