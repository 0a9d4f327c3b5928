// @ts-check
/** The page on which pictures become a dataset, and a dataset a run. */
import { answer, fill, listen, onDrop, onSubmit, post, say, the } from "./common.js";

const params = new URLSearchParams(location.search);

/**
 * Suggest a name after a choice, as long as nobody has typed one.
 * @param {string} select
 * @param {string} input
 * @param {(chosen: string) => string} suggest
 */
function suggestName(select, input, suggest) {
  const from = document.getElementById(select);
  const to = document.getElementById(input);
  if (!(from instanceof HTMLSelectElement) || !(to instanceof HTMLInputElement)) return;
  let isOwn = false;
  to.addEventListener("input", () => (isOwn = to.value !== ""));
  const change = () => {
    if (!isOwn) to.value = suggest(from.value);
  };
  from.addEventListener("change", change);
  change();
}

suggestName("source", "made", (source) => `${(source.split("/").pop() ?? "").replace(/\.(zip|tar|tgz|tar\.gz)$/i, "")}-64`);
suggestName("data", "out", (data) => `${data.split("/").pop()}-run`);

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
  /** @type {HTMLElement[]} */
  const rows = [];
  for (const line of state.log) {
    const [, term, text] = /^([a-z]+) {2,}(.+)$/.exec(line) ?? [];
    if (!term) continue;
    const row = document.createElement("div");
    row.append(
      Object.assign(document.createElement("dt"), { textContent: term }),
      Object.assign(document.createElement("dd"), { textContent: text }),
    );
    rows.push(row);
  }
  the("forecast-facts", HTMLDListElement).replaceChildren(...rows);
  the("forecast-note", HTMLParagraphElement).textContent = rows.length ? "" : (state.log.at(-1) ?? "The forecast failed.");
}
