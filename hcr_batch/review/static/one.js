// One by one: a crop large, with the field and the page around it.

import { byId, make, say } from "../../shared/elements.js";
import { ask, askCells, learn, send } from "./api.js";
import { accept, answerOf, broken, isOpen, picture, reportRefused, showDialog, shown } from "./common.js";

const WIDE = "(min-width: 1500px)"; // As in the style sheet.
let field = null;
let busy = false;
let doubt = null; // The last answer, where it breaks the rule of its field.
let zoom = 1;
const visited = [];

export const one = {
  open: () => (field ? show(field.key) : go({})),
  back: (keys) => show(keys[0]),
  press(event) {
    const alternative = /^Digit[1-3]$/.test(event.code) && pickable(event) ? event.code.at(-1) : "";
    if (alternative) return pick(Number(alternative) - 1);
    if (event.altKey) return false;
    if (event.key === "Enter") answer(current() && accept(current()));
    else if (event.key === "ArrowLeft") back();
    else if (event.key === "ArrowRight") go({ after: field?.key });
    else if (event.key === "ArrowDown") go({ after: field?.key, otherField: true });
    else if (event.key === "/") showPage();
    else return type(event.key);
    return true;
  },
  type,
};

const current = () => field?.cells.find((cell) => cell.key === field.key);

async function go(where) {
  if (busy) return;
  busy = true;
  try {
    const reply = await askCells("next", where);
    if (reply.cell) draw(reply.cell);
    else {
      field = null;
      one.onEmpty();
    }
  } finally {
    busy = false;
  }
}

async function show(key) {
  const reply = await ask(`cell/${key}`);
  if (reply.cell) draw(reply.cell);
  else await go({});
}

async function back() {
  visited.pop();
  const key = visited.at(-1);
  if (key) await show(key);
  else await go({ after: field?.key, backwards: true });
}

function draw(shownField) {
  field = shownField;
  learn(field.cells);
  if (visited.at(-1) !== field.key) visited.push(field.key);
  const cell = current();
  const number = field.cells.indexOf(cell) + 1;
  const place = `${field.file}, page ${field.page}, field ${field.field}, character ${number} of ${field.cells.length}`;
  byId("one").replaceChildren(
    make("figure", { className: "large" }, picture(cell, "The character")),
    make("div", { className: "side" }, ...reading(cell), ...choices(cell), help(cell)),
    strip(field.key, "current"),
    neighbours(cell),
    make("p", { className: "place" }, place, field.rule ? ` · takes ${field.rule}` : ""),
    pageBeside(),
  );
  say(cell.read ? `Read as ${cell.read}` : "No character");
}

function reading(cell) {
  const words = { blank: "blank", illegible: "illegible" };
  const label = isOpen(cell) ? "Read as" : `Answered by ${cell.answer.reviewer}`;
  const value = isOpen(cell) ? cell.read || "no character" : (words[cell.answer.kind] ?? cell.answer.character);
  const short = [...value].length === 1;
  return [make("p", { className: "reading" }, `${label} `, make("b", { className: short ? "" : "word" }, value))];
}

function choices(cell) {
  const button = (key, label, action, kind = "") =>
    make("button", { type: "button", className: kind, onclick: action }, label, " ", make("kbd", {}, key));
  const prefix = fieldHasDigits() ? "Alt+" : "";
  return [
    make(
      "div",
      { className: "choices" },
      button("Enter", cell.read ? `It is ${cell.read}` : "It is no character", () => answer(accept(cell)), "primary"),
      ...cell.alternatives.map((other, index) => button(`${prefix}${index + 1}`, other, () => pick(index), "other")),
    ),
    make(
      "div",
      { className: "choices" },
      button(".", "Blank", () => type(".")),
      button("?", "Illegible", () => type("?")),
      button("←", "Back", back),
      button("→", "Skip", () => go({ after: field.key })),
      button("↓", "Next field", () => go({ after: field.key, otherField: true })),
      button("/", "Page", showPage),
    ),
  ];
}

function help() {
  return make(
    "label",
    { className: "type" },
    "Or type what it is ",
    make("input", {
      maxLength: 1,
      autocomplete: "off",
      autocapitalize: "none",
      spellcheck: false,
      className: "letter",
      oninput: (event) => type(event.target.value),
    }),
  );
}

/** The field as it lies on the page; nothing where the file is not there any more. */
export function strip(key, marked) {
  const figure = make("figure", { className: "strip" });
  const image = make("img", { alt: "The field on its page", src: `field/${key}.png?marked=${marked}` });
  image.addEventListener("error", () => figure.replaceWith());
  figure.append(image);
  return figure;
}

function neighbours(cell) {
  const tiles = field.cells.map((other) =>
    make(
      "li",
      { className: other === cell ? "current" : isOpen(other) ? "" : "answered" },
      picture(other, ""),
      make("span", {}, shown(other)),
    ),
  );
  return make("ol", { className: "neighbours", "aria-label": "The field's characters" }, ...tiles);
}

/** Whether plain 1 to 3 pick alternatives: in a field with digits they are what they say. */
function pickable(event) {
  return event.altKey || !fieldHasDigits();
}

function fieldHasDigits() {
  const mine = [current().read, ...current().alternatives];
  return [...mine, ...field.cells.map(shown)].some((character) => /\d/.test(character));
}

function pick(index) {
  const cell = current();
  const character = cell?.alternatives[index];
  if (character) answer({ cell, kind: "character", character });
  return Boolean(character);
}

function type(character) {
  const given = current() && answerOf(current(), character);
  if (given) answer(given);
  return Boolean(given);
}

async function answer(given) {
  if (!given || busy) return;
  busy = true;
  const key = field.key;
  const mark = [key, given.kind, given.character].join();
  try {
    const answers = await send([given], { view: "one", confirmed: doubt === mark });
    const wrong = broken(answers);
    doubt = wrong ? mark : null;
    busy = false;
    if (wrong) return question(wrong);
    await (reportRefused(answers) ? show(key) : go({ after: key }));
  } catch {
    // The alert says it; the cell stays.
  } finally {
    busy = false;
  }
}

function question(wrong) {
  byId("one").querySelector(".question")?.remove();
  const text = `${wrong}. The same answer once more keeps it.`;
  byId("one").querySelector(".side").prepend(make("p", { className: "question", role: "alert" }, text));
}

/** The page beside the character, where the window has room for it. */
function pageBeside() {
  const { key, across, down } = field;
  const image = make("img", { alt: "The page with the character marked" });
  const view = make("div", { className: "view" }, image);
  const centre = () =>
    view.scrollTo(across * image.width - view.clientWidth / 2, down * image.height - view.clientHeight / 2);
  const resize = (factor) => {
    zoom = Math.min(4, Math.max(1, zoom * factor));
    image.style.width = `${100 * zoom}%`;
    centre();
  };
  const figure = make(
    "figure",
    { className: "beside" },
    make(
      "div",
      { className: "choices" },
      make("button", { type: "button", onclick: () => resize(1 / 1.4), "aria-label": "smaller" }, "−"),
      make("button", { type: "button", onclick: () => resize(1.4), "aria-label": "larger" }, "+"),
    ),
    view,
  );
  image.onload = () => resize(1);
  image.onerror = () => figure.remove();
  if (matchMedia(WIDE).matches) image.src = `page/${key}.png`;
  return figure;
}

function showPage() {
  const dialog = byId("whole");
  if (!field) return;
  const image = dialog.querySelector("img");
  image.src = `page/${field.key}.png`;
  const { down } = field;
  image.onload = () => (dialog.scrollTop = image.offsetTop + down * image.height - dialog.clientHeight / 2);
  image.onerror = () => {
    dialog.close();
    say("The page cannot be shown: its file is not there any more, or has changed.");
  };
  showDialog(dialog);
}
