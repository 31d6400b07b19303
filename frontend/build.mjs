// Writes the stylesheet and the component module into the package's static folder, and refuses to write
// anything that would make a page load from outside.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "resecure", "entrypoints", "web", "static", "resecure");
const library = join(here, "node_modules", "nhsuk-frontend");
const { version } = JSON.parse(readFileSync(join(library, "package.json"), "utf8"));

const { css } = compile(join(here, "scss", "resecure.scss"), {
  loadPaths: [join(here, "node_modules"), join(here, "scss")],
  style: "compressed",
  quietDeps: true,
});
for (const forbidden of [/url\(\s*["']?(https?:)?\/\//i, /@font-face/i, /\.woff2?/i, /frutiger/i, /@import/i]) {
  if (forbidden.test(css)) throw new Error(`the stylesheet contains ${forbidden}`);
}
mkdirSync(join(out, "images"), { recursive: true });
for (const [, image] of css.matchAll(/url\("?images\/([\w-]+\.svg)"?\)/g)) {
  copyFileSync(join(library, "dist", "nhsuk", "assets", "images", image), join(out, "images", image));
}
writeFileSync(join(out, "resecure.css"), `${css.trim()}\n`);

// The map is not shipped, so the module must not name one: a manifest of static files would look for it.
const module = readFileSync(join(library, "dist", "nhsuk", `nhsuk-frontend-${version}.min.js`), "utf8");
writeFileSync(join(out, `nhsuk-frontend-${version}.min.js`), module.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n"));
copyFileSync(join(here, "NOTICE"), join(out, "NOTICE"));
