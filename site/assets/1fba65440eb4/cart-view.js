// The cart as people see it: lines, notes on what changed by itself, total, and the drawer that
// every page has.

import { announce, byId, fill, element, money, picture, productAddress } from "./dom.js";
import {
  changeQuantity, forgetNotes, linesOf, notes, pendingOrder, pieces, removeLine, totalOf,
} from "./store.js";

/** The lines, or a sentence where there are none. `products` is null while they are not known. */
export function cartLines(products) {
  const lines = products === null ? [] : linesOf(products);
  const noted = noteBox(lines);
  if (products === null && pieces() > 0) {
    return [element("p", { class: "soft" }, "Your cart is kept, and shows as soon as the catalogue is here.")];
  }
  if (lines.length === 0) {
    return [noted, element("p", { class: "soft", "data-testid": "cart-empty" }, "Your cart is empty.")];
  }
  return [
    noted,
    element("ul", { class: "lines" }, ...lines.map(cartLine)),
    element("p", { class: "total" }, element("span", {}, "Total"),
      element("strong", { "data-testid": "total" }, money(totalOf(lines), lines[0].product.currency))),
  ];
}

function cartLine({ product, quantity }) {
  const step = (sign, label, by) => element("button", {
    type: "button", class: "step", "aria-label": `${label} ${product.name}`,
    "data-focus": `${label} ${product.id}`, "data-testid": by > 0 ? "more" : "less",
    click: () => change(product, by),
  }, sign);
  return element("li", { class: "line", "data-testid": "cart-line", "data-product-id": product.id },
    element("div", { class: "thumb" }, picture(product.image, "", "72px")),
    element("div", { class: "line-text" },
      element("div", { class: "line-head" },
        element("a", { class: "line-name", href: productAddress(product.id) }, product.name),
        element("span", { class: "line-price" }, money(product.cents * quantity, product.currency))),
      quantity > 1 ? element("p", { class: "each" }, `${money(product.cents, product.currency)} each`) : null,
      changedLine(product.id),
      element("div", { class: "line-row" },
        step("−", "One less", -1),
        element("span", { class: "quantity", "data-testid": "quantity" },
          element("span", { class: "hidden" }, "Quantity "), String(quantity)),
        step("+", "One more", 1),
        element("button", {
          type: "button", class: "link", "aria-label": `Remove ${product.name}`,
          "data-focus": `remove ${product.id}`, "data-testid": "remove",
          click: () => {
            removeLine(product.id);
            announce(`${product.name} removed.`);
          },
        }, "Remove"))));
}

function change(product, by) {
  const outcome = changeQuantity(product, by);
  if (outcome === "no-more") announce(`There is no more of ${product.name}.`);
  else announce(`${product.name}: quantity changed. ${pieces()} in the cart.`);
}

/** What changed in a line without the customer's doing. */
function changedLine(id) {
  const note = notes().get(id);
  if (note === undefined || note.to === 0) return null;
  return element("p", { class: "changed", "data-testid": "line-changed" }, noteText(note));
}

function noteText(note) {
  const parts = [];
  if (note.to < note.from) parts.push(`only ${note.to} left, so your ${note.from} became ${note.to}`);
  if (note.now !== note.was) {
    parts.push(`price changed from ${money(note.was, note.currency)} to ${money(note.now, note.currency)}`);
  }
  const text = parts.join("; ");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Lines that are gone have no place of their own to say so. */
function noteBox(lines) {
  const shown = new Set(lines.map((line) => line.product.id));
  const gone = [...notes()].filter(([id, note]) => note.to === 0 && !shown.has(id));
  if (gone.length === 0) return null;
  return element("div", { class: "note", "data-testid": "cart-note" },
    ...gone.map(([, note]) => element("p", {}, `${note.name} is sold out, and was taken out of your cart.`)),
    element("button", { type: "button", class: "link", click: forgetNotes, "data-focus": "forget" }, "All right"));
}

let dialog = null;

/** Adds the drawer to the page, beside it or over it on a phone, and lets the header's cart link open it. */
export function addDrawer() {
  dialog = element("dialog", { class: "drawer", id: "drawer", "aria-labelledby": "drawer-title" },
    element("div", { class: "drawer-head" },
      element("h2", { id: "drawer-title", tabindex: "-1" }, "Your cart"),
      element("button", { type: "button", class: "close", "aria-label": "Close the cart", "data-testid": "close-cart", click: () => dialog.close() }, "×")),
    element("div", { class: "drawer-body", id: "drawer-body", tabindex: "-1" }),
    element("div", { class: "drawer-foot", id: "drawer-foot" }));
  // A click beside the drawer closes it: it lands on the dialog itself, not on what is in it.
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  byId("open-cart").addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
    byId("drawer-title").focus();
  });
}

/** Draws the drawer and the header's number anew. */
export function showDrawer(products) {
  const count = pieces();
  byId("cart-count").textContent = String(count);
  if (dialog === null) return;
  fill(byId("drawer-body"), cartLines(products), byId("drawer-title"));
  const lines = products === null ? [] : linesOf(products);
  fill(byId("drawer-foot"), [
    lines.length === 0 ? null : element("a", { class: "button wide", href: "/checkout.html", "data-testid": "checkout", "data-focus": "checkout" }, "Checkout"),
    element("button", { type: "button", class: "button plain wide", "data-focus": "shop", click: () => dialog.close() }, "Keep shopping"),
  ], byId("drawer-title"));
}

/** Says on every page but the checkout that an order's outcome is not known yet. */
export function pendingBanner() {
  if (pendingOrder() === null) return null;
  return element("p", { class: "banner", "data-testid": "pending" },
    "An order of yours was sent, and its answer did not arrive. ",
    element("a", { href: "/checkout.html" }, "Ask whether it was placed"));
}
