// @ts-check
/** Several snapshots on the same seeds, and a vote between two that does not show their names. */
import { onEachSeed, post, the, within } from "./common.js";
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

const FEWEST = 2;
/** @typedef {Source & {called: string, caption: string, source: string}} Choice */
const main = the("compare", HTMLDivElement);
const columns = Number(main.dataset.columns);
/** @type {Choice[]} */
const choices = JSON.parse(main.dataset.choices ?? "[]");
const most = Math.min(Number(main.dataset.most), choices.length);
const place = the("sides", HTMLDivElement);
const seed = the("seed", HTMLInputElement);
const add = the("add", HTMLButtonElement);
const voters = [the("voter-0", HTMLSelectElement), the("voter-1", HTMLSelectElement)];

// --- Side by side ---

/** The pictures of a snapshot, which is chosen above them. */
class Side {
  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.figure = figure;
    this.select = within(figure, "select", HTMLSelectElement);
    this.remove = within(figure, ".remove", HTMLButtonElement);
    this.canvas = within(figure, "canvas", HTMLCanvasElement);
    this.caption = within(figure, "figcaption", HTMLElement);
    this.problem = within(figure, ".problem", HTMLElement);
    this.painter = new Newest((/** @type {number} */ wanted) => this.paint(wanted));
  }

  get choice() {
    return choices[Number(this.select.value)];
  }

  /** @param {number} wanted the seed */
  async paint(wanted) {
    const { choice } = this;
    try {
      const cells = Array.from({ length: columns * columns }, (_, number) => ({ seed: wanted, number }));
      const { name, snapshot } = choice;
      const sheet = await paint({ name, snapshot }, cells, columns);
      show(this.canvas, sheet, sheet.width, sheet.height);
      this.problem.hidden = true;
    } catch (error) {
      this.problem.hidden = false;
      this.problem.textContent = error instanceof Error ? error.message : String(error);
    }
    this.canvas.setAttribute("aria-label", `Pictures of ${choice.called}, seed ${wanted}`);
    this.caption.textContent = choice.caption;
  }
}

/** @type {Side[]} */
let sides = [];

/** @param {HTMLElement} figure */
function open(figure) {
  const side = new Side(figure);
  sides.push(side);
  side.select.addEventListener("change", () => {
    void side.painter.ask(seed.valueAsNumber);
    describe();
  });
  side.remove.addEventListener("click", () => {
    sides = sides.filter((each) => each !== side);
    figure.remove();
    describe();
    add.focus();
  });
  return side;
}

/** Say which snapshots are shown, to screen readers, to those who vote and to those who type. */
function describe() {
  sides.forEach((side, at) => {
    side.select.setAttribute("aria-label", `Snapshot ${at + 1}`);
    side.remove.setAttribute("aria-label", `Take snapshot ${at + 1} away`);
    side.remove.hidden = sides.length <= FEWEST;
  });
  place.dataset.count = String(sides.length);
  add.disabled = sides.length >= most;
  if (!score) voters.forEach((voter, at) => (voter.value = sides[at].select.value));
  the("command", HTMLElement).textContent = sides
    .map(({ choice }, at) => `ganvas explore grid ${choice.source} -n ${columns * columns} --seed ${seed.value} --out ${at + 1}.png`)
    .join("\n");
}

function paintAll() {
  sides.forEach((side) => void side.painter.ask(seed.valueAsNumber));
  describe();
}

add.addEventListener("click", () => {
  const copy = the("side", HTMLTemplateElement).content.cloneNode(true);
  place.append(copy);
  const side = open(/** @type {HTMLElement} */ (place.lastElementChild));
  const shown = new Set(sides.slice(0, -1).map((each) => each.select.value));
  side.select.value = String(choices.findIndex((_, at) => !shown.has(String(at))));
  void side.painter.ask(seed.valueAsNumber);
  describe();
  side.select.focus();
});

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
  const [first, second] = voters.map((voter) => {
    const { name, snapshot } = choices[Number(voter.value)];
    return { name, snapshot };
  });
  await send(() => post("/compare/begin", { first, second }));
  the("vote", HTMLDivElement).hidden = score === null;
});
answers.forEach((button) => button.addEventListener("click", () => void choose(button.dataset.choice ?? "")));
the("reveal", HTMLButtonElement).addEventListener("click", () => void send(() => post("/compare/reveal", { vote: score?.vote })));
addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement || !score || score.leader) return;
  const choice = { ArrowLeft: "left", ArrowRight: "right", ArrowDown: "neither" }[event.key];
  if (!choice || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  void choose(choice);
});

// --- The beginning ---

[...place.children].forEach((figure) => open(/** @type {HTMLElement} */ (figure)));
onEachSeed(seed, the("another", HTMLButtonElement), paintAll);
paintAll();
