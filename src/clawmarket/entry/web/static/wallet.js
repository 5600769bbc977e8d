// Wallets in the browser (EIP-6963, EIP-1193): sign in with one (EIP-4361), sign a statement.
"use strict";

const wallets = new Map();

function discover(found) {
  window.addEventListener("eip6963:announceProvider", (event) => {
    const { info, provider } = event.detail;
    if (wallets.has(info.uuid)) return;
    wallets.set(info.uuid, { name: info.name, provider });
    found();
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
}

const hex = (bytes) => "0x" + [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");

function say(form, text) {
  const problem = form.querySelector("[data-problem]");
  problem.textContent = text;
  problem.hidden = false;
}

async function account(provider) {
  const [address] = await provider.request({ method: "eth_requestAccounts" });
  return address;
}

async function signIn(form, provider) {
  const address = await account(provider);
  const asked = new URLSearchParams({ csrf: form.elements.csrf.value, address });
  const answer = await fetch(form.dataset.challenge ?? "/sign-in/challenge", { method: "POST", body: asked });
  const { message, said } = await answer.json();
  if (!message) { say(form, said); return; }
  // A wallet must not sign what another site asks (EIP-4361, "Verifying domain binding").
  if (message.split(" ", 1)[0] !== location.host) { say(form, form.dataset.elsewhere); return; }
  const data = hex(new TextEncoder().encode(message));
  form.elements.signature.value = await provider.request({
    method: "personal_sign", params: [data, address],
  });
  form.elements.message.value = message;
  form.submit();
}

function offerWallets(form) {
  const list = form.querySelector("[data-list]");
  const waits = form.querySelector("[data-waits]");
  waits.hidden = false;
  discover(() => {
    waits.hidden = true;
    const known = [...wallets.values()].at(-1);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn go";
    button.textContent = form.dataset.with.replace("{name}", known.name);
    button.addEventListener("click", () => {
      signIn(form, known.provider).catch(() => say(form, form.dataset.refused));
    });
    list.append(button);
  });
}

// The wallet that has a signer of the account open already, else the first one.
async function signer(signers) {
  for (const { provider } of wallets.values()) {
    const open = await provider.request({ method: "eth_accounts" }).catch(() => []);
    const address = open.find((each) => signers.includes(each.toLowerCase()));
    if (address) return { provider, address };
  }
  const [{ provider }] = wallets.values();
  return { provider, address: await account(provider) };
}

// What stands on the page has to be what is signed: its hash is taken here, anew.
async function signStatement(form) {
  const text = form.querySelector("[data-statement]").textContent;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  if (hex(digest) !== "0x" + form.dataset.digest) { say(form, form.dataset.changed); return; }
  if (!wallets.size) { say(form, form.dataset.none); return; }
  const { provider, address } = await signer(form.dataset.signers.toLowerCase().split(" "));
  form.elements.signature.value = await provider.request({
    method: "personal_sign", params: [hex(digest), address],
  });
  form.submit();
}

const signing = document.querySelector("[data-sign]");
if (signing) {
  discover(() => {});
  signing.addEventListener("submit", (event) => {
    event.preventDefault();
    signStatement(signing).catch(() => say(signing, signing.dataset.refused));
  });
}
const offering = document.querySelector("[data-wallets]");
if (offering) offerWallets(offering);
