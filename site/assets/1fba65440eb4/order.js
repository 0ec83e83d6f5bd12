// The confirmation: every line, the total and the order's number, from what this browser has kept.

import { byId, element, money, picture } from "./dom.js";
import { refresh, startShell } from "./shell.js";
import { placedOrder } from "./store.js";

const COUNTRIES = new Intl.DisplayNames(["en"], { type: "region" });

function show() {
  const orderId = new URLSearchParams(location.search).get("id") ?? "";
  const order = placedOrder(orderId);
  byId("thanks").hidden = order === null;
  byId("unknown").hidden = order !== null;
  if (order === null) return;
  byId("order-id").textContent = order.orderId;
  byId("when").textContent = new Intl.DateTimeFormat("en-US", { dateStyle: "long", timeStyle: "short" }).format(order.when);
  byId("mail").textContent = order.userId;
  byId("order-lines").replaceChildren(...order.lines.map((line) => orderLine(line, order.currency)));
  byId("order-total").textContent = money(order.cents, order.currency);
  byId("delivery").replaceChildren(...deliveryLines(order.delivery).map((text) => element("span", {}, text)));
}

const orderLine = (line, currency) => element("li", { class: "line", "data-testid": "order-line" },
  element("div", { class: "thumb" }, picture(line.image, "", "72px")),
  element("div", { class: "line-text" },
    element("div", { class: "line-head" },
      element("span", { class: "line-name" }, line.name),
      element("span", { class: "line-price" }, money(line.cents * line.quantity, currency))),
    element("p", { class: "each" }, `${line.quantity} × ${money(line.cents, currency)}`)));

function deliveryLines({ name, street, postalCode, city, country, note }) {
  const lines = [name, street, `${postalCode} ${city}`, COUNTRIES.of(country) ?? country];
  return note === undefined ? lines : [...lines, `Note: ${note}`];
}

startShell(() => {});
show();
void refresh();
