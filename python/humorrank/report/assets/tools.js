// What all parts of the page share. Text from the data only ever becomes text nodes and values of
// attributes that are no addresses: nothing is parsed as HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const board = data.board.columns;
const percent = `${+(100 * data.board.confidence).toPrecision(6)} %`;

function at(id) {
  return document.getElementById(id);
}

// An element with attributes and children; texts become text, null and undefined nothing.
function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) {
      made.setAttribute(name, value);
    }
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

// Text whose direction is its own, so that it cannot turn what stands around it.
function own(text) {
  return make("bdi", null, text);
}

// A number of the data, where an infinite one is a text.
function number(value) {
  if (value === "inf") return Infinity;
  if (value === "-inf") return -Infinity;
  return value === undefined ? null : value;
}

function fixed(value, digits) {
  if (value === null) return "–";
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  const text = value.toFixed(digits);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "−");
}

function signed(value, digits) {
  const text = fixed(value, digits);
  return value > 0 && Number(value.toFixed(digits)) > 0 ? `+${text}` : text;
}

function whole(value) {
  return value === null ? "–" : value.toLocaleString("en-US");
}

function share(value, digits) {
  return value === null ? "–" : `${fixed(100 * value, digits)} %`;
}

// A chance, never as a certainty that it is not.
function chance(value) {
  if (value === null) return "–";
  if (value < 0.001) return "< 0.001";
  if (value > 0.999) return "> 0.999";
  return fixed(value, 3);
}

function beats(difference) {
  return 1 / (1 + 10 ** (-difference / 400));
}

function note(text) {
  return text ? make("p", { class: "note" }, text) : null;
}

function captioned(text) {
  return make("caption", null, make("span", null, text));
}

// A table in a box of its own, which scrolls, by keyboard too.
function boxed(table, label, tall) {
  const box = make(
    "div",
    { class: tall ? "scroll tall" : "scroll", role: "region", tabindex: "0", "aria-label": label },
    table,
  );
  return box;
}

// Two columns: what, and its value.
function keyed(caption, rows) {
  const body = make("tbody");
  for (const [name, value] of rows) {
    body.append(
      make("tr", null, make("th", { scope: "row" }, own(name)), make("td", null, value)),
    );
  }
  return boxed(
    make("table", { class: "keys" }, captioned(caption), body),
    caption,
    false,
  );
}
