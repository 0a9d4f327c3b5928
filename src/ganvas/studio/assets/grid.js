// @ts-check
/** The pictures of a run over time: a slider over every saved moment, which follows the newest one. */
import { the } from "./common.js";

/** @typedef {{moments: number[], best: number | null}} Moments */

const picture = the("grid", HTMLImageElement);
const slider = the("moment", HTMLInputElement);
const said = the("moment-said", HTMLOutputElement);
const jumps = [...document.querySelectorAll("[data-jump]")];

/** Shows sample grids. Of the moments that are asked for while one is loading, only the newest is loaded. */
export class Grid {
  /** @param {string} name of the run */
  constructor(name) {
    this.name = name;
    /** @type {Moments} */
    this.run = { moments: [], best: null };
    /** What is wanted: a moment, or to follow the newest. @type {number | "newest"} */
    this.wanted = "newest";
    this.isLoading = false;
    /** @type {number | null} */
    this.shown = null;
    slider.addEventListener("input", () => this.want(this.run.moments[slider.valueAsNumber]));
    jumps.forEach((button) => button.addEventListener("click", () => this.jump(button)));
  }

  /** @param {Moments} run */
  update(run) {
    this.run = run;
    slider.max = String(Math.max(0, run.moments.length - 1));
    slider.disabled = run.moments.length < 2;
    this.want(this.wanted);
  }

  /** @param {Element} button */
  jump(button) {
    const { moments } = this.run;
    const place = button instanceof HTMLElement ? button.dataset.jump : "";
    this.want(place === "last" ? "newest" : place === "first" ? moments[0] : nearest(moments, this.run.best));
  }

  /** @param {number | "newest" | undefined} moment */
  want(moment) {
    const { moments, best } = this.run;
    if (moment === undefined || !moments.length) return;
    const last = moments[moments.length - 1];
    // A resumed run writes moments again; one that is gone is the newest instead.
    this.wanted = moment === "newest" || moment === last || !moments.includes(moment) ? "newest" : moment;
    const at = this.wanted === "newest" ? last : this.wanted;
    slider.value = String(moments.indexOf(at));
    const text = `${at.toLocaleString("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 })} kimg`;
    said.value = at === nearest(moments, best) ? `${text} · best` : text;
    slider.setAttribute("aria-valuetext", said.value);
    const now = { first: moments[0], best: nearest(moments, best), last };
    jumps.forEach((button) => {
      const place = /** @type {HTMLElement} */ (button).dataset.jump;
      button.setAttribute("aria-pressed", String(at === now[/** @type {"first" | "best" | "last"} */ (place)]));
      if (place === "best" && button instanceof HTMLButtonElement) button.disabled = best === null;
    });
    void this.load();
  }

  async load() {
    if (this.isLoading) return;
    this.isLoading = true;
    try {
      for (;;) {
        const { moments } = this.run;
        const at = this.wanted === "newest" ? moments[moments.length - 1] : this.wanted;
        if (at === this.shown) return;
        const next = new Image();
        next.src = `/run/grid?${new URLSearchParams({ name: this.name, kimg: String(at) })}`;
        await next.decode().catch(() => undefined); // the old picture stays until the new one can be shown
        this.shown = at;
        if (!next.naturalWidth) continue;
        picture.src = next.src;
        picture.alt = `Generated pictures after ${at.toFixed(1)} kimg`;
        picture.hidden = false;
        picture.parentElement?.style.removeProperty("aspect-ratio"); // it kept the place of the first one
        the("no-grid", HTMLParagraphElement).hidden = true;
      }
    } finally {
      this.isLoading = false;
    }
  }
}

/**
 * The moment closest to an evaluation.
 * @param {number[]} moments
 * @param {number | null} target
 * @returns {number | undefined}
 */
function nearest(moments, target) {
  if (target === null) return undefined;
  return moments.reduce((best, each) => (Math.abs(each - target) < Math.abs(best - target) ? each : best), moments[0]);
}
