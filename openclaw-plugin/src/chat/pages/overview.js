// What commands answer: short lines that may be pasted anywhere.

import { amount } from "../../amounts.js";
import { declared } from "../../declared.js";
import { Failure } from "../../failure.js";
import { eventLine } from "./activity.js";
import { usageLines } from "./usage.js";
import { counted, lines, money, percent, short } from "../words.js";

const NONE = "none";
const DOCTOR = "clawmarket doctor";

export function figures(wallet) {
  return [
    ["available", amount(wallet.available)],
    ["held", amount(wallet.held)],
    ["on its way", amount(wallet.onItsWay)],
    ["earned", amount(wallet.earned)],
  ];
}

export function creditsPage(wallet, billing) {
  return [
    ...lines([...figures(wallet), ["money", money(wallet.testMoney)]]),
    "",
    ...usageLines(billing),
  ];
}

export function whoamiPage(wallet) {
  const wallets = wallet.addresses.length ? wallet.addresses.join(", ") : "none";
  return lines([
    ["account", wallet.accountId],
    ["role", wallet.role],
    ["wallets", wallets],
  ]);
}

// The dashboard; each part is a Failure where the market did not say it.
export function web3Page(market, wallet, billing, activity) {
  const keyless = wallet instanceof Failure && wallet.code === "E_AUTH_REQUIRED";
  const isWhole = [market, wallet, billing, activity].every((part) => !(part instanceof Failure));
  return [
    "Identity",
    ...told(wallet, identityLines),
    "",
    "Billing",
    ...(keyless
      ? ["unknown without a key"]
      : [
          ...told(wallet, (known) => lines(figures(known))),
          ...told(billing, usageLines, "session: "),
        ]),
    "",
    "Audit",
    ...told(market, logLines, "log: "),
    ...(keyless ? [] : told(activity, lastEvent, "agent: ")),
    "",
    "Market",
    ...told(market, marketLines),
    "",
    "Next",
    ...nextSteps(isWhole).map((step, index) => `${index + 1}. ${step}`),
  ];
}

function told(part, shown, name = "") {
  return part instanceof Failure ? [`${name}${part.what}`] : shown(part);
}

function identityLines(wallet) {
  return lines([
    ["account", short(wallet.accountId)],
    ["wallets", wallets(wallet)],
  ]);
}

function logLines(market) {
  return lines([
    ["log", logOf(market)],
    ["waiting", waiting(market)],
  ]);
}

export function healthPage(market) {
  const bad = market.probes.filter((probe) => !probe.ok);
  const total = counted(market.probes.length, "check");
  return [
    bad.length ? `Degraded: ${bad.length} of ${total} NOT WELL.` : `Healthy: ${total}, all well.`,
    ...bad.map((probe) => `${probe.name}: NOT WELL: ${probe.message}${hint(probe)}`),
    ...logLines(market),
    ...versions(market),
  ];
}

export function statusPage({ profile, sections, errors }) {
  const pages = {
    web3: web3Lines,
    market: countLines,
    ledger: ledgerLines,
    tasks: listLines,
    orders: listLines,
    metrics: metricsLines,
  };
  const shown = Object.entries(sections).flatMap(([name, { value, stale, staleAgeSec }]) => [
    "",
    stale ? `${name} (${staleAgeSec} s old)` : name,
    ...pages[name](value),
  ]);
  const failed = errors.map(
    ({ section, error, next }) => `${section}: ${error}${next ? ` next: ${next}` : ""}`,
  );
  return [
    `profile: ${profile}`,
    ...shown,
    ...(failed.length ? ["", "not answered", ...failed] : []),
  ];
}

export function helpPage() {
  const { min, max, usual } = declared.budgetMs;
  const sections = declared.probes.map((probe) => probe.section).join(",");
  return [
    "/web3-market status: how the market is",
    "/web3-market status deep: its own checks and lists too",
    `  timeoutMs=${usual}: how long all of it may take (${min} to ${max})`,
    `  include=${sections}: only these sections`,
    "/web3-market start: what to set in OpenClaw's configuration",
    ...declared.commands
      .filter(({ name }) => name !== "web3-market")
      .map((c) => `/${c.name}: ${c.summary}`),
  ];
}

function web3Lines(market) {
  const probes = market.probes ?? [];
  return [
    ...marketLines(market),
    ...logLines(market),
    ...probes.map(
      (p) => `${p.name}: ${p.ok ? "well" : "NOT WELL"}: ${p.message}${p.ok ? "" : hint(p)}`,
    ),
  ];
}

function marketLines(market) {
  return [
    ...lines([
      ["market", `${market.origin}, version ${market.version}`],
      ["money", `${money(market.testMoney)}, fee ${percent(market.feeBps)}`],
    ]),
    ...versions(market),
  ];
}

function versions(market) {
  if (market.version === declared.version) return [];
  return [
    `plugin: version ${declared.version}, the market's is ${market.version}; next: ${DOCTOR}`,
  ];
}

function countLines(market) {
  const tables = Object.entries(market).filter(
    ([, counts]) => counts && typeof counts === "object",
  );
  const some = tables
    .map(([noun, counts]) => [noun, states(counts)])
    .filter(([, text]) => text !== NONE);
  return lines([...(some.length ? some : [["deals", NONE]]), ["fees", amount(market.fees)]]);
}

function ledgerLines(ledger) {
  return lines([
    ["tabs", String(ledger.tabs)],
    ["uses", String(ledger.entries)],
    ["cost", amount(ledger.totalCost)],
    ["paid", amount(ledger.paid)],
  ]);
}

function listLines(list) {
  const newest = list.newest.length ? [["newest", list.newest.join(", ")]] : [];
  return lines([
    ["latest", `${list.count}${list.more ? "+" : ""}: ${states(list.byStatus)}`],
    ...newest,
  ]);
}

function metricsLines({ audit, billing, log }) {
  return lines([
    ["recorded", `${counted(audit.counted, "item")}: ${states(audit.byKind)}`],
    ["agents used", amount(billing.creditsUsed)],
    ["agents traded", amount(billing.creditsTraded)],
    ["bills unpaid", String(billing.billsUnpaid)],
    ["log behind", `${log.lagSec} s`],
  ]);
}

function states(counts) {
  const some = Object.entries(counts).filter(([, count]) => count > 0);
  return some.map(([state, count]) => `${state} ${count}`).join(", ") || NONE;
}

function wallets(wallet) {
  return wallet.addresses.length ? wallet.addresses.map(short).join(", ") : "none";
}

function logOf(market) {
  return `${counted(market.logSize, "record")}, signed ${market.logSignedAt ?? "not yet"}`;
}

function waiting(market) {
  const found = [
    [market.recordsWaiting, "records for the log"],
    [market.jobsWaiting, "jobs"],
    [market.jobsDead, "jobs that were given up"],
  ];
  return (
    found
      .filter(([is]) => is)
      .map(([, name]) => name)
      .join(", ") || "nothing"
  );
}

function lastEvent(activity) {
  if (!activity) return ["agent: this market keeps no record of its activity yet"];
  return activity.items.length
    ? activity.items.map((item) => `agent: ${eventLine(item)}`)
    : ["agent: nothing recorded yet"];
}

function hint(probe) {
  return probe.fixHint ? ` Try: ${probe.fixHint}` : "";
}

function nextSteps(isWhole) {
  return isWhole
    ? ["/credits", "/web3-market status deep", "/web3-market help"]
    : [DOCTOR, "/web3-market status"];
}
