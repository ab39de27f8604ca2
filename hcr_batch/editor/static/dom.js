// Small helpers for elements.

export const byId = (id) => document.getElementById(id);

/** Makes an element: properties, then children (elements or texts). */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  return filled(element, properties, children);
}

/** Makes an element of a drawing. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

export function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }
}

export const say = (text) => (byId("status").textContent = text);

function filled(element, { dataset = {}, ...rest }, children) {
  Object.assign(element.dataset, dataset);
  for (const [name, value] of Object.entries(rest)) {
    if (name.startsWith("aria-") || name === "role") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}
