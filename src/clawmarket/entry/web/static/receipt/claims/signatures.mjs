// Who signed each statement, and whether the account's own wallet did so in time.

import { demand } from "../flaw.mjs";
import { isInOneForm, signerOf } from "../proof/wallet.mjs";
import { RULES } from "../rules.mjs";
import { encoded, fromHex, sha256 } from "../text/bytes.mjs";
import { member, written } from "../text/canonical.mjs";
import { momentOf } from "../text/moment.mjs";
import { checkSaid } from "./said.mjs";

const SIGNATURE = /^0x[0-9a-f]{130}$/;

function checkMoment(record) {
  const { said } = record.statement;
  if (said.v !== RULES.statementVersion) return; // the first version named none
  const signedAt = member(said, "signedAt");
  const moment = signedAt === null ? null : momentOf(signedAt);
  const late = moment === null ? null : record.at - moment;
  const good = late !== null && late <= RULES.goodForMs && late >= -RULES.aheadMs;
  demand(good, "signed_late", { where: record.id, found: signedAt });
}

async function checkSignature(record, bound) {
  const { signature, address, said } = record.statement;
  const about = { where: record.id };
  demand(SIGNATURE.test(signature), "signature_form", about);
  const data = fromHex(signature.slice(2));
  demand(isInOneForm(data), "signature_form", about);
  const claimed = (address ?? "").toLowerCase();
  const signer = signerOf(await sha256(encoded(written(said))), data);
  demand(claimed === signer, "signer_other", { ...about, expected: claimed, found: signer });
  const wallet = (bound ?? "").toLowerCase();
  demand(claimed === wallet, "wallet_other", { ...about, expected: wallet, found: claimed });
  checkMoment(record);
}

const isAttested = (record) => record.statement === null || record.statement.signature === null;

/** The records that nobody's wallet stands behind, only the market. */
export const attestedIn = (story) => story.trade.filter(isAttested);

export async function checkSignatures({ file, story, pace }) {
  let signed = 0;
  for (const [place, record] of story.records.entries()) {
    await pace(place, story.records.length);
    if (record.statement === null) continue;
    await checkSaid(record, file.market.origin, story);
    if (record.statement.signature === null) {
      demand(record.statement.address === null, "address_alone", { where: record.id });
      continue;
    }
    await checkSignature(record, story.addresses.get(record.actor));
    signed += 1;
  }
  const attested = attestedIn(story);
  const silent = attested.map(({ actor }) => actor).filter((actor) => story.addresses.get(actor));
  return { signed, attested: attested.length, silent: [...new Set(silent)] };
}
