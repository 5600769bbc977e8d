// A value's RFC 8785 form in pieces: what is large can be hashed between other work, and its text
// is never there as a whole.

const PIECE = 2 ** 16;
const MAX_DEPTH = 200;

// The text of a content: a string as it is, everything else in its canonical form.
export function* contentPieces(content) {
  if (typeof content === "string") yield* slices(content);
  else yield* canonicalPieces(content);
}

// Throws RangeError for what is nested too deeply, as a value within itself is.
export function* canonicalPieces(root) {
  const open = [];
  let inner = null;
  let value = root;
  let text = "";
  for (;;) {
    if (typeof value === "object" && value !== null) {
      if (typeof value.toJSON === "function") value = plain(value);
      else if (open.length === MAX_DEPTH) throw new RangeError("nested too deeply");
    }
    if (typeof value === "object" && value !== null) {
      inner = container(value);
      open.push(inner);
      text += inner.names ? "{" : "[";
    } else if (typeof value === "string" && value.length > PIECE) {
      yield `${text}"`;
      for (const slice of slices(value)) yield JSON.stringify(slice).slice(1, -1);
      text = '"';
    } else {
      text += scalar(value);
    }
    while (inner && inner.at === inner.size) {
      text += inner.names ? "}" : "]";
      open.pop();
      inner = open.length ? open[open.length - 1] : null;
    }
    if (text.length > PIECE) {
      yield text;
      text = "";
    }
    if (!inner) break;
    if (inner.at) text += ",";
    const name = inner.names ? inner.names[inner.at] : inner.at;
    if (inner.names) text += `${JSON.stringify(name)}:`;
    inner.at += 1;
    value = inner.of[name];
  }
  yield text;
}

function scalar(value) {
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : "null";
  if (typeof value === "bigint") return `"${value}"`;
  return JSON.stringify(value) ?? "null";
}

// What stands for an object that says so itself, such as a moment; never another object that does.
function plain(value) {
  const said = value.toJSON();
  return typeof said?.toJSON === "function" ? null : said;
}

// Names in the order of their UTF-16 units, as RFC 8785 wants them and as sort() has them.
function container(of) {
  if (Array.isArray(of)) return { of, names: null, at: 0, size: of.length };
  const names = Object.keys(of);
  const said = names.every((name) => isSaid(of[name]))
    ? names
    : names.filter((name) => isSaid(of[name]));
  if (said.length > 1) said.sort();
  return { of, names: said, at: 0, size: said.length };
}

// JSON leaves these out.
function isSaid(value) {
  return value !== undefined && typeof value !== "function" && typeof value !== "symbol";
}

// A character of two units stays in one slice.
function* slices(text) {
  for (let at = 0; at < text.length; ) {
    let end = Math.min(at + PIECE, text.length);
    const last = text.charCodeAt(end - 1);
    if (end < text.length && last >= 0xd800 && last < 0xdc00) end -= 1;
    yield text.slice(at, end);
    at = end;
  }
}
