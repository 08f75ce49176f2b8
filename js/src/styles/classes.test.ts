import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { expect, test } from "vitest";

const sheetOf = (name: string): string => {
  const path = fileURLToPath(new URL(`${name}.css`, import.meta.url));
  const { outputFiles } = buildSync({ entryPoints: [path], bundle: true, minify: true, write: false });
  return outputFiles[0]?.text ?? "";
};

test.each(["image", "video", "labeler"])("the %s widget has a style for its classes", (name) => {
  const sheet = sheetOf(name);
  for (const part of ["classes", "kind", "kind b", "kind kbd", "current b"])
    expect(sheet).toContain(`.sam2nb-${part}{`);
});
