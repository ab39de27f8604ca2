// What the pages say to the server, and what they remember of it.

import { byId } from "../../shared/elements.js";
import { connection, post } from "../../shared/requests.js";

const home = location.pathname;
const memory = {
  get: (name, fallback) => JSON.parse(sessionStorage.getItem(home + name)) ?? fallback,
  set: (name, value) => sessionStorage.setItem(home + name, JSON.stringify(value)),
};

// Kept over a reload, so that the window goes on with the cells it had.
export const client = memory.get("client", null) ?? crypto.randomUUID?.() ?? String(Math.random());
memory.set("client", client);

// What this window wants to see: {form, field, file, reason}; "" is everything.
export const only = memory.get("only", {});
export function want(facet, value) {
  only[facet] = value;
  memory.set("only", only);
}

let undoable = memory.get("undoable", []);
const versions = new Map(memory.get("versions", []));
const server = connection("Not saved: hcr-batch review is not running any more. Start it again.");
const listeners = [];
let last = Promise.resolve();

/** Asks for cells: those that this window wants to see. */
export const askCells = (address, body) => ask(address, { client, only, ...body });

export const { onError } = server;
export const onProgress = (listener) => listeners.push(listener);
export const reviewer = () => byId("reviewer").value.trim();

/** Asks the server, and tells the listeners how far the review is where the answer says so. */
export async function ask(address, body) {
  const reply = await server.ask(address, body);
  if (reply.progress) listeners.forEach((listener) => listener(reply.progress));
  return reply;
}

/** Lets other windows have what this one showed; works while the window closes. */
export function release() {
  fetch("release", { ...post({ client }), keepalive: true }).catch(() => {});
}

/** Notes the answers that cells came with. */
export function learn(cells) {
  for (const cell of cells) versions.set(cell.key, cell.answer?.version ?? 0);
}

/**
 * Sends answers, one batch after the other: [{cell, kind, character}].
 * Gives the server's [{key, taken, answer, breaks}], and puts the new answers on the cells.
 * What breaks the rule of its field is not taken unless it is confirmed.
 */
export function send(batch, { remember = true, view = null, confirmed = false } = {}) {
  const before = batch.map(({ cell }) => ({ key: cell.key, ...state(cell.answer) }));
  last = last.catch(() => {}).then(() => sent(batch, confirmed));
  return last.then((answers) => {
    const taken = before.filter((_, number) => answers[number].taken);
    if (remember && taken.length) undoable.push({ view, cells: taken });
    undoable = undoable.slice(-200);
    keep();
    return answers;
  });
}

/** Waits until everything sent has been answered, well or not. */
export const settled = () => last.catch(() => {});

/** Takes the last batch back; gives {view, cells: [keys], refused} or null where there is none. */
export async function undo() {
  const step = undoable.pop();
  if (!step) return null;
  const batch = step.cells.map(({ key, kind, character }) => ({ cell: { key }, kind, character }));
  try {
    const answers = await send(batch, { remember: false, confirmed: true });
    const refused = answers.filter((answer) => !answer.taken).length;
    return { view: step.view, keys: step.cells.map((cell) => cell.key), refused };
  } catch (error) {
    undoable.push(step);
    throw error;
  }
}

async function sent(batch, confirmed) {
  const answers = batch.map(({ cell, kind, character }) => ({
    key: cell.key,
    kind,
    character,
    seen: versions.get(cell.key) ?? 0,
  }));
  const reply = await ask("answers", { reviewer: reviewer(), answers, confirmed });
  reply.answers.forEach(({ key, answer }, number) => {
    versions.set(key, answer?.version ?? 0);
    batch[number].cell.answer = answer;
  });
  return reply.answers;
}

function state(answer) {
  return answer ? { kind: answer.kind, character: answer.character } : { kind: "open", character: "" };
}

function keep() {
  const wanted = new Set(undoable.flatMap((step) => step.cells.map((cell) => cell.key)));
  memory.set("undoable", undoable);
  memory.set("versions", [...versions].filter(([key]) => wanted.has(key)));
}
