// Win rates, labels, biases, failures, and how the page was made.

const MOST_RATES = 60;
const MOST_COUNTS = 20;

// The numbers of matches from which the colors of win rates are stronger.
const STRONGER = [1, 4, 10, 20];

function modelHead(row) {
  return make("th", { scope: "row", class: "model" }, own(board.model[row]));
}

function rateCell(a, b, counted) {
  const found = figuresOf(a, b);
  const total = found.points + found.against;
  if (!found.matches || !total) return make("td", { class: "none" }, "–");
  const rate = found.points / total;
  const most = Math.max(1, STRONGER.filter((least) => found.matches >= least).length);
  const step = Math.max(-most, Math.min(most, Math.round((rate - 0.5) * 9)));
  const kind = step < 0 ? `l${-step}` : step > 0 ? `m${step}` : "z0";
  return make(
    "td",
    {
      class: kind,
      title: `${board.model[a]} against ${board.model[b]}: ${share(rate, 1)} of ${whole(found.matches)}`,
    },
    fixed(100 * rate, 0),
    counted ? make("small", null, whole(found.matches)) : null,
  );
}

// The colors of win rates that each number of matches can have.
function legend() {
  const kinds = STRONGER.map((least, i) => {
    const next = STRONGER[i + 1];
    const steps = [...Array(i + 1).keys()];
    const classes = [...steps.map((step) => `l${i + 1 - step}`), "z0", ...steps.map((step) => `m${step + 1}`)];
    return make(
      "li",
      null,
      make(
        "span",
        { class: "swatches", "aria-hidden": "true" },
        ...classes.map((kind) => make("span", { class: kind })),
      ),
      next ? `${least} to ${next - 1} matches` : `${least} matches or more`,
    );
  });
  return [
    note("The more matches a win rate rests on, the stronger its color can be:"),
    make("ul", { class: "note legend", id: "rates-legend" }, ...kinds),
  ];
}

function showRates() {
  const shown = Math.min(pairs.models, MOST_RATES);
  if (data.notes.pairs) {
    at("rates-table").append(note(data.notes.pairs));
    return;
  }
  const counted = shown <= MOST_COUNTS;
  const places = [...Array(shown).keys()];
  const head = make("tr", null, make("th", { scope: "col", class: "model" }, "model"));
  for (const b of places) {
    head.append(
      make(
        "th",
        { scope: "col", title: board.model[b] },
        String(b + 1),
        make("span", { class: "hidden" }, ` ${board.model[b]}`),
      ),
    );
  }
  const body = make("tbody");
  for (const a of places) {
    const cells = places.map((b) => (a === b ? make("td", null, "") : rateCell(a, b, counted)));
    const name = make("th", { scope: "row", class: "model" }, `${a + 1}. `, own(board.model[a]));
    body.append(make("tr", null, name, ...cells));
  }
  const below = counted ? " The number of matches is below." : " The tip of a cell shows the matches.";
  const caption =
    "Percentage of the points that the model of the row took from that of the column. A tie is half " +
    `a point.${below} Columns are numbered like the rows.`;
  const table = make(
    "table",
    { class: "heat" },
    captioned(caption),
    make("thead", null, head),
    body,
  );
  at("rates-table").append(...legend(), boxed(table, "Win rates", true));
  if (shown < size) {
    at("rates-table").append(note(`Only the best ${shown} of ${whole(size)} models are shown.`));
  }
}

function featureTable(kind) {
  const head = make(
    "tr",
    null,
    make("th", { scope: "col", class: "model" }, "model"),
    make("th", { scope: "col" }, kind.among),
    ...kind.labels.map((label) => make("th", { scope: "col" }, own(label))),
  );
  const body = make("tbody");
  kind.shares.forEach((shares, row) => {
    const cells = shares.map((value) => {
      if (value === null) return make("td", { class: "none" }, "–");
      const step = Math.min(4, Math.ceil(value * 8));
      return make("td", { class: step ? `m${step}` : "z0" }, fixed(100 * value, 0));
    });
    body.append(
      make("tr", null, modelHead(row), make("td", null, whole(+kind.counts[row].toFixed(2))), ...cells),
    );
  });
  const caption = `${kind.name}: percentage of a model's labeled ${kind.among} with each label`;
  return boxed(
    make("table", { class: "heat" }, captioned(caption), make("thead", null, head), body),
    kind.name,
    true,
  );
}

function showLabels() {
  at("labels-tables").append(
    ...[...data.features.map(featureTable), note(data.notes.features)].filter(Boolean),
  );
  for (const kind of data.features) {
    if (kind.labels.length < kind.all) {
      const [few, all] = [kind.labels.length, whole(kind.all)];
      at("labels-tables").append(note(`${kind.name}: only the ${few} most frequent of ${all} labels are shown.`));
    }
  }
  if (data.features.length && data.features[0].shares.length < size) {
    const shown = data.features[0].shares.length;
    at("labels-tables").append(note(`Only the best ${shown} of ${whole(size)} models are shown.`));
  }
}

function estimate(found, text) {
  const [value, lower, upper] = (found || [null, null, null]).map(number);
  if (value === null) return "–";
  const open = lower === null && upper === null;
  return open ? text(value) : `${text(value)} (${text(lower)} to ${text(upper)})`;
}

function showBias() {
  const rate = (value) => (value === null ? "?" : fixed(100 * value, 1));
  const points = (value) => (value === null ? "?" : signed(value, 1));
  if (data.bias.length) {
    const titles = ["judge", "judgments", "first won, %", "ties, %", "consistent, %"];
    titles.push("swapped", "first position, points", "finding");
    const words = (i) => (i === 0 || i === titles.length - 1 ? "words wrapped" : null);
    const head = titles.map((title, i) => make("th", { scope: "col", class: words(i) }, title));
    const body = make("tbody");
    const remarks = [];
    for (const judge of data.bias) {
      const name = judge.judge === null ? "all" : judge.judge;
      const cells = [
        whole(judge.judgments),
        estimate(judge.first, rate),
        estimate(judge.ties, rate),
        estimate(judge.consistent, rate),
        whole(judge.swapped === null ? null : judge.swapped),
        estimate(judge.effect, points),
      ];
      body.append(
        make(
          "tr",
          null,
          make("th", { scope: "row", class: "words wrapped" }, own(name)),
          ...cells.map((text) => make("td", null, text)),
          make("td", { class: "words wrapped" }, judge.verdict),
        ),
      );
      remarks.push(...judge.notes.map((text) => note(`${name}: ${text}`)));
    }
    const caption = `Effect of the order of showing on each judge, with ${percent} intervals`;
    const table = make(
      "table",
      null,
      captioned(caption),
      make("thead", null, make("tr", null, ...head)),
      body,
    );
    at("bias-table").append(boxed(table, "Position bias", false), ...remarks);
  }
  if (data.notes.bias) at("bias-table").append(note(data.notes.bias));
}

function showFailures() {
  const place = at("failures-table");
  if (data.failures === null) {
    place.append(note("Failures are only recorded in the store of a tournament."));
  } else if (!data.failures.length) {
    place.append(note("No judgment failed."));
  } else {
    const rows = data.failures.map(([kind, count]) => [kind, whole(count)]);
    place.append(keyed("Failed judgments by kind; a failure never counts as a tie", rows));
  }
  if (data.unrated.length) {
    place.append(
      keyed("Models that could not be rated", data.unrated.map(([name, why]) => [name, why])),
    );
  }
}

// Facts that are shown at the end of the page, with the fingerprint and the command.
const ORIGIN = ["seed", "humorrank"];

function fact([name, value]) {
  return make("div", null, make("dt", null, name), make("dd", null, own(value)));
}

function showHead() {
  at("facts").append(...data.head.facts.filter(([name]) => !ORIGIN.includes(name)).map(fact));
  if (data.warnings.length) {
    const items = data.warnings.map((text) => make("li", null, own(text)));
    at("warnings").append(
      make("ul", { class: "warnings", "aria-label": "Warnings" }, ...items),
    );
  }
}

function showOrigin() {
  const head = data.head;
  const facts = head.facts.filter(([name]) => ORIGIN.includes(name)).map(fact);
  facts.push(
    make(
      "div",
      { class: "wide" },
      make("dt", null, "fingerprint of the data (SHA-256)"),
      make("dd", { id: "fingerprint" }, head.fingerprint),
    ),
  );
  if (head.command !== null) {
    facts.push(
      make(
        "div",
        { class: "wide" },
        make("dt", null, "command"),
        make("dd", { id: "command" }, own(head.command)),
      ),
    );
  }
  at("origin").append(...facts);
}

function showAgain() {
  showOrigin();
  const head = data.head;
  const place = at("again-tables");
  const add = (caption, rows) => {
    if (rows && rows.length) place.append(keyed(caption, rows));
  };
  at("again-note").append(
    note(
      `The same data, settings, seed and versions give the same page, byte for byte. The ` +
        `fingerprint is the SHA-256 of the names and cells (${head.cells}). It does not depend on ` +
        `the order of the rows or on how they are split into files.`,
    ),
  );
  add("Settings of the rating", [
    ...head.settings,
    ...head.parameters.map((text) => ["fitted parameter", text]),
    ["distance to the maximum", `${head.distance} points`],
  ]);
  add("Matches", head.counts);
  const judges = head.judges.map(([name, count]) => [name === null ? "(no name)" : name, whole(count)]);
  if (head.more_judges) judges.push([`${whole(head.more_judges)} more`, ""]);
  add("Judgments by judge", judges);
  add(
    "Files",
    head.files.map(([name, bytes, sha]) => [name, `${whole(bytes)} bytes, SHA-256 ${sha}`]),
  );
  add("Reading", [["format", head.reading], ...head.columns]);
  add("Settings of the tournament", head.store);
  add("Versions", head.versions);
}

function showPictures() {
  for (const [section, caption, address] of data.pictures) {
    const image = make("img", { src: address, alt: `${caption}. The tables show the numbers.` });
    const shown = make(
      "figure",
      null,
      boxed(image, caption, false),
      make("figcaption", null, caption),
    );
    at(section).append(shown);
  }
  if (data.notes.pictures) at("pictures").after(note(data.notes.pictures));
}
