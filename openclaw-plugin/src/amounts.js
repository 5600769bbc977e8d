// Amounts in credits, as the command line writes them and as a person types them.

const DECIMALS = 6;
const WHOLE = /^-?\d+$/;
const TYPED = /^(\d{1,10})(?:\.(\d{1,6}))?$/;

// Minor units as credits: at least two decimals, all there are, never rounded.
export function amount(minor) {
  if (!WHOLE.test(minor)) throw new TypeError("an amount is a string of digits");
  const digits = minor.replace("-", "").padStart(DECIMALS + 1, "0");
  const whole = digits.slice(0, -DECIMALS).replace(/^0+(?=\d)/, "");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "").padEnd(2, "0");
  const sign = minor.startsWith("-") ? "\u2212" : "";
  return `${sign}${grouped(whole)}.${fraction} credits`;
}

// What a model reads and a person types back: no grouping, no unit.
export function plain(minor) {
  return amount(minor).replace(/ credits$/, "").replace("\u2212", "-").replaceAll(",", "");
}

// `12.5` in minor units, as the wire has it; null for what is no amount.
export function minorOf(text) {
  const [, whole, fraction = ""] = TYPED.exec(text ?? "") ?? [];
  if (whole === undefined) return null;
  return BigInt(whole + fraction.padEnd(DECIMALS, "0")).toString();
}

export function grouped(digits) {
  return String(digits).replace(/\B(?=(?:\d{3})+$)/g, ",");
}
