// Figures and labels as the command line writes them.

const DECIMALS = 6;
const WHOLE = /^-?\d+$/;

// Minor units as credits: at least two decimals, all there are, never rounded.
export function amount(minor) {
  if (!WHOLE.test(minor)) throw new TypeError("an amount is a string of digits");
  const digits = minor.replace("-", "").padStart(DECIMALS + 1, "0");
  const whole = digits.slice(0, -DECIMALS).replace(/^0+(?=\d)/, "");
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, "").padEnd(2, "0");
  const sign = minor.startsWith("-") ? "\u2212" : "";
  return `${sign}${grouped(whole)}.${fraction} credits`;
}

export function grouped(digits) {
  return String(digits).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

export function percent(bps) {
  return `${Number((bps / 100).toPrecision(6))} %`;
}

export function counted(number, noun) {
  return `${grouped(number)} ${number === 1 ? noun : `${noun}s`}`;
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
