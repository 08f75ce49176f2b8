/** Our own icons, 20 x 20, drawn with strokes in the colour of the text. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  undo: "M7.5 4 3.5 8l4 4M3.5 8h8a4.5 4.5 0 0 1 0 9H8",
  redo: "M12.5 4l4 4-4 4M16.5 8h-8a4.5 4.5 0 0 0 0 9H12",
  plus: "M10 4v12M4 10h12",
  polarity: "M10 3.5v8M6 7.5h8M6 16h8",
  fit: "M3.5 7V3.5H7M13 3.5h3.5V7M16.5 13v3.5H13M7 16.5H3.5V13",
  "one-to-one": "M4 6.5 6 5v10M14 6.5 16 5v10M10 8v.2M10 12v.2",
  "zoom-in": "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM13 13l4 4M9 6.5v5M6.5 9h5",
  "zoom-out": "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM13 13l4 4M6.5 9h5",
  eye: "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5ZM10 7.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z",
  "eye-off": "M2.5 10S5.5 5 10 5s7.5 5 7.5 5-3 5-7.5 5-7.5-5-7.5-5ZM4 16.5 16 3.5",
  outline:
    "M5 3.5h2M10 3.5h2M16.5 5v2M16.5 10v2M15 16.5h-2M10 16.5H8M3.5 15v-2M3.5 10V8M3.5 5.2A1.7 1.7 0 0 1 5 3.5M15 3.5a1.5 1.5 0 0 1 1.5 1.5M16.5 15a1.5 1.5 0 0 1-1.5 1.5M5 16.5A1.5 1.5 0 0 1 3.5 15",
  trash: "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5",
  pencil: "M4 16l.7-3.2L13.2 4.3a1.4 1.4 0 0 1 2 0l.5.5a1.4 1.4 0 0 1 0 2L7.2 15.3 4 16Z",
  help: "M10 2.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15ZM7.8 8a2.2 2.2 0 1 1 3.3 1.9c-.8.4-1.1.9-1.1 1.7M10 14v.1",
  close: "M5 5l10 10M15 5 5 15",
  object:
    "M4 8.5V5.5A1.5 1.5 0 0 1 5.5 4h3M11.5 4h3A1.5 1.5 0 0 1 16 5.5v3M4 11.5v3A1.5 1.5 0 0 0 5.5 16h3M13.5 10.5v6M10.5 13.5h6",
} as const;

export type IconName = keyof typeof PATHS;

export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "sam2nb-icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
