// @ts-check
/** Pictures that the studio paints, as sheets that are cut up here. */
import { answer } from "./common.js";

/**
 * How a picture is made; see the chunk "ganvas" of the files that ganvas paints.
 * @typedef {object} Cell
 * @property {number} [seed]
 * @property {number} [number]
 * @property {string} [latent]
 * @property {string | Record<string, number>} [label]
 * @property {number} [truncation]
 * @property {{direction: string, amount: number}[]} [edits]
 */

/** @typedef {{name: string, snapshot: string}} Source a snapshot of a run */

/**
 * Send JSON and get a picture.
 * @param {string} path
 * @param {object} body
 */
export function askPicture(path, body) {
  return answer(() =>
    fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  );
}

/**
 * Paint pictures as one sheet without gaps.
 * @param {Source} source
 * @param {Cell[]} cells
 * @param {number} columns
 */
export async function paint(source, cells, columns) {
  const response = await askPicture("/explore/paint", { ...source, cells, columns });
  return createImageBitmap(await response.blob());
}

/**
 * Show a picture on a canvas, which gets its size.
 * @param {HTMLCanvasElement} canvas
 * @param {CanvasImageSource} picture
 * @param {number} width
 * @param {number} height
 * @param {number} [left] where the picture begins in its sheet
 * @param {number} [top]
 */
export function show(canvas, picture, width, height, left = 0, top = 0) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d")?.drawImage(picture, left, top, width, height, 0, 0, width, height);
}

/**
 * Does one thing at a time. What is asked for meanwhile waits, and only the newest of it is done.
 * @template T
 */
export class Newest {
  /** @param {(wanted: T) => Promise<void>} work */
  constructor(work) {
    this.work = work;
    /** @type {T[]} */
    this.waiting = [];
    this.isBusy = false;
  }

  /** @param {T} wanted */
  async ask(wanted) {
    this.waiting = [wanted];
    if (this.isBusy) return;
    this.isBusy = true;
    try {
      for (let next = this.waiting.pop(); next !== undefined; next = this.waiting.pop()) await this.work(next);
    } finally {
      this.isBusy = false;
    }
  }
}

/**
 * Offer a picture's file for download.
 * @param {Blob} blob
 * @param {string} name
 */
export function offer(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
