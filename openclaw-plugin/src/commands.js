// Slash commands: the host runs them itself and never shows them to the model first.

import { declared } from "./declared.js";
import { Failure, otherForm } from "./failure.js";
import { statusWords } from "./options.js";
import { creditsPage, healthPage, helpPage, statusPage, web3Page, whoamiPage } from "./pages.js";
import { safeText } from "./redaction.js";

const STATUS = "web3.status.summary";
const WALLET = "web3.wallet.show";

export function registerCommands(api, service, status) {
  const run = {
    web3: () => web3(service),
    "web3-market": (words) => market(words, service, status),
    whoami_web3: async () => whoamiPage(await service.ask(WALLET)),
    credits: async () => creditsPage(await service.ask(WALLET)),
    health: async () => healthPage(await service.ask(STATUS, { deep: true })),
  };
  for (const { name, summary, takesArguments } of declared.commands) {
    api.registerCommand({
      name,
      description: summary,
      // Without it the host would hand what has one word too many to the model.
      acceptsArgs: true,
      handler: async (ctx) => {
        const words = wordsOf(ctx.args);
        if (words.length && !takesArguments)
          return { text: `/${name} stands alone.\nnext: /${name}` };
        return { text: await answered(() => run[name](words), service, api.logger) };
      },
    });
  }
}

// `: status deep` and `status deep` are the same words.
export function wordsOf(args) {
  return (args ?? "").replace(/^\s*:/, "").split(/\s+/).filter(Boolean);
}

// Whatever goes wrong is a sentence in the chat; the host would only say that something failed.
async function answered(run, service, logger) {
  try {
    return safeText((await run()).join("\n"));
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

async function web3(service) {
  const [market, wallet] = await Promise.all([
    service.ask(STATUS),
    service.ask(WALLET).catch((failure) => failure),
  ]);
  if (wallet instanceof Error && wallet.code !== "E_AUTH_REQUIRED") throw wallet;
  return web3Page(market, wallet);
}

async function market([verb = "status", ...words], service, status) {
  switch (verb.toLowerCase().replaceAll("_", "-")) {
    case "status":
      return statusPage(await status.look(statusWords(words, service.budgetMs)));
    case "help":
      return helpPage();
    default:
      return [`There is no /web3-market ${verb.slice(0, 40)}.`, ...helpPage()];
  }
}
