// What all pages share: the catalogue's loading and its failures, the cart's drawer, and the short
// message after something was put into the cart.

import { announce, byId, element } from "./dom.js";
import { loadProducts } from "./api.js";
import { addDrawer, pendingBanner, showDrawer } from "./cart-view.js";
import { changeQuantity, fitCart, onCartChange, pieces } from "./store.js";
import { catalogueWords, failureBox } from "./words.js";

const SLOW_MS = 4_000;
const TOAST_MS = 5_000;

/** Products as last loaded; null before that. */
export let products = null;

const views = new Set();
const draw = () => {
  showDrawer(products);
  views.forEach((view) => view());
};

/** Draws the header and the drawer, and `view` whenever the catalogue or the cart changes. */
export function startShell(view) {
  views.add(view);
  addDrawer();
  onCartChange(() => {
    // Another tab may have put in more than there is.
    if (products === null || !fitCart(products)) draw();
  });
  const banner = pendingBanner();
  if (banner !== null && document.body.dataset.page !== "checkout") {
    byId("banner").replaceChildren(banner);
  }
  draw();
  addEventListener("online", () => {
    if (byId("catalogue-error").hasChildNodes()) void refresh();
  });
}

/** Loads the catalogue; a failure is shown on the page with its way on. True where it worked. */
export async function refresh(fresh = false) {
  const box = byId("catalogue-error");
  const slow = setTimeout(() => {
    if (products === null) box.replaceChildren(slowNote());
  }, SLOW_MS);
  document.body.dataset.catalogue = "loading";
  try {
    products = await loadProducts(fresh);
    box.replaceChildren();
    if (fitCart(products)) announce("Something in your cart has changed. Please look at your cart.");
    else draw();
    document.body.dataset.catalogue = "ready";
    return true;
  } catch (failure) {
    document.body.dataset.catalogue = "failed";
    box.replaceChildren(failureBox({ ...catalogueWords(failure), wait: failure.wait ?? 0 }, () => {
      box.replaceChildren(element("p", { class: "notice" }, "Loading the catalogue…"));
      void refresh(true);
    }));
    draw();
    return false;
  } finally {
    clearTimeout(slow);
  }
}

/** Lies over the page: a note that pushed the products down would make them jump twice. */
const slowNote = () => element("p", { class: "notice slow", role: "status", "data-testid": "slow" },
  "The shop is slow right now. We are still loading, there is nothing you need to do.");

/** Puts a product into the cart and says so. */
export function addToCart(product, quantity = 1) {
  const outcome = changeQuantity(product, quantity);
  const text = {
    done: `${product.name} is in your cart.`,
    "no-more": `Your cart has all we have of ${product.name}.`,
    full: "A cart holds 50 different products. Please order these first.",
  }[outcome];
  showToast(text);
  announce(`${text} ${pieces()} in the cart.`);
}

let toastTimer = 0;

/** The message stands in the header beside the cart's link, where it hides nothing of the page. */
function showToast(text) {
  clearTimeout(toastTimer);
  byId("toast").textContent = text;
  byId("toast").hidden = false;
  toastTimer = setTimeout(() => {
    byId("toast").hidden = true;
  }, TOAST_MS);
}
