// Elements of a page: found, made, and told what is going on.

export const byId = (id) => document.getElementById(id);

/** Makes an element: properties, then children (elements or texts; null is none). */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { dataset = {}, ...rest } = properties;
  Object.assign(element.dataset, dataset);
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith("aria-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Shows a dialog; an answer of before must not count when Escape closes it. */
export function openDialog(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
}

/** Says in the status line what was done. */
export const say = (text) => (byId("status").textContent = text);
