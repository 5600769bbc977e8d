// Labels and figures as the command line writes them.

import { grouped } from "../amounts.js";

// What is no number was left out by a market of another version.
function number(value) {
  if (!Number.isFinite(value)) throw new TypeError("a number is missing");
  return value;
}

export function percent(bps) {
  return `${Number((number(bps) / 100).toPrecision(6))} %`;
}

export function counted(count, noun) {
  return `${grouped(number(count))} ${count === 1 ? noun : `${noun}s`}`;
}

export function money(testMoney) {
  return testMoney ? "TEST MONEY" : "credits without a faucet";
}

// Enough of an id or an address to know it again.
export function short(text) {
  const head = text.startsWith("0x") ? 6 : text.indexOf("_") + 5;
  return text.length > head + 5 ? `${text.slice(0, head)}…${text.slice(-4)}` : text;
}

export function lines(pairs) {
  return pairs.map(([name, value]) => `${name}: ${value}`);
}
