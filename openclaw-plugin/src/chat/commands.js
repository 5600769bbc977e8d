// Slash commands: the host runs them itself and never shows them to the model first.

import { auditStanding } from "../audit/index.js";
import { declared } from "../declared.js";
import { sessionHash } from "../digest.js";
import { Failure } from "../failure.js";
import { activityPage, standingLines, unansweredPage } from "./pages/activity.js";
import { answered, billingOf, ifKnown } from "./answering.js";
import { registerKeeping } from "./keeping.js";
import { payStatus } from "./payments.js";
import { statusWords } from "../options.js";
import { creditsPage, healthPage, helpPage, statusPage, web3Page, whoamiPage } from "./pages/overview.js";
import { isOwner } from "./senders.js";
import { startPage } from "./pages/starting.js";
import { trade } from "./trades/market.js";
import { registerUnknown } from "./unknown.js";
import { looksSecret, SECRET_TYPED, wordsOf } from "./typed.js";
import { bindWallet, unbindWallet } from "./wallets.js";

const STATUS = "web3.status.summary";
const WALLET = "web3.wallet.show";
const ACTIVITY = "web3.audit.activity";
const SHOWN_EVENTS = 10;

export function commandsOf(service, status) {
  return {
    web3: (_words, at) => web3(service, at),
    "web3-market": (words, at) => market(words, service, status, at),
    bind_wallet: (words, at) => bindWallet(words, service, at),
    unbind_wallet: (words, at) => unbindWallet(words, service, at),
    whoami_web3: async () => whoamiPage(await service.ask(WALLET)),
    credits: (_words, at) => credits(service, at),
    pay_status: (words, at) => payStatus(words, service, at),
    audit_status: () => auditStatus(service),
    health: async () => healthPage(await service.ask(STATUS, { deep: true })),
    market: (words, at) => trade(words, service, at),
  };
}

export function registerCommands(api, service, status) {
  const run = commandsOf(service, status);
  const handlers = declared.commands.map((command) => {
    const handler = async (ctx) => ({
      text: await said(command, ctx, run[command.name], service, api.logger),
    });
    api.registerCommand({
      name: command.name,
      description: command.summary,
      // Without it the host would hand what has one word too many to the model.
      acceptsArgs: true,
      ...(command.requiredScopes.length ? { requiredScopes: command.requiredScopes } : {}),
      handler,
    });
    return [command.name, handler];
  });
  registerUnknown(api, new Map(handlers));
  registerKeeping(
    api,
    declared.commands.map(({ name }) => name),
  );
}

function said({ name, takesArguments }, ctx, run, service, logger) {
  if (looksSecret(ctx.args ?? "")) return SECRET_TYPED;
  const words = wordsOf(ctx.args);
  if (words.length && !takesArguments) return `/${name} stands alone.\nnext: /${name}`;
  return answered(() => run(words, placeOf(ctx)), service, logger);
}

// Who asks where: the sender, the session's hash as the market knows it, the host's configuration.
function placeOf(ctx) {
  return {
    sender: `${ctx.channel ?? ""}:${ctx.senderId ?? ""}`,
    session: sessionHash(ctx.sessionKey),
    owner: isOwner(ctx),
    config: ctx.config ?? {},
  };
}

async function web3(service, { session }) {
  const asked = [
    service.ask(STATUS),
    service.ask(WALLET),
    billingOf(session, service),
    activity(service, 1),
  ];
  const [market, wallet, billing, last] = await Promise.all(asked.map((one) => one.catch(failed)));
  // Without both there is nothing to show.
  if (market instanceof Failure && wallet instanceof Failure) throw market;
  return web3Page(market, wallet, billing, last);
}

function failed(error) {
  if (error instanceof Failure) return error;
  throw error;
}

async function credits(service, { session }) {
  const [wallet, billing] = await Promise.all([
    service.ask(WALLET),
    billingOf(session, service),
  ]);
  return creditsPage(wallet, billing);
}

async function auditStatus(service) {
  const standing = auditStanding();
  try {
    const page = activityPage(await activity(service, SHOWN_EVENTS));
    return [...page, ...standingLines(standing)];
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    return unansweredPage(failure, standing);
  }
}

function activity(service, limit) {
  return ifKnown(service.ask(ACTIVITY, { limit }));
}

async function market([verb = "status", ...words], service, status, { config }) {
  switch (verb.toLowerCase().replaceAll("_", "-")) {
    case "status":
      return statusPage(await status.look(statusWords(words, service.budgetMs)));
    case "start":
    case "enable":
    case "on":
      return startPage(config);
    case "help":
      return helpPage();
    default:
      return [`There is no /web3-market ${verb.slice(0, 40)}.`, ...helpPage()];
  }
}
