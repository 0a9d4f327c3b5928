// @ts-check
/**
 * Runs before plotly, which sets `style` attributes. The policy of the page forbids those, but not the same styles set
 * by script, so they are set that way.
 */
const setAttribute = Element.prototype.setAttribute;

const createElement = Document.prototype.createElement;

/**
 * @this {Element}
 * @param {string} name
 * @param {string} value
 */
Element.prototype.setAttribute = function (name, value) {
  if (name === "style" && (this instanceof HTMLElement || this instanceof SVGElement)) this.style.cssText = value;
  else setAttribute.call(this, name, value);
};

/**
 * It also adds a style sheet for maps, which no page shows: its text is left out.
 * @this {Document}
 */
Document.prototype.createElement = /** @type {typeof createElement} */ (
  function (/** @type {string} */ name, /** @type {ElementCreationOptions | undefined} */ options) {
    const made = createElement.call(this, name, options);
    if (made instanceof HTMLStyleElement) Object.defineProperty(made, "textContent", { set() {} });
    return made;
  }
);
