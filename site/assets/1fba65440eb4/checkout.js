// The checkout. An order is kept with its key before it is sent, and until its outcome is known:
// after a lost answer, a time-out or a reload the same order is asked for again under the same key,
// so that it is placed once.

import { announce, byId, fill, element, money } from "./dom.js";
import { Failure, sendOrder } from "./api.js";
import { cartLines } from "./cart-view.js";
import { checkForm, formValues, isFormField, markRefused, startForm } from "./form.js";
import { products, refresh, startShell } from "./shell.js";
import {
  dropOrder, finishOrder, linesOf, notes, pendingOrder, placedUnder, startOrder, totalOf,
} from "./store.js";
import { failureBox, orderWords } from "./words.js";

/** Pause before the same order is asked for again where its outcome is not known. */
const AGAIN_MS = 1_000;
const SLOW_MS = 4_000;

let sending = false;

function show() {
  const lines = products === null ? [] : linesOf(products);
  fill(byId("summary"), cartLines(products), byId("summary-title"));
  const waiting = pendingOrder() !== null;
  const empty = products !== null && lines.length === 0 && !waiting;
  byId("checkout-form").hidden = empty || waiting;
  byId("empty").hidden = !empty;
  byId("elsewhere").hidden = !waiting || sending || byId("order-error").hasChildNodes();
  const total = lines.length === 0 ? "" : ` · ${money(totalOf(lines), lines[0].product.currency)}`;
  byId("place-order").textContent = `Place order${total}`;
}

function submit(event) {
  event?.preventDefault();
  if (sending || pendingOrder() !== null) return;
  byId("order-error").replaceChildren();
  if (!checkForm()) {
    announce("Something is missing. Please look at the marked fields.");
    return;
  }
  const lines = products === null ? [] : linesOf(products);
  if (lines.length === 0) return;
  const cents = totalOf(lines);
  const { userId, delivery } = formValues();
  const items = lines.map(({ product, quantity }) => ({ productId: product.id, quantity }));
  const receipt = {
    lines: lines.map(({ product, quantity }) => ({
      id: product.id, name: product.name, image: product.image, cents: product.cents, quantity,
    })),
    cents, currency: lines[0].product.currency, userId, delivery, when: Date.now(),
  };
  startOrder({ userId, items, total: cents / 100, delivery }, receipt);
  void send(false);
}

/** Sends the order under way, again where its outcome stays unknown, until it is known. */
async function send(unsure) {
  const pending = pendingOrder();
  if (pending === null || sending) return;
  sending = true;
  byId("order-error").replaceChildren();
  show();
  progress("Placing your order…");
  const slow = setTimeout(() => progress("This takes longer than usual. Your order is on its way: please keep this page open."), SLOW_MS);
  try {
    const orderId = await sendAndRepeat(pending, unsure);
    finishOrder(pending, orderId);
    location.assign(orderAddress(orderId));
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    clearTimeout(slow);
    progress("");
    sending = false;
    await refused(failure, pending);
  } finally {
    clearTimeout(slow);
  }
}

/**
 * Asks once more by itself where no answer came. `unsure`: an earlier request may have arrived, so
 * that only an answer about this very order settles what became of it.
 */
async function sendAndRepeat({ order, key }, unsure) {
  try {
    return await sendOrder(order, key);
  } catch (failure) {
    if (!failure.maybeDone || navigator.onLine === false) throw settled(failure, unsure);
  }
  progress("No answer yet. We are asking the shop whether your order arrived…");
  await new Promise((done) => setTimeout(done, AGAIN_MS));
  try {
    return await sendOrder(order, key);
  } catch (failure) {
    throw settled(failure, true);
  }
}

const ANSWERS = ["price", "stock", "unknown-product", "key-reused", "invalid", "too-large"];

function settled(failure, unsure) {
  if (unsure && !ANSWERS.includes(failure.kind)) failure.maybeDone = true;
  return failure;
}

function progress(text) {
  const box = byId("progress");
  if (text !== "" && box.hidden) {
    box.hidden = false;
    box.focus({ preventScroll: true });
  }
  box.hidden = text === "";
  byId("progress-text").textContent = text;
  document.body.dataset.sending = String(text !== "");
}

/** Says what came of it, and leads on. */
async function refused(failure, pending) {
  if (!failure.maybeDone) dropOrder(pending.key);
  if (["price", "stock", "unknown-product"].includes(failure.kind)) {
    await catalogueChanged(failure, pending);
    return;
  }
  show();
  const ways = {
    "Check what I typed": () => markRefused(failure.field),
    "Change the order": () => byId("note").focus(),
  };
  const words = orderWords(failure);
  if (failure.kind === "invalid" && !failure.maybeDone && !isFormField(failure.field)) {
    words.text = "It was not placed. Please check your cart, or load this page again: it may be out of date.";
    words.action = "Load this page again";
    ways[words.action] = () => location.reload();
  }
  showFailure({ ...words, wait: failure.wait }, ways[words.action] ?? againWith(pending));
}

/** The same order under the same key where its outcome is open, else what the form says now. */
const againWith = (pending) => () => {
  if (pendingOrder()?.key === pending.key) void send(true);
  else submit();
};

/** Shows today's prices and stock before anybody pays them. */
async function catalogueChanged(failure, pending) {
  if (!(await refresh(true))) {
    show();
    showFailure({
      title: "The shop's prices or stock have changed", action: "Look again",
      text: "Your order was not placed, and the new prices cannot be shown yet.",
    }, () => void catalogueChanged(failure, pending));
    return;
  }
  show();
  const lines = linesOf(products);
  const named = /^items\[(\d+)\]/.exec(failure.field);
  const line = named === null ? undefined : pending.receipt.lines[Number(named[1])];
  const details = changes();
  if (lines.length === 0) {
    showFailure({
      title: "Sorry, this has just sold out", details, action: "Back to the shop",
      text: "Your order was not placed, and nothing is left of what was in your cart.",
    }, () => location.assign("/"));
    return;
  }
  const total = money(totalOf(lines), lines[0].product.currency);
  const was = money(pending.receipt.cents, pending.receipt.currency);
  const words = failure.kind === "price"
    ? { title: "A price has changed", text: `Your order was not placed. The total was ${was} and is now ${total}.` }
    : {
      title: failure.kind === "stock" ? "There is not enough left" : "A product is no longer sold",
      text: `Your order was not placed${line === undefined ? "" : `, because of ${line.name}`}. Your cart now holds what we have: ${total}.`,
    };
  showFailure({ ...words, details, action: `Place the order for ${total}` }, () => submit());
}

function changes() {
  return [...notes().values()].map((note) => {
    if (note.to === 0) return `${note.name}: sold out, and taken out of your cart`;
    if (note.to < note.from) return `${note.name}: ${note.to} instead of ${note.from}`;
    return `${note.name}: ${money(note.now, note.currency)} instead of ${money(note.was, note.currency)}`;
  });
}

function showFailure(words, act) {
  const box = failureBox(words, () => {
    byId("order-error").replaceChildren();
    act();
  });
  byId("order-error").replaceChildren(box);
  byId("elsewhere").hidden = true;
  box.scrollIntoView({ block: "center" });
  box.focus({ preventScroll: true });
}

/**
 * Asks what became of an order that was sent before the page was loaded again, or before the
 * connection came back.
 */
function resume() {
  if (pendingOrder() === null || sending) return;
  progress("Asking the shop whether your order arrived…");
  void send(true);
}

let watched = pendingOrder()?.key ?? "";

/** Another tab has sent an order, or has learnt what became of it. */
function follow() {
  if (sending) return;
  const key = pendingOrder()?.key ?? "";
  const placed = watched !== "" && key === "" ? placedUnder(watched) : null;
  watched = key;
  if (placed !== null) location.assign(orderAddress(placed.orderId));
  else show();
}

const orderAddress = (orderId) => `/order.html?id=${encodeURIComponent(orderId)}`;

addEventListener("storage", follow);
addEventListener("online", resume);
byId("ask").addEventListener("click", resume);
byId("checkout-form").addEventListener("submit", submit);
byId("checkout-form").addEventListener("input", () => byId("order-error").replaceChildren());
startForm();
startShell(show);
void refresh();
resume();
