// What the theme's scripts leave to us: the menus above a page, printing, full
// screen, marking the section in view, and calling widgets when they are needed.
(() => {
  const find = (selector) => [...document.querySelectorAll(selector)];

  function closeMenus(except) {
    for (const menu of find("details.page-menu[open]")) {
      if (menu !== except) menu.open = false;
    }
  }

  function setUpMenus() {
    document.addEventListener("click", (event) => {
      closeMenus(event.target.closest("details.page-menu"));
    });
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      const open = event.target.closest("details.page-menu[open]");
      closeMenus(null);
      open?.querySelector("summary").focus();
    });
    for (const button of find(".print-button")) {
      button.addEventListener("click", () => window.print());
    }
    for (const button of find(".fullscreen-button")) {
      button.addEventListener("click", () => window.toggleFullScreen?.());
    }
  }

  // Without a script the field in the menu is a link to the search page.
  function openSearchInPlace() {
    for (const link of find("a.search-button__button")) {
      link.addEventListener("click", (event) => event.preventDefault());
    }
  }

  // The theme colours a link of the contents when it and its item are "active".
  function markSectionInView() {
    const links = new Map(
      find(".bd-toc-nav a[href^='#']").map((a) => [a.hash.slice(1), a]),
    );
    const sections = find("article section[id]").filter((s) => links.has(s.id));
    if (!sections.length) return;
    const inView = new Set();
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          isIntersecting ? inView.add(target) : inView.delete(target);
        }
        const current = sections.filter((s) => inView.has(s)).pop();
        for (const [id, link] of links) {
          const here = id === current?.id;
          link.classList.toggle("active", here);
          here
            ? link.setAttribute("aria-current", "true")
            : link.removeAttribute("aria-current");
        }
      },
      { rootMargin: "-15% 0px -70% 0px" },
    );
    for (const section of sections) observer.observe(section);
  }

  // A folded answer shows on paper too.
  function openFoldsForPrint() {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = find("article details:not([open])");
      for (const fold of opened) fold.open = true;
    });
    addEventListener("afterprint", () => {
      for (const fold of opened) fold.open = false;
    });
  }

  // Figures wait until the page has come, and are there when it is printed: not every
  // browser fetches on printing what nobody scrolled to.
  function fetchFiguresWhenIdle() {
    const soon = globalThis.requestIdleCallback ?? setTimeout;
    const fetchAll = () => {
      for (const image of find("main img[loading=lazy]")) image.loading = "eager";
    };
    addEventListener("load", () => soon(fetchAll));
  }

  // A widget's code is fetched when the reader comes near, or follows a link to it.
  function showWidgetsInReach() {
    const widgets = new Map(find(".bn-widget").map((place) => [place.id, place]));
    if (!widgets.size) return;
    if (location.protocol === "file:") {
      for (const place of widgets.values()) sayWhyStill(place);
      return;
    }
    let host = null;
    const show = async (place, query) => {
      host ??= await import(new URL(place.dataset.host, document.baseURI));
      host.show(place, query);
    };
    const observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          if (!isIntersecting) continue;
          observer.unobserve(target);
          show(target);
        }
      },
      { rootMargin: "600px 0px" },
    );
    followAddresses(widgets, show, (place) => host?.queryOf(place) ?? "");
    for (const place of widgets.values()) observer.observe(place);
  }

  // "#widget-NAME?gamma=-1" says how a widget stands. An address that says nothing of
  // it, but was left by such a link, gets the widget back as it stood then: that is
  // kept with the address in the browser's history.
  function followAddresses(widgets, show, queryOf) {
    const follow = () => {
      const [id, query = ""] = location.hash.slice(1).split("?");
      const left = { ...history.state?.widgets };
      if (widgets.has(id)) left[id] = query;
      for (const [name, said] of Object.entries(left)) {
        if (widgets.has(name)) show(widgets.get(name), said);
      }
      if (query && widgets.has(id)) reveal(widgets.get(id));
    };
    document.addEventListener("click", (event) => {
      const { hash = "" } = event.target.closest("a[href^='#widget-']") ?? {};
      const place = widgets.get(hash.slice(1).split("?")[0]);
      if (!place || event.ctrlKey || event.metaKey || event.shiftKey) return;
      if (hash === location.hash) follow(); // no news to the browser
      else {
        const kept = { ...history.state?.widgets, [place.id]: queryOf(place) };
        history.replaceState({ ...history.state, widgets: kept }, "");
      }
    });
    addEventListener("hashchange", follow);
    follow();
  }

  // Of what is higher than the window the upper end, where a widget says what it is.
  function reveal(place) {
    const block = place.offsetHeight > innerHeight ? "start" : "center";
    place.scrollIntoView({ block });
  }

  // A browser fetches no modules for a page that is a file.
  function sayWhyStill(place) {
    const note = document.createElement("p");
    note.className = "bn-note";
    note.textContent = "This is a picture of a widget. The page was opened as a file, " +
      "and widgets move only on a page from a web server: run `make serve` in the " +
      "book's folder and open localhost:8000.";
    place.append(note);
  }

  setUpMenus();
  openSearchInPlace();
  markSectionInView();
  openFoldsForPrint();
  fetchFiguresWhenIdle();
  showWidgetsInReach();
})();
