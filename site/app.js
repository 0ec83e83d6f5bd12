// The shop's flow: load the catalogue, keep the cart, place the order. Parts are built in view.js.

import { placeOrder, products } from "/api.js";
import { Cart, pieces, totalCents } from "/cart.js";
import { cartLine, checkoutForm, confirmation, errorBox, filterButton, make, placeholderCard, productCard, totalRow } from "/view.js";

const at = (id) => document.getElementById(id);
const ALL = "All";
const EMPTY = {
  opening: "One moment, the shop is opening.",
  open: "Nothing here yet. Add something you like.",
  closed: "Your cart is kept, and comes back with the catalogue.",
};
const cart = new Cart();
let catalogue = [];
/** "opening", "open" or "closed" (the API did not answer). */
let shop = "opening";
let category = ALL;
/** "cart", "checkout" or "done". */
let stage = "cart";
let orderId = "";
let userId = "";
let sending = false;

function say(text) {
  at("status").textContent = text;
}

/** Replaces children and gives the focus back to the control that had it, or to the given one. */
function fill(box, children, fallback = null) {
  const had = box.contains(document.activeElement);
  const key = had ? document.activeElement.dataset.focus : undefined;
  box.replaceChildren(...children);
  if (!had) return;
  const again = [...box.querySelectorAll("[data-focus]")].find((one) => one.dataset.focus === key);
  (again ?? fallback ?? box).focus();
}

function showCatalogue() {
  const categories = [ALL, ...new Set(catalogue.map((product) => product.category).filter(Boolean))];
  if (!categories.includes(category)) category = ALL;
  fill(at("filter"), categories.map((name) => filterButton(name, name === category, () => {
    category = name;
    showCatalogue();
    say(`${name === ALL ? "All products" : name}: ${shown().length} shown`);
  })), at("catalogue"));
  at("products").replaceChildren(...shown().map((product) => productCard(product, () => add(product))));
  at("products").setAttribute("aria-busy", "false");
}

function shown() {
  return catalogue.filter((product) => category === ALL || product.category === category);
}

function add(product) {
  const changed = cart.change(product, 1);
  if (stage === "done") stage = "cart";
  showCart();
  const count = pieces(cart.lines(catalogue));
  say(changed ? `${product.name} added. ${count} in the cart.` : `There is no more of ${product.name}.`);
}

function showCart() {
  const lines = cart.lines(catalogue);
  at("cart-count").textContent = String(pieces(lines));
  const box = at("cart-body");
  if (stage === "done") {
    fill(box, [confirmation(orderId, () => go("cart"))], at("cart"));
    return;
  }
  if (lines.length === 0) {
    stage = "cart";
    fill(box, [make("p", { class: "empty" }, EMPTY[shop])], at("cart"));
    return;
  }
  const list = make("ul", { class: "lines" }, ...lines.map((line) => cartLine(line, {
    less: () => step(line.product, -1),
    more: () => step(line.product, 1),
    remove: () => {
      cart.remove(line.product.id);
      showCart();
      say(`${line.product.name} removed.`);
    },
  })));
  const end = stage === "checkout"
    ? checkoutForm(userId, submit, () => go("cart"))
    : make("button", { type: "button", class: "button wide", "data-testid": "checkout", click: () => go("checkout") }, "Checkout");
  rememberName();
  fill(box, [list, totalRow(totalCents(lines), lines[0].product.currency), end], at("cart"));
  const field = at("user-id");
  if (field) field.value = userId;
}

/** The form is rebuilt with the cart; what was typed must survive that. */
function rememberName() {
  const field = at("user-id");
  if (field) userId = field.value;
}

function step(product, by) {
  const changed = cart.change(product, by);
  showCart();
  const left = cart.quantity(product.id);
  say(changed ? `${product.name}: ${left === 0 ? "removed" : left}.` : `There is no more of ${product.name}.`);
}

function go(next) {
  stage = next;
  at("order-error").replaceChildren();
  showCart();
  if (next === "checkout") at("user-id")?.focus();
  else if (next === "done") at("thanks-title")?.focus();
  else at("cart").focus({ preventScroll: true });
}

async function submit(event) {
  event?.preventDefault();
  rememberName();
  userId = userId.trim();
  if (sending) return;
  if (userId === "") {
    const field = at("user-id");
    field?.setAttribute("aria-invalid", "true");
    at("user-id-help").textContent = "Please enter your name or e-mail.";
    field?.focus();
    return;
  }
  await send();
}

async function send() {
  const lines = cart.lines(catalogue);
  at("order-error").replaceChildren();
  busy(true);
  try {
    orderId = await placeOrder(userId, lines, totalCents(lines));
    cart.clear();
    go("done");
    say(`Order placed. The order number is ${orderId}.`);
  } catch (error) {
    await refused(error);
  } finally {
    busy(false);
  }
}

function busy(now) {
  sending = now;
  at("cart-body").setAttribute("aria-busy", String(now));
  const button = document.querySelector("[data-testid=place-order]");
  if (!button) return;
  button.setAttribute("aria-disabled", String(now));
  button.textContent = now ? "Placing your order…" : "Place order";
}

/** Says what can be done about it. Prices that changed are shown before anybody pays them. */
async function refused(error) {
  const box = at("order-error");
  const show = (text, label, act) => {
    box.replaceChildren(errorBox(text, label, () => {
      box.replaceChildren();
      act();
    }));
    box.scrollIntoView({ block: "nearest" });
  };
  if (error.code === "TotalMismatch" || error.code === "UnknownProduct") {
    await load();
    show("The catalogue has changed since you opened it. Your cart now shows today's prices: please check the total.", "Review and place order", () => {
      showCart();
      (document.querySelector("[data-testid=place-order]") ?? at("cart")).focus();
    });
  } else if (error.status >= 400 && error.status < 500 && error.status !== 429 && error.code !== "Network") {
    show("The shop could not accept this order. Please check your name and the quantities.", "Check again", () => at("user-id")?.focus());
  } else {
    show("We could not reach the shop, so we do not know whether the order arrived. Your cart is safe.", "Try again", () => submit());
  }
}

async function load() {
  at("catalogue-error").replaceChildren();
  if (catalogue.length === 0) at("products").replaceChildren(...Array.from({ length: 6 }, placeholderCard));
  at("products").setAttribute("aria-busy", "true");
  try {
    catalogue = await products();
    shop = "open";
    const lost = cart.keepOnly(catalogue);
    showCatalogue();
    say(lost ? "Something in your cart is no longer available and was taken out." : `${catalogue.length} products.`);
  } catch {
    at("products").setAttribute("aria-busy", "false");
    if (catalogue.length === 0) {
      shop = "closed";
      at("products").replaceChildren();
    }
    at("catalogue-error").replaceChildren(errorBox("The shop is not answering right now. Please try again in a moment.", "Try again", load));
  }
  showCart();
}

showCart();
load();
