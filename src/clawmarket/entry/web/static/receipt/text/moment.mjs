// Moments: texts of ISO 8601 with a zone, to milliseconds since the epoch and back.
// What counts as one is what the market's own reader (Python's `datetime.fromisoformat`) takes,
// so that a statement which the market took is not called stale here.

const DAY_MS = 86_400_000;
const DATE = /^(\d{4})(?:(-?)(\d\d)\2(\d\d)|(-?)W(\d\d)(?:\5(\d))?)$/;
const CLOCK = /^(\d\d)(?:(:?)(\d\d)(?:\2(\d\d)(?:[.,](\d+))?)?)?$/;
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

/** Microseconds of a time of day or an offset; null for what is none. */
function microsOf(text) {
  const match = CLOCK.exec(text);
  if (!match) return null;
  const [hours, minutes, seconds] = [1, 3, 4].map((at) => Number(match[at] ?? 0));
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const fraction = Number((match[5] ?? "").slice(0, 6).padEnd(6, "0"));
  return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + fraction;
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
  const [, clock, sign, offset] = /^([^-+Z]*)([-+Z])(.*)$/s.exec(chars.slice(end + 1).join("")) ?? [];
  if (day === null || clock === undefined || (sign === "Z" && offset !== "")) return null;
  const [time, ahead] = [microsOf(clock), sign === "Z" ? 0 : microsOf(offset)];
  if (time === null || ahead === null) return null;
  return day * DAY_MS + Math.floor((time - (sign === "-" ? -ahead : ahead)) / 1000);
}

/** A moment as records write it; null outside of the years 1 to 9999. */
export function iso(moment) {
  return moment < FIRST_MS || moment > LAST_MS ? null : new Date(moment).toISOString();
}
