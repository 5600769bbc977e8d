// The dispute in an order: who claimed what, who was heard, and whether it may have ended so.

import { demand } from "../flaw.mjs";
import { RULES } from "../rules.mjs";
import { member } from "../text/canonical.mjs";
import { agree, amountOf, only, textOf, told } from "./telling.mjs";

const OTHER = { refund: "release", release: "refund" };

/** The ends that the verdict's kind, who gave it and who was heard allow. */
function allowedEnds(records, judged, ruled, claimant, claim) {
  const ends = ruled.kind === "dispute_resolved" ? [claim, "partial"] : [OTHER[claim]];
  if (judged.actor !== RULES.marketAccount) return ends;
  // Nobody ruled in time: then whoever was heard alone is right, and else the delivery stands.
  const heard = told(records, "dispute_evidence_submitted").map(([record]) => record.actor);
  const alone = heard.length > 0 && heard.every((actor) => actor === claimant);
  return ends.filter((end) => end === (alone ? claim : OTHER[claim]));
}

/** Who ruled and the seller's share of what was at stake (BigInt); null for what was not. */
export function rulingOf(records, order, stake) {
  const quarrel = told(records, "dispute_opened", ...RULES.ruled);
  if (!quarrel.length) return { arbiter: null, share: null };
  const [opener, opened] = only(records, "dispute_opened");
  const [judged, ruled] = only(records, ...RULES.ruled);
  agree(ruled, { orderId: member(opened, "orderId"), disputeId: member(opened, "disputeId") });
  const claim = opener.actor === order.buyer ? "refund" : "release";
  agree(opened, { claim });
  const ends = allowedEnds(records, judged, ruled, opener.actor, claim);
  const found = member(ruled, "resolution");
  demand(ends.includes(found), "ruling_end", { expected: ends.join(" / ") || null, found });
  const share = amountOf(ruled, "sellerShare");
  const gives = {
    release: share === stake,
    refund: share === 0n,
    partial: share > 0n && share < stake,
  };
  demand(gives[textOf(ruled, "resolution")], "ruling_share", { found: share });
  const arbiter = judged.actor === RULES.marketAccount ? null : judged.actor || null;
  return { arbiter, share };
}
