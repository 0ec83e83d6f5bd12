// A product in a list: a link to its page, and a button that puts it into the cart.

import { element, money, picture, productAddress } from "./dom.js";
import { addToCart } from "./shell.js";

const SCARCE = 5;

/** "Sold out", "Only 3 left", or nothing where there is plenty. */
export function stockText({ stock }) {
  if (stock === null || stock > SCARCE) return "";
  return stock === 0 ? "Sold out" : `Only ${stock} left`;
}

export function productCard(product, eager) {
  const soldOut = product.stock === 0;
  return element("li", { class: "card", "data-testid": "product", "data-product-id": product.id },
    element("a", { class: "card-link", href: productAddress(product.id), "data-testid": "product-link" },
      picture(product.image, "", "(min-width: 62rem) 19rem, (min-width: 40rem) 30vw, 46vw", eager),
      element("h3", {}, product.name)),
    element("p", { class: "card-note" },
      element("span", { class: "category" }, product.category),
      element("span", { class: "scarce" }, soldOut ? "" : stockText(product))),
    element("div", { class: "card-foot" },
      element("span", { class: "price", "data-testid": "price" }, money(product.cents, product.currency)),
      element("button", {
        type: "button", class: "button add", "data-testid": "add-to-cart", disabled: soldOut,
        "aria-label": soldOut ? `Sold out: ${product.name}` : `Add to cart: ${product.name}`,
        click: () => addToCart(product),
      }, soldOut ? "Sold out" : "Add")));
}
