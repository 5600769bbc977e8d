// Binding a wallet: the challenge is signed where the wallet is, and only the signature comes here.

import { Failure, notAMarket } from "../failure.js";
import { shared } from "../meeting.js";
import { lookingOnly } from "../rights.js";

const ADDRESS = /^0x[0-9a-f]{40}$/i;
const SIGNATURE = /^0x[0-9a-f]{130}$/i;
const CHALLENGE =
  /^[\x21-\x7e]{1,200} wants you to sign in with your Ethereum account:\n[\n\x20-\x5f\x61-\x7e]{1,1000}$/;
const MAX_PENDING = 50;
const LOOPBACK = new Set(["127.0.0.1", "localhost", "[::1]"]);
// What was asked before is still known to whoever registered this plugin anew.
const pending = shared("challenges", () => new Map());

export async function bindWallet([address = "", signature = "", ...more], service, at) {
  if (!at.owner) throw notOwner("bind");
  if (!ADDRESS.test(address) || more.length) return bindHelp();
  if (!signature) return challenge(address.toLowerCase(), service, at);
  if (!SIGNATURE.test(signature)) throw wrong("A signature is 0x and 130 hexadecimal digits.");
  return finish(address.toLowerCase(), signature, service, at);
}

export async function unbindWallet([address = "", ...more], service, at) {
  if (!at.owner) throw notOwner("unbind");
  if (!ADDRESS.test(address) || more.length)
    return ["/unbind_wallet 0x…: take one of your wallets off the account", "next: /whoami_web3"];
  const { accountId } = await service
    .command("web3.wallet.unbind", { address })
    .catch((failure) => {
      throw explained(failure, "/whoami_web3");
    });
  return [`${address.toLowerCase()} no longer stands for ${accountId}.`, "next: /whoami_web3"];
}

async function challenge(address, service, { sender }) {
  const { message, expiresAt } = await service.ask("web3.wallet.challenge", { address });
  if (!isChallenge(message, address)) throw notAMarket();
  if (!isFor(service.host, message)) throw forAnother(service.host);
  pending.delete(`${sender} ${address}`);
  pending.set(`${sender} ${address}`, { message, until: Date.parse(expiresAt) });
  if (pending.size > MAX_PENDING) pending.delete(pending.keys().next().value);
  return {
    // The message is signed to the letter, so nothing in it may be taken out on the way.
    verbatim: [
      "Sign this text with the wallet, in the wallet's own program (personal_sign):",
      "```",
      message,
      "```",
      `Until ${expiresAt}: /bind_wallet ${address} 0x… (the signature)`,
      "A signature is no secret. The wallet's key and its seed phrase are: never type them here.",
    ],
  };
}

async function finish(address, signature, service, { sender }) {
  const asked = pending.get(`${sender} ${address}`);
  if (!asked || Date.now() >= asked.until)
    throw new Failure("E_EXPIRED", "There is no open challenge for this wallet.", {
      next: `/bind_wallet ${address}`,
    });
  const answer = { message: asked.message, walletSignature: signature };
  const { accountId, scope } = await service.command("web3.wallet.bind", answer).catch((failure) => {
    throw explained(failure, `/bind_wallet ${address}`);
  });
  pending.delete(`${sender} ${address}`);
  return [
    `${address} stands for ${accountId} now.`,
    `scope: ${scope}`,
    `next: /whoami_web3, or /unbind_wallet ${address}`,
  ];
}

// What is shown to the letter has to be a sign-in message (EIP-4361) about this wallet.
function isChallenge(message, address) {
  return (
    typeof message === "string" &&
    CHALLENGE.test(message) &&
    message.toLowerCase().includes(`\n${address}\n`)
  );
}

// A market that passes on the challenge of another site would sign in there with the answer.
function isFor(host, message) {
  const [named] = message.split(" ", 1);
  const asked = URL.canParse(`http://${named}`) ? new URL(`http://${named}`).hostname : "";
  return asked === host || (LOOPBACK.has(asked) && LOOPBACK.has(host));
}

function forAnother(host) {
  const what = `The text that came is not for the market at ${host}, so it is not shown.`;
  return new Failure("E_FORBIDDEN", what, {
    next: "openclaw config get plugins.entries.clawmarket.config.serviceUrl",
  });
}

// What to do next is something in this chat, where there is something.
function explained(failure, next) {
  if (!(failure instanceof Failure)) return failure;
  if (failure.reason === "scope_missing") return lookingOnly(failure);
  if (["sign_in_refused", "challenge_unknown", "wallet_not_bound"].includes(failure.reason))
    return new Failure(failure.code, failure.what, { next });
  return failure;
}

function bindHelp() {
  return [
    "/bind_wallet 0x…: shows a text that this wallet signs elsewhere",
    "/bind_wallet 0x… 0x…: takes the signature, and binds the wallet to your account",
    "No key and no seed phrase is ever asked for here.",
  ];
}

function notOwner(verb) {
  return new Failure("E_FORBIDDEN", `Only the owner of this OpenClaw may ${verb} wallets.`);
}

function wrong(what) {
  return new Failure("E_INVALID_ARGUMENT", what, { next: "/bind_wallet" });
}
