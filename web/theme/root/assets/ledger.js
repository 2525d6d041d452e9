// The filter of the ledger of claims. What it shows stands in the address, so that a
// filtered table can be linked to; a link to a claim shows it, whatever was chosen.
(() => {
  const form = document.querySelector(".bn-ledger-filter");
  const rows = [...document.querySelectorAll(".bn-ledger tbody")];
  const fields = [...form.querySelectorAll("select")];
  const said = form.querySelector("output");

  // A choice may also name what it leaves out.
  function leaves(field, row) {
    const { but } = field.selectedOptions[0].dataset;
    return but ? row.dataset[field.name] === but : field.value !== row.dataset[field.name];
  }

  function show() {
    for (const row of rows) {
      row.hidden = fields.some((field) => field.value && leaves(field, row));
    }
    const left = rows.filter((row) => !row.hidden).length;
    const text = left ? `${left} of ${rows.length} claims shown` : "no claim with both";
    if (said.textContent !== text) said.textContent = text;
  }

  // A value that the address does not name, or that no claim has, means all.
  function read() {
    const asked = new URLSearchParams(location.search);
    for (const field of fields) {
      field.value = asked.get(field.name) ?? "";
      if (field.selectedIndex < 0) field.value = "";
    }
    show();
  }

  function write(hash = "") {
    const address = new URL(location.href);
    for (const { name, value } of fields) {
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
    }
    address.hash = hash; // a claim that was linked to may be hidden now
    try {
      history.replaceState(history.state, "", address);
    } catch { /* a page that was opened as a file keeps its address */ }
  }

  function showAll(hash) {
    for (const field of fields) field.value = "";
    show();
    write(hash);
  }

  function reveal() {
    const row = rows.find((r) => `#${r.id}` === decodeURIComponent(location.hash));
    if (!row) return;
    if (row.hidden) showAll(location.hash);
    row.querySelector("details").open = true;
    row.scrollIntoView({ behavior: "instant" });
  }

  form.addEventListener("change", () => {
    show();
    write();
  });
  form.querySelector("button").addEventListener("click", () => showAll());
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", reveal);
  read();
  reveal();
})();
