// KaTeX hides the formulas it draws from screen readers; the TeX that mdbook-katex keeps beside each is read instead.
for (const formula of document.querySelectorAll("data.katex-src")) {
    formula.setAttribute("role", "math");
    formula.setAttribute("aria-label", formula.value.trim());
}

// What scrolls inside itself can be scrolled with the keyboard.
for (const formula of document.querySelectorAll(".katex-display")) {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
}

// A method shown alone stands at the edge, not as deep as in its `impl`.
for (const code of document.querySelectorAll("pre > code.language-rust")) {
    const lines = code.textContent.split("\n").filter((line) => line.trim() !== "");
    const indent = Math.min(...lines.map((line) => line.search(/\S/)));
    if (indent > 0) code.innerHTML = code.innerHTML.replace(new RegExp(`^ {${indent}}`, "gm"), "");
}
