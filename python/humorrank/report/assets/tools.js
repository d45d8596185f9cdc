// Functions that all parts of the page share. Text from the data only becomes text nodes and values
// of attributes that are not addresses: nothing is parsed as HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const board = data.board.columns;
const percent = `${+(100 * data.board.confidence).toPrecision(6)} %`;

function at(id) {
  return document.getElementById(id);
}

// Creates an element with attributes and children. Strings become text; null and undefined children
// are skipped.
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

// Isolates the direction of a text, so that it does not affect the surrounding text.
function own(text) {
  return make("bdi", null, text);
}

// Converts a number of the data, in which infinite numbers are strings.
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

// Formats a probability, which is never rounded to certainty.
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

// Puts a table into a box that scrolls, also by keyboard.
function boxed(table, label, tall) {
  const box = make(
    "div",
    { class: tall ? "scroll tall" : "scroll", role: "region", tabindex: "0", "aria-label": label },
    table,
  );
  return box;
}

// Makes a table of names and values.
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
