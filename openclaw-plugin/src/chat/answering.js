// Whatever goes wrong in the chat is a sentence; the host would only say that something failed.

import { declared } from "../declared.js";
import { Failure, otherForm } from "../failure.js";
import { safeText } from "../redaction.js";

const STATUS = "web3.status.summary";

export async function answered(run, service, logger) {
  try {
    const page = await run();
    return Array.isArray(page) ? safeText(page.join("\n")) : page.verbatim.join("\n");
  } catch (error) {
    return safeText((await failureOf(error, service, logger)).text);
  }
}

// An answer without the fields that a page needs comes from a market of another version.
export async function failureOf(error, service, logger) {
  if (error instanceof Failure) return error;
  logger?.warn?.(`clawmarket: ${safeText(error?.stack ?? error)}`);
  const theirs = await service.ask(STATUS).then(
    ({ version }) => version,
    () => "",
  );
  return otherForm(declared.version, theirs);
}

// A market from before a method answers with nothing; any other failure stays one.
export async function ifKnown(asked) {
  return asked.catch((failure) => {
    if (failure instanceof Failure && failure.reason === "method_unknown") return null;
    throw failure;
  });
}
