"use strict";
(() => {
  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];

  // Theme: what the system says until the switch is used; remembered where the browser allows.
  const root = document.documentElement;
  const storage = (act) => { try { return act(window.localStorage); } catch { return null; } };
  const remembered = storage((store) => store.getItem("refint8-theme"));
  if (remembered === "dark" || remembered === "light") root.dataset.theme = remembered;
  document.getElementById("theme").addEventListener("click", () => {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    storage((store) => store.setItem("refint8-theme", root.dataset.theme));
  });

  const copied = (text) => {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done ? Promise.resolve() : Promise.reject();
  };
  const copy = (text) => navigator.clipboard
    ? navigator.clipboard.writeText(text).catch(() => copied(text)) : copied(text);
  for (const button of all(".copy")) {
    button.addEventListener("click", () => {
      const say = (word) => {
        button.textContent = word;
        setTimeout(() => { button.textContent = "copy"; }, 1500);
      };
      copy(button.parentElement.querySelector("code").textContent)
        .then(() => say("copied"), () => say("select it by hand"));
    });
  }

  const unfold = (button, open) => {
    button.setAttribute("aria-expanded", String(open));
    document.getElementById(button.getAttribute("aria-controls")).hidden = !open;
  };
  const isOpen = (button) => button.getAttribute("aria-expanded") === "true";

  const parts = all(".part");
  for (const part of parts) {
    const table = part.querySelector(".operators");
    if (!table) continue;
    const rows = all(":scope > tbody", table);
    const filter = part.querySelector(".filter");
    const equal = part.querySelector(".equal");

    const show = () => {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
      table.classList.toggle("hides-equal", !equal.checked);
      let shown = 0;
      for (const body of rows) {
        const text = body.rows[0].textContent.toLowerCase();
        const hit = words.every((word) => text.includes(word));
        body.classList.toggle("filtered", !hit);
        shown += hit && (equal.checked || !body.classList.contains("good"));
      }
      part.querySelector(".shown").textContent = `${shown} of ${rows.length} rows`;
    };
    filter.addEventListener("input", show);
    equal.addEventListener("change", show);
    equal.checked = parts.length === 1 && rows.every((body) => body.classList.contains("good"));
    show();

    const key = (body, column) => {
      const cell = body.rows[0].cells[column];
      const given = cell.dataset.v;
      if (given === undefined) return cell.textContent.trim();
      const value = Number(given);
      return given === "inf" ? Infinity : Number.isNaN(value) ? -1 : value;
    };
    const compare = (a, b) => typeof a === "number" ? a - b : a.localeCompare(b);
    all(":scope > thead th", table).forEach((header, column) => {
      header.firstElementChild.addEventListener("click", () => {
        const numeric = rows.length > 0 && typeof key(rows[0], column) === "number";
        const before = header.getAttribute("aria-sort");
        const next = before === "none"
          ? (numeric && column > 0 ? "descending" : "ascending")
          : (before === "ascending" ? "descending" : "ascending");
        all(":scope > thead th", table).forEach((each) => each.setAttribute("aria-sort", "none"));
        header.setAttribute("aria-sort", next);
        const sign = next === "ascending" ? 1 : -1;
        const sorted = [...rows].sort((a, b) => sign * compare(key(a, column), key(b, column)));
        table.append(...sorted);
      });
    });

    const expanders = all(".expand", table);
    for (const button of expanders) {
      button.addEventListener("click", () => unfold(button, !isOpen(button)));
    }
    part.querySelector(".unfold").addEventListener("click", (event) => {
      const open = !expanders.every(isOpen);
      expanders.forEach((button) => unfold(button, open));
      event.target.textContent = open ? "fold all" : "unfold all";
    });
    const cause = table.querySelector("tbody.bad .expand");
    if (cause) unfold(cause, true);
  }

  // On paper everything is open.
  let folded = [];
  window.addEventListener("beforeprint", () => {
    folded = all(".expand").filter((button) => !isOpen(button));
    folded.forEach((button) => unfold(button, true));
  });
  window.addEventListener("afterprint", () => folded.forEach((button) => unfold(button, false)));
})();
