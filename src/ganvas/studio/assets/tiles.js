// @ts-check
/** Small pictures that can be chosen: the wall of seeds, the way between two pictures, and what is kept. */
import { paint, show } from "./painting.js";

/** @typedef {import("./painting.js").Cell} Cell */
/** @typedef {import("./painting.js").Source} Source */

// Pictures of one request, and the most that a wall has.
const CHUNK = 64;
const MOST = 4096;

/** Pictures in an element, each a button. Arrow keys move from one to the next. */
export class Tiles {
  /**
   * @param {HTMLElement} place
   * @param {Source} source
   * @param {number} size of a picture in pixels
   * @param {(cell: Cell, tile: HTMLButtonElement) => void} choose
   */
  constructor(place, source, size, choose) {
    this.place = place;
    this.source = source;
    this.size = size;
    this.choose = choose;
    /** @type {Map<HTMLButtonElement, Cell>} */
    this.cells = new Map();
    /** How a picture is changed before it is painted. @type {(cell: Cell) => Cell} */
    this.look = (cell) => cell;
    /** Counts what was shown; pictures of an earlier time are not drawn any more. */
    this.turn = 0;
    place.addEventListener("keydown", (event) => this.move(event));
  }

  /** All tiles in their order. */
  get tiles() {
    return [...this.cells.keys()];
  }

  /** Take all tiles away. */
  clear() {
    this.turn += 1;
    this.cells.clear();
    this.place.replaceChildren();
  }

  /**
   * Show these pictures instead.
   * @param {Cell[]} cells
   * @param {string[]} names
   */
  async fill(cells, names) {
    this.clear();
    for (let start = 0; start < cells.length; start += CHUNK) {
      await this.add(cells.slice(start, start + CHUNK), names.slice(start, start + CHUNK));
    }
  }

  /**
   * Add pictures. Their places are there at once, the pictures follow.
   * @param {Cell[]} cells at most CHUNK
   * @param {string[]} names what they are called
   * @param {Element | null} before an element that stays behind them
   */
  async add(cells, names, before = null) {
    const turn = this.turn;
    const tiles = cells.map((cell, at) => this.tile(cell, names[at], before));
    await this.draw(tiles, cells, turn);
  }

  /**
   * @param {Cell} cell
   * @param {string} name
   * @param {Element | null} before
   */
  tile(cell, name, before) {
    const tile = document.createElement("button");
    tile.type = "button";
    tile.className = "piece";
    tile.setAttribute("aria-label", name);
    tile.setAttribute("aria-pressed", "false");
    tile.tabIndex = this.cells.size ? -1 : 0;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = this.size;
    tile.append(canvas);
    tile.addEventListener("click", () => this.choose(cell, tile));
    this.cells.set(tile, cell);
    this.place.insertBefore(tile, before);
    return tile;
  }

  /**
   * @param {HTMLButtonElement[]} tiles
   * @param {Cell[]} cells
   * @param {number} turn
   */
  async draw(tiles, cells, turn) {
    const columns = Math.min(8, cells.length);
    const sheet = await paint(this.source, cells.map(this.look), columns);
    if (turn !== this.turn) return;
    const size = sheet.width / columns;
    tiles.forEach((tile, at) => {
      const canvas = tile.querySelector("canvas");
      if (canvas) show(canvas, sheet, size, size, (at % columns) * size, Math.floor(at / columns) * size);
    });
    sheet.close();
  }

  /** Paint what is shown anew, because its look has changed. */
  async repaint() {
    const turn = (this.turn += 1);
    const tiles = this.tiles;
    for (let start = 0; start < tiles.length && turn === this.turn; start += CHUNK) {
      const some = tiles.slice(start, start + CHUNK);
      await this.draw(some, some.map((tile) => /** @type {Cell} */ (this.cells.get(tile))), turn);
    }
  }

  /** @param {Element | null} tile which one is chosen */
  mark(tile) {
    this.tiles.forEach((each) => {
      each.setAttribute("aria-pressed", String(each === tile));
      if (tile) each.tabIndex = each === tile ? 0 : -1;
    });
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const tiles = this.tiles;
    const at = tiles.findIndex((tile) => tile === document.activeElement);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const first = tiles[0].offsetTop;
    const columns = Math.max(1, tiles.findIndex((tile) => tile.offsetTop !== first));
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    const to = step === undefined ? undefined : tiles[at + step];
    if (step !== undefined) event.preventDefault();
    if (!to) return;
    tiles[at].tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }
}

/** A wall of the pictures of a seed, which goes on as it is scrolled. */
export class Wall extends Tiles {
  /**
   * @param {HTMLElement} place
   * @param {Source} source
   * @param {number} size
   * @param {(cell: Cell, tile: HTMLButtonElement) => void} choose
   * @param {(problem: unknown) => void} fail
   */
  constructor(place, source, size, choose, fail) {
    super(place, source, size, choose);
    this.fail = fail;
    this.end = document.createElement("div");
    this.end.className = "wall-end";
    /** The seed; null while the pictures of a file are shown. @type {number | null} */
    this.seed = null;
    this.isAdding = false;
    const nearEnd = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && this.more(), {
      root: place,
      rootMargin: "400px",
    });
    nearEnd.observe(this.end);
  }

  /** @param {number} seed */
  async show(seed) {
    this.clear();
    this.seed = seed;
    this.place.append(this.end);
    this.place.scrollTop = 0;
    await this.more();
  }

  /**
   * Show the pictures of a file.
   * @param {Cell[]} cells
   */
  async showCells(cells) {
    this.seed = null;
    await this.fill(cells, cells.map((cell, at) => (cell.latent ? `Picture ${at + 1}` : nameOf(cell))));
  }

  async more() {
    if (this.seed === null || this.isAdding || this.cells.size >= MOST) return;
    this.isAdding = true;
    const { seed, turn } = this;
    try {
      do {
        const first = this.cells.size;
        const cells = Array.from({ length: CHUNK }, (_, at) => ({ seed, number: first + at }));
        await this.add(cells, cells.map(nameOf), this.end);
      } while (turn === this.turn && this.cells.size < MOST && isNear(this.end, this.place));
    } catch (problem) {
      this.fail(problem);
    } finally {
      this.isAdding = false;
      if (turn !== this.turn) void this.more(); // another seed was asked for meanwhile
    }
  }
}

/**
 * Whether an element is in sight, or will be soon.
 * @param {Element} element
 * @param {Element} within
 */
function isNear(element, within) {
  return element.getBoundingClientRect().top < within.getBoundingClientRect().bottom + 400;
}

/** @param {Cell} cell */
export function nameOf(cell) {
  return `Seed ${cell.seed ?? 0}, number ${cell.number ?? 0}`;
}
