// A session's use, in the same words wherever it is shown.

import { amount } from "../../amounts.js";
import { counted, lines } from "../words.js";

// `billing` is null for a market that does not meter sessions.
export function usageLines(billing) {
  if (!billing) return ["session: this market does not meter sessions yet"];
  if (!billing.enabled) return ["session: no limit, no price (the account has no plan)"];
  const spans = lines([...span("today", billing.day), ...span("account", billing.account)]);
  return [...(billing.usage ? used(billing.usage) : ["session: nothing used yet"]), ...spans];
}

function used(usage) {
  return lines([
    ["session", spent(usage)],
    ...(zero(usage.creditsReserved) ? [] : [["reserved", amount(usage.creditsReserved)]]),
    ...(zero(usage.creditsTraded) ? [] : [["traded", amount(usage.creditsTraded)]]),
    ...(zero(usage.unbilled) ? [] : [["unbilled", amount(usage.unbilled)]]),
    ["model", `${counted(usage.llmCalls, "call")}, ${tokens(usage)}`],
    ["tools", counted(usage.toolCalls, "call")],
  ]);
}

// The day and the account only where they have a limit of their own.
function span(name, figures) {
  if (!figures || figures.creditsQuota === null) return [];
  const traded = zero(figures.creditsTraded) ? "" : `, ${amount(figures.creditsTraded)} traded`;
  return [[name, `${spent(figures)}${traded}`]];
}

// What an ended session left says nothing of the next one.
function spent({ creditsUsed, creditsQuota, left, ended = false }) {
  const used = `${amount(creditsUsed)} used`;
  if (ended) return `ended, ${used}`;
  if (creditsQuota === null) return left === null ? used : `${used}, ${amount(left)} left`;
  return `${used} of ${amount(creditsQuota)}${left === null ? "" : `, ${amount(left)} left`}`;
}

function tokens({ inputTokens, outputTokens, cachedTokens }) {
  const cached = cachedTokens ? ` (and ${counted(cachedTokens, "cached token")})` : "";
  return `${counted(inputTokens, "token")} in${cached}, ${counted(outputTokens, "token")} out`;
}

function zero(minor) {
  return minor === undefined || minor === null || /^0+$/.test(minor);
}
