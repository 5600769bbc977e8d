// What the records tell of an outside rail: each question asked once, answered once, and booked.
// Nobody can check from records that a rail did what it said; only that the market tells one
// story of it, without a payment that nobody asked for or an answer that was booked twice.

import { Flaw, demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { alike, member } from "../text/canonical.mjs";
import { agree } from "./telling.mjs";

const SAME = ["orderId", "settlementId", "rail", "step"];
const STEPS = new Map(Object.entries(RULES.booked));

/** The events that book what a rail moved. */
export const MONEY = [...STEPS.values()].map(({ kind }) => kind);

/** The event that a step is booked as, or null for what is no step. */
export const bookedAs = (step) => STEPS.get(step)?.kind ?? null;

/** Every event with its number among all events, its record, and that record's place. */
function numbered(records) {
  let number = 0;
  return records.flatMap((record, place) =>
    record.events.map((event) => ({ number: (number += 1), place, record, event })),
  );
}

const picked = (event, names) =>
  Object.fromEntries(names.map((name) => [name, member(event, name)]));

/** Checks that every question is about this lock, on one outside rail, numbered from 1. */
function checkAsked(asked, locked) {
  const rail = asked.length ? member(asked[0].event, "rail") : null;
  demand(typeof rail === "string" && rail !== "credits", "rail_name", { found: rail });
  asked.forEach(({ event }, place) => {
    const step = member(event, "step");
    const inTurn = STEPS.has(step) && (step === "lock") === (place === 0);
    demand(inTurn, "rail_turn", { found: step });
    const number = String(place + 1).padStart(3, "0");
    const about = picked(locked, ["orderId", "settlementId", "asset"]);
    const key = `${about.settlementId}.${number}.${step}`;
    agree(event, { ...about, locked: member(locked, "amount"), rail, key }, "rail_other");
  });
  return rail;
}

function checkFindings(findings) {
  for (const { record, event } of findings) {
    const good = record.method === RULES.resolve && typeof member(event, "moved") === "boolean";
    demand(good, "rail_finding");
  }
}

function answerTo(question, answers) {
  const found = answers.filter(({ event }) => alike(member(event, "key"), question.event.key));
  const good = found.length === 1 && found[0].place > question.place;
  demand(good, "rail_answers", { expected: 1, found: found.length });
  agree(found[0].event, picked(question.event, SAME), "rail_other");
  return found[0];
}

/** Checks that what a person found out is told where they stand behind an answer. */
function checkSource(findings, answer) {
  const [outcome, source] = ["outcome", "source"].map((name) => member(answer.event, name));
  const known = ["moved", "refused"].includes(outcome) && ["rail", "operator"].includes(source);
  demand(known, "rail_answer", { found: outcome });
  const about = ({ event }) => alike(member(event, "key"), answer.event.key);
  const last = findings.filter((each) => each.place < answer.place && about(each)).at(-1);
  const found = last && last.event.moved === (outcome === "moved");
  demand(source === "rail" || found, "rail_hearsay", { found: outcome });
}

function checkBooked(question, answer) {
  const { kind, amounts } = STEPS.get(question.event.step);
  const booked = answer.record.events.filter((event) => event.kind === kind);
  demand(booked.length === 1, "rail_unbooked", { kind, expected: 1, found: booked.length });
  const pairs = Object.entries(amounts).map(([name, from]) => [name, member(question.event, from)]);
  agree(booked[0], Object.fromEntries(pairs), "rail_other");
}

/** Checks that a payment which did not happen was asked for again, word for word. */
function checkRepeated(answer, question, next) {
  if (answer.event.source !== "operator" || !next) throw new Flaw("rail_let_go");
  const again = Object.entries(question.event).filter(([name]) => name !== "key");
  agree(next.event, Object.fromEntries(again), "rail_other");
}

/** The outside rail that a story's money was on; null for the market's own credits. */
export function railIn(records, locked) {
  const all = numbered(records);
  const of = (...kinds) => all.filter(({ event }) => kinds.includes(event.kind));
  const [asked, answers, findings] = [of("rail_asked"), of("rail_answered"), of("rail_resolved")];
  if (!asked.length && !answers.length) return null;
  const rail = checkAsked(asked, locked);
  checkFindings(findings);
  let [moved, heard] = [0, -1];
  asked.forEach((question, place) => {
    demand(question.number > heard, "rail_ahead");
    const answer = answerTo(question, answers);
    heard = answer.number;
    checkSource(findings, answer);
    if (answer.event.outcome === "moved") {
      checkBooked(question, answer);
      moved += 1;
    } else checkRepeated(answer, question, asked[place + 1]);
  });
  const booked = of(...MONEY).length;
  const once = answers.length === asked.length && booked === moved;
  demand(once, "rail_once", { expected: moved, found: booked });
  return rail;
}
