// What the page says to the server.

import { connection } from "../../shared/requests.js";

export const { ask, onError } = connection(
  "hcr-batch template edit is not running any more: what you do now cannot be saved here.",
);

/** Runs an action once things have been quiet for a while; one run at a time, the latest wins. */
export function whenQuiet(action, wait) {
  let timer = 0;
  let running = Promise.resolve();
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => (running = running.then(action).catch(() => {})), wait);
  };
}
