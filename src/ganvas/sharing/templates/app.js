// The page: a wall of seeds, an easel for one picture, and a walk.
const element = (id) => document.getElementById(id);
const cores = navigator.hardwareConcurrency || 2;
const painters = new Painters(GANVAS.model, Math.max(1, Math.min(4, cores - 1)));

// Canvases get whole pictures of bytes, which a graphics card would only have to give back.
const CONTEXT = { willReadFrequently: true };

function show(canvas, pixels) {
  canvas.getContext("2d", CONTEXT).putImageData(new ImageData(pixels, GANVAS.size), 0, 0);
  canvas.dataset.painted = "";
  element("pace").textContent = `${painters.pace.toFixed(painters.pace < 10 ? 1 : 0)} ms a picture in this browser`;
}

// --- What all pictures of the page have in common ---

const settings = () => ({ truncation: Number(element("truncation").value), first: Number(element("first").value) });

function classesOf(seed) {
  if (!GANVAS.classes.length) return {};
  const chosen = element("class").value;
  if (chosen === "") return { [GANVAS.labels[seed]]: 1 };
  const share = Number(element("share").value) / 100, other = element("other").value;
  return other === chosen || !share ? { [chosen]: 1 } : { [chosen]: 1 - share, [other]: share };
}

const cellOf = (seed) => ({ seed, classes: classesOf(seed), truncation: settings().truncation, edits: {} });

// --- The wall ---

let version = 0;
const tiles = Array.from({ length: GANVAS.wall }, () => {
  const tile = document.createElement("button"), canvas = document.createElement("canvas"), name = document.createElement("span");
  tile.type = "button";
  canvas.width = canvas.height = GANVAS.size;
  tile.append(canvas, name);
  tile.addEventListener("click", () => openEasel(Number(tile.dataset.seed)));
  const place = document.createElement("li");
  place.append(tile);
  element("pictures-on-wall").append(place);
  return { tile, canvas, name };
});

function hangWall() {
  const { first } = settings(), own = ++version;
  tiles.forEach(({ tile, canvas, name }, place) => {
    const seed = (first + place) % GANVAS.seeds, cell = cellOf(seed);
    if (tile.dataset.seed !== String(seed)) delete canvas.dataset.painted;
    tile.dataset.seed = seed;
    tile.setAttribute("aria-label", described(cell));
    name.textContent = seed;
    painters.paint(inputsOf(cell), { isStale: () => own !== version }).then((pixels) => pixels && show(canvas, pixels));
  });
}

function move(steps) {
  const { first } = settings();
  element("first").value = Math.max(0, Math.min(GANVAS.seeds - 1, first + steps * GANVAS.wall));
  hangWall();
}

element("earlier").addEventListener("click", () => move(-1));
element("later").addEventListener("click", () => move(1));
element("tools").addEventListener("submit", (event) => event.preventDefault());
element("tools").addEventListener("input", () => {
  const first = element("first");
  if (first.value === "" || !first.checkValidity()) return;
  element("truncation-shown").textContent = settings().truncation.toFixed(2);
  if (GANVAS.classes.length) {
    element("share-shown").textContent = `${element("share").value} %`;
    element("mixing").hidden = element("sharing").hidden = element("class").value === "" || GANVAS.classes.length < 2;
  }
  hangWall();
});

// --- The easel ---

const easel = { cell: null, version: 0, pixels: null };

function slider(name, { low, high, step, value, shown, change }) {
  const label = document.createElement("label"), output = document.createElement("span"), input = document.createElement("input");
  label.className = "tool wide";
  output.className = "value"; // an <output> would take the label from the slider
  Object.assign(input, { type: "range", min: low, max: high, step, value });
  output.textContent = shown(value);
  label.append(`${name} `, output, input);
  input.addEventListener("input", () => {
    output.textContent = shown(Number(input.value));
    change(Number(input.value));
    paintEasel();
  });
  element("easel-tools").append(label);
}

function openEasel(seed) {
  easel.cell = cellOf(seed);
  const { cell } = easel;
  element("easel-tools").replaceChildren();
  slider("Truncation", {
    low: 0, high: 1.5, step: 0.05, value: cell.truncation, shown: (value) => value.toFixed(2),
    change: (value) => (cell.truncation = value),
  });
  GANVAS.directions.forEach(({ name, reach }, direction) => slider(name, {
    low: -reach, high: reach, step: reach / 50, value: 0, shown: (value) => value.toFixed(1),
    change: (value) => (cell.edits[direction] = value),
  }));
  if (GANVAS.classes.length > 1 && GANVAS.classes.length <= GANVAS.most_sliders) {
    const weights = classWeights(cell.classes);
    GANVAS.classes.forEach((name, number) => slider(name, {
      low: 0, high: 1, step: 0.05, value: weights[number], shown: (value) => value.toFixed(2),
      change(value) {
        weights[number] = value;
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        cell.classes = Object.fromEntries([...weights].map((weight, at) => [at, total ? weight / total : 1 / weights.length]));
      },
    }));
  }
  if (!element("easel").open) element("easel").showModal();
  paintEasel();
}

async function paintEasel() {
  const own = ++easel.version, { cell } = easel;
  element("easel-title").textContent = described(cell);
  element("download").disabled = true;
  const pixels = await painters.paint(inputsOf(cell), { isUrgent: true, isStale: () => own !== easel.version });
  if (!pixels || own !== easel.version) return;
  Object.assign(easel, { pixels, origin: originOf(cell) });
  show(element("easel-canvas"), pixels);
  element("download").disabled = false;
}

const beside = (steps) => openEasel((easel.cell.seed + steps + GANVAS.seeds) % GANVAS.seeds);
element("previous").addEventListener("click", () => beside(-1));
element("next").addEventListener("click", () => beside(1));
element("reset").addEventListener("click", () => openEasel(easel.cell.seed));
element("close").addEventListener("click", () => element("easel").close());
element("download").addEventListener("click", () => {
  const file = pngFile(easel.pixels, GANVAS.size, { ganvas: easel.origin, "XML:com.adobe.xmp": GANVAS.xmp });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = `seed${easel.cell.seed}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
});

// --- The walk ---

const walk = { isPlaying: false, place: 0, last: 0, isBusy: false };

function stops() {
  const { first } = settings(), count = Number(element("stops").value);
  return Array.from({ length: count }, (_, step) => cellOf((first + step) % GANVAS.seeds));
}

async function paintWalk() {
  const cells = stops(), classes = {};
  walk.place %= cells.length;
  const from = cells[Math.floor(walk.place)], to = cells[(Math.floor(walk.place) + 1) % cells.length], t = walk.place % 1;
  for (const [number, weight] of Object.entries(from.classes)) classes[number] = (1 - t) * weight;
  for (const [number, weight] of Object.entries(to.classes)) classes[number] = (classes[number] ?? 0) + t * weight;
  walk.isBusy = true;
  const pixels = await painters.paint(inputsOf({ latent: onWalk(cells.map(latentOf), walk.place), classes }), { isUrgent: true });
  walk.isBusy = false;
  show(element("walk-canvas"), pixels);
}

function frame(now) {
  if (!walk.isPlaying) return;
  // A page that was hidden goes on from where it was, and a frame may have begun before the click that asked for it.
  const seconds = Math.min(0.25, Math.max(0, (now - walk.last) / 1000));
  walk.last = now;
  walk.place += seconds / Number(element("seconds").value);
  if (!walk.isBusy) paintWalk();
  requestAnimationFrame(frame);
}

element("play").addEventListener("click", () => {
  walk.isPlaying = !walk.isPlaying;
  element("play").textContent = walk.isPlaying ? "Pause" : "Play";
  element("play").setAttribute("aria-pressed", walk.isPlaying);
  walk.last = performance.now();
  if (walk.isPlaying) requestAnimationFrame(frame);
});
element("stops").addEventListener("input", () => (element("stops-shown").textContent = element("stops").value));
element("seconds").addEventListener("input", () => {
  element("seconds-shown").textContent = Number(element("seconds").value).toFixed(1);
});

// --- Whether this browser computes as torch does ---

async function checkPicture() {
  const classes = GANVAS.classes.length ? { [GANVAS.labels[0]]: 1 } : {};
  const pixels = await painters.paint(inputsOf({ seed: 0, classes }));
  const known = Uint8Array.from(atob(GANVAS.known), (letter) => letter.charCodeAt(0));
  let most = 0;
  known.forEach((value, place) => (most = Math.max(most, Math.abs(value - pixels[4 * Math.floor(place / 3) + (place % 3)]))));
  element("check").textContent = most <= 2
    ? `seed 0 is as torch paints it, to ${most} of 255`
    : `this browser computes other pictures than torch: seed 0 differs by ${most} of 255`;
}

hangWall();
paintWalk();
checkPicture();
