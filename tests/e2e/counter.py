"""A tiny widget that keeps the DOM contract of the real one, so that the harness can be tested without it."""

# A 100 x 50 picture at 3 CSS pixels each, 12 px from the left and 6 px from the top of its stage: left half red, right
# half blue. A click leaves a green dot on the masks layer and counts; a key press is remembered.
SCRIPT = """
const SCALE = 3, LEFT = 12, TOP = 6, WIDTH = 100, HEIGHT = 50;
function layer(stage, name) {
    const canvas = document.createElement("canvas");
    const [width, height] = [LEFT * 2 + WIDTH * SCALE, TOP * 2 + HEIGHT * SCALE];
    canvas.className = `sam2nb-${name}`;
    canvas.width = width * devicePixelRatio; canvas.height = height * devicePixelRatio;
    canvas.style.cssText = `position: absolute; left: 0; top: 0; width: ${width}px; height: ${height}px`;
    stage.append(canvas);
    const brush = canvas.getContext("2d");
    brush.scale(devicePixelRatio, devicePixelRatio); brush.translate(LEFT, TOP); brush.scale(SCALE, SCALE);
    return brush;
}
function render({ model, el }) {
    const root = document.createElement("div"), stage = document.createElement("div");
    root.className = "sam2nb"; root.tabIndex = 0; root.dataset.lmSuppressShortcuts = "true";
    root.dataset.jpSuppressContextMenu = "true";
    stage.className = "sam2nb-stage";
    stage.style.cssText = "position: relative";
    stage.style.width = `${LEFT * 2 + WIDTH * SCALE}px`; stage.style.height = `${TOP * 2 + HEIGHT * SCALE}px`;
    Object.assign(stage.dataset, { scale: SCALE, offsetX: LEFT, offsetY: TOP });
    const picture = layer(stage, "picture"), masks = layer(stage, "masks");
    picture.fillStyle = "rgb(255, 0, 0)"; picture.fillRect(0, 0, WIDTH / 2, HEIGHT);
    picture.fillStyle = "rgb(0, 0, 255)"; picture.fillRect(WIDTH / 2, 0, WIDTH / 2, HEIGHT);
    stage.addEventListener("pointerdown", event => {
        const place = stage.getBoundingClientRect();
        const x = (event.clientX - place.left - LEFT) / SCALE, y = (event.clientY - place.top - TOP) / SCALE;
        masks.fillStyle = "rgb(0, 255, 0)"; masks.fillRect(Math.floor(x), Math.floor(y), 1, 1);
        root.focus({ preventScroll: true });
        model.set({ count: model.get("count") + 1, last: [x, y, event.button, event.altKey] }); model.save_changes();
    });
    root.addEventListener("contextmenu", event => event.preventDefault());
    root.addEventListener("keydown", event => {
        event.preventDefault(); model.set("pressed", [...model.get("pressed"), event.key]); model.save_changes();
    });
    const show = () => { root.dataset.rev = model.get("count"); root.dataset.status = "ready"; };
    model.on("change:count", show); show();
    root.append(stage); el.append(root);
}
export default { render };
"""

DEFINE = f"""
import anywidget, traitlets
class Counter(anywidget.AnyWidget):
    _esm = {SCRIPT!r}
    count = traitlets.Int(0).tag(sync=True)
    pressed = traitlets.List([]).tag(sync=True)
    last = traitlets.List([]).tag(sync=True)
counter = Counter()
"""
