// Consents: nothing is handed over but with the buyer's permission, and while that lasts.

import { demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { alike, digestOf, isObject, isWhole, member } from "../text/canonical.mjs";
import { iso } from "../text/moment.mjs";
import { stripped } from "./telling.mjs";

const DAY_MS = 86_400_000n;
const GRANTED = "consent_granted";
const REVOKED = "consent_revoked";

async function checkHash(event, name, about) {
  const wanted = await digestOf(about);
  const found = member(event, name);
  demand(found === wanted, "event_hash", { kind: event.kind, name, expected: wanted, found });
}

async function checkGrant(record, event, order, agreed) {
  const [scope, usage] = [member(event, "scope"), agreed.usageScope];
  const good = isObject(scope) && scope.purpose === usage.purpose;
  const names = good ? Object.keys(scope) : [];
  demand(good && names.every((n) => n === "purpose" || n === "durationDays"), "consent_scope");
  const days = Object.hasOwn(scope, "durationDays") ? scope.durationDays : 1;
  const longest = Object.hasOwn(usage, "durationDays") ? usage.durationDays : days;
  demand(isWhole(days) && days >= 1 && days <= longest, "consent_days");
  const said = stripped(member(record.params, "consentScope"));
  demand(record.statement === null || alike(scope, said), "consent_said");
  const about = { orderId: order.orderId, offerId: agreed.offerId, buyerId: order.buyer, scope };
  await checkHash(event, "consentHash", about);
}

async function checkRevocation(record, event, granted) {
  const consentId = member(granted, "consentId");
  demand(alike(member(event, "consentId"), consentId), "consent_other");
  const about = { consentId, scope: granted.scope, revokedAt: iso(record.at) ?? "no moment" };
  const reason = record.method === RULES.revokeConsent ? member(record.params, "reason") : null;
  await checkHash(event, "revokeHash", isEmpty(reason) ? about : { ...about, reason });
}

/** What the market takes for no reason at all: nothing, false, zero, and whatever is empty. */
function isEmpty(value) {
  return typeof value === "object" && value !== null ? !Object.keys(value).length : !value;
}

function checkPermitted(state, record, kind) {
  const { usage, granted } = state;
  demand(granted && !state.revoked, "consent_missing", { where: record.id, kind });
  demand(record.at >= state.at, "consent_later", { where: record.id });
  const days = [granted.scope, usage].find((scope) => Object.hasOwn(scope, "durationDays"));
  if (!days) return;
  const until = BigInt(state.at) + BigInt(days.durationDays) * DAY_MS;
  demand(BigInt(record.at) < until, "consent_over", { where: record.id });
}

const STEPS = {
  payment_locked: async (state) => ({ ...state, locked: true }),
  [GRANTED]: async (state, record, event, about) => {
    demand(state.usage !== null && !state.granted, "consent_unasked");
    demand(state.locked, "consent_unpaid", { where: record.id });
    await checkGrant(record, event, about.order, about.agreed);
    return { ...state, granted: event, at: record.at };
  },
  [REVOKED]: async (state, record, event, about) => {
    demand(state.granted && !state.revoked, "consent_gone");
    const byBuyer = record.method === RULES.revokeConsent && record.actor === about.order.buyer;
    demand(byBuyer || record.kinds.has("settlement_refunded"), "consent_by_nobody");
    await checkRevocation(record, event, state.granted);
    return { ...state, revoked: true };
  },
};

const handed = async (state, record, event) => {
  if (state.usage !== null) checkPermitted(state, record, event.kind);
  return state;
};
Object.assign(STEPS, { delivery_issued: handed, delivery_completed: handed });

/** Checks that the order stands as permitted, or as stopped, only once an event said so. */
function checkTold(state, record, orderId) {
  const entered = record.states.filter(([thing]) => thing === orderId).map(([, , after]) => after);
  const silent = entered.includes(GRANTED) && !state.granted;
  const stopped = entered.includes(REVOKED) && !state.revoked;
  demand(!silent && !stopped, "consent_untold", { where: record.id });
}

export async function checkConsent(records, order, agreed) {
  const usage = agreed.usageScope ?? null;
  let state = { usage, locked: false, granted: null, at: 0, revoked: false };
  for (const record of records) {
    for (const event of record.events) {
      if (!Object.hasOwn(STEPS, event.kind)) continue;
      state = await STEPS[event.kind](state, record, event, { order, agreed });
    }
    checkTold(state, record, order.orderId);
  }
}
