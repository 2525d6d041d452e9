/** Writes down what goes wrong in a page; stands before every other script of it. */

window.complaints = [];
const complain = (kind, what) => window.complaints.push(`${kind}: ${what}`);

window.addEventListener(
  "error",
  (event) => {
    const { message, target } = event;
    if (message) complain("error", message);
    else complain("not loaded", target.src ?? target.href ?? target.tagName);
  },
  true, // what fails to load tells only its element
);
window.addEventListener("unhandledrejection", ({ reason }) =>
  complain("error", reason));
document.addEventListener("securitypolicyviolation", (event) =>
  complain("blocked", `${event.violatedDirective} ${event.blockedURI}`));

const log = console.error;
console.error = (...parts) => {
  complain("console", parts.join(" "));
  log.apply(console, parts);
};

const ask = window.fetch;
window.fetch = (...request) => {
  const answer = ask.apply(window, request);
  answer.catch((error) => complain("not loaded", `${request[0]} ${error}`));
  return answer;
};
