// What a page asks its server.

/**
 * Makes the two ends of a page's way to its server: `ask(address, body)` and `onError(listener)`.
 * `lost` is what to say where the server does not run any more.
 */
export function connection(lost) {
  const listeners = [];
  const tell = (message) => listeners.forEach((listener) => listener(message));

  /** Gives the JSON of the answer; a body makes it a POST. Tells the listeners, and throws, where it fails. */
  async function ask(address, body) {
    let reply;
    try {
      const response = await fetch(address, body && post(body));
      reply = await response.json();
      if (!response.ok) throw new Error(reply.error);
    } catch (error) {
      tell(error instanceof TypeError ? lost : `Not done: ${error.message}`);
      throw error;
    }
    tell(null);
    return reply;
  }

  return { ask, onError: (listener) => listeners.push(listener) };
}

/** The options of a request that sends a body as JSON. */
export const post = (body) => ({
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify(body),
});
