// Moments: texts of ISO 8601 with a zone, to milliseconds since the epoch and back.
// What counts as one is what the market's own reader (Python's `datetime.fromisoformat`) takes,
// so that a statement which the market took is not called stale here.

import { encoded } from "./bytes.mjs";

const DAY_MS = 86_400_000;
const DAY_MICROS = 86_400_000_000;
const DATE = /^(\d{4})(?:(-?)(\d\d)\2(\d\d)|(-?)W(\d\d)(?:\5(\d))?)$/;
const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const LAST_MS = 253_402_300_799_999;
const FIRST_MS = -62_135_596_800_000;

const isLeap = (year) => year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);

/** Days since the epoch of the first of January of a year, in the calendar of today. */
const newYear = (year) => {
  const past = year - 1;
  const leaps = Math.floor(past / 4) - Math.floor(past / 100) + Math.floor(past / 400);
  return past * 365 + leaps - 719_162;
};

const weekday = (day) => (((day + 3) % 7) + 7) % 7; // Monday is 0; the epoch was a Thursday

function dayOfMonth(year, month, day) {
  const lengths = MONTHS.map((days, at) => days + (at === 1 && isLeap(year) ? 1 : 0));
  if (month < 1 || month > 12 || day < 1 || day > lengths[month - 1]) return null;
  return newYear(year) + lengths.slice(0, month - 1).reduce((sum, days) => sum + days, 0) + day - 1;
}

function dayOfWeek(year, week, day) {
  const first = weekday(newYear(year));
  const long = first === 3 || (first === 2 && isLeap(year));
  if (week < 1 || week > (long ? 53 : 52) || day < 1 || day > 7) return null;
  const monday = newYear(year) - first + (first > 3 ? 7 : 0);
  return monday + (week - 1) * 7 + day - 1;
}

function dayOf(text) {
  const match = DATE.exec(text);
  if (!match || Number(match[1]) < 1) return null;
  const [year, month, day, week, ordinal] = [1, 3, 4, 6, 7].map((at) => Number(match[at]));
  if (match[6] === undefined) return dayOfMonth(year, month, day);
  return dayOfWeek(year, week, match[7] === undefined ? 1 : ordinal);
}

const isDigit = (char) => char !== undefined && char >= "0" && char <= "9";

/** The number in so many digits, or null. */
function digitsAt(chars, at, count) {
  const digits = chars.slice(at, at + count);
  return digits.length === count && digits.every(isDigit) ? Number(digits.join("") || 0) : null;
}

/**
 * Reads HH[:MM[:SS[.f]]] or HHMMSS from one place up to another, step by step as the market's
 * reader does: hours, minutes, seconds, microseconds, and whether something is left. Null if bad.
 */
function clockAt(chars, from, end) {
  const parts = [0, 0, 0, 0];
  let [at, parted] = [from, true];
  for (let place = 0; place < 3; place += 1) {
    parts[place] = digitsAt(chars, at, 2);
    if (parts[place] === null) return null;
    const mark = chars[at + 2];
    at += 3;
    if (place === 0) parted = mark === ":";
    if (at >= end) return { parts, rest: mark !== undefined };
    if (mark === "." || mark === ",") break;
    if (parted && mark !== ":") return null;
    if (!parted) at -= 1;
  }
  const count = Math.min(end - at, 6);
  const fraction = digitsAt(chars, at, count);
  if (fraction === null) return null;
  parts[3] = fraction * 10 ** (6 - count);
  at += count;
  while (isDigit(chars[at])) at += 1;
  return { parts, rest: at < chars.length };
}

const microsOf = ([hours, minutes, seconds, fraction]) =>
  ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction;

/** Microseconds of a time of day; null for what is none. */
function dayTime({ parts }) {
  const [hours, minutes, seconds] = parts;
  return hours > 23 || minutes > 59 || seconds > 59 ? null : microsOf(parts);
}

/** Microseconds of an offset, below a day; null for what is none. */
function offsetAt(chars, from) {
  const offset = clockAt(chars, from, chars.length);
  const ahead = offset && !offset.rest ? microsOf(offset.parts) : DAY_MICROS;
  if (ahead >= DAY_MICROS) return null;
  return ahead < 1_000_000 ? 0 : ahead; // the market takes less than a second for none
}

/** Microseconds since midnight in UTC, of a time with its zone; null for what is none. */
function timeOf(chars) {
  const sign = chars.findIndex((char) => "+-Z".includes(char));
  const clock = sign < 0 ? null : clockAt(chars, 0, sign);
  const time = clock && dayTime(clock);
  if (time === null) return null;
  if (chars[sign] === "Z") return sign === chars.length - 1 ? time : null;
  const ahead = offsetAt(chars, sign + 1);
  if (ahead === null) return null;
  return chars[sign] === "-" ? time + ahead : time - ahead;
}

/** Where the date ends and one character of any kind parts it from the time. */
function endOfDate(chars) {
  const digits = (at) => /^\d$/.test(chars[at] ?? "");
  if (chars[4] === "-") {
    if (chars[5] !== "W") return 10;
    if (chars[8] !== "-") return 8;
    return digits(10) ? 8 : 10;
  }
  if (chars[4] !== "W") return 8;
  let at = 7;
  while (digits(at)) at += 1;
  if (at < 9) return at;
  return at % 2 === 0 ? 7 : 8;
}

/** The moment of a text, or null for what names none; a zone is needed. */
export function momentOf(text) {
  const chars = [...text];
  if (chars.length < 7) return null;
  const end = endOfDate(chars);
  const day = dayOf(chars.slice(0, end).join(""));
  // Byte by byte, as the market reads it: of the letters beyond ASCII none is part of a time.
  const bytes = [...encoded(chars.slice(end + 1).join(""))];
  const time = timeOf(bytes.map((byte) => String.fromCharCode(byte)));
  return day === null || time === null ? null : day * DAY_MS + Math.floor(time / 1000);
}

/** A moment as records write it; null outside of the years 1 to 9999. */
export function iso(moment) {
  return moment < FIRST_MS || moment > LAST_MS ? null : new Date(moment).toISOString();
}
