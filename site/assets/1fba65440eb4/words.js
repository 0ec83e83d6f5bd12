// What the shop says about a failure: each kind has its own words and its own way on.

import { element } from "./dom.js";

const CATALOGUE = {
  offline: ["You are offline", "The catalogue comes back by itself with your connection. Your cart is kept."],
  unreachable: ["We cannot reach the shop", "The connection broke off. Please check your network, or try again."],
  timeout: ["The shop is slow to answer", "We have waited 12 seconds for the catalogue. Trying again often helps."],
  garbled: ["The answer was damaged on its way", "The catalogue arrived, but cannot be read. Please load it again."],
  blocked: ["Our firewall turned this request away", "That happens on some company networks and VPNs. Please try another network, or again later."],
  busy: ["Many people are in the shop right now", "We let everybody in, one after another. Please wait a moment."],
  unavailable: ["The shop is closed for a moment", "We are working on it, and will be back soon."],
  broken: ["Something broke at our end", "This is our fault and not yours. Please try again in a moment."],
  invalid: ["This page is out of date", "The shop has changed since the page was loaded. Please load it again."],
};

const ORDER = {
  offline: ["You are offline", "Nothing was sent. Your cart and what you typed are kept: place the order once you are online again.", "Try again"],
  blocked: ["Our firewall turned the order away", "It was not placed. Unusual characters or code in a field can look like an attack, and some VPNs are blocked. Please look through what you typed.", "Check what I typed"],
  busy: ["Many orders are coming in right now", "Yours was not placed yet. It is kept here, and can be sent again in a moment.", "Place the order"],
  unavailable: ["The shop cannot take orders for a moment", "Yours was not placed. It is kept here, and can be sent again shortly.", "Place the order"],
  "too-large": ["This order is too large for one parcel", "It was not placed. Please shorten the note or order fewer different products at once.", "Change the order"],
  "key-reused": ["This checkout has already placed an order", "An earlier order was sent from here with other contents, and it counts. What you see now was not placed: order it as well if you want both.", "Place it as a new order"],
};

/** Outcome unknown: why, and the sentence that is true for all of them. */
const UNKNOWN = {
  unreachable: "The connection broke off before the shop's answer reached us.",
  offline: "You went offline before the shop's answer reached us.",
  timeout: "The shop has not answered in time.",
  garbled: "The shop's answer was damaged on its way.",
  broken: "Something broke at our end while your order was being placed.",
  busy: "The shop is too busy to tell us.",
  unavailable: "The shop cannot tell us right now.",
  blocked: "Our firewall turned our question away.",
};

export function catalogueWords(failure) {
  const [title, text] = CATALOGUE[failure.kind] ?? CATALOGUE.invalid;
  return { title, text, action: "Try again" };
}

export function orderWords(failure) {
  if (failure.maybeDone) {
    return {
      title: "We do not know yet whether your order arrived",
      text: `${UNKNOWN[failure.kind] ?? UNKNOWN.unreachable} You can safely ask again: this order counts once, however often it is sent.`,
      action: "Ask again",
    };
  }
  // The address of the API could not be read: the order itself has not left.
  const early = ["unreachable", "timeout", "garbled", "broken"].includes(failure.kind);
  if (early) {
    const [title] = CATALOGUE[failure.kind];
    return { title, text: "Your order was not sent. It is kept here: please try again.", action: "Try again" };
  }
  const [title, text, action] = ORDER[failure.kind] ?? [
    "The shop could not accept this order", "It was not placed. Please check the marked field.", "Check what I typed",
  ];
  return { title, text, action };
}

/**
 * A box that says what is wrong, with the button that leads on. With `wait` the button counts
 * down these seconds first.
 */
export function failureBox({ title, text, action, wait = 0, details = [] }, act) {
  const button = element("button", { type: "button", class: "button", "data-testid": "retry", "data-focus": "retry" }, action);
  const box = element("div", { class: "error", role: "alert", "data-testid": "error", tabindex: "-1" },
    element("h2", {}, title), element("p", {}, text),
    details.length === 0 ? null : element("ul", {}, ...details.map((line) => element("li", {}, line))),
    button);
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-disabled") !== "true") act();
  });
  if (wait > 0) countDown(button, action, Date.now() + wait * 1000);
  return box;
}

function countDown(button, action, end) {
  const left = Math.ceil((end - Date.now()) / 1000);
  button.setAttribute("aria-disabled", String(left > 0));
  button.textContent = left > 0 ? `${action} in ${left} s` : action;
  if (left > 0) setTimeout(() => countDown(button, action, end), 250);
}
