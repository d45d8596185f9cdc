// The copy button of a block of commands copies them without the prompts and without their output.
// Material for MkDocs copies the attribute data-copy instead of the text, if there is one.
(() => {
  const PROMPT = /^\$ /;

  function commands(text) {
    const out = [];
    let continued = false;
    for (const line of text.split("\n")) {
      if (!continued && !PROMPT.test(line)) continue;
      out.push(continued ? line.replace(/^> /, "") : line.replace(PROMPT, ""));
      continued = line.endsWith("\\");
    }
    return out.join("\n");
  }

  function mark() {
    for (const code of document.querySelectorAll(".highlight.language-console code")) {
      const found = commands(code.textContent);
      if (found) code.closest(".highlight").setAttribute("data-copy", found);
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", mark);
  else mark();
})();
