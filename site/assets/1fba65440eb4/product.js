// A product's page. Pages of the shop's own range hold name, picture and text already; the page for
// any other product takes them from the catalogue, as all take price and stock.

import { announce, byId, element, money, picture, watchPicture } from "./dom.js";
import { productCard, stockText } from "./card.js";
import { addToCart, products, refresh, startShell } from "./shell.js";
import { mostOf } from "./store.js";

const RELATED = 4;
const id = byId("product").dataset.productId || new URLSearchParams(location.search).get("id") || "";
let drawnProducts = null;

function show() {
  if (products === null || products === drawnProducts) return;
  drawnProducts = products;
  const product = products.find((each) => each.id === id);
  byId("product").hidden = product === undefined;
  byId("unknown").hidden = product !== undefined;
  if (product === undefined) {
    document.title = "Product not found – Morrow Goods";
    return;
  }
  showText(product);
  showOffer(product);
  showRelated(product);
}

function showText(product) {
  document.title = `${product.name} – Morrow Goods`;
  const about = product.description || `${product.name}, at Morrow Goods.`;
  document.querySelector("meta[name=description]").content = about;
  byId("name").textContent = product.name;
  byId("about").textContent = product.description;
  byId("category").textContent = product.category;
  byId("category").href = `/?category=${encodeURIComponent(product.category)}`;
  const frame = byId("picture");
  if (product.image !== null && frame.dataset.image === product.image) return;
  frame.dataset.image = product.image ?? "";
  frame.replaceChildren(picture(product.image, product.name, "(min-width: 48rem) 50vw, 92vw", true));
}

function showOffer(product) {
  byId("price").textContent = money(product.cents, product.currency);
  byId("stock").textContent = stockText(product) || (product.stock === null ? "" : "In stock");
  byId("stock").className = product.stock !== null && product.stock <= 5 ? "stock scarce" : "stock";
  const most = mostOf(product);
  const quantity = byId("quantity");
  quantity.max = String(Math.max(most, 1));
  quantity.disabled = most === 0;
  const button = byId("add");
  button.disabled = most === 0;
  button.textContent = most === 0 ? "Sold out" : "Add to cart";
}

function add(event) {
  event.preventDefault();
  const product = products?.find((each) => each.id === id);
  if (product === undefined) return;
  const quantity = Number(byId("quantity").value);
  const most = mostOf(product);
  const sound = Number.isInteger(quantity) && quantity >= 1 && quantity <= most;
  byId("quantity").setAttribute("aria-invalid", String(!sound));
  byId("quantity-help").textContent = sound ? "" : `Please choose a number from 1 to ${most}.`;
  if (sound) addToCart(product, quantity);
  else announce(byId("quantity-help").textContent);
}

function showRelated(product) {
  const others = products.filter((each) => each.id !== id && each.category === product.category);
  byId("related").hidden = others.length === 0;
  byId("related-list").replaceChildren(
    ...others.slice(0, RELATED).map((other) => productCard(other, false)));
  byId("related-title").replaceChildren(element("span", {}, `More in ${product.category}`));
}

document.querySelectorAll("#picture picture").forEach(watchPicture);
byId("offer").addEventListener("submit", add);
startShell(show);
void refresh();
