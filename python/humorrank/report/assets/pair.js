// Head to head: the comparison of two models, and decisions between them.

const pairs = data.pairs;

// The index of the pair of places i < j.
function pairNumber(i, j) {
  return i * pairs.models - (i * (i + 1)) / 2 + j - i - 1;
}

// The results of a against b, whichever of them ranks higher.
function figuresOf(a, b) {
  const turned = a > b;
  const at = turned ? pairNumber(b, a) : pairNumber(a, b);
  const take = (name) => (pairs[name] ? number(pairs[name][at]) : null);
  const [lower, upper, stronger] = [take("lower"), take("upper"), take("stronger")];
  const minus = (value) => (value === null ? null : -value);
  return {
    difference: board.rating[a] - board.rating[b],
    lower: turned ? minus(upper) : lower,
    upper: turned ? minus(lower) : upper,
    stronger: stronger === null ? null : turned ? 1 - stronger : stronger,
    matches: take("matches"),
    points: take(turned ? "against" : "points"),
    against: take(turned ? "points" : "against"),
  };
}

function figure(name, title, value, beside) {
  return make(
    "div",
    { "data-figure": name },
    make("dt", null, title),
    make("dd", null, make("span", { class: "value" }, value), make("small", null, beside)),
  );
}

function showFigures(a, b) {
  const found = figuresOf(a, b);
  const has = found.lower !== null;
  const p = beats(found.difference);
  at("said").replaceChildren(
    own(board.model[a]),
    " against ",
    own(board.model[b]),
    `: P(A beats B) ${fixed(p, 3)}, difference ${signed(found.difference, 1)} points, ` +
      `${whole(found.matches)} direct matches.`,
  );
  at("figures").replaceChildren(
    make(
      "dl",
      { class: "figures" },
      figure(
        "p_beats",
        "P(A beats B) in one match",
        fixed(p, 3),
        has
          ? `${percent}: ${fixed(beats(found.lower), 3)} to ${fixed(beats(found.upper), 3)}`
          : "no interval",
      ),
      figure(
        "difference",
        "Difference of ratings",
        `${signed(found.difference, 1)} points`,
        has ? `${percent}: ${signed(found.lower, 1)} to ${signed(found.upper, 1)}` : "no interval",
      ),
      figure(
        "p_stronger",
        "P(A is stronger)",
        chance(found.stronger),
        "how certain the order is, given the data",
      ),
      figure(
        "matches",
        "Direct matches",
        whole(found.matches),
        `points ${+found.points.toFixed(2)} to ${+found.against.toFixed(2)}`,
      ),
    ),
  );
}

function labelsOf(numbers) {
  return numbers.map((each) => data.examples.labels[each]);
}

function jokeOf(model, text, state) {
  const result = { 1: "won", 0: "lost" }[state.points];
  const said = result || (state.points === 0.5 ? "tie" : `score ${fixed(state.points, 2)}`);
  const box = make(
    "div",
    { class: state.points > 0.5 ? "joke won" : "joke" },
    make("h5", null, own(board.model[model]), ` (${said}${state.first ? ", shown first" : ""})`),
  );
  if (text === null) {
    box.append(note("No text."));
  } else {
    const body = make("p", { class: "text", dir: "auto" }, data.examples.texts[text]);
    box.append(
      state.folded
        ? make("details", null, make("summary", null, "Labeled offensive by a judge (show)"), body)
        : body,
    );
  }
  if (state.labels.length) {
    box.append(
      make("ul", { class: "chips" }, ...state.labels.map((label) => make("li", null, own(label)))),
    );
  }
  return box;
}

function exampleOf(row, count) {
  const [a, b, score, judge, question, prompt, jokeA, jokeB, reasoning, humor, delivery, loser] =
    row;
  const text = (index) => (index === null ? null : data.examples.texts[index]);
  const isFolded = (joke) =>
    data.offensive === "hide" && joke !== null && data.examples.offensive.includes(joke);
  const won = [...labelsOf(humor), ...labelsOf(delivery)];
  const lost = labelsOf(loser);
  const labels = (points) => (points > 0.5 ? won : points < 0.5 ? lost : [...won, ...lost]);
  const ofA = { points: score, first: true, folded: isFolded(jokeA), labels: labels(score) };
  const ofB = { points: 1 - score, first: false, folded: isFolded(jokeB), labels: labels(1 - score) };
  if (score === 0.5) ofB.labels = [];
  const title = text(prompt) || text(question);
  const by = judge === null ? "the judge" : data.examples.judges[judge];
  const made = make(
    "article",
    { class: "example" },
    make("h4", { dir: "auto" }, title || `Decision ${count}`),
    make("div", { class: "jokes" }, jokeOf(a, jokeA, ofA), jokeOf(b, jokeB, ofB)),
  );
  if (reasoning !== null) {
    const reason = make("p", { class: "text", dir: "auto" }, text(reasoning));
    const folded = ofA.folded || ofB.folded;
    const summary = "About a joke labeled offensive (show)";
    made.append(
      make("h5", null, "Reasoning of ", own(by)),
      folded ? make("details", null, make("summary", null, summary), reason) : reason,
    );
  } else if (judge !== null) {
    made.append(make("p", { class: "note" }, "Judged by ", own(by)));
  }
  if (prompt !== null && question !== null) {
    made.append(make("p", { class: "note" }, "Prompt ", own(text(question))));
  }
  return made;
}

const examples = new Map();

function showExamples(a, b) {
  const found = examples.get(`${Math.min(a, b)} ${Math.max(a, b)}`) || [];
  const none = data.examples ? "This page has no example of this pair." : null;
  at("examples").replaceChildren(
    ...[
      ...found.map((row, i) => exampleOf(row, i + 1)),
      found.length ? null : note(none),
      note(data.notes.examples),
    ].filter(Boolean),
  );
}

function showPair() {
  const [a, b] = [Number(at("model-a").value), Number(at("model-b").value)];
  if (a === b) {
    at("said").textContent = "Choose two different models.";
    at("figures").replaceChildren();
    at("examples").replaceChildren();
    return;
  }
  showFigures(a, b);
  showExamples(a, b);
}

// Selects a model of the leaderboard as model A.
function choose(row) {
  if (row >= pairs.models) return;
  hideTip();
  const other = at("model-b");
  if (Number(other.value) === row) other.value = String(row === 0 ? 1 : 0);
  at("model-a").value = String(row);
  showPair();
  at("pair").scrollIntoView();
  at("model-a").focus({ preventScroll: true });
}

function startPairs() {
  if (pairs.models < 2) {
    at("said").textContent = data.notes.pairs || "There are fewer than two models to compare.";
    return;
  }
  for (const row of data.examples ? data.examples.rows : []) {
    const key = `${Math.min(row[0], row[1])} ${Math.max(row[0], row[1])}`;
    if (!examples.has(key)) examples.set(key, []);
    examples.get(key).push(row);
  }
  for (const [id, chosen] of [["model-a", 0], ["model-b", 1]]) {
    for (let i = 0; i < pairs.models; i += 1) {
      const option = make("option", { value: String(i) }, `${board.rank[i]}. ${board.model[i]}`);
      at(id).append(option);
    }
    at(id).value = String(chosen);
    at(id).addEventListener("change", showPair);
  }
  at("swap").addEventListener("click", () => {
    const [a, b] = [at("model-a"), at("model-b")];
    [a.value, b.value] = [b.value, a.value];
    showPair();
  });
  if (pairs.models < size) {
    at("pair-title").after(note(`Only the best ${whole(pairs.models)} models can be compared here.`));
  }
  showPair();
}
