// @ts-check
/** How a picture is changed on the page to explore: truncation, class or mixture of classes, steps along directions. */
import { the } from "./common.js";

/** @typedef {import("./painting.js").Cell} Cell */

/** The sliders of an attribute. @param {string} attribute */
const sliders = (attribute) =>
  [...document.querySelectorAll(`[data-${attribute}]`)].filter((each) => each instanceof HTMLInputElement);

/** The sliders and the choice of a class. */
export class Controls {
  /**
   * @param {string[]} classes of the generator
   * @param {() => void} onMove called while one of them moves
   * @param {() => void} onRest called when it has been let go
   */
  constructor(classes, onMove, onRest) {
    this.classes = classes;
    this.truncation = the("truncation", HTMLInputElement);
    this.label = document.getElementById("label");
    this.mixture = sliders("class");
    this.directions = sliders("direction");
    for (const slider of [this.truncation, ...this.mixture, ...this.directions]) {
      slider.addEventListener("input", onMove);
      slider.addEventListener("change", onRest);
    }
    this.label?.addEventListener("change", () => {
      onMove();
      onRest();
    });
  }

  /**
   * A picture as it is changed.
   * @param {Cell} cell
   * @returns {Cell}
   */
  changed(cell) {
    /** @type {Cell} */
    const made = { truncation: this.truncation.valueAsNumber };
    if (cell.latent) made.latent = cell.latent;
    else Object.assign(made, { seed: cell.seed ?? 0, number: cell.number ?? 0 });
    const edits = this.directions
      .filter((each) => each.valueAsNumber !== 0)
      .map((each) => ({ direction: each.dataset.direction ?? "", amount: each.valueAsNumber }));
    if (edits.length) made.edits = edits;
    const label = this.chosenLabel();
    if (label) made.label = label;
    else if (cell.latent && cell.label) made.label = cell.label; // no seed says which class it has
    return made;
  }

  /** @returns {string | Record<string, number> | null} */
  chosenLabel() {
    if (!(this.label instanceof HTMLSelectElement) || this.label.value === "") return null;
    if (this.label.value !== "mixture") return this.classes[Number(this.label.value) - 1];
    const parts = this.mixture.filter((each) => each.valueAsNumber > 0);
    const total = parts.reduce((sum, each) => sum + each.valueAsNumber, 0);
    if (!total) return this.classes[0];
    return Object.fromEntries(parts.map((each) => [each.dataset.class ?? "", each.valueAsNumber / total]));
  }

  /**
   * Set them to what a picture has.
   * @param {Cell} cell
   */
  set(cell) {
    this.truncation.value = String(cell.truncation ?? 1);
    for (const each of this.directions) {
      each.value = String(cell.edits?.find((edit) => edit.direction === each.dataset.direction)?.amount ?? 0);
    }
    if (this.label instanceof HTMLSelectElement) {
      const { label } = cell;
      const number = typeof label === "string" ? String(this.classes.indexOf(label) + 1) : "mixture";
      this.label.value = label === undefined ? "" : number;
      if (typeof label === "object") {
        for (const each of this.mixture) each.value = String(label[each.dataset.class ?? ""] ?? 0);
      }
    }
    this.describe();
  }

  /** Say their values, and show the sliders of a mixture only when they are used. */
  describe() {
    the("truncation-said", HTMLOutputElement).value = this.truncation.valueAsNumber.toFixed(2);
    for (const each of this.directions) each.setAttribute("aria-valuetext", `${each.value} steps`);
    const mixture = document.getElementById("mixture");
    if (mixture) mixture.hidden = !(this.label instanceof HTMLSelectElement && this.label.value === "mixture");
  }
}
