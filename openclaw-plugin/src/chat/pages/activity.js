// What the agent did of late, as the market keeps it: kinds and hashes, never a word of it.

const HASH_CHARS = 12;

export function activityPage(activity) {
  if (!activity) return ["This market keeps no record of the agent's activity yet."];
  if (!activity.items.length) return ["Nothing was recorded of this agent yet."];
  return activity.items.map(eventLine);
}

export function eventLine({ at, kind, seq, hash }) {
  const bare = String(hash).replace(/^sha256:/, "");
  return `[${at}] ${kind} seq=${seq} hash=${bare.slice(0, HASH_CHARS)}…`;
}
