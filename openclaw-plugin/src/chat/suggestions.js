// Which commands somebody may have meant: at most three, at most two letters off.

const MAX_TOKEN_CHARS = 64;
const MAX_DISTANCE = 2;
const MAX_SUGGESTIONS = 3;
// Short words are two letters off from half of all others: they may be one off, shorter ones none.
const [MIN_TOKEN_CHARS, LONG_CHARS] = [3, 5];

export function suggestions(token, names) {
  const typed = plain(token);
  if (typed.length < MIN_TOKEN_CHARS || typed.length > MAX_TOKEN_CHARS) return [];
  const furthest = typed.length < LONG_CHARS ? 1 : MAX_DISTANCE;
  return [...new Set(names)]
    .filter((name) => name.length >= MIN_TOKEN_CHARS)
    .map((name) => ({ name, distance: distance(typed, plain(name)) }))
    .filter((found) => found.distance <= furthest)
    .sort((one, other) => one.distance - other.distance || (one.name < other.name ? -1 : 1))
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name }) => name);
}

// `-` and `_` are the same to the host.
export function plain(name) {
  return name.toLowerCase().replaceAll("-", "_");
}

// Edits (one letter more, less, another, or two swapped) from one word to the other; above the
// bound any number that is above it.
export function distance(one, other) {
  if (Math.abs(one.length - other.length) > MAX_DISTANCE) return MAX_DISTANCE + 1;
  let before = [];
  let last = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const same = one[row - 1] === other[column - 1];
      const swapped =
        row > 1 &&
        column > 1 &&
        one[row - 1] === other[column - 2] &&
        one[row - 2] === other[column - 1];
      line[column] = Math.min(
        last[column] + 1,
        line[column - 1] + 1,
        last[column - 1] + (same ? 0 : 1),
        swapped ? before[column - 2] + 1 : Infinity,
      );
    }
    if (Math.min(...line) > MAX_DISTANCE) return MAX_DISTANCE + 1;
    [before, last] = [last, line];
  }
  return last[other.length];
}
