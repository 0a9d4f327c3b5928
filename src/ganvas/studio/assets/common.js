// @ts-check
/** What several pages do: styles from attributes, messages, requests and live data. */

/**
 * Apply the styles in `data-style` attributes. The policy of the page forbids `style` attributes in HTML.
 * @param {ParentNode} place
 */
export function applyStyles(place = document) {
  place.querySelectorAll("[data-style]").forEach((element) => {
    if (!(element instanceof HTMLElement)) return;
    for (const rule of (element.dataset.style ?? "").split(";")) {
      const [name, ...value] = rule.split(":");
      if (name.trim()) element.style.setProperty(name.trim(), value.join(":").trim());
    }
  });
}

/**
 * The element that a selector finds in another one, which the template has.
 * @template {HTMLElement} T
 * @param {ParentNode} place
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
export function within(place, selector, kind) {
  const found = place.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`${selector} is missing`);
  return found;
}

/**
 * The element of an id, which the template has.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function the(id, kind) {
  return within(document, `#${id}`, kind);
}

/**
 * Put HTML of the studio into an element, unless it is there already.
 * @param {HTMLElement} element
 * @param {string} html
 */
export function fill(element, html) {
  if (element.dataset.html === html) return;
  element.dataset.html = html;
  element.innerHTML = html;
  applyStyles(element);
}

/**
 * Show a message for some seconds. Screen readers read it.
 * @param {string} text
 */
export function say(text) {
  const line = document.createElement("p");
  line.textContent = text;
  the("say", HTMLDivElement).append(line);
  setTimeout(() => line.remove(), 6000);
}

/**
 * Ask the studio to do something.
 * @param {string} path
 * @param {Record<string, unknown>} body
 * @returns {Promise<Record<string, any>>} what it answers
 * @throws {Error} with the studio's words, if it refuses
 */
export async function post(path, body) {
  const response = await answer(() =>
    fetch(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  );
  return response.json();
}

/**
 * The answer to a request.
 * @param {() => Promise<Response>} ask
 * @throws {Error} with the studio's words, if it refuses or cannot be reached
 */
export async function answer(ask) {
  const response = await ask().catch(() => {
    throw new Error("The studio does not answer. Start it again, and open the address that it prints.");
  });
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({ error: `The studio answered with ${response.status}.` }));
  throw new Error(error);
}

/**
 * Live data. The connection is made again by the browser when it is lost.
 * @param {string} path
 * @param {(data: any, stop: () => void) => void} show gets what is new, and a way to hear no more
 */
export function listen(path, show) {
  const source = new EventSource(path);
  source.addEventListener("message", (event) => show(JSON.parse(event.data), () => source.close()));
  source.addEventListener("gone", (event) => {
    source.close();
    say(JSON.parse(event.data));
  });
  addEventListener("pagehide", () => source.close());
}

/**
 * Show warnings in a list, which is hidden if there are none.
 * @param {HTMLElement} list
 * @param {string[]} warnings
 */
export function showWarnings(list, warnings) {
  list.hidden = warnings.length === 0;
  list.replaceChildren(...warnings.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
}

/**
 * Show the state of the machine.
 * @param {{line: string, warnings: string[]}} machine
 */
export function showMachine(machine) {
  const line = document.querySelector('#machine [data-part="line"]');
  const warnings = document.querySelector('#machine [data-part="warnings"]');
  if (!line || !(warnings instanceof HTMLElement)) return;
  line.textContent = machine.line;
  showWarnings(warnings, machine.warnings);
}

/**
 * Send a form as JSON and say what came of it, next to its button.
 * @param {HTMLFormElement} form
 * @param {(fields: Record<string, unknown>) => Promise<void>} send
 */
export function onSubmit(form, send) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    /** @type {Record<string, unknown>} */
    const fields = Object.fromEntries(new FormData(form));
    form.querySelectorAll('input[type="checkbox"]').forEach((box) => {
      if (box instanceof HTMLInputElement) fields[box.name] = box.checked;
    });
    const button = form.querySelector("button.primary");
    const problem = form.querySelector(".problem");
    if (button instanceof HTMLButtonElement) button.disabled = true;
    if (problem instanceof HTMLElement) problem.hidden = true;
    try {
      await send(fields);
    } catch (error) {
      if (problem instanceof HTMLElement) {
        problem.hidden = false;
        problem.textContent = error instanceof Error ? error.message : String(error);
      }
    } finally {
      if (button instanceof HTMLButtonElement) button.disabled = false;
    }
  });
}

/**
 * Take files that are dropped on an element or chosen.
 * @param {HTMLElement} area
 * @param {HTMLInputElement} input
 * @param {(files: File[]) => void} take
 */
export function onDrop(area, input, take) {
  for (const event of ["dragenter", "dragover"]) {
    area.addEventListener(event, (happened) => {
      happened.preventDefault();
      area.classList.add("is-over");
    });
  }
  for (const event of ["dragleave", "drop"]) area.addEventListener(event, () => area.classList.remove("is-over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    take([...(event.dataTransfer?.files ?? [])]);
  });
  input.addEventListener("change", () => {
    take([...(input.files ?? [])]);
    input.value = ""; // the same file can be chosen again
  });
}

/**
 * Show another seed when one is typed, or any when asked.
 * @param {HTMLInputElement} seed
 * @param {HTMLButtonElement} another
 * @param {() => void} show
 */
export function onEachSeed(seed, another, show) {
  seed.addEventListener("change", () => {
    if (seed.value !== "" && seed.checkValidity()) show();
  });
  another.addEventListener("click", () => {
    seed.value = String(Math.floor(Math.random() * 1_000_000));
    show();
  });
}

/**
 * Seconds as the reports write them: 45 s, 5 min 2 s, 2 h 1 min.
 * @param {number | null} seconds
 */
export function duration(seconds) {
  if (seconds === null) return "—";
  const whole = Math.round(seconds);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours) return `${hours} h ${minutes} min`;
  return minutes ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

applyStyles();
