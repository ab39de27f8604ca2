// What the page says to the server.

const listeners = [];
export const onError = (listener) => listeners.push(listener);

/** Asks the server; a body makes it a POST. Tells the listeners, and throws, where it fails. */
export async function ask(address, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  let reply;
  try {
    const response = await fetch(address, options);
    reply = await response.json();
    if (!response.ok) throw new Error(reply.error);
  } catch (error) {
    const message = error instanceof TypeError
      ? "hcr-batch template edit is not running any more: what you do now cannot be saved here."
      : `Not done: ${error.message}`;
    listeners.forEach((listener) => listener(message));
    throw error;
  }
  listeners.forEach((listener) => listener(null));
  return reply;
}

/** Runs an action once things have been quiet for a while; one run at a time, the latest wins. */
export function whenQuiet(action, wait) {
  let timer = 0;
  let running = Promise.resolve();
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => (running = running.then(action).catch(() => {})), wait);
  };
}
