// By field: the field's image above an input with its text.

import { byId, make, say } from "../../shared/elements.js";
import { askCells, learn, send } from "./api.js";
import { accept, answerOf, broken, isOpen, picture, reportRefused, shown } from "./common.js";
import { strip } from "./one.js";

const SIZE = 6;
let shownFields = [];
const section = byId("fields");

export const fields = {
  open: () => load(null),
  back: () => load(null),
  press: () => false,
  type: () => false,
};

async function load(after) {
  const reply = await askCells("fields", { after, size: SIZE });
  shownFields = reply.fields;
  shownFields.forEach((field) => learn(field.cells));
  section.replaceChildren(...shownFields.map(card), ...(shownFields.length ? [more()] : []));
  if (shownFields.length) section.querySelector("input").focus();
  else fields.onEmpty();
}

function more() {
  const last = shownFields.at(-1).key;
  return make("p", {}, make("button", { type: "button", onclick: () => load(last) }, "More fields"));
}

function card(field, number) {
  const id = `field-${number}`;
  const check = field.failed ? make("strong", {}, " · fails its check") : null;
  const place = `${field.file}, page ${field.page}, field ${field.field}`;
  const note = make("p", { id: `${id}-note`, className: "note" }, hint(field));
  const input = make("input", {
    id,
    value: text(field),
    size: Math.ceil(1.4 * Math.max(6, field.cells.length)) + 1,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: false,
    "aria-describedby": `${id}-note`,
  });
  const form = make(
    "form",
    { className: "field" },
    make("label", { htmlFor: id }, place, check),
    strip(field.key, "due"),
    crops(field),
    make("div", { className: "entry" }, input, make("button", { className: "primary" }, "Save ", make("kbd", {}, "Enter"))),
    note,
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(field, form, input, note);
  });
  return form;
}

const text = (field) => field.cells.map(shown).join("").replace(/\.+$/, "");

const hint = (field) =>
  `${field.cells.length} ${field.cells.length === 1 ? "character" : "characters"}; . is a blank between them, ? is illegible.` +
  (field.rule ? ` Takes ${field.rule}.` : "");

function crops(field) {
  const items = field.cells.map((cell) =>
    make(
      "li",
      { className: cell.due ? (isOpen(cell) ? "due" : "answered") : "" },
      picture(cell, ""),
      make("span", {}, shown(cell)),
    ),
  );
  return make("ol", { className: "neighbours", "aria-label": "The field's characters" }, ...items);
}

async function save(field, form, input, note) {
  const typed = [...input.value.replace(/ /g, ".")];
  if (typed.length > field.cells.length) {
    note.textContent = `This field has room for ${field.cells.length}, and ${typed.length} characters stand here.`;
    form.classList.add("questioned");
    input.setAttribute("aria-invalid", "true");
    return;
  }
  const confirmed = form.dataset.questioned === input.value;
  const missing = text(field).length - typed.length;
  if (missing > 0 && !confirmed) {
    const behind = missing === 1 ? "the last character" : `the last ${missing} characters`;
    return question(form, input, note, `This would make ${behind} blank`);
  }
  input.removeAttribute("aria-invalid");
  const answers = field.cells.map((cell, place) => change(cell, typed[place] ?? ".")).filter(Boolean);
  try {
    const replies = answers.length ? await send(answers, { view: "fields", confirmed }) : [];
    const wrong = broken(replies);
    if (wrong) return question(form, input, note, wrong);
    const refused = reportRefused(replies);
    form.classList.remove("questioned");
    form.classList.add("saved");
    form.querySelector("ol").replaceWith(crops(field));
    input.value = text(field);
    note.textContent = refused ? byId("status").textContent : "Saved.";
    if (!refused) say("Saved");
    await goOn(form);
  } catch {
    note.textContent = "Not saved.";
  }
}

/** Asks whether what was typed is meant so; Enter once more says yes. */
function question(form, input, note, wrong) {
  form.dataset.questioned = input.value;
  form.classList.add("questioned");
  input.setAttribute("aria-invalid", "true");
  note.textContent = `${wrong}. Enter once more keeps it.`;
  say("Not saved yet");
}

/** The answer that the typed character gives for a cell; null where nothing is to be said. */
function change(cell, typed) {
  if (typed === shown(cell)) return cell.due && isOpen(cell) ? accept(cell) : null;
  return answerOf(cell, typed);
}

async function goOn(form) {
  const open = [...section.querySelectorAll("form:not(.saved)")];
  const next = open.find((other) => form.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
  if (next ?? open[0]) (next ?? open[0]).querySelector("input").focus();
  else await load(shownFields.at(-1).key);
}
