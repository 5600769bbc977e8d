// What the plugin's key may not do, in words for whoever uses the plugin.

import { Failure } from "./failure.js";

// The key may only look; anything else that was refused stays as it is.
export function lookingOnly(failure) {
  const scopeless = failure instanceof Failure && failure.reason === "scope_missing";
  if (!scopeless || !failure.what.includes(" needs the scope ")) return failure;
  const what =
    "The plugin's key may only look, so nothing was done. Take the plugin out, and put it in anew " +
    "without --read-only.";
  const next = "clawmarket openclaw uninstall";
  return new Failure("E_FORBIDDEN", what, { next, cause: "scope_missing" });
}
