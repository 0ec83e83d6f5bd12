// Builds elements from data. Text is always set as text: what stands in the table never becomes
// markup.

/**
 * Makes an element. A function among the attributes becomes a listener; null and false are left
 * out.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== null && value !== false && value !== undefined) {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const byId = (id) => document.getElementById(id);

export function money(cents, currency) {
  return new Intl.NumberFormat("en-US", { style: "currency", currency }).format(cents / 100);
}

/** A page per product of the shop's own range, and one page that can show any other product. */
export function productAddress(id) {
  return OWN_PAGES.has(id) ? `/products/${id}.html` : `/product.html?id=${encodeURIComponent(id)}`;
}

const OWN_PAGES = new Set(
  (document.documentElement.dataset.pages ?? "").split(" ").filter(Boolean),
);

/**
 * A picture in the size that fits, or a placeholder: where there is none, and where it cannot be
 * loaded. `sizes` is the width that it takes up, as HTML's `sizes` has it.
 */
export function picture(image, alt, sizes, eager = false) {
  if (image === null) return placeholder();
  const img = element("img", {
    alt, width: 800, height: 640, loading: eager ? null : "lazy", decoding: "async",
    fetchpriority: eager ? "high" : null,
  });
  const own = /^(\/images\/[A-Za-z0-9_-]+)\.svg$/.exec(image);
  const source = own === null ? null : element("source", {
    type: "image/webp", sizes,
    srcset: `${own[1]}-400.webp 400w, ${own[1]}-800.webp 800w`,
  });
  const frame = element("picture", { class: "picture" }, source, img);
  watchPicture(frame);
  img.src = image;
  return frame;
}

/** Falls back from WebP to the SVG, and from that to the placeholder. */
export function watchPicture(frame) {
  const img = frame.querySelector("img");
  const fallBack = () => {
    const source = frame.querySelector("source");
    if (source === null) frame.replaceWith(placeholder());
    else source.remove();
  };
  img.addEventListener("error", fallBack);
  if (img.complete && img.getAttribute("src") && img.naturalWidth === 0) fallBack();
}

const placeholder = () => element("div", { class: "picture no-picture", "data-testid": "no-picture" },
  element("span", {}, "No picture yet"));

/** Puts `children` into `box` and gives the focus back to the control that had it. */
export function fill(box, children, fallback = box) {
  const had = box.contains(document.activeElement);
  const key = had ? document.activeElement.dataset.focus : undefined;
  box.replaceChildren(...children.filter((child) => child !== null));
  if (!had) return;
  const again = [...box.querySelectorAll("[data-focus]")].find((e) => e.dataset.focus === key);
  (again ?? fallback).focus();
}

/** Tells a screen reader. */
export function announce(text) {
  byId("status").textContent = text;
}
