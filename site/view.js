// Builds the page's parts. Text goes in as text, never as markup; styles and handlers are never inline.

/** An element with attributes, and children that are elements or text. Null attributes are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

export function money(cents, currency = "USD") {
  return new Intl.NumberFormat("en-US", { style: "currency", currency }).format(cents / 100);
}

export function productCard(product, add) {
  const soldOut = product.stock !== null && product.stock <= 0;
  const scarce = !soldOut && product.stock !== null && product.stock <= 5;
  const picture = product.image === null
    ? make("div", { class: "no-picture" })
    : make("img", { src: product.image, alt: "", width: 400, height: 320, loading: "lazy" });
  return make("li", { class: "card", "data-testid": "product", "data-product-id": product.id },
    picture,
    make("div", { class: "card-text" },
      make("p", { class: "category" }, product.category),
      make("h3", {}, product.name),
      make("p", { class: "about" }, product.description),
      scarce ? make("p", { class: "scarce" }, `Only ${product.stock} left`) : null,
      make("div", { class: "card-foot" },
        make("span", { class: "price", "data-testid": "price" }, money(product.cents, product.currency)),
        make("button", { type: "button", class: "button", "data-testid": "add-to-cart", disabled: soldOut, "aria-label": `${soldOut ? "Sold out" : "Add to cart"}: ${product.name}`, click: add },
          soldOut ? "Sold out" : "Add to cart"))));
}

/** Stands where a card will be. */
export const placeholderCard = () => make("li", { class: "card waiting", "aria-hidden": "true" }, make("div", { class: "no-picture" }), make("div", { class: "card-text" }));

export function filterButton(name, pressed, choose) {
  return make("button", { type: "button", class: "chip", "aria-pressed": String(pressed), "data-focus": `filter ${name}`, click: choose }, name);
}

export function cartLine({ product, quantity }, actions) {
  const step = (sign, label, act) => make("button", { type: "button", class: "step", "aria-label": `${label} ${product.name}`, "data-focus": `${label} ${product.id}`, click: act }, sign);
  return make("li", { class: "line", "data-testid": "cart-line" },
    product.image === null ? make("div", { class: "thumb" }) : make("img", { class: "thumb", src: product.image, alt: "", width: 60, height: 48 }),
    make("div", { class: "line-text" },
      make("div", { class: "line-head" },
        make("span", { class: "line-name" }, product.name),
        make("span", { class: "line-price" }, money(product.cents * quantity, product.currency))),
      make("div", { class: "line-row" },
        step("−", "One less", actions.less),
        make("span", { class: "quantity", "data-testid": "quantity" }, make("span", { class: "hidden" }, "Quantity "), String(quantity)),
        step("+", "One more", actions.more),
        make("button", { type: "button", class: "link", "aria-label": `Remove ${product.name}`, "data-focus": `remove ${product.id}`, "data-testid": "remove", click: actions.remove }, "Remove"))));
}

export function totalRow(cents, currency) {
  return make("p", { class: "total" }, make("span", {}, "Total"), make("strong", { "data-testid": "total" }, money(cents, currency)));
}

export function checkoutForm(userId, submit, back) {
  return make("form", { class: "checkout", id: "checkout-form", novalidate: true, submit },
    make("label", { for: "user-id" }, "Your name or e-mail"),
    make("input", { id: "user-id", name: "userId", "data-testid": "user-id", type: "text", maxlength: "128", autocomplete: "email", required: true, input: (event) => event.target.removeAttribute("aria-invalid"), "aria-describedby": "user-id-help", value: userId }),
    make("p", { class: "help", id: "user-id-help" }, "So that we know whose order it is. Nothing is charged."),
    make("button", { type: "submit", class: "button wide", "data-testid": "place-order", "data-focus": "place" }, "Place order"),
    make("button", { type: "button", class: "link", click: back }, "Back to the cart"));
}

export function confirmation(orderId, close) {
  return make("div", { class: "thanks", "data-testid": "confirmation" },
    make("p", { class: "tick", "aria-hidden": "true" }, "✓"),
    make("h3", { tabindex: "-1", id: "thanks-title" }, "Thank you, your order is placed"),
    make("p", {}, "Order number"),
    make("p", { class: "order-id", "data-testid": "order-id" }, orderId),
    make("button", { type: "button", class: "button", click: close }, "Keep shopping"));
}

export function errorBox(message, label, retry) {
  return make("div", { class: "error", role: "alert", "data-testid": "error" },
    make("p", {}, message),
    make("button", { type: "button", class: "button", "data-testid": "retry", click: retry }, label));
}
