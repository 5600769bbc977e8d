// The slip of a receipt, as paper: who dealt with whom, where each credit went, when, and where
// the log has it. Everything on it is text from the file and is set as text.

import { element, fill, icon, place, plain } from "./showing.mjs";

function pairs(kind, rows) {
  const list = element("dl", "", kind);
  for (const [name, ...values] of rows) list.append(element("dt", name), ...values);
  return list;
}

function party(words, { role, account, address }) {
  const value = element("dd");
  const by = address ? fill(words["slip.signed"], { address }) : words["slip.attested"];
  const name = element("span", plain(account), "hash");
  value.append(name, element("br"), element("span", by, "small quiet"));
  return [words[`slip.${role}`], value];
}

function moment(words, [name, at]) {
  const value = element("dd");
  const time = element("time", `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`);
  time.dateTime = at;
  value.append(time);
  return [words[`slip.${name}`], value];
}

function sums(words, { sums: figures, percent }) {
  const table = element("table", "", "sums");
  const [body, foot] = [table.createTBody(), table.createTFoot()];
  for (const name of ["to_seller", "fee", "back", "locked"]) {
    const row = (name === "locked" ? foot : body).insertRow();
    const { amount, asset } = figures[name];
    const unit = words[`unit.${asset}`] ?? plain(asset);
    const head = element("th", fill(words[`slip.${name}`], { percent, unit }));
    head.scope = "row";
    row.append(head, element("td", amount));
  }
  return table;
}

function proofs(words, slip) {
  const { origin, places } = slip;
  const found = { origin, n: places.length, first: places[0], last: places.at(-1) };
  const rows = [
    ["delivery", slip.delivery],
    ["log", fill(words["slip.places"], found)],
    ["order", slip.order],
  ];
  const told = rows.filter(([, text]) => text);
  const entry = ([name, text]) => [words[`slip.${name}`], element("dd", plain(text), "hash")];
  return pairs("proofs", told.map(entry));
}

function heading(words, { settled }) {
  const [head, mark, pill] = [element("header"), icon("mark", ""), element("span")];
  const look = settled ? "released" : "refunded";
  pill.className = `pill ${look}`;
  pill.append(icon(`st-${look}`, "icon"), words[`slip.${look}`]);
  const title = element("h2", words["slip.title"]);
  title.id = "slip-title";
  head.append(mark, title, pill);
  return head;
}

/** Shows the slip beside a verdict that no check speaks against; hides it otherwise. */
export function showSlip(words, { slip }) {
  const paper = place("slip");
  paper.hidden = slip === null;
  if (paper.hidden) return;
  const stack = element("div", "", "stack");
  if (slip.title !== null) {
    const title = element("p");
    title.append(element("strong", plain(slip.title)));
    stack.append(title);
  }
  const rows = [
    ...slip.parties.map((each) => party(words, each)),
    ...slip.moments.map((each) => moment(words, each)),
  ];
  stack.append(pairs("pairs", rows), sums(words, slip), proofs(words, slip));
  if (slip.testMoney) stack.append(element("p", words["slip.test"], "small quiet"));
  paper.replaceChildren(heading(words, slip), stack);
}
