// Opens every page of a built book as readers do, in light and dark themes, on a wide screen and on a phone, and
// fails if something is broken: node book-pages.js BUILT-BOOK [SCREENSHOTS]. `.ci/book` prepares what this needs.
"use strict";
const fs = require("fs");
const http = require("http");
const path = require("path");
const { pathToFileURL } = require("url");
const puppeteer = require(path.join(process.env.MODULES, "node_modules/puppeteer-core"));

const built = path.resolve(process.argv[2]);
const shots = process.argv[3] && path.resolve(process.argv[3]);
const THEMES = ["light", "ayu", "rust", "coal", "navy"];
const SCREENS = [
    { name: "wide", width: 1280, height: 900 },
    { name: "phone", width: 390, height: 844, isMobile: true, hasTouch: true },
];
const PART = 4000;
/** Pages open at the same time. */
const TOGETHER = 3;
const TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml",
    ".png": "image/png", ".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8", ".json": "application/json",
};

const faults = new Set();
const fault = (where, what) => faults.add(`${where}: ${what}`);

/** Every page in the built book; toc.html is the frame of browsers without JavaScript. */
const pages = fs.readdirSync(built, { recursive: true })
    .map((name) => name.split(path.sep).join("/"))
    .filter((name) => name.endsWith(".html") && name !== "toc.html")
    .sort();

/** Serves the built book; files that are not there are 404. */
function serve() {
    const server = http.createServer((request, response) => {
        const name = decodeURIComponent(new URL(request.url, "http://x").pathname).replace(/\/$/, "/index.html");
        const file = path.join(built, name);
        const found = file.startsWith(built) && fs.existsSync(file) && fs.statSync(file).isFile();
        const type = TYPES[path.extname(file)] ?? "application/octet-stream";
        response.writeHead(found ? 200 : 404, { "content-type": found ? type : "text/plain" });
        response.end(found ? fs.readFileSync(file) : "not found");
    });
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** Reports what goes wrong while a page loads: `where()` names it, requests must begin with `origin`. */
function watch(page, origin, where) {
    page.on("console", (message) => {
        if (["error", "warn", "assert"].includes(message.type())) fault(where(), `console: ${message.text()}`);
    });
    page.on("pageerror", (error) => fault(where(), `exception: ${error.message}`));
    page.on("requestfailed", (request) => {
        fault(where(), `request failed: ${request.url()} (${request.failure()?.errorText})`);
    });
    page.on("response", (response) => {
        if (response.status() >= 400) fault(where(), `status ${response.status()}: ${response.url()}`);
    });
    page.on("request", (request) => {
        const url = request.url();
        if (!url.startsWith(origin) && !url.startsWith("data:")) fault(where(), `a request leaves the book: ${url}`);
    });
}

/** In the page: what is wrong with what is shown. */
function look(phone) {
    const found = [];
    const say = (what, element) => {
        const text = (element?.getAttribute?.("src") ?? element?.textContent ?? "").trim().replace(/\s+/g, " ");
        found.push(text ? `${what}: ${text.slice(0, 80)}` : what);
    };
    const main = document.querySelector("main");
    if (!main || main.textContent.trim() === "") return ["the page is empty"];

    // Formulas: each one drawn, none cut off, in KaTeX's own letters.
    for (const element of main.querySelectorAll(".katex-error")) say("a formula with an error", element);
    const walker = document.createTreeWalker(main, NodeFilter.SHOW_TEXT, (node) =>
        node.parentElement.closest(".katex, code, pre, script, style, template")
            ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    let prose = "";
    while (walker.nextNode()) prose += walker.currentNode.data;
    for (const raw of prose.match(/\$[^$\n]+\$|\$\$|\\[a-zA-Z]{2,}|\\[{}|,;!]|\{\{#[^}]*\}*/g) ?? []) {
        found.push(`raw text of a formula or directive: ${raw.slice(0, 80)}`);
    }
    for (const formula of main.querySelectorAll(".katex-display")) {
        const hidden = !["auto", "scroll"].includes(getComputedStyle(formula).overflowX);
        const inner = formula.querySelector(".katex-html");
        const [own, box] = [inner.getBoundingClientRect(), formula.getBoundingClientRect()];
        if (hidden && inner.scrollWidth > formula.clientWidth + 1) say("a formula wider than its box", formula);
        if (own.left < box.left - 1) say("a formula cut off at the left", formula);
        if (formula.scrollHeight > formula.clientHeight + 1) {
            say(`a formula cut off below by ${formula.scrollHeight - formula.clientHeight} px`, formula);
        }
        if (box.right > main.getBoundingClientRect().right + 1) say("a formula beyond the text", formula);
    }
    if (main.querySelector(".katex") && ![...document.fonts].some(
        (font) => font.family.includes("KaTeX") && font.status === "loaded")) say("the fonts of formulas are missing");
    for (const font of document.fonts) if (font.status === "error") say(`a font was not loaded: ${font.family}`);

    // Nothing but what scrolls inside itself is wider than the screen.
    const scrolls = (element) => {
        for (let e = element; e && e !== document.body; e = e.parentElement) {
            if (e !== element && ["auto", "scroll", "hidden"].includes(getComputedStyle(e).overflowX)
                && e.closest("main") && e !== main) return true;
        }
        return false;
    };
    for (const frame of [document.documentElement, ...document.querySelectorAll(".page-wrapper, .page, .content")]) {
        const [needs, has] = [frame.scrollWidth, frame.clientWidth];
        if (needs > has + 1) say(`<${frame.localName}> of the page scrolls sideways, ${needs} of ${has} px`);
    }
    if (phone && window.innerWidth > screen.width) say("the page is wider than the phone");
    const edge = main.getBoundingClientRect().right + 1;
    for (const element of main.querySelectorAll("p, li, table, pre, img, h1, h2, h3, h4, .katex .base, code")) {
        const box = element.getBoundingClientRect();
        if (box.width > 0 && box.right > edge && !scrolls(element)) say(`<${element.localName}> beyond the edge`, element);
    }

    for (const image of document.images) {
        if (!image.complete || image.naturalWidth === 0) say("an image that is not shown", image);
        if (!image.alt) say("an image without a text in its place", image);
        const background = getComputedStyle(image).backgroundColor;
        if (image.closest("main") && background !== "rgb(255, 255, 255)") say("a figure that is not on white", image);
    }
    for (const code of main.querySelectorAll("pre > code")) {
        if (code.textContent.trim() === "") say("an empty block of code");
        const rust = code.classList.contains("language-rust");
        if (rust && !/^\S/m.test(code.textContent)) say("a listing that does not begin at the edge", code);
    }
    const titles = main.querySelectorAll("h1").length;
    if (titles !== 1 && !location.pathname.endsWith("print.html")) say(`${titles} headings of the first level`);
    if (!phone && !document.querySelector("#mdbook-sidebar a")) say("the table of contents is empty");

    // Text can be read: its contrast with the ground of the page.
    const light = (colour) => {
        const [r, g, b] = colour.match(/[\d.]+/g).map((v) => v / 255)
            .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const ground = light(getComputedStyle(document.documentElement).backgroundColor);
    for (const element of main.querySelectorAll("p, .katex .mord, .ledger, td")) {
        const ratio = contrast(light(getComputedStyle(element).color), ground);
        if (ratio < 3) { say(`text of contrast ${ratio.toFixed(1)} only`, element); break; }
    }
    return found;
}

/** A word of the page is found by the search of the book. */
async function search(page, where) {
    const word = await page.evaluate(() => document.querySelector("main").textContent.match(/[a-z]{6,}/i)?.[0]);
    if (!word) return;
    await page.keyboard.press("s");
    await page.waitForFunction(() => document.activeElement?.id === "mdbook-searchbar", { timeout: 10000 })
        .then(() => page.keyboard.type(word))
        .then(() => page.waitForSelector("#mdbook-searchresults li", { timeout: 10000 }))
        .catch(() => fault(where, `the search does not find "${word}"`));
}

async function main() {
    if (pages.length === 0) throw new Error(`no page in ${built}`);
    if (shots) fs.mkdirSync(shots, { recursive: true });
    const server = await serve();
    const origin = `http://127.0.0.1:${server.address().port}/`;
    const browser = await puppeteer.launch({
        executablePath: process.env.CHROMIUM,
        args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars"],
    });
    let opened = 0;
    const visit = async (base, name, theme, screen, also) => {
        const where = `${name} (${theme}, ${screen.name}${base.startsWith("file") ? ", from the disk" : ""})`;
        const context = await browser.createBrowserContext();
        const page = await context.newPage();
        watch(page, base, () => where);
        await page.setViewport(screen);
        await page.evaluateOnNewDocument((theme) => {
            try { localStorage.setItem("mdbook-theme", theme); } catch {}
            window.print = () => {}; // print.html opens the dialogue
        }, theme);
        await page.goto(base + name, { waitUntil: "networkidle0", timeout: 60000 });
        // what is folded is looked at too
        await page.evaluate(() => document.querySelectorAll("details").forEach((fold) => { fold.open = true; }));
        await page.evaluate(() => document.fonts.ready.then(() => {}));
        const shown = await page.evaluate(() => document.documentElement.classList.value);
        if (!shown.split(" ").includes(theme)) fault(where, `the theme is "${shown}"`);
        for (const what of await page.evaluate(look, screen.name === "phone")) fault(where, what);
        await also?.(page, where);
        opened += 1;
        await context.close();
    };
    // In parts: Chromium draws no picture higher than 16384 pixels.
    const screenshot = (name, theme, screen) => async (page) => {
        if (!shots) return;
        const height = await page.evaluate(() => document.documentElement.scrollHeight);
        const stem = path.join(shots, `${name.replace(/[/.]/g, "-")}.${theme}.${screen.name}`);
        for (let y = 0, part = 1; y < height; y += PART, part += 1) {
            const clip = { x: 0, y, width: screen.width, height: Math.min(PART, height - y) };
            await page.screenshot({ path: `${stem}.${part}.png`, clip, captureBeyondViewport: true });
        }
    };
    const visits = pages.flatMap((name) => SCREENS.flatMap((screen) => ["light", "ayu"].map((theme) =>
        () => visit(origin, name, theme, screen, screenshot(name, theme, screen)))));
    const visitor = async () => {
        for (let next = visits.shift(); next; next = visits.shift()) await next();
    };
    await Promise.all(Array.from({ length: TOGETHER }, visitor));
    // Every theme, the search, and the book opened from the disk: on its first and its last page.
    const disk = pathToFileURL(built).href + "/";
    const some = pages.filter((name) => !["404.html", "print.html"].includes(name));
    for (const name of new Set([some[0], some.at(-1)])) {
        for (const theme of THEMES) await visit(origin, name, theme, SCREENS[0]);
        await visit(origin, name, "light", SCREENS[0], search);
        await visit(disk, name, "light", SCREENS[0], search);
    }
    await browser.close();
    server.close();
    const where = shots ? `; screenshots are in ${shots}` : "";
    console.log(`${pages.length} pages, opened ${opened} times${where}`);
}

main().then(() => {
    for (const what of faults) console.error(what);
    if (faults.size) console.error(`${faults.size} faults`);
    process.exit(faults.size ? 1 : 0);
}, (error) => {
    console.error(error);
    process.exit(1);
});
