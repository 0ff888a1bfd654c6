(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("has-script");

  const dark = () => root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  document.querySelector(".theme").addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
  });

  const rowsOf = (body) => [...body.rows].filter((row) => !row.classList.contains("group"));

  // Rows are sorted within their group: a row torn from its benchmark has lost its meaning.
  for (const table of all("table.sortable")) {
    const bodies = [...table.tBodies].map((body) => [body, rowsOf(body)]);
    for (const button of all("thead button", table)) {
      button.addEventListener("click", () => {
        const header = button.closest("th");
        const numeric = header.classList.contains("number") || header.classList.contains("bounds");
        const [start, turn] = numeric ? ["descending", "ascending"] : ["ascending", "descending"];
        const next = { none: start, [start]: turn, [turn]: "none" }[header.getAttribute("aria-sort")];
        all("thead th[aria-sort]", table).forEach((other) => other.setAttribute("aria-sort", "none"));
        header.setAttribute("aria-sort", next);
        const key = (row) => {
          const cell = row.cells[header.cellIndex];
          if (!numeric) return cell.textContent.trim().toLowerCase();
          return cell.dataset.v === undefined ? NaN : Number(cell.dataset.v);
        };
        for (const [body, original] of bodies) {
          const rows = original.slice();
          if (next !== "none") {
            const sign = next === "ascending" ? 1 : -1;
            rows.sort((first, second) => {
              const [a, b] = [key(first), key(second)];
              if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
              return sign * (a < b ? -1 : a > b ? 1 : 0);
            });
          }
          body.append(...rows);
        }
      });
    }
  }

  for (const tools of all(".tools")) {
    const table = document.getElementById(tools.dataset.table);
    const input = tools.querySelector("input");
    const output = tools.querySelector("[role=status]");
    if (input) {
      const total = [...table.tBodies].reduce((sum, body) => sum + rowsOf(body).length, 0);
      input.addEventListener("input", () => {
        const wanted = input.value.trim().toLowerCase();
        let shown = 0;
        for (const body of table.tBodies) {
          const group = body.querySelector(".group")?.textContent.toLowerCase() ?? "";
          let here = 0;
          for (const row of rowsOf(body)) {
            row.hidden = !(group.includes(wanted) || row.textContent.toLowerCase().includes(wanted));
            here += !row.hidden;
          }
          body.hidden = here === 0;
          shown += here;
        }
        output.textContent = `${shown.toLocaleString("en")} of ${total.toLocaleString("en")} ${output.dataset.noun}`;
      });
    }
    const button = tools.querySelector("button");
    button.addEventListener("click", async () => {
      const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const cells = (row) => [...row.cells].filter((cell) => !cell.classList.contains("interval"))
        .map((cell) => quoted(cell.textContent.trim()));
      const grouped = table.querySelector(".group") !== null;
      const lines = [[...(grouped ? ["Benchmark"] : []), ...cells(table.tHead.rows[0])]];
      for (const body of table.tBodies) {
        const name = quoted(body.querySelector(".group")?.textContent.trim() ?? "");
        for (const row of rowsOf(body)) {
          if (!row.hidden) lines.push([...(grouped ? [name] : []), ...cells(row)]);
        }
      }
      try {
        await navigator.clipboard.writeText(lines.map((line) => line.join(",")).join("\n"));
        button.textContent = "Copied";
      } catch {
        button.textContent = "Copy refused";
      }
      setTimeout(() => { button.textContent = "Copy as CSV"; }, 1600);
    });
  }

  const links = all(".contents a");
  const sections = all("main section");
  const mark = () => {
    let current = sections[0];
    for (const section of sections) if (section.getBoundingClientRect().top < 180) current = section;
    for (const link of links) {
      if (current && link.hash === `#${current.id}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
})();
