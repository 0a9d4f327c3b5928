// @ts-check
/** The page of a run: live pictures, figures, verdict and curves, and what can be done with it. */
import { answer, applyStyles, duration, fill, listen, onSubmit, post, say, showMachine, the } from "./common.js";
import { Grid } from "./grid.js";
import { showLog } from "./log.js";

/**
 * @typedef {object} State
 * @property {string} phase
 * @property {string} meaning
 * @property {number | null} kimg
 * @property {number} fraction
 * @property {string} budget
 * @property {number | null} left
 * @property {number | null} img_per_s
 * @property {number[]} moments
 * @property {number | null} best
 * @property {number} lines
 * @property {number} evaluations
 * @property {string[]} log
 * @property {{line: string, warnings: string[]}} machine
 */

const main = the("run", HTMLDivElement);
const name = main.dataset.name ?? "";
const grid = new Grid(name);
const buttons = {
  stop: the("stop", HTMLButtonElement),
  resume: the("open-resume", HTMLButtonElement),
  rollBack: the("roll-back", HTMLButtonElement),
};
/** Drawing takes a training's cores, so that it pauses for this multiple of the time that it took. */
const PAUSE = 25;
/** What the verdict and the curves show, and what they should: numbers of log lines and of evaluations. */
let drawn = { lines: -1, evaluations: -1 };
let wanted = drawn;
let isDrawing = false;
/** When drawing another line of the log may begin, in milliseconds of `performance.now()`. */
let restsUntil = 0;
let timer = 0;

/** @param {State} state */
function show(state) {
  const isOn = ["starting", "training", "ending"].includes(state.phase);
  the("meaning", HTMLParagraphElement).textContent = state.meaning;
  the("fraction", HTMLProgressElement).value = state.fraction;
  the("kimg", HTMLSpanElement).textContent = (state.kimg ?? 0).toFixed(1);
  document.getElementById("left")?.replaceChildren(duration(state.left));
  document.getElementById("budget")?.replaceChildren(state.budget);
  the("speed", HTMLSpanElement).textContent = state.img_per_s === null ? "—" : Math.round(state.img_per_s).toLocaleString("en");
  buttons.stop.hidden = state.phase !== "training";
  buttons.resume.hidden = isOn || state.phase === "failed" || state.phase === "elsewhere";
  buttons.rollBack.hidden = state.best === null;
  main.dataset.phase = state.phase;
  if (isOn) the("resume", HTMLFormElement).hidden = true;
  grid.update(state);
  showMachine(state.machine);
  showLog(state.log, "This run was started elsewhere, or has printed nothing yet.");
  wanted = { lines: state.lines, evaluations: state.evaluations };
  void draw();
}

/** Show the verdict and the curves anew: at once after an evaluation, and lines of the log when there was a pause. */
async function draw() {
  const isNew = wanted.evaluations !== drawn.evaluations;
  if (isDrawing || document.hidden || !(isNew || wanted.lines !== drawn.lines)) return;
  const began = performance.now();
  clearTimeout(timer);
  if (!isNew && began < restsUntil) {
    timer = setTimeout(draw, restsUntil - began);
    return;
  }
  const figures = wanted;
  isDrawing = true;
  try {
    const response = await answer(() => fetch(`/run/parts?${new URLSearchParams({ name })}`));
    const { judgement, curves, drawings } = await response.json();
    fill(the("judgement", HTMLDivElement), judgement);
    describeBand();
    fill(the("curves", HTMLDivElement), curves);
    for (const [chart, drawing] of Object.entries(drawings)) {
      const place = document.getElementById(`chart-${chart}`);
      // @ts-ignore plotly is a script of its own
      if (place) await Plotly.react(place, drawing.data, drawing.layout, { responsive: true, displayModeBar: false });
    }
    drawn = figures;
    setTimeout(draw); // for what came meanwhile
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  } finally {
    isDrawing = false;
    restsUntil = performance.now() + PAUSE * (performance.now() - began);
  }
}

/** Let the band of verdicts say what is under the pointer or in focus. */
function describeBand() {
  const description = document.querySelector(".band-description");
  const spans = [...document.querySelectorAll(".band button")];
  /** @param {Element} span */
  const describe = (span) => {
    spans.forEach((each) => each.setAttribute("aria-pressed", String(each === span)));
    if (description) description.textContent = /** @type {HTMLElement} */ (span).dataset.description ?? "";
  };
  spans.forEach((span) => ["mouseenter", "focus", "click"].forEach((event) => span.addEventListener(event, () => describe(span))));
  spans.forEach((span) => span.classList.toggle("is-cut", span.scrollWidth > span.clientWidth));
  if (spans.length) describe(spans[spans.length - 1]);
}

for (const [button, form] of [["open-resume", "resume"], ["open-again", "again"]]) {
  const opener = the(button, HTMLButtonElement);
  opener.addEventListener("click", () => {
    const target = the(form, HTMLFormElement);
    target.hidden = !target.hidden;
    opener.setAttribute("aria-expanded", String(!target.hidden));
    if (!target.hidden) target.querySelector("input")?.focus();
  });
}
buttons.rollBack.addEventListener("click", () => {
  const form = the("again", HTMLFormElement);
  if (form.hidden) the("open-again", HTMLButtonElement).click();
  the("start", HTMLSelectElement).value = "best";
});
buttons.stop.addEventListener("click", async () => {
  buttons.stop.disabled = true;
  try {
    say((await post("/run/stop", { name })).done);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  } finally {
    buttons.stop.disabled = false;
  }
});
onSubmit(the("resume", HTMLFormElement), async (fields) => {
  const done = await post("/run/resume", { name, ...fields });
  the("command", HTMLElement).textContent = done.command;
  the("resume", HTMLFormElement).hidden = true;
  buttons.resume.setAttribute("aria-expanded", "false");
  say(done.done);
});
onSubmit(the("again", HTMLFormElement), async (fields) => {
  const done = await post("/run/again", { name, ...fields });
  location.href = done.page;
});

document.addEventListener("visibilitychange", () => void draw());
applyStyles();
describeBand();
show(JSON.parse(main.dataset.state ?? "{}"));
listen(`/run/events?${new URLSearchParams({ name })}`, show);
