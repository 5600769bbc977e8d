// Methods of the host's gateway: passed on to the market as they are, under the plugin's key.

import { declared } from "./declared.js";
import { Failure } from "./failure.js";

// What the host's clients know; the market's own code is in the details.
const HOST_CODES = {
  E_FORBIDDEN: "FORBIDDEN",
  E_RATE_LIMITED: "UNAVAILABLE",
  E_TIMEOUT: "UNAVAILABLE",
  E_UNAVAILABLE: "UNAVAILABLE",
};

const WRITING = new Set(declared.writingMethods);

export function registerMethods(api, service) {
  for (const [method, scope] of Object.entries(declared.gatewayMethods)) {
    api.registerGatewayMethod(
      method,
      async ({ params, respond }) => {
        try {
          respond(true, await passOn(service, method, params ?? {}));
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          respond(false, undefined, refusal(error));
        }
      },
      { scope },
    );
  }
}

// What changes something is sent on once, or under the caller's idempotency key as often as needed.
function passOn(service, method, params) {
  if (!WRITING.has(method)) return service.ask(method, params);
  const { idempotencyKey = "", ...asked } = params;
  return service.command(method, asked, String(idempotencyKey));
}

function refusal({ code, message, next, reason, retryable }) {
  return {
    code: HOST_CODES[code] ?? "INVALID_REQUEST",
    message,
    details: { code, cause: reason, next },
    retryable,
  };
}
