// @ts-check
/** A picture that is dropped on the page to explore: one that ganvas painted, or any other. */
import { answer } from "./common.js";

/** @typedef {import("./painting.js").Cell} Cell */
/** @typedef {import("./painting.js").Source} Source */
/** @typedef {Source & {cells: Cell[]}} Found what a picture shows, and which snapshot painted it */

// Where what was found waits while the page of its snapshot opens.
const KEY = "ganvas-found";

/**
 * Send a picture as it is.
 * @param {string} path
 * @param {Record<string, string>} query
 * @param {File} file
 */
export function send(path, query, file) {
  return fetch(`${path}?${new URLSearchParams(query)}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: file,
  });
}

/**
 * What a picture that ganvas painted says; null if it says nothing.
 * @param {string} name of the run to look into first
 * @param {File} file
 * @returns {Promise<Found | null>}
 */
export async function restore(name, file) {
  return (await answer(() => send("/explore/restore", { name }, file))).json();
}

/**
 * Start the search for the nearest picture of a generator.
 * @param {Source} source
 * @param {File} file
 * @returns {Promise<{number: number, command: string}>} the command
 */
export async function startProjection(source, file) {
  const { name, snapshot } = source;
  return (await answer(() => send("/explore/project", { name, snapshot }, file))).json();
}

/**
 * Open the page of the snapshot that painted what was found.
 * @param {Found} found
 */
export function goTo(found) {
  sessionStorage.setItem(KEY, JSON.stringify(found));
  location.href = `/explore?${new URLSearchParams({ name: found.name, snapshot: found.snapshot })}`;
}

/**
 * What was found on another page and belongs to this snapshot.
 * @param {Source} source
 * @returns {Found | null}
 */
export function brought(source) {
  const found = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  return found && found.name === source.name && found.snapshot === source.snapshot ? found : null;
}
