// @ts-check
/** The page on which pictures become a dataset, and a dataset a run. */
import { answer, fill, listen, onDrop, onSubmit, post, say, showWarnings, the, within } from "./common.js";
import { Newest, show } from "./painting.js";

const params = new URLSearchParams(location.search);

/**
 * Suggest a name after choices, as long as nobody has typed one.
 * @param {string[]} selects
 * @param {string} input
 * @param {(...chosen: string[]) => string} suggest
 */
function suggestName(selects, input, suggest) {
  const from = selects.map((id) => document.getElementById(id)).filter((each) => each instanceof HTMLSelectElement);
  const to = document.getElementById(input);
  if (from.length < selects.length || !(to instanceof HTMLInputElement)) return;
  let isOwn = false;
  to.addEventListener("input", () => (isOwn = to.value !== ""));
  const change = () => {
    if (!isOwn) to.value = suggest(...from.map((each) => each.value));
  };
  from.forEach((each) => each.addEventListener("change", change));
  change();
}

/** @param {string} name of something under the folder */
const last = (name) => name.split("/").pop() ?? "";
suggestName(["source", "size"], "made", (source, size) => `${last(source).replace(/\.(zip|tar|tgz|tar\.gz)$/i, "")}-${size}`);
suggestName(["data"], "out", (data) => `${last(data)}-run`);

// --- A dataset ---

const prepare = document.getElementById("prepare");
if (prepare instanceof HTMLFormElement) {
  onSubmit(prepare, async (fields) => {
    const { page } = await post("/new/prepare", { ...fields, size: Number(fields.size) });
    location.href = page;
  });
  onDrop(the("drop", HTMLDivElement), the("files", HTMLInputElement), (files) => void copy(files));
}

/** @param {File[]} files */
async function copy(files) {
  const folder = the("folder", HTMLInputElement).value;
  const bar = the("dropped", HTMLProgressElement);
  const problem = the("drop-problem", HTMLParagraphElement);
  bar.hidden = false;
  problem.hidden = true;
  let refused = 0;
  for (const [done, file] of files.entries()) {
    try {
      await answer(() =>
        fetch(`/new/upload?${new URLSearchParams({ folder })}`, {
          method: "POST",
          headers: { "content-type": "application/octet-stream" },
          body: file,
        }),
      );
    } catch (error) {
      refused += 1;
      problem.hidden = false;
      problem.textContent = `${file.name}: ${error instanceof Error ? error.message : error}`;
    }
    bar.value = (done + 1) / files.length;
  }
  if (refused < files.length) location.href = `/new?${new URLSearchParams({ source: folder })}`;
}

const source = document.getElementById("source");
const chosen = params.get("source");
if (source instanceof HTMLSelectElement && chosen) {
  source.value = chosen;
  source.dispatchEvent(new Event("change"));
}

/** Show some pictures of the source as the chosen size and fit make them, and what it holds. */
const glimpse = new Newest(async (/** @type {URLSearchParams} */ query) => {
  const place = the("glimpse", HTMLDivElement);
  const canvas = within(place, "canvas", HTMLCanvasElement);
  const words = within(place, "p", HTMLParagraphElement);
  const warnings = within(place, "ul", HTMLUListElement);
  try {
    const response = await answer(() => fetch(`/new/source?${query}`));
    const about = JSON.parse(response.headers.get("x-about") ?? "{}");
    const sheet = await createImageBitmap(await response.blob());
    show(canvas, sheet, sheet.width, sheet.height);
    words.textContent = about.words;
    showWarnings(warnings, about.mind);
  } catch (error) {
    words.textContent = error instanceof Error ? error.message : String(error);
    showWarnings(warnings, []);
  }
});
if (source instanceof HTMLSelectElement) {
  const fields = ["source", "size", "fit", "classes"].map((id) => the(id, HTMLSelectElement));
  const look = () => {
    const [name, size, fit, classes] = fields.map((each) => each.value);
    void glimpse.ask(new URLSearchParams({ name, size, fit, classes }));
  };
  fields.forEach((each) => each.addEventListener("change", look));
  look();
}

// --- A run ---

const train = document.getElementById("train");
if (train instanceof HTMLFormElement) {
  const data = the("data", HTMLSelectElement);
  const look = async () => {
    const name = data.value;
    the("surveyed", HTMLSpanElement).textContent = name;
    try {
      const response = await answer(() => fetch(`/new/survey?${new URLSearchParams({ name })}`));
      const html = await response.text();
      if (data.value === name) fill(the("survey", HTMLDivElement), html);
    } catch (error) {
      the("survey", HTMLDivElement).textContent = error instanceof Error ? error.message : String(error);
    }
  };
  data.addEventListener("change", () => void look());
  void look();
  onSubmit(train, async (fields) => {
    const { page } = await post("/new/train", fields);
    location.href = page;
  });
  the("forecast", HTMLButtonElement).addEventListener("click", async () => {
    /** @type {Record<string, unknown>} */
    const fields = Object.fromEntries(new FormData(train));
    fields.beside = false;
    try {
      const { number } = await post("/new/forecast", fields);
      the("forecasted", HTMLDivElement).hidden = false;
      the("forecast-note", HTMLParagraphElement).textContent = "Measuring the speed of this machine …";
      listen(`/job/events?number=${number}`, showForecast);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  });
}

/** @param {{running: boolean, log: string[]}} state */
function showForecast(state) {
  if (state.running) return;
  const lines = state.log.map((line) => /^([a-z]+) {2,}(.+)$/.exec(line));
  const facts = lines.flatMap((found) => (found ? [/** @type {[string, string]} */ ([found[1], found[2]])] : []));
  the("forecast-facts", HTMLDListElement).replaceChildren(
    ...facts.map(([term, text]) => {
      const row = document.createElement("div");
      row.append(
        Object.assign(document.createElement("dt"), { textContent: term }),
        Object.assign(document.createElement("dd"), { textContent: text }),
      );
      return row;
    }),
  );
  the("forecast-note", HTMLParagraphElement).textContent = facts.length ? "" : (state.log.at(-1) ?? "The forecast failed.");
}
