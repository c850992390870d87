// What the desk asks of the person, and what it tells beside the conversation: a line with buttons at the top, and a
// form in place of the transcript. It knows nothing of what they are about: words, choices and buttons come finished.

class Sheet {
  #above = ""; // what stands above, as it was told last
  #form = null;
  #opener = null;
  #isBusy = false;
  #isLeft = false; // whoever asked went back before the answer came
  #timer = 0;

  /** `press(action, value, fields)` asks the desk; `turned(isShown)` is told when the form comes and goes. */
  constructor(words, press, turned) {
    this.words = words;
    this.press = press;
    this.turned = turned;
    this.bar = el("div", { class: "bar", hidden: true });
    this.said = el("div", { class: "said", "aria-live": "polite" }); // the one `status` here is the connection
    this.title = el("h3", { id: "sheet", tabindex: "-1" });
    this.alarm = el("div", { class: "alarm", role: "alert" });
    this.body = el("form", {});
    this.body.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#form.submit) this.#ask(this.#form.action, this.#form.value, this.#fields());
    });
    this.node = el("section", { class: "sheet", "aria-labelledby": "sheet", hidden: true });
    this.node.append(this.title, this.alarm, this.body);
  }

  get isShown() {
    return !this.node.hidden;
  }

  /** What stands above the conversation. Drawn anew only where it changed, so that nobody loses the button they are on. */
  above({ note = "", buttons = [] }) {
    const above = JSON.stringify([note, buttons]);
    if (above === this.#above) return;
    this.#above = above;
    const hadFocus = this.bar.contains(this.#active);
    this.bar.classList.toggle("noted", Boolean(note));
    this.bar.replaceChildren(
      note ? el("p", { dir: "auto" }, ...withLinks(note)) : "",
      ...buttons.map((button) => this.#button(button)),
    );
    this.#fit();
    if (hadFocus) this.#toBar();
  }

  get #active() {
    return this.node.getRootNode().activeElement;
  }

  #fit() {
    this.bar.hidden = this.isShown || !this.bar.textContent;
  }

  #toBar() {
    (this.#opener?.isConnected ? this.#opener : this.bar.querySelector("button"))?.focus();
  }

  #button({ action, label, value }) {
    const open = (event) => {
      if (!this.isShown) this.#opener = event.currentTarget;
      this.#ask(action, value, {});
    };
    return el("button", { type: "button", onclick: open }, label);
  }

  /** A form that was asked for from outside of it. */
  open(action, value) {
    this.#ask(action, value, {});
  }

  #ask(action, value, fields) {
    if (this.#isBusy) return; // a second press before the answer is the same one
    this.#isLeft = false;
    this.#busy(true);
    this.press(action, value, fields);
  }

  /** Until the answer comes nothing is disabled, for a disabled button loses the focus. */
  #busy(isBusy) {
    this.#isBusy = isBusy;
    this.node.setAttribute("aria-busy", String(isBusy));
    this.bar.setAttribute("aria-busy", String(isBusy));
    this.tell("");
    clearTimeout(this.#timer);
    if (isBusy) this.#timer = setTimeout(() => this.tell(this.words.say("wait")), 1_000);
  }

  tell(text, isRefused = false) {
    this.said.classList.toggle("refused", isRefused);
    this.said.replaceChildren(...(text ? withLinks(text) : []));
  }

  /** What a press came to: another form, fields to mend, or words and back to the conversation. */
  answer({ text, refused, errors, form }) {
    this.#busy(false);
    if (form && !this.#isLeft) {
      this.#show(form, text);
    } else if (this.#form && Object.keys(errors).length) {
      this.#show({ ...this.#form, inputs: this.#entered() }, Object.values(errors).join("\n"));
    } else {
      this.#hide();
      this.tell(text, refused);
    }
  }

  /** Another person, or nobody: nothing that was asked of the last one stays. */
  forget() {
    this.#busy(false);
    this.#isLeft = true;
    this.#opener = null;
    this.#hide();
    this.above({});
  }

  #show(form, alarm) {
    const name = this.node.contains(this.#active) ? this.#active.name : "";
    this.#form = form;
    this.title.textContent = form.title;
    const back = el("button", { type: "button", onclick: () => this.leave() }, this.words.say("back"));
    this.body.replaceChildren(
      form.note ? el("p", { class: "about", dir: "auto" }, ...withLinks(form.note)) : "",
      ...form.inputs.map((input) => this.#input(input)),
      el(
        "div",
        { class: "ways" },
        form.submit ? el("button", { class: "primary", type: "submit" }, form.submit) : null,
        ...form.buttons.map((button) => this.#button(button)),
        back,
      ),
    );
    this.alarm.textContent = alarm;
    if (!this.isShown) {
      this.node.hidden = false;
      this.#fit();
      this.turned(true);
    }
    // Whoever chose in a list goes on there; what is new is read from its title on.
    const same = name && !alarm ? this.body.querySelector(`select[name="${name}"]`) : null;
    (same ?? this.title).focus();
    if (!same) this.node.scrollTop = 0;
  }

  /** Back to the conversation, with the focus where the form was opened from, or on what took that one's place. */
  leave() {
    if (!this.isShown) return;
    this.#isLeft = this.#isBusy;
    this.#busy(false);
    this.#hide();
    this.#toBar();
  }

  #hide() {
    if (!this.isShown) return;
    this.node.hidden = true;
    this.#form = null;
    this.alarm.textContent = "";
    this.#fit();
    this.turned(false);
  }

  #fields() {
    return Object.fromEntries([...new FormData(this.body)].map(([name, value]) => [name, String(value)]));
  }

  #entered() {
    const fields = this.#fields();
    return this.#form.inputs.map((input) => ({ ...input, initial: fields[input.name] ?? "" }));
  }

  #input(input) {
    if (input.kind !== "choice") return this.#written(input);
    return input.headings.length ? this.#grouped(input) : this.#listed(input);
  }

  #written({ name, label, kind, initial, required }) {
    const tag = kind === "long_text" ? "textarea" : "input";
    const box = el(tag, { name, required, dir: "auto", autocomplete: "off" });
    box.value = initial;
    return el("label", { class: "field" }, label, box);
  }

  #listed({ name, label, choices, initial, required, redraws }) {
    const list = el("select", { name, required });
    for (const [value, words] of choices) list.append(el("option", { value, selected: value === initial }, words));
    if (redraws)
      list.addEventListener("change", () =>
        this.#ask(this.#form.action, this.#form.value, { [name]: list.value }),
      );
    return el("label", { class: "field" }, label, list);
  }

  /** Choices below their headings; the arrow keys go through all of them, as through any radio buttons of one name. */
  #grouped({ name, label, choices, headings, initial, required }) {
    const groups = el("fieldset", { class: "groups" }, el("legend", {}, label));
    let group = null;
    choices.forEach(([value, words], place) => {
      if (place === 0 || headings[place] !== headings[place - 1]) {
        const id = `${name}-${place}`;
        const times = el("div", { class: "choices" });
        group = times;
        groups.append(
          el("div", { role: "group", "aria-labelledby": id }, el("h4", { id, dir: "auto" }, headings[place]), times),
        );
      }
      const radio = el("input", { type: "radio", name, value, required, checked: value === initial });
      group.append(el("label", {}, radio, el("span", { dir: "auto" }, words)));
    });
    return groups;
  }
}

/** What was pressed and not answered yet: sent again after any trouble, under the same id, so that it counts once. */
class Pressing {
  #frame = null;
  #timer = 0;

  constructor(wire) {
    this.wire = wire;
  }

  send(action, value, fields) {
    this.#frame = { type: "press", id: freshId(), action, value, fields };
    this.wire.open();
    this.again();
  }

  again() {
    const frame = this.#frame;
    if (!frame) return;
    this.wire.send(frame);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#frame === frame && this.wire.isReady && this.wire.again(), ACK_WITHIN);
  }

  /** Whether a frame answers it. */
  settles({ id }) {
    const isIts = id === this.#frame?.id;
    if (isIts) this.forget();
    return isIts;
  }

  forget() {
    clearTimeout(this.#timer);
    this.#frame = null;
  }
}
