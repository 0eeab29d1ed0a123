// A slider with a name that a screen reader says, turned by mouse or keyboard in whole steps of its own.
function render({ model, el }) {
  const label = document.createElement("label"); // around the rest: a click on the text finds the slider
  const text = document.createElement("span");
  const input = document.createElement("input");
  const shown = document.createElement("output");
  input.type = "range";
  input.step = "any"; // steps are counted here: a value between two of them is shown where it is
  label.className = "kam-slider";
  label.append(text, input, shown);
  el.append(label);

  const say = (value) => {
    const texts = model.get("texts");
    const key = String(value);
    return key in texts ? texts[key] : `${Number(value.toFixed(1))}${model.get("unit")}`;
  };
  const draw = () => {
    const value = model.get("value");
    for (const end of ["min", "max"]) input[end] = model.get(end);
    input.value = value;
    input.disabled = model.get("disabled");
    input.setAttribute("aria-label", model.get("name") || model.get("label"));
    input.setAttribute("aria-valuetext", say(value));
    text.textContent = model.get("label");
    shown.textContent = say(value);
    el.lang = model.get("lang");
  };
  const turn = (wanted) => {
    const value = Math.min(Math.max(wanted, model.get("min")), model.get("max"));
    if (value !== model.get("value")) {
      model.set("value", value);
      model.save_changes();
    }
    draw();
  };
  const after = (steps) => {
    const step = model.get("step");
    const at = model.get("value") / step;
    return (steps > 0 ? Math.floor(at + 1e-9) : Math.ceil(at - 1e-9)) * step + steps * step;
  };
  const keys = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
  input.addEventListener("input", () => {
    const step = model.get("step");
    turn(Math.round(Number(input.value) / step) * step);
  });
  input.addEventListener("keydown", (event) => {
    if (model.get("disabled")) return;
    if (event.key in keys) turn(after(keys[event.key]));
    else if (event.key === "Home") turn(model.get("min"));
    else if (event.key === "End") turn(model.get("max"));
    else return;
    event.preventDefault();
  });
  model.on("change", draw);
  draw();
}

export default { render };
