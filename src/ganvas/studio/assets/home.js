// @ts-check
/** The first page: what goes on is live, and what is made appears. */
import { answer, fill, listen, showMachine, the } from "./common.js";

/** @type {string | null} */
let things = null;

listen("/events", async (data) => {
  fill(the("now", HTMLDivElement), data.now);
  showMachine(data.machine);
  if (things !== null && things !== data.things) {
    const response = await answer(() => fetch("/home"));
    fill(the("parts", HTMLDivElement), await response.text());
  }
  things = data.things;
});
