/** Our own icons, 20 x 20, drawn with strokes in the colour of the text. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  undo: "M7.5 4 3.5 8l4 4M3.5 8h8a4.5 4.5 0 0 1 0 9H8",
  redo: "M12.5 4l4 4-4 4M16.5 8h-8a4.5 4.5 0 0 0 0 9H12",
  plus: "M10 4v12M4 10h12",
  polarity: "M10 3.5v8M6 7.5h8M6 16h8",
  pointer: "M5 3.5 15.5 10l-5 1-2 5Z",
  scribble: "M3.5 14c2-8 4.5-9.5 5-6s-1 7 1.5 6 2-6 4-5.5 0 4 2.5 3.5",
  brush:
    "M9.5 12.5 15.5 4a1.3 1.3 0 0 1 2 1.700L11.5 14M9.5 12.200c-2.2-.3-3.3 1-3.600 2.600-.2 1-.9 1.700-2.400 1.900 3.5 1.300 7.600.7 8-2.600Z",
  eraser: "M8 16.5h8.5M11.5 4.5l4 4-7 7H6l-3-3ZM7.5 8.5l4 4",
  lasso:
    "M10 4c-4 0-7 2-7 4.700s3 4.800 7 4.800 7-2.100 7-4.800S14 4 10 4ZM6 12.700c-1.5 1-1 2.600.3 2.600s1.5 1 .7 2.200",
  auto: "M4 10h6M7 7v6M12 13h4.5M14.5 3.5 6 17",
  foresee:
    "M9 9l7.5 2.8-3.2 1.3-1.3 3.2ZM3.5 9.5a6 6 0 0 1 1.8-4.2M8 3.8a6 6 0 0 1 4.5.5M15 6.5a6 6 0 0 1 .5 1M4.2 12.5a6 6 0 0 0 2.8 2.600",
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
  find: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM13 13l4 4",
  absent: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM5.5 14.5l9-9",
  everything:
    "M3.5 3.5h5v5h-5ZM11.5 3.5h5v5h-5ZM3.5 11.5h5v5h-5ZM14 11.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6Z",
  play: "M6.5 4v12l9.5-6Z",
  pause: "M7 4.5v11M13 4.5v11",
  back: "M12.5 4.5v11L6 10Z",
  on: "M7.5 4.5v11L14 10Z",
  "back-ten": "M10 5v10l-6-5ZM16 5v10l-6-5Z",
  "on-ten": "M10 5v10l6-5ZM4 5v10l6-5Z",
  first: "M4.5 4.5v11M15 4.5v11L8 10Z",
  last: "M15.5 4.5v11M5 4.5v11l7-5.5Z",
  "prompt-previous": "M8 5 3.5 10 8 15M14 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  "prompt-next": "M12 5l4.5 5-4.5 5M6 7.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5Z",
  "gap-next": "M13 5l4 5-4 5M3 7.5h6v5H3Z",
  raise: "M10 16V4.5M5.5 9 10 4.5 14.5 9",
  lower: "M10 4v11.5M5.5 11l4.5 4.5 4.5-4.5",
  split: "M3.5 5h5v10h-5ZM11.5 5h5v10h-5Z",
  merge: "M3.5 5h8v8h-8ZM8.5 8h8v8h-8Z",
  "cut-others": "M3.5 3.5h9v4h-5v5h-4ZM9.5 9.5h7v7h-7Z",
  "cut-this": "M16.5 16.5h-9v-4h5v-5h4ZM10.5 10.5h-7v-7h7Z",
  looks: "M4 6h7M15 6h1M4 14h1M9 14h7M13 4.2v3.6M7 12.2v3.6",
  more: "M4.5 10h.1M10 10h.1M15.5 10h.1",
  lock: "M5.5 9h9v7.5h-9ZM7 9V6.5a3 3 0 0 1 6 0V9",
  unlock: "M5.5 9h9v7.5h-9ZM7 9V6.5a3 3 0 0 1 5.8-1.1",
  forward: "M3.5 10h12M11 5l5 5-5 5",
  backward: "M16.5 10h-12M9 5l-5 5 5 5",
  both: "M3.5 10h13M7 6l-4 4 4 4M13 6l4 4-4 4",
  stop: "M5.5 5.5h9v9h-9Z",
  export: "M10 3.5v9M6 8.5l4 4 4-4M4 16.5h12",
  memory: "M3.5 15c0-7 13-7 13 0M10 15c0-3 6.5-3 6.5 0M3.5 13v4M10 13v4M16.5 13v4",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  partial: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM10 3.5v13M10 6.5h4.5M10 10h6M10 13.5h4.5",
  stale: "M10 3.5 17.5 16.5h-15ZM10 8.5v3.5M10 14.3v.1",
  ring: "M10 4.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11Z",
  checks: "M2.5 10.5l3.5 3.5 6.5-7M9.5 13l1 1 7-7.5",
  before: "M12.5 4.5 7 10l5.5 5.5",
  after: "M7.5 4.5 13 10l-5.5 5.5",
  down: "M5.5 8l4.5 4.5L14.5 8",
  filter: "M3.5 5h13M6 10h8M8.5 15h3",
  chart: "M4 16.5V10M8 16.5V4.5M12 16.5V8M16 16.5V12M3 16.5h14",
  spark: "M10 3v4M10 13v4M3 10h4M13 10h4M5.5 5.5l2 2M12.5 12.5l2 2M14.5 5.5l-2 2M7.5 12.5l-2 2",
  required: "M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM10 6.5V10l2.5 2",
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
