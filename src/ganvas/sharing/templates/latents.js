// What the generator is asked for: latents, and the weight of each class.
//
// A cell describes a picture: {seed, classes, truncation, edits}, or {latent, classes} for a point between seeds.
// classes: {class number: weight}; edits: {direction number: amount}.
const LENGTH = GANVAS.latent_dim;
const TABLE = decoded(GANVAS.latents, false);
const VECTORS = GANVAS.directions.map(({ vector }) => decoded(vector, false));

function latentOf({ seed, truncation = 1, edits = {} }) {
  const latent = TABLE.slice(seed * LENGTH, (seed + 1) * LENGTH).map((value) => value * truncation);
  for (const [direction, amount] of Object.entries(edits))
    VECTORS[direction].forEach((value, place) => (latent[place] += amount * value));
  return latent;
}

function classWeights(classes) {
  const weights = new Float32Array(GANVAS.classes.length);
  for (const [number, weight] of Object.entries(classes)) weights[number] = weight;
  return weights;
}

function inputsOf(cell) {
  const inputs = { latents: cell.latent ?? latentOf(cell), truncation: Float32Array.of(1) };
  if (GANVAS.classes.length) inputs.classes = classWeights(cell.classes);
  return inputs;
}

// A closed curve through the points, at a place from 0 to their number: Catmull and Rom 1974, smooth in its derivative.
function alongCurve(points, place) {
  const from = Math.floor(place), t = place - from;
  const [a, b, c, d] = [-1, 0, 1, 2].map((step) => points[(from + step + points.length) % points.length]);
  return b.map((value, at) => {
    const slope = c[at] - a[at], next = d[at] - value;
    return value + (t / 2) * (slope + t * (6 * (c[at] - value) - 2 * slope - next + t * (slope + next - 4 * (c[at] - value))));
  });
}

const lengthOf = (vector) => Math.hypot(...vector);

// The latent at a place of a closed walk. Normal latents lie near a sphere, so the way keeps to the lengths of its ends.
function onWalk(latents, place) {
  const latent = alongCurve(latents, place);
  if (!GANVAS.is_normal) return latent;
  const from = Math.floor(place) % latents.length, t = place - Math.floor(place);
  const smooth = t * t * (3 - 2 * t);
  const wanted = (1 - smooth) * lengthOf(latents[from]) + smooth * lengthOf(latents[(from + 1) % latents.length]);
  const own = lengthOf(latent);
  return own > 0 ? latent.map((value) => (value * wanted) / own) : latent;
}

const asBase64 = (floats) => btoa(String.fromCharCode(...new Uint8Array(floats.buffer)));

// The description that `ganvas sample --like` reads; see ganvas.artist.origin. Values that are the default are left out.
function originOf(cell) {
  const { classes, truncation = 1, edits = {} } = cell, own = {};
  if (cell.seed) own.seed = cell.seed;
  if (cell.latent) own.latent = asBase64(cell.latent);
  if (GANVAS.classes.length) {
    const numbers = Object.keys(classes).filter((number) => classes[number] > 0);
    own.label = numbers.length === 1 ? GANVAS.classes[numbers[0]]
      : Object.fromEntries(numbers.map((number) => [GANVAS.classes[number], classes[number]]));
  }
  if (truncation !== 1) own.truncation = truncation;
  const used = Object.keys(edits).filter((direction) => edits[direction]);
  const name = (direction) => GANVAS.directions[direction].name;
  if (used.length) own.edits = used.map((direction) => ({ direction: name(direction), amount: edits[direction] }));
  const origin = { ...GANVAS.origin, cells: [own] };
  if (used.length)
    origin.directions = Object.fromEntries(used.map((direction) => [name(direction), GANVAS.directions[direction].vector]));
  return JSON.stringify(origin);
}

function described({ seed, classes, truncation = 1, edits = {} }) {
  const parts = [`seed ${seed}`];
  if (GANVAS.classes.length) {
    const named = Object.entries(classes).filter(([, weight]) => weight > 0);
    parts.push(named.map(([number, weight]) => (named.length > 1 ? `${Math.round(100 * weight)} % ` : "") + GANVAS.classes[number]).join(" + "));
  }
  if (truncation !== 1) parts.push(`truncation ${truncation.toFixed(2)}`);
  for (const [direction, amount] of Object.entries(edits))
    if (amount) parts.push(`${GANVAS.directions[direction].name} ${amount > 0 ? "+" : "−"}${Math.abs(amount).toFixed(1)}`);
  return parts.join(", ");
}
