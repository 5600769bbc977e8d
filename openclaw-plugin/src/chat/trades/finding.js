// Offers that fit some words; the market has no search of its own yet.

import { amount } from "../../amounts.js";
import { counted, lines, short } from "../words.js";
import { idOf, titled } from "./reading.js";

const PAGE = 200;
const SHOWN = 5;
const DESCRIPTION_CHARS = 400;
const HELP = "/market find <words>";

export async function find(words, service) {
  if (!words.length) return [HELP + ": say what you look for"];
  const { items, nextCursor } = await service.ask("web3.market.offer.list", {
    status: "offer_published",
    limit: PAGE,
  });
  const wanted = words.map((word) => word.toLowerCase());
  const fitting = items
    .map((offer) => ({ offer, hits: hitsIn(offer, wanted) }))
    .filter(({ hits }) => hits > 0)
    .sort((one, other) => other.hits - one.hits);
  if (!fitting.length)
    return [
      noneOf(items.length, nextCursor),
      "next: /market hire <credits> <what is to be done>",
    ];
  const more = fitting.length - SHOWN;
  return [
    ...fitting.slice(0, SHOWN).flatMap(({ offer }) => listed(offer)),
    ...(more > 0 ? [`and ${more} more: say it with more words`] : []),
    `next: /market offer ${fitting[0].offer.offerId}`,
  ];
}

export async function offerPage(words, service) {
  const offerId = idOf(words, "offer", HELP);
  const offer = await service.ask("web3.market.offer.get", { offerId });
  return [
    ...lines([
      ["offer", titled(offer.title)],
      ["price", amount(offer.price)],
      ["seller", short(offer.seller)],
      ["delivered", `within ${counted(Math.ceil(offer.timeoutSec / 3600), "hour")}`],
      ["status", offer.status],
      ...(offer.description ? [["said", titled(offer.description, DESCRIPTION_CHARS)]] : []),
    ]),
    `next: /market hire ${offerId}`,
  ];
}

function noneOf(offers, nextCursor) {
  if (offers < 2) return offers ? "The only offer does not fit." : "There is no offer yet.";
  return `None of the ${nextCursor ? "latest " : ""}${counted(offers, "offer")} fits.`;
}

function listed({ offerId, title, price }) {
  return [`${titled(title)}: ${amount(price)}`, `  ${offerId}`];
}

function hitsIn({ title, description }, wanted) {
  const text = `${title} ${description}`.toLowerCase();
  return wanted.filter((word) => text.includes(word)).length;
}
