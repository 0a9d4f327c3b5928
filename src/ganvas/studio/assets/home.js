// @ts-check
/** The first page: what goes on is live, and what is made appears. */
import { answer, applyStyles, fill, listen, say, showMachine, the } from "./common.js";
import { Newest } from "./painting.js";

/** @type {string | null} */
let things = null;

const refresher = new Newest(async () => {
  try {
    const response = await answer(() => fetch("/home"));
    await refresh(the("parts", HTMLDivElement), await response.text());
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
});

listen("/events", (data) => {
  fill(the("now", HTMLDivElement), data.now);
  showMachine(data.machine);
  if (things !== null && things !== data.things) void refresher.ask(data.things);
  things = data.things;
});

/** What each card was made of. @type {WeakMap<Element, string>} */
const sources = new WeakMap();

/**
 * Show new cards. Those that stay the same are kept, and new pictures are there before they are shown, so that nothing
 * flickers.
 * @param {HTMLElement} place
 * @param {string} html
 */
async function refresh(place, html) {
  const next = document.createElement("div");
  next.innerHTML = html;
  const kept = new Map([...place.querySelectorAll("li")].map((card) => [sources.get(card), card]));
  for (const card of next.querySelectorAll("li")) {
    const picture = card.querySelector("img");
    if (!picture || kept.has(card.outerHTML)) continue;
    const early = Object.assign(new Image(), { src: picture.src });
    await early.decode().catch(() => undefined);
  }
  const focused = place.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
  for (const card of next.querySelectorAll("li")) {
    const source = card.outerHTML;
    const same = kept.get(source);
    if (same) card.replaceWith(same);
    else sources.set(card, source);
  }
  applyStyles(next);
  place.replaceChildren(...next.childNodes);
  const links = [...place.querySelectorAll("a")];
  if (focused) links.find((link) => link.getAttribute("href") === focused)?.focus({ preventScroll: true });
}
