// What the three ways to review share.

import { byId, make, openDialog, say } from "../../shared/elements.js";

/** What has to be read before going on; empty takes it away. */
export function warn(text) {
  byId("warning").hidden = !text;
  byId("warning").textContent = text;
}

/** Shows a dialog; what opened it gives the focus up, else Enter after it would open it again. */
export function showDialog(dialog) {
  document.activeElement.blur();
  openDialog(dialog);
}

export const isOpen = (cell) => !cell.answer || cell.answer.kind === "open";

/** What a cell holds now, as the pages write it: `.` for blank and `?` for illegible. */
export function shown(cell) {
  if (isOpen(cell)) return cell.read || ".";
  if (cell.answer.kind === "illegible") return "?";
  return cell.answer.character || ".";
}

/** The answer that a typed character stands for; null where it stands for none. */
export function answerOf(cell, typed) {
  if (typed === "." || typed === " ") return { cell, kind: "blank", character: "" };
  if (typed === "?") return { cell, kind: "illegible", character: "" };
  if ([...typed].length !== 1 || !typed.trim()) return null;
  return { cell, kind: "character", character: capital(typed) };
}

export const accept = (cell) => ({ cell, kind: "accepted", character: cell.read });

/** Says whose answers stand, where somebody else was faster. */
export function reportRefused(answers) {
  const refused = answers.filter((answer) => !answer.taken && !answer.breaks);
  if (!refused.length) return false;
  const names = [...new Set(refused.map(({ answer }) => answer?.reviewer ?? "a new scan"))];
  const what = refused.length === 1 ? "This cell" : `${refused.length} cells`;
  say(`${what} had been changed by ${names.join(" and ")} in the meantime; that stands.`);
  return true;
}

/** What is wrong with the answers that break the rule of their field; empty where none does. */
export const broken = (answers) => answers.find((answer) => answer.breaks)?.breaks ?? "";

export function picture(cell, alt) {
  return cell.picture
    ? make("img", { src: cell.picture, alt, draggable: false })
    : make("span", { className: "nothing", role: "img", "aria-label": alt });
}

function capital(typed) {
  return byId("capitals").checked ? typed.toUpperCase() : typed;
}
