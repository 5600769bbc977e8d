// Whatever goes wrong in the chat is a sentence; the host would only say that something failed.

import { Failure, failureOf } from "../failure.js";
import { safeText } from "../redaction.js";

const BILLING = "web3.billing.summary";

export async function answered(run, service, logger) {
  try {
    const page = await run();
    return Array.isArray(page) ? safeText(page.join("\n")) : page.verbatim.join("\n");
  } catch (error) {
    return safeText((await failureOf(error, service, logger)).text);
  }
}

// What a session used, beside the day's and the account's use; null where nothing is metered.
export function billingOf(session, service) {
  return ifKnown(service.ask(BILLING, session ? { sessionIdHash: session } : {}));
}

// A market from before a method answers with nothing; any other failure stays one.
export async function ifKnown(asked) {
  return asked.catch((failure) => {
    if (failure instanceof Failure && failure.reason === "method_unknown") return null;
    throw failure;
  });
}
