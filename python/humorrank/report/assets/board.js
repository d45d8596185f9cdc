// The leaderboard, which can be sorted by any column and filtered by name, with a tip for each row.

const size = board.model.length;

function numbers(name) {
  return board[name] ? board[name].map(number) : null;
}

const ends = { lower: numbers("rating_lower"), upper: numbers("rating_upper") };

const scale = (() => {
  const finite = [...numbers("rating"), ...(ends.lower || []), ...(ends.upper || [])].filter(
    (value) => Number.isFinite(value),
  );
  const least = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const most = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const room = Math.max(most - least, 1) / 50;
  return { least: least - room, most: most + room };
})();

function along(value) {
  const part = (value - scale.least) / (scale.most - scale.least);
  return 100 * Math.min(1, Math.max(0, part));
}

function intervalText(row) {
  return `${fixed(ends.lower[row], 1)} to ${fixed(ends.upper[row], 1)}`;
}

function intervalCell(row) {
  const lower = ends.lower[row];
  const upper = ends.upper[row];
  const below = lower === -Infinity ? " open-below" : "";
  const above = upper === Infinity ? " open-above" : "";
  const reach = make("span", { class: `reach${below}${above}` });
  reach.style.left = `${along(lower)}%`;
  reach.style.width = `${along(upper) - along(lower)}%`;
  const dot = make("span", { class: "dot" });
  dot.style.left = `${along(board.rating[row])}%`;
  return make(
    "td",
    { class: "interval" },
    make("span", { class: "bar", "aria-hidden": "true" }, reach, dot),
    make("span", { class: "ends" }, intervalText(row)),
  );
}

function rankText(row) {
  const [low, high] = [board.rank_lower[row], board.rank_upper[row]];
  return low === high ? String(low) : `${low} to ${high}`;
}

// Shortens a list of groups: "1,2,3,5" becomes "1–3, 5".
function groupText(row) {
  const runs = [];
  for (const group of String(board.group[row]).split(",").map(Number)) {
    const last = runs.at(-1);
    if (last && group === last[1] + 1) last[1] = group;
    else runs.push([group, group]);
  }
  return runs.map(([low, high]) => (low === high ? String(low) : `${low}–${high}`)).join(", ");
}

function modelCell(row) {
  const button = make("button", { type: "button", class: "name" }, own(board.model[row]));
  button.addEventListener("click", () => choose(row));
  return make("th", { scope: "row", class: "model" }, button);
}

// A column: its title, the value it sorts by, its first direction, and its cell.
function column(title, value, down, cell, kind) {
  return { title, value, down, cell, kind: kind || "" };
}

function plain(text, kind) {
  return (row) => make("td", kind ? { class: kind } : null, text(row));
}

const columns = (() => {
  const of = (name) => (row) => (board[name] ? number(board[name][row]) : null);
  const made = [
    column("rank", of("rank"), false, plain((row) => String(board.rank[row]))),
    column("model", (row) => board.model[row], false, modelCell, "model"),
  ];
  made.push(column("rating", of("rating"), true, plain((row) => fixed(board.rating[row], 1))));
  if (ends.lower) {
    const kind = data.board.band ? "simultaneous interval" : "interval";
    made.push(column(`${percent} ${kind}`, of("rating_lower"), true, intervalCell));
  }
  if (board.tier) {
    const tier = (row) => board.tier[row] || "";
    made.push(column("tier", tier, false, plain(tier, "words wrapped"), "words wrapped"));
  }
  if (board.rank_lower) {
    const middle = (row) => board.rank_lower[row] + board.rank_upper[row] / (size + 1);
    made.push(column("possible ranks", middle, false, plain(rankText)));
    made.push(column("P(best)", of("p_best"), true, plain((row) => chance(of("p_best")(row)))));
    const top = `P(top ${data.board.top})`;
    made.push(column(top, of("p_top"), true, plain((row) => chance(of("p_top")(row)))));
    const first = (row) => Number(String(board.group[row]).split(",")[0]);
    made.push(column("group", first, false, plain(groupText)));
  } else if (board.rank_ci) {
    made.push(column("rank by CI", of("rank_ci"), false, plain((row) => String(board.rank_ci[row]))));
  }
  made.push(
    column("win rate", of("win_rate"), true, plain((row) => share(of("win_rate")(row), 1))),
    column("matches", of("matches"), true, plain((row) => whole(board.matches[row]))),
  );
  if (board.elo) {
    made.push(column("Elo", of("elo"), true, plain((row) => fixed(of("elo")(row), 1))));
    made.push(column("Elo sd", of("elo_sd"), true, plain((row) => fixed(of("elo_sd")(row), 1))));
  }
  return made;
})();

function details(row) {
  const lines = [board.model[row]];
  for (const each of columns) {
    if (each.kind === "model") continue;
    const text = each.cell === intervalCell ? intervalText(row) : each.cell(row).textContent;
    if (text) lines.push(`${each.title}: ${text}`);
  }
  return lines.join("\n");
}

// The tip appears next to the element that has the pointer or the focus; Escape hides it.
function showTip(row, beside) {
  const tip = at("tip");
  tip.textContent = details(row);
  tip.hidden = false;
  const box = beside.getBoundingClientRect();
  const width = document.documentElement.clientWidth;
  const left = Math.max(8, Math.min(box.left + 24, width - tip.offsetWidth - 8));
  tip.style.left = `${left + window.scrollX}px`;
  tip.style.top = `${box.bottom + window.scrollY + 6}px`;
}

function hideTip() {
  at("tip").hidden = true;
}

function rowOf(row) {
  const made = make("tr", null, ...columns.map((each) => each.cell(row)));
  const button = made.querySelector(".name");
  button.setAttribute("aria-describedby", "tip");
  button.addEventListener("focus", () => showTip(row, button));
  button.addEventListener("blur", hideTip);
  for (const cell of made.querySelectorAll(".name, .interval")) {
    cell.addEventListener("mouseenter", () => showTip(row, cell));
    cell.addEventListener("mouseleave", hideTip);
  }
  return made;
}

function compared(one, other, down) {
  const missing = (value) => value === null || value === "";
  if (missing(one) || missing(other)) return missing(one) - missing(other);
  let order;
  if (typeof one === "string") order = one.localeCompare(other, "en", { numeric: true });
  else order = one < other ? -1 : one > other ? 1 : 0;
  return down ? -order : order;
}

function csvCell(value) {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

// The whole leaderboard as CSV, best model first, with the column names of the package.
function csvText() {
  const names = ["rank", "model", ...Object.keys(board).filter((name) => !/^(rank|model)$/.test(name))];
  const lines = board.model.map((_, row) => names.map((name) => board[name][row]));
  return [names, ...lines].map((line) => `${line.map(csvCell).join(",")}\n`).join("");
}

function showBoard() {
  const places = [...board.model.keys()];
  const rows = places.map(rowOf);
  const body = make("tbody", null, ...rows);
  const heads = columns.map((each) =>
    make(
      "th",
      { scope: "col", class: each.kind },
      make("button", { type: "button" }, each.title),
    ),
  );
  let sorted = 0;
  let down = false;
  const sort = (chosen, turn) => {
    const each = columns[chosen];
    down = chosen === sorted && turn ? !down : each.down;
    sorted = chosen;
    places.sort((a, b) => compared(each.value(a), each.value(b), down) || a - b);
    body.append(...places.map((place) => rows[place]));
    heads.forEach((head, i) => {
      if (i === chosen) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
  };
  heads.forEach((head, i) => {
    head.firstChild.addEventListener("click", () => {
      sort(i, true);
      at("shown").textContent = `Sorted by ${columns[i].title}, ${down ? "de" : "a"}scending.`;
    });
  });
  const table = make(
    "table",
    null,
    captioned(
      `${whole(size)} models. Select a column title to sort, or a model to compare it head to head.`,
    ),
    make("thead", null, make("tr", null, ...heads)),
    body,
  );
  at("board-table").append(boxed(table, "Leaderboard", true));
  sort(0, false);
  const found = board.model.map((name) => folded(name));
  const filter = () => {
    const wanted = folded(at("filter").value.trim());
    let shown = 0;
    rows.forEach((row, i) => {
      row.hidden = !found[i].includes(wanted);
      shown += row.hidden ? 0 : 1;
    });
    at("shown").textContent = wanted ? `${whole(shown)} of ${whole(size)} models` : "";
  };
  at("csv").href = URL.createObjectURL(new Blob([csvText()], { type: "text/csv;charset=utf-8" }));
  at("filter").addEventListener("input", filter);
  if (at("filter").value) filter();
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hideTip();
  });
  const bars = ends.lower
    ? `Bars range from ${fixed(scale.least, 0)} to ${fixed(scale.most, 0)} points; a dashed end is open.`
    : null;
  const tiers = data.board.tiers || [];
  at("board-notes").append(
    ...[
      note(bars),
      note(data.board.ranks),
      note(tiers.length ? `Tiers: ${tiers.join("; ")}.` : null),
      note(data.notes.board),
    ].filter(Boolean),
  );
}

function folded(text) {
  return text.normalize("NFKD").replace(/\p{Mn}/gu, "").toLowerCase();
}
