// @ts-check
/** The page on which one wanders through what a generator learned. */
import { answer, listen, onDrop, onEachSeed, onSubmit, post, say, the } from "./common.js";
import { Controls } from "./controls.js";
import { brought, goTo, restore, startProjection } from "./given.js";
import { Newest, askPicture, offer, paint, show } from "./painting.js";
import { Tiles, Wall } from "./tiles.js";

/** @typedef {import("./painting.js").Cell} Cell */

const main = the("explore", HTMLDivElement);
/** @type {{name: string, snapshot: string, size: number, classes: string[], directions: string[], favourites: Kept[]}} */
const state = JSON.parse(main.dataset.state ?? "{}");
/** @typedef {{name: string, cell: Cell}} Kept */
const source = { name: state.name, snapshot: state.snapshot };
const big = the("big", HTMLCanvasElement);
/** The chosen picture, before the changes of the controls. @type {Cell} */
let chosen = { seed: 0, number: 0 };
/** The pictures that were chosen before, the newest last. @type {Cell[]} */
const before = [];
let favourite = "";
let isEverywhere = false;

/** @param {unknown} error */
function fail(error) {
  const problem = the("problem", HTMLParagraphElement);
  problem.hidden = false;
  problem.textContent = error instanceof Error ? error.message : String(error);
}

const controls = new Controls(state.classes, repaint, settle);
/** @param {Cell} cell */
const changed = (cell) => controls.changed(cell);

// --- The chosen picture ---

const painter = new Newest(async (/** @type {Cell} */ cell) => {
  try {
    const picture = await paint(source, [cell], 1);
    show(big, picture, picture.width, picture.height);
    picture.close();
    the("problem", HTMLParagraphElement).hidden = true;
  } catch (error) {
    fail(error);
  }
});

const describer = new Newest(async (/** @type {Cell} */ cell) => {
  try {
    const { words, command } = await post("/explore/describe", { ...source, cell });
    the("words", HTMLParagraphElement).textContent = words;
    big.setAttribute("aria-label", `The chosen picture: ${words}`);
    the("command", HTMLElement).textContent = command;
  } catch (error) {
    fail(error);
  }
});

/** Paint the chosen picture as the controls have it; in words only once they rest. */
function repaint() {
  controls.describe();
  the("near", HTMLDivElement).hidden = true;
  void painter.ask(changed(chosen));
}

function settle() {
  void describer.ask(changed(chosen));
  if (isEverywhere) void spread();
}

/**
 * Choose a picture.
 * @param {Cell} cell
 * @param {boolean} [isNew] whether to come back to the one before
 * @param {boolean} [setsControls] whether it brings its own truncation, class and directions
 */
function choose(cell, isNew = true, setsControls = true) {
  if (isNew) before.push(changed(chosen));
  the("back", HTMLButtonElement).disabled = !before.length;
  chosen = cell;
  if (setsControls) controls.set(cell);
  repaint();
  void describer.ask(changed(chosen));
}

/** @param {Tiles} of @param {Cell} cell @param {Element} tile */
function chooseTile(of, cell, tile) {
  [wall, way, kept].forEach((each) => each.mark(each === of ? tile : null));
  const at = of === kept ? kept.tiles.indexOf(/** @type {HTMLButtonElement} */ (tile)) : -1;
  favourite = state.favourites[at]?.name ?? "";
  the("forget", HTMLButtonElement).hidden = !favourite;
  choose(cell, true, of !== wall || wall.seed === null);
}

const wall = new Wall(the("wall", HTMLDivElement), source, state.size, (cell, tile) => chooseTile(wall, cell, tile), fail);
const way = new Tiles(the("way", HTMLDivElement), source, state.size, (cell, tile) => chooseTile(way, cell, tile));
const kept = new Tiles(the("favourites", HTMLDivElement), source, state.size, (cell, tile) => chooseTile(kept, cell, tile));

/** Give every picture of the wall the look of the chosen one, or take it away. */
async function spread() {
  wall.look = isEverywhere ? changed : (cell) => cell;
  await wall.repaint().catch(fail);
}

the("reset", HTMLButtonElement).addEventListener("click", () => {
  controls.set(chosen.latent ? { label: chosen.label } : {});
  repaint();
  settle();
});
the("everywhere", HTMLButtonElement).addEventListener("click", (event) => {
  isEverywhere = !isEverywhere;
  /** @type {HTMLElement} */ (event.currentTarget).setAttribute("aria-pressed", String(isEverywhere));
  void spread();
});

// --- The wall ---

const seed = the("seed", HTMLInputElement);
onEachSeed(seed, the("another", HTMLButtonElement), () => void wall.show(seed.valueAsNumber));
document.getElementById("snapshot")?.addEventListener("change", (event) => {
  const { value } = /** @type {HTMLSelectElement} */ (event.currentTarget);
  location.search = String(new URLSearchParams({ name: state.name, snapshot: value }));
});

// --- What can be done with it ---

async function keep() {
  try {
    showKept((await post("/explore/keep", { ...source, cell: changed(chosen) })).favourites);
    say("Kept.");
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
}

function goBack() {
  const last = before.pop();
  if (last) choose(last, false);
}

/** @param {Kept[]} favourites */
function showKept(favourites) {
  state.favourites = favourites;
  the("no-favourites", HTMLParagraphElement).hidden = favourites.length > 0;
  the("film", HTMLFormElement).hidden = favourites.length < 2;
  the("forget", HTMLButtonElement).hidden = true;
  kept.fill(favourites.map((each) => each.cell), favourites.map((each) => each.name)).catch(fail);
}

the("keep", HTMLButtonElement).addEventListener("click", () => void keep());
the("back", HTMLButtonElement).addEventListener("click", goBack);
the("forget", HTMLButtonElement).addEventListener("click", async () => {
  try {
    showKept((await post("/explore/forget", { ...source, favourite })).favourites);
  } catch (error) {
    fail(error);
  }
});
the("download", HTMLButtonElement).addEventListener("click", async () => {
  try {
    const cell = changed(chosen);
    const response = await askPicture("/explore/download", { ...source, cells: [cell] });
    offer(await response.blob(), `${cell.latent ? "found" : `seed${cell.seed}-${cell.number}`}.png`);
  } catch (error) {
    fail(error);
  }
});
the("copy", HTMLButtonElement).addEventListener("click", async (event) => {
  const button = /** @type {HTMLButtonElement} */ (event.currentTarget);
  button.disabled = true;
  try {
    const response = await askPicture("/explore/neighbours", { ...source, cell: changed(chosen) });
    const { pixels, features } = JSON.parse(response.headers.get("x-about") ?? "{}");
    const sheet = await createImageBitmap(await response.blob());
    const near = the("near", HTMLDivElement);
    show(/** @type {HTMLCanvasElement} */ (near.querySelector("canvas")), sheet, sheet.width, sheet.height);
    the("near-words", HTMLParagraphElement).textContent =
      `The picture; the nearest by pixels, ${pixels.distance.toFixed(1)} grey levels away: ${pixels.name}; ` +
      `and the nearest by features: ${features.name}. A copy would be the same picture in the middle.`;
    near.hidden = false;
  } catch (error) {
    fail(error);
  } finally {
    button.disabled = false;
  }
});
addEventListener("keydown", (event) => {
  const at = event.target;
  const isTyping = at instanceof HTMLInputElement || at instanceof HTMLSelectElement || at instanceof HTMLTextAreaElement;
  if (isTyping || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "z") goBack();
  if (event.key === " " && (at === document.body || (at instanceof Element && at.closest(".piece")))) {
    event.preventDefault();
    if (at instanceof HTMLButtonElement && at.getAttribute("aria-pressed") !== "true") at.click();
    void keep();
  }
});
// A button is pressed when space is let go, too; on a picture, space keeps.
addEventListener("keyup", (event) => {
  if (event.key === " " && event.target instanceof Element && event.target.closest(".piece")) event.preventDefault();
});

// --- From one picture to another ---

/** @type {{from: Cell | null, to: Cell | null}} */
const ends = { from: null, to: null };
for (const end of /** @type {const} */ (["from", "to"])) {
  const button = the(end, HTMLButtonElement);
  button.addEventListener("click", async () => {
    ends[end] = changed(chosen);
    const spot = button.querySelector("canvas");
    if (spot) show(spot, big, big.width, big.height);
    if (!ends.from || !ends.to) return;
    try {
      const { cells } = await post("/explore/between", { ...source, start: ends.from, end: ends.to, steps: 8 });
      await way.fill(cells, cells.map((/** @type {Cell} */ _, /** @type {number} */ at) => `Step ${at + 1} of 8`));
    } catch (error) {
      fail(error);
    }
  });
}

// --- What takes longer ---

onSubmit(the("film", HTMLFormElement), async (fields) => {
  const favourites = state.favourites.map((each) => each.name).slice(0, 64);
  const { page } = await post("/explore/film", { ...source, ...fields, seconds: Number(fields.seconds), favourites });
  location.href = page;
});
the("find-directions", HTMLButtonElement).addEventListener("click", async () => {
  try {
    const { number } = await post("/explore/directions", source);
    say("Looking for directions. This page shows them when they are found.");
    whenDone(number, () => location.reload(), say);
  } catch (error) {
    fail(error);
  }
});
const rename = document.getElementById("rename");
if (rename instanceof HTMLFormElement) {
  onSubmit(rename, async (fields) => {
    await post("/explore/rename", { ...source, ...fields });
    location.reload();
  });
}

/**
 * Go on when a command has ended: with its last line if it has made nothing.
 * @param {number} number
 * @param {() => void} done
 * @param {(problem: string) => void} failed
 */
function whenDone(number, done, failed) {
  listen(`/job/events?number=${number}`, (job, stop) => {
    if (job.running) return;
    stop();
    const last = job.log.at(-1) ?? "";
    if (last.startsWith("ganvas: ")) failed(last);
    else done();
  });
}

/** @param {File[]} files */
async function drop([file]) {
  const words = the("drop-words", HTMLParagraphElement);
  const problem = the("drop-problem", HTMLParagraphElement);
  problem.hidden = true;
  if (!file) return;
  try {
    words.textContent = "Reading the picture …";
    const found = await restore(state.name, file);
    words.textContent = found ? await showFound(found) : await project(file);
  } catch (error) {
    words.textContent = "";
    problem.hidden = false;
    problem.textContent = error instanceof Error ? error.message : String(error);
  }
}

/** @param {import("./given.js").Found} found */
async function showFound(found) {
  if (found.name !== state.name || found.snapshot !== state.snapshot) {
    goTo(found);
    return "It is of another snapshot. Going there …";
  }
  const [first] = found.cells;
  choose(first);
  if (found.cells.length > 1) await wall.showCells(found.cells);
  else if (!first.latent && wall.seed !== (first.seed ?? 0)) {
    seed.value = String(first.seed ?? 0);
    await wall.show(first.seed ?? 0);
  }
  return found.cells.length > 1 ? `Its ${found.cells.length} pictures are shown.` : "Everything is as it was for this picture.";
}

/** @param {File} file */
async function project(file) {
  const { number, command } = await startProjection(source, file);
  the("command", HTMLElement).textContent = command;
  listen(`/job/events?number=${number}`, async (job, stop) => {
    if (job.running) return;
    stop();
    try {
      const found = await answer(() => fetch(`/explore/projected?number=${number}`));
      await showFound(await found.json());
      the("drop-words", HTMLParagraphElement).textContent = job.log.find((/** @type {string} */ line) => line.includes("grey levels")) ?? "Found.";
    } catch (error) {
      the("drop-words", HTMLParagraphElement).textContent = job.log.at(-1) ?? String(error);
    }
  });
  return "The generator looks for its own picture that is nearest to this one. It takes a minute or two.";
}

onDrop(the("drop", HTMLDivElement), the("file", HTMLInputElement), (files) => void drop(files));

// --- The beginning ---

showKept(state.favourites);
choose(chosen, false);
const found = brought(source);
if (found) void showFound(found);
if (!found || found.cells.length === 1) void wall.show(seed.valueAsNumber);
