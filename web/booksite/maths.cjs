// Reads {formulas: [[tex, display], ...], macros} from standard input and prints
// {html, problems, css}: each formula as HTML, what is wrong with it, and the
// rules of all glyphs used. Run by maths.py from the repository's root.
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");

const fromRoot = createRequire(process.cwd() + "/");
const { formulas, macros } = JSON.parse(readFileSync(0, "utf8"));

async function main() {
  const MathJax = await fromRoot("mathjax").init({
    loader: { load: ["input/tex", "output/chtml", "a11y/assistive-mml"] },
    // An unknown command is a fault to be told, not text to be shown in red.
    tex: { packages: { "[-]": ["noundefined"] }, macros },
    chtml: { fontURL: "maths", adaptiveCSS: true, matchFontHeight: false },
  });
  const adaptor = MathJax.startup.adaptor;
  const html = [];
  const problems = [];
  for (const [tex, display] of formulas) {
    const node = await MathJax.tex2chtmlPromise(tex, { display });
    const text = adaptor.outerHTML(node);
    html.push(text);
    problems.push(/data-mjx-error="([^"]*)"/.exec(text)?.[1] ?? null);
  }
  const css = adaptor.textContent(MathJax.chtmlStylesheet());
  process.stdout.write(JSON.stringify({ html, problems, css }));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
