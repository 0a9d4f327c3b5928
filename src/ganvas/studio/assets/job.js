// @ts-check
/** The page of a command: what it prints, live, and a way to stop it. */
import { listen, post, say, the } from "./common.js";
import { showLog } from "./log.js";

const job = the("job", HTMLElement);
const { number, kind } = job.dataset;
const stop = the("stop", HTMLButtonElement);

/** @param {{running: boolean, log: string[], result: {href: string, words: string} | null}} state */
function show(state) {
  // A run has a page of its own, which shows its pictures as well as what the command prints.
  if (kind === "train" && state.running && state.result?.href) location.replace(state.result.href);
  the("meaning", HTMLParagraphElement).textContent = state.running
    ? kind === "train"
      ? "It begins. The page of the run opens as soon as there is one."
      : "It is running. The page may be closed."
    : state.result
      ? "It has ended, and made what it should."
      : "It has ended. If nothing was made, its last line says why.";
  stop.hidden = !state.running;
  showLog(state.log, "It has printed nothing yet.");
  const result = the("result", HTMLAnchorElement);
  const made = the("made", HTMLParagraphElement);
  result.hidden = !state.result?.href;
  made.hidden = state.result?.href !== "";
  if (state.result?.href) result.href = state.result.href;
  (state.result?.href ? result : made).textContent = state.result?.words ?? "";
}

show(JSON.parse(job.dataset.state ?? "{}"));
listen(`/job/events?number=${number}`, show);
stop.addEventListener("click", async () => {
  try {
    say((await post("/job/stop", { number: Number(number) })).done);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
});
