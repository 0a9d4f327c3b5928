// @ts-check
import { the } from "./common.js";

let isNew = true;

/**
 * Show the end of a log. It follows what is printed, unless somebody has scrolled up to read.
 * @param {string[]} lines
 * @param {string} otherwise what to show while there is none
 */
export function showLog(lines, otherwise) {
  const log = the("log", HTMLPreElement);
  const text = lines.length ? lines.join("\n") : otherwise;
  if (!isNew && log.textContent === text) return;
  const follows = isNew || log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  isNew = false;
  log.textContent = text;
  if (follows) log.scrollTop = log.scrollHeight;
}
