// @ts-check
/** The page of a command: what it prints, live, and a way to stop it. */
import { listen, post, say, the } from "./common.js";
import { showLog } from "./log.js";

const job = document.querySelector("#job");
const { number, about } = /** @type {HTMLElement} */ (job).dataset;
const stop = the("stop", HTMLButtonElement);

/** @param {{running: boolean, log: string[], result: string | null}} state */
function show(state) {
  the("meaning", HTMLParagraphElement).textContent = state.running
    ? "It is running. The page may be closed."
    : state.result
      ? "It has ended, and made what it should."
      : "It has ended. If nothing was made, its last line says why.";
  stop.hidden = !state.running;
  showLog(state.log, "It has printed nothing yet.");
  const result = the("result", HTMLAnchorElement);
  result.hidden = state.result === null || state.running;
  result.href = state.result === "/run" ? `/run?${new URLSearchParams({ name: about ?? "" })}` : "/";
}

show(JSON.parse(/** @type {HTMLElement} */ (job).dataset.state ?? "{}"));
listen(`/job/events?number=${number}`, show);
stop.addEventListener("click", async () => {
  try {
    say((await post("/job/stop", { number: Number(number) })).done);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
});
