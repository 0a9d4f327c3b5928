// @ts-check
/** Two snapshots on the same seeds, and a vote that does not show their names. */
import { onEachSeed, post, the } from "./common.js";
import { Newest, paint, show } from "./painting.js";

/** @typedef {{name: string, snapshot: string}} Source */
/**
 * @typedef {object} Score
 * @property {number} vote
 * @property {number} question
 * @property {number} decided
 * @property {number} undecided
 * @property {number} wins
 * @property {number} low
 * @property {number} high
 * @property {Source} [leader]
 * @property {Source} [other]
 */

const COLUMNS = 4;
/** @type {Source[]} */
const choices = JSON.parse(the("compare", HTMLDivElement).dataset.choices ?? "[]");
const selects = [the("side-0", HTMLSelectElement), the("side-1", HTMLSelectElement)];
const seed = the("seed", HTMLInputElement);

// --- Side by side ---

const painters = selects.map(
  (select) =>
    new Newest(async (/** @type {number} */ wanted) => {
      const figure = select.closest("figure");
      const canvas = figure?.querySelector("canvas");
      const problem = figure?.querySelector(".problem");
      if (!canvas || !(problem instanceof HTMLElement)) return;
      try {
        const cells = Array.from({ length: COLUMNS * COLUMNS }, (_, number) => ({ seed: wanted, number }));
        const sheet = await paint(choices[Number(select.value)], cells, COLUMNS);
        show(canvas, sheet, sheet.width, sheet.height);
        problem.hidden = true;
      } catch (error) {
        problem.hidden = false;
        problem.textContent = error instanceof Error ? error.message : String(error);
      }
    }),
);
const paintBoth = () => painters.forEach((painter) => void painter.ask(seed.valueAsNumber));
selects.forEach((select, side) => select.addEventListener("change", () => void painters[side].ask(seed.valueAsNumber)));
onEachSeed(seed, the("another", HTMLButtonElement), paintBoth);
paintBoth();

// --- The vote ---

/** @type {Score | null} */
let score = null;
let isSending = false;
const pictures = { left: the("left", HTMLImageElement), right: the("right", HTMLImageElement) };
const answers = [...document.querySelectorAll("#answers button")].filter((each) => each instanceof HTMLButtonElement);

/** @param {Source | undefined} side */
const called = (side) => (side ? `${side.name} (${side.snapshot === "best" ? "best" : "newest"})` : "");

/** @param {Score} now */
async function showScore(now) {
  score = now;
  const share = (/** @type {number} */ part) => `${Math.round(100 * part)} %`;
  const { decided, undecided, wins, low, high } = now;
  const won = decided
    ? `${wins} of ${decided} (${share(wins / decided)}; 95 % interval ${share(low)} to ${share(high)})`
    : "no vote yet";
  const ties = undecided ? ` ${undecided} undecided.` : "";
  const tells = low > 0.5 ? "That is more than chance." : "That may still be chance: vote on.";
  const isOver = now.leader !== undefined;
  the("score", HTMLParagraphElement).textContent = isOver
    ? `${called(now.leader)} was liked more than ${called(now.other)}: ${won}.${ties} ${low > 0.5 ? "That is more than chance." : "That may be chance."}`
    : decided || undecided
      ? `${decided + undecided} ${decided + undecided === 1 ? "answer" : "answers"}. One of the two leads: ${won}.${ties} ${decided ? tells : ""}`
      : "Which side do you like more?";
  the("reveal", HTMLButtonElement).disabled = isOver || !(decided || undecided);
  if (isOver) return;
  await Promise.all(
    Object.entries(pictures).map(([place, picture]) => {
      picture.src = `/compare/picture?${new URLSearchParams({ vote: String(now.vote), question: String(now.question), place })}`;
      return picture.decode().catch(() => undefined);
    }),
  );
}

/** @param {() => Promise<Record<string, any>>} ask */
async function send(ask) {
  if (isSending) return;
  isSending = true;
  allow(false); // nobody answers before the pictures have come
  const problem = the("vote-problem", HTMLParagraphElement);
  try {
    await showScore(/** @type {Score} */ (await ask()));
    problem.hidden = true;
  } catch (error) {
    problem.hidden = false;
    problem.textContent = error instanceof Error ? error.message : String(error);
  } finally {
    isSending = false;
    allow(score !== null && !score.leader);
  }
}

/** @param {boolean} isAllowed whether a question can be answered */
function allow(isAllowed) {
  answers.forEach((button) => (button.disabled = !isAllowed));
}

/** @param {string} choice */
const choose = (choice) => score && !score.leader && send(() => post("/compare/choose", { vote: score?.vote, question: score?.question, choice }));

the("begin", HTMLButtonElement).addEventListener("click", async () => {
  const [first, second] = selects.map((select) => choices[Number(select.value)]);
  await send(() => post("/compare/begin", { first, second }));
  the("vote", HTMLDivElement).hidden = score === null;
});
answers.forEach((button) => button.addEventListener("click", () => void choose(button.dataset.choice ?? "")));
the("reveal", HTMLButtonElement).addEventListener("click", () => void send(() => post("/compare/reveal", { vote: score?.vote })));
addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || !score) return;
  const choice = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "neither" }[event.key];
  if (!choice || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  void choose(choice);
});
