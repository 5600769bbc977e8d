// What the agent did of late, as the market keeps it: kinds and hashes, never a word of it.

import { counted } from "../words.js";

const HASH_CHARS = 12;

export function activityPage(activity) {
  if (!activity) return ["This market keeps no record of the agent's activity yet."];
  if (!activity.items.length) return ["Nothing was recorded of this agent yet."];
  return activity.items.map(eventLine);
}

// What did not reach the market; nothing where all goes well, and null while nothing is recorded.
export function standingLines(standing) {
  if (!standing) return [];
  const { waiting, failed } = standing;
  return [
    ...(failed ? [`not delivered: ${counted(waiting, "record")}. ${failed}`] : []),
    ...lostLines(standing),
  ];
}

// The page while the market does not say what it has: that is when somebody asks what waits.
export function unansweredPage({ what, next }, standing) {
  const waiting = standing?.waiting ?? 0;
  return [
    what,
    ...(waiting
      ? [`waiting: ${counted(waiting, "record")}, delivered as soon as the market takes them`]
      : []),
    ...(standing ? lostLines(standing) : []),
    ...(next ? [`next: ${next}`] : []),
  ];
}

function lostLines({ lost }) {
  return lost ? [`lost: ${counted(lost, "record")}; the next one says so`] : [];
}

export function eventLine({ at, kind, seq, hash }) {
  const bare = String(hash).replace(/^sha256:/, "");
  return `[${at}] ${kind} seq=${seq} hash=${bare.slice(0, HASH_CHARS)}…`;
}
