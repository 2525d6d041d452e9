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

  // A widget's code is fetched when the reader comes near, or follows a link to it.
  function showWidgetsInReach() {
    const widgets = find(".bn-widget");
    if (!widgets.length) return;
    const show = async (place, query) => {
      const host = await import(new URL(place.dataset.host, document.baseURI));
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
    const followLink = () => {
      const [id, query] = location.hash.slice(1).split("?");
      const place = widgets.find((widget) => widget.id === id);
      if (!place) return;
      if (query) place.scrollIntoView({ block: "center" });
      show(place, query);
    };
    followLink();
    addEventListener("hashchange", followLink);
    for (const place of widgets) observer.observe(place);
  }

  setUpMenus();
  openSearchInPlace();
  markSectionInView();
  openFoldsForPrint();
  showWidgetsInReach();
})();
