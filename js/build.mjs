// Bundles each widget into one ESM file and one style sheet beside the Python package, and records what it was made of.
// `node build.mjs` writes sam2_notebook/widgets/static; `--watch` rewrites on every change (with ANYWIDGET_HMR=1).
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const root = dirname(fileURLToPath(import.meta.url));
const target = join(root, "..", "sam2_notebook", "widgets", "static");
const widgets = ["image", "video", "dynamic", "labeler"];

/** What the bundle is made of: everything in src but tests, and what decides how it is built. Also in test_bundle.py. */
function sources() {
  const found = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .replaceAll("\\", "/"),
    );
  return [...found, "build.mjs", "package.json", "package-lock.json"].sort();
}

function digest(...chunks) {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex");
}

const options = {
  entryPoints: [
    ...widgets.flatMap((name) => [
      { in: join(root, "src", "widgets", `${name}.ts`), out: name },
      { in: join(root, "src", "styles", `${name}.css`), out: name },
    ]),
    { in: join(root, "src", "widgets", "unpack.ts"), out: "unpack" },
  ],
  outdir: target,
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  charset: "utf8",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"', define: "undefined" },
  banner: {
    js: "/* sam2_notebook, Apache-2.0. Holds @preact/signals-core, MIT, (c) 2022-present Preact Team. Built from js/. */",
  },
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  await (await esbuild.context(options)).watch();
} else {
  await esbuild.build(options);
  const outputs = [...widgets.flatMap((name) => [`${name}.css`, `${name}.js`]), "unpack.js"];
  const record = {
    esbuild: esbuild.version,
    source: digest(...sources().flatMap((path) => [path, "\0", readFileSync(join(root, path)), "\0"])),
    outputs: Object.fromEntries(outputs.map((name) => [name, digest(readFileSync(join(target, name)))])),
  };
  writeFileSync(join(target, "BUILD.json"), `${JSON.stringify(record, null, 2)}\n`);
}
