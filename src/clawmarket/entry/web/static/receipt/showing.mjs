// A verdict as people read it: each check with what it is about, what came of it, and the gaps.
// Everything from a file is set as text, never as markup.

const RANK = ["failed", "unable", "unpinned", "skipped", "passed"];
const LOOKS = {
  ...{ passed: "pass", unpinned: "warn", unable: "warn", failed: "fail", skipped: "none" },
  ...{ refused: "fail", other: "fail" },
};
const SHAPES = { pass: "st-pass", warn: "st-warn", fail: "st-fail", none: "st-open" };
// Why nothing was checked, where that is not the file's fault.
const NOT_THE_FILE = ["pin", "defect", "insecure", "unreadable"];
// What could move or hide text around it: control characters and those that turn its direction.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
export const place = (name) => document.querySelector(`[data-${name}]`);
export const plain = (value) => String(value).replace(UNSEEN, "\ufffd");

export const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (_, name) => plain(values[name] ?? "\u2014"));

export function icon(name, extra) {
  const [svg, use] = ["svg", "use"].map((name) =>
    document.createElementNS("http://www.w3.org/2000/svg", name),
  );
  use.setAttribute("href", `#${name}`);
  svg.setAttribute("class", extra);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

export function element(name, text, kind) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (kind) made.className = kind;
  return made;
}

function amounts(words, values) {
  const written = ({ amount, asset }) => {
    const known = `amount.${asset}`;
    return fill(words[Object.hasOwn(words, known) ? known : "amount.other"], { amount, asset });
  };
  const pairs = Object.entries(values).map(([name, v]) => [name, v?.amount ? written(v) : v]);
  return Object.fromEntries(pairs);
}

/** The sentences of a check that passed, with what it found. */
function passed(words, { code, values }) {
  const said = [fill(words[`passed.${code}`], amounts(words, values))];
  for (const account of values.silent ?? []) said.push(fill(words["passed.silent"], { account }));
  if (values.files?.length) {
    const more = values.more ? [fill(words["passed.more"], { n: values.more })] : [];
    said.push(fill(words["passed.files"], { files: [...values.files, ...more].join(", ") }));
  }
  return said;
}

/** Every sentence that there is about how a check ended. */
export function sentences(words, check) {
  if (check.outcome === "passed") return passed(words, check);
  if (check.outcome === "unpinned") return [words[`unpinned.${check.name}`]];
  return [fill(words[`flaw.${check.code}`], check.values)];
}

function differing(words, { expected, found }) {
  const lines = [["expected", expected], ["found", found]].filter(([, value]) => value != null);
  const list = element("dl", "", "small");
  for (const [name, value] of lines) {
    list.append(element("dt", words[name]), element("dd", plain(value), "hash"));
  }
  return lines.length ? [list] : [];
}

function item(words, check) {
  const look = LOOKS[check.outcome];
  const [whole, text] = [element("li"), element("div")];
  const claim = check.outcome === "passed" ? "about" : "asked";
  whole.dataset.check = check.name;
  whole.dataset.outcome = check.outcome;
  text.append(
    element("strong", words[`check.${check.name}`]),
    " ",
    element("span", words[`kind.${check.outcome}`], "small quiet"),
    element("p", words[`${claim}.${check.name}`], "small quiet"),
    ...sentences(words, check).map((sentence) => element("p", sentence)),
    ...(check.outcome === "failed" ? differing(words, check.values) : []),
  );
  whole.append(icon(SHAPES[look], `icon ${look}`), text);
  return whole;
}

function gapList(words, gaps) {
  if (!gaps.length) return [];
  const [title, list] = [element("h3", words["gap.title"]), element("ul", "", "gaps")];
  for (const gap of gaps) list.append(element("li", words[`gap.${gap}`]));
  return [title, list];
}

function head(words, worst, said) {
  const look = LOOKS[worst];
  const whole = element("div", "", `verdict ${look === "pass" ? "" : look}`);
  const [text, title] = [element("div"), element("h2", words[`verdict.${worst}`])];
  title.tabIndex = -1;
  text.append(title, element("p", said, "quiet"));
  whole.append(icon(SHAPES[look], ""), text);
  return { whole, title };
}

function put(title, ...parts) {
  place("busy").hidden = true;
  place("slip").hidden = true;
  const sheet = place("verdict");
  sheet.replaceChildren(...parts);
  sheet.hidden = false;
  title.focus();
}

export function showVerdict(words, { checks, gaps }) {
  const count = (outcome) => checks.filter((check) => check.outcome === outcome).length;
  const worst = ["failed", "unable", "unpinned"].find(count) ?? "passed";
  const skipped = count("skipped") + count("unable");
  const counts = Object.fromEntries(RANK.map((outcome) => [outcome, count(outcome)]));
  const { whole, title } = head(words, worst, fill(words.sums, { ...counts, skipped }));
  const list = element("ol", "", "checks");
  const order = (check) => RANK.indexOf(check.outcome);
  const sorted = [...checks].sort((a, b) => order(a) - order(b));
  list.append(...sorted.map((check) => item(words, check)));
  put(title, whole, list, ...gapList(words, gaps));
}

/** Says what a file is that is no receipt, or that the key is none. */
export function showRefusal(words, code) {
  const about = NOT_THE_FILE.includes(code) ? "other" : "refused";
  const { whole, title } = head(words, about, words[`flaw.${code}`]);
  put(title, whole);
}

/** Says which check goes on and how far it is; null while the file is being read. */
export function showProgress(words, name, progress) {
  const busy = place("busy");
  const [said, bar] = [busy.querySelector("p"), busy.querySelector("progress")];
  place("verdict").hidden = true;
  place("slip").hidden = true;
  busy.hidden = false;
  if (!progress) {
    said.textContent = fill(words.reading, { name });
    bar.removeAttribute("value");
    return;
  }
  const { check, done, total } = progress;
  said.textContent = fill(words.busy, { name, check: words[`check.${check}`], done, total });
  bar.max = total;
  bar.value = done;
}
