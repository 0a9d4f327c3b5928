// @ts-check
/** The page on which a generator is given away. */
import { answer, onSubmit, post, the } from "./common.js";

const form = the("export", HTMLFormElement);
const name = form.dataset.name ?? "";
const snapshot = the("snapshot", HTMLSelectElement);
const out = the("out", HTMLInputElement);
const forms = [...form.querySelectorAll('input[name="to"]')].filter((each) => each instanceof HTMLInputElement);

async function showCard() {
  const card = the("card", HTMLPreElement);
  try {
    const query = new URLSearchParams({ name, snapshot: snapshot.value });
    card.textContent = (await (await answer(() => fetch(`/export/card?${query}`))).json()).card;
  } catch (error) {
    card.textContent = error instanceof Error ? error.message : String(error);
  }
}

/** The name gets the ending of the form, and the form for a hub its licence. */
function choose() {
  const chosen = forms.find((each) => each.checked);
  const endings = forms.map((each) => each.dataset.ending ?? "").filter(Boolean);
  const stem = endings.reduce((text, ending) => (text.endsWith(ending) ? text.slice(0, -ending.length) : text), out.value);
  const plain = stem.replace(/-(safetensors|hub)$/, "");
  const ending = chosen?.dataset.ending ?? "";
  out.value = ending ? plain + ending : `${plain}-${chosen?.value}`;
  the("licence", HTMLDivElement).hidden = chosen?.value !== "hub";
  the("license", HTMLInputElement).required = chosen?.value === "hub";
}

forms.forEach((each) => each.addEventListener("change", choose));
snapshot.addEventListener("change", () => void showCard());
onSubmit(form, async (fields) => {
  if (fields.to !== "hub") fields.license = "";
  location.href = (await post("/export/start", { ...fields, name })).page;
});
choose();
void showCard();
