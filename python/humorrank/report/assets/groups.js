// Turns the sections of groups into tabs. Without JavaScript, they are sections below each other.

function showGroups() {
  const box = at("group-panels");
  if (!box) return;
  const panels = [...box.querySelectorAll(".group")];
  if (panels.length < 2) return;
  const list = make("div", { role: "tablist", "aria-label": at("groups-title").textContent });
  const tabs = panels.map((panel) => {
    const tab = make(
      "button",
      { type: "button", role: "tab", id: `${panel.id}-tab`, "aria-controls": panel.id },
      own(panel.querySelector("h3").textContent),
    );
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    if (!panel.querySelector(".scroll")) panel.tabIndex = 0;
    return tab;
  });
  const select = (chosen) => {
    tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === chosen));
      tab.tabIndex = i === chosen ? 0 : -1;
      panels[i].classList.toggle("behind", i !== chosen);
    });
  };
  const steps = { ArrowLeft: -1, ArrowRight: 1 };
  tabs.forEach((tab, i) => {
    tab.addEventListener("click", () => select(i));
    tab.addEventListener("keydown", (event) => {
      let next = null;
      if (event.key in steps) next = (i + steps[event.key] + tabs.length) % tabs.length;
      if (event.key === "Home") next = 0;
      if (event.key === "End") next = tabs.length - 1;
      if (next === null || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      select(next);
      tabs[next].focus();
    });
  });
  const addressed = () => panels.findIndex((panel) => `#${panel.id}` === window.location.hash);
  window.addEventListener("hashchange", () => {
    if (addressed() >= 0) select(addressed());
  });
  list.append(...tabs);
  box.before(list);
  box.classList.add("tabbed");
  select(Math.max(0, addressed()));
}
