/** Threads of the page. */

/** A worker from its address, or from its text (a kernel's front end). */
export function startWorker(script) {
  const isText = !/^https?:/.test(script);
  const file = isText && new Blob([script], { type: "text/javascript" });
  const address = isText ? URL.createObjectURL(file) : script;
  return new Worker(address, { type: "module" });
}
