// @ts-check
/** The page on which a classifier is asked what a picture is. */
import { answer, onDrop, onSubmit, post, the } from "./common.js";
import { send } from "./given.js";
import { show } from "./painting.js";

document.getElementById("classifier")?.addEventListener("change", (event) => {
  const { value } = /** @type {HTMLSelectElement} */ (event.currentTarget);
  location.search = String(new URLSearchParams({ name: value }));
});

const train = document.getElementById("train");
if (train instanceof HTMLFormElement) {
  onSubmit(train, async (fields) => {
    location.href = (await post("/classify/train", fields)).page;
  });
}

/** @typedef {{classes: {name: string, probability: number}[], others: number, looked: boolean}} Opinion */

/** @param {File[]} files */
async function ask([file]) {
  if (!file) return;
  const problem = the("problem", HTMLParagraphElement);
  problem.hidden = true;
  try {
    const name = the("drop", HTMLDivElement).dataset.name ?? "";
    const response = await answer(() => send("/classify/ask", { name }, file));
    /** @type {Opinion} */
    const opinion = JSON.parse(response.headers.get("x-about") ?? "{}");
    showOpinion(opinion, await createImageBitmap(await response.blob()));
  } catch (error) {
    problem.hidden = false;
    problem.textContent = error instanceof Error ? error.message : String(error);
  }
}

/**
 * @param {Opinion} opinion
 * @param {ImageBitmap} sheet
 */
function showOpinion(opinion, sheet) {
  const size = sheet.height;
  const looked = the("looked", HTMLCanvasElement);
  show(the("seen", HTMLCanvasElement), sheet, size, size);
  looked.hidden = sheet.width === size;
  if (sheet.width > size) show(looked, sheet, size, size, size);
  const [first, second] = opinion.classes;
  const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(share > 0.1 ? 0 : 1)} %`;
  const isClose = second && first.probability < 2 * second.probability;
  the("answer-words", HTMLParagraphElement).textContent =
    `${first.name}: ${percent(first.probability)} sure` + (isClose ? `, and ${second.name} is close.` : ".");
  the("probabilities", HTMLDListElement).replaceChildren(
    ...opinion.classes.map(({ name, probability }) => {
      const row = document.createElement("div");
      const bar = Object.assign(document.createElement("progress"), { max: 1, value: probability });
      bar.setAttribute("aria-hidden", "true");
      const middle = document.createElement("dd");
      middle.append(bar);
      row.append(
        Object.assign(document.createElement("dt"), { textContent: name }),
        middle,
        Object.assign(document.createElement("dd"), { textContent: percent(probability) }),
      );
      return row;
    }),
  );
  the("looked-words", HTMLParagraphElement).textContent = opinion.looked
    ? `Warm colours mark what raises the score of ${first.name} (HiResCAM).`
    : "This classifier cannot say where it looked.";
  the("answer", HTMLDivElement).hidden = false;
}

const area = document.getElementById("drop");
if (area) onDrop(area, the("file", HTMLInputElement), (files) => void ask(files));
