// What a caller chose: profile, time budget, sections. Strict, whoever asks.

import { declared } from "./declared.js";
import { Failure } from "./failure.js";

const { min, max, usual } = declared.budgetMs;
const SECTIONS = declared.probes.map((probe) => probe.section);
const OPTION = /^([A-Za-z]+)=(.*)$/;

// Check a tool's arguments and fill in what was left out.
export function statusOptions(given, budgetMs = usual) {
  const { profile = "fast", timeoutMs = budgetMs, include = SECTIONS, ...others } = given ?? {};
  const [unknown] = Object.keys(others);
  if (unknown) throw invalid(`There is no option ${shown(unknown)}.`);
  if (profile !== "fast" && profile !== "deep") throw invalid("profile is fast or deep.");
  if (!Number.isInteger(timeoutMs) || timeoutMs < min || timeoutMs > max) {
    throw invalid(`timeoutMs is a whole number from ${min} to ${max}.`);
  }
  if (!Array.isArray(include) || include.length === 0) throw invalid("include names no section.");
  const stranger = include.find((section) => !SECTIONS.includes(section));
  if (stranger !== undefined) {
    throw invalid(`There is no section ${shown(stranger)}; there are ${SECTIONS.join(", ")}.`);
  }
  return { profile, timeoutMs, include: SECTIONS.filter((section) => include.includes(section)) };
}

// Read the words after `/web3-market status`.
export function statusWords(words, budgetMs) {
  const given = {};
  for (const word of words) {
    const [, name, value] = OPTION.exec(word) ?? [];
    if (word.toLowerCase() === "deep" || word.toLowerCase() === "fast")
      given.profile = word.toLowerCase();
    else if (name === "timeoutMs")
      given.timeoutMs = /^\d{1,9}$/.test(value) ? Number(value) : value;
    else if (name === "include") given.include = value.split(",").filter(Boolean);
    else throw invalid(`There is no option ${shown(word)}.`);
  }
  return statusOptions(given, budgetMs);
}

function invalid(what) {
  return new Failure("E_INVALID_ARGUMENT", what, { next: "/web3-market help" });
}

function shown(word) {
  return JSON.stringify(String(word).slice(0, 40));
}
