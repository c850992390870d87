// What is seen and heard. Everything a person typed becomes text nodes; there is no way from here to markup.

const FULL_SCREEN = "(max-width: 480px), (max-height: 440px)";
const STOPS = "button, textarea, select, input, a, [tabindex='0']";
const PICTURES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const LARGEST_PICTURE = 8_000_000;
const SHAPES = {
  chat: "M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.6 4.2c-.5.5-1.4.1-1.4-.6V15.8A2.5 2.5 0 0 1 4 13.5z",
  close: "M6 6l12 12M18 6L6 18",
  clip: "M20 11.5l-7.8 7.8a5 5 0 0 1-7.1-7.1l8.5-8.5a3.4 3.4 0 0 1 4.8 4.8l-8.5 8.5a1.7 1.7 0 0 1-2.4-2.4l7.8-7.8",
  file: "M7 3h7l5 5v12a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1zM14 3v5h5",
};

/** An element with attributes, listeners (`onclick`) and children; texts become text nodes. */
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function icon(shape) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon ${shape}-icon`);
  path.setAttribute("d", SHAPES[shape]);
  svg.append(path);
  return svg;
}

/** Text with its addresses made links: http, https and mailto, nothing else, and always showing where they lead. */
function withLinks(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(/\b(?:https?:\/\/|mailto:)[^\s<>"“”«»]+/gi)) {
    const address = found[0].replace(/[.,;:!?)\]}'’]+$/, "");
    let target;
    try {
      target = new URL(address);
    } catch {
      continue;
    }
    if (!["http:", "https:", "mailto:"].includes(target.protocol)) continue;
    parts.push(text.slice(from, found.index));
    parts.push(el("a", { href: target.href, target: "_blank", rel: "noopener nofollow noreferrer" }, address));
    from = found.index + address.length;
  }
  return [...parts, text.slice(from)];
}

class View {
  #lines = new Map(); // line id -> {line, node}
  #unsent = new Map(); // client message id -> node
  #unread = 0;

  /** `acts` are the widget's answers to what a person does here. */
  constructor(words, acts) {
    this.words = words;
    this.acts = acts;
    this.host = el("maitred-chat");
    this.root = this.host.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    this.root.adoptedStyleSheets = [sheet];
    this.#build();
    this.name();
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  get text() {
    return this.box.value;
  }

  set text(text) {
    this.box.value = text;
    this.#fit();
  }

  #build() {
    const { acts } = this;
    this.launcher = el("button", { class: "launch", type: "button", "aria-expanded": "false", onclick: acts.toggle });
    this.badge = el("span", { class: "badge", "aria-hidden": "true", hidden: true });
    this.launcher.append(icon("chat"), icon("close"), this.badge);
    this.avatar = el("span", { class: "avatar", "aria-hidden": "true" });
    this.title = el("h2");
    this.dot = el("span", { class: "dot", "aria-hidden": "true" });
    this.subtitle = el("small");
    this.hide = el("button", { class: "hide", type: "button", onclick: acts.toggle }, icon("close"));
    this.lines = el("div", { class: "lines" });
    this.unsent = el("div", { class: "lines" });
    this.hello = el("p", { class: "empty" });
    this.log = el("div", {
      class: "talk",
      role: "log",
      tabindex: "0",
      "aria-live": "off",
      "aria-relevant": "additions",
    });
    this.log.append(this.hello, this.lines, this.unsent);
    this.log.addEventListener("scroll", () => this.#atEnd() && (this.newest.hidden = true));
    this.newest = el("button", { class: "newest", type: "button", hidden: true, onclick: () => this.toEnd() });
    this.notice = el("div", { class: "notice", role: "status" });
    this.alarm = el("div", { class: "alarm", role: "alert" });
    this.chips = el("ul", { class: "chips" });
    this.editing = el("div", { class: "editing", hidden: true });
    this.picker = el("input", { type: "file", multiple: true, hidden: true, tabindex: "-1" });
    this.picker.addEventListener("change", () => {
      acts.attach([...this.picker.files]);
      this.picker.value = "";
    });
    this.clip = el("button", { class: "clip", type: "button", onclick: () => this.picker.click() }, icon("clip"));
    this.box = el("textarea", { rows: "1", dir: "auto", enterkeyhint: "send", onkeydown: (event) => this.#key(event) });
    this.box.addEventListener("input", () => {
      this.#fit();
      this.alert("");
      acts.typed(this.box.value);
    });
    this.box.addEventListener("paste", (event) => {
      if (!event.clipboardData?.files.length) return;
      event.preventDefault();
      acts.attach([...event.clipboardData.files]);
    });
    this.go = el("button", { class: "primary", type: "submit" });
    this.form = el("form", { novalidate: true }, this.clip, this.picker, this.box, this.go);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      acts.send();
    });
    this.sheet = new Sheet(this.words, acts.press, (isShown) => {
      this.log.hidden = foot.hidden = isShown;
      if (!isShown && this.isOpen) this.box.focus();
    });
    const head = el(
      "header",
      { class: "top" },
      this.avatar,
      el("div", { class: "who" }, this.title, this.subtitle),
      this.hide,
      this.sheet.bar,
    );
    const foot = el("div", { class: "foot" }, this.newest, this.alarm, this.editing, this.chips, this.form);
    this.panel = el("section", {
      class: "panel",
      role: "dialog",
      hidden: true,
      onkeydown: (event) => this.#trap(event),
    });
    this.panel.append(head, this.notice, this.sheet.said, this.log, this.sheet.node, foot);
    this.#takeDrops();
    this.root.append(this.panel, this.launcher);
  }

  /** Put every fixed word in its place, again when the language changes. */
  name() {
    const { words } = this;
    this.host.lang = words.language;
    this.host.dir = words.direction;
    this.log.setAttribute("aria-label", words.say("log"));
    this.box.setAttribute("aria-label", words.say("message"));
    this.box.placeholder = words.say("placeholder");
    this.go.textContent = words.say("send");
    this.hello.textContent = words.say("hello");
    this.newest.textContent = words.say("newest");
    this.panel.dataset.drop = words.say("drop");
    for (const [node, key] of [
      [this.clip, "attach"],
      [this.hide, "close"],
    ]) {
      node.setAttribute("aria-label", words.say(key));
      node.title = words.say(key);
    }
    if (!this.title.textContent)
      this.greet({ label: words.say("chat"), title: words.say("chat"), initials: "", subtitle: "" });
    this.#nameLauncher();
    for (const { line } of this.#lines.values()) this.show(line);
  }

  greet(profile) {
    this.panel.setAttribute("aria-label", profile.label);
    this.title.textContent = profile.title;
    this.avatar.textContent = profile.initials;
    this.avatar.hidden = !profile.initials;
    this.dot.classList.toggle("away", !profile.is_here);
    this.subtitle.replaceChildren(...(profile.subtitle ? [this.dot, profile.subtitle] : []));
    this.sheet.above(profile);
  }

  open() {
    this.panel.hidden = false;
    this.launcher.setAttribute("aria-expanded", "true");
    this.launcher.classList.add("open");
    this.#nameLauncher();
    this.#fit();
    this.toEnd();
    (this.sheet.isShown ? this.sheet.title : this.box).focus();
  }

  close() {
    const hadFocus = this.root.activeElement;
    this.panel.hidden = true;
    this.launcher.setAttribute("aria-expanded", "false");
    this.launcher.classList.remove("open");
    this.#nameLauncher();
    if (hadFocus) this.launcher.focus();
  }

  unread(count) {
    this.#unread = count;
    this.badge.textContent = count > 99 ? "99+" : String(count);
    this.badge.hidden = !count;
    this.#nameLauncher();
  }

  #nameLauncher() {
    const { words } = this;
    const waiting = this.#unread ? words.say("open_unread", { count: this.#unread }) : words.say("open");
    this.launcher.setAttribute("aria-label", this.isOpen ? words.say("close") : waiting);
  }

  /** Forget what was shown: another person, or a transcript that begins anew. */
  clear() {
    this.#lines.clear();
    this.#unsent.clear();
    this.lines.replaceChildren();
    this.unsent.replaceChildren();
    this.hello.hidden = false;
    this.log.setAttribute("aria-live", "off");
  }

  /** From here on what comes is news, and is read out; the history before it was not. */
  live() {
    this.log.setAttribute("aria-live", "polite");
  }

  /** Draw a line, or draw it anew in its place. `overlay` is a new wording that is still on its way. */
  show(line, overlay = null) {
    const node = this.#message({
      mine: line.direction === "in",
      auto: line.kind === "auto",
      text: overlay ? overlay.text : line.text,
      deleted: line.deleted,
      files: line.files,
      head: [
        line.direction === "in" ? this.words.say("you") : line.author,
        this.words.moment(line.at),
        line.edited && !line.deleted ? this.words.say("edited") : null,
        overlay
          ? this.words.say(overlay.state)
          : line.direction === "in"
            ? this.words.say(line.state === "seen" ? "seen" : "sent")
            : null,
      ],
      buttons: line.own && !line.deleted && !overlay && line.text ? [["edit", () => this.acts.edit(line)]] : [],
    });
    const before = this.#lines.get(line.id);
    this.#lines.set(line.id, { line, node });
    this.#place(node, line.position, before?.node);
  }

  #place(node, position, former) {
    const isAtEnd = this.#atEnd();
    node.dataset.position = position;
    if (former) former.replaceWith(node);
    else {
      let next = null;
      for (
        let last = this.lines.lastElementChild;
        last && Number(last.dataset.position) > position;
        last = last.previousElementSibling
      )
        next = last;
      this.lines.insertBefore(node, next);
    }
    this.hello.hidden = true;
    if (isAtEnd) this.toEnd();
    else if (!former) this.newest.hidden = !this.isOpen;
  }

  /** A message that is not a line yet: on its way, safe, late, or refused. */
  await(item, state, buttons) {
    const head = [this.words.say("you"), this.words.moment(item.at), this.words.say(state)];
    const node = this.#message({ mine: true, text: item.text, files: item.files, head, buttons });
    node.classList.toggle("waiting", state === "sending");
    node.classList.toggle("failed", state === "not_sent");
    const former = this.#unsent.get(item.id);
    this.#unsent.set(item.id, node);
    if (former) former.replaceWith(node);
    else this.unsent.append(node);
    this.hello.hidden = true;
    if (!former) this.toEnd();
  }

  arrived(id) {
    this.#unsent.get(id)?.remove();
    this.#unsent.delete(id);
  }

  #message({ mine, auto, text, deleted, files = [], head, buttons = [] }) {
    const node = el("div", { class: `msg${mine ? " mine" : ""}${auto ? " auto" : ""}` });
    const meta = el("div", { class: "meta" }, el("span", {}, head.filter(Boolean).join(" · ")));
    for (const [key, onclick] of buttons)
      meta.append(el("button", { type: "button", class: key, onclick }, this.words.say(key)));
    if (!auto) node.append(meta);
    if (deleted) node.append(el("div", { class: "text gone" }, this.words.say("deleted")));
    else if (text) node.append(el("div", { class: "text", dir: "auto" }, ...withLinks(text)));
    for (const file of files) node.append(this.#file(file));
    return node;
  }

  #file(file) {
    const label = [
      el("bdi", {}, file.name),
      el("small", { dir: "auto" }, file.digest || file.file ? this.words.size(file.size) : file.note),
    ];
    if (!file.digest) return el("div", { class: "file" }, icon("file"), ...label);
    const download = () => this.acts.download(file);
    const name = this.words.say("download", { name: file.name });
    const button = el(
      "button",
      { type: "button", class: "file", "aria-label": name, onclick: download },
      icon("file"),
      ...label,
    );
    if (!PICTURES.has(file.type) || file.size > LARGEST_PICTURE) return button;
    // A canvas, because a host page's policy may forbid pictures that are not its own.
    const canvas = el("canvas", { role: "img", "aria-label": file.name, hidden: true });
    new IntersectionObserver(async ([entry], observer) => {
      if (!entry.isIntersecting) return;
      observer.disconnect();
      await this.#draw(canvas, file);
    }).observe(button);
    return el("div", { class: "picture" }, canvas, button);
  }

  async #draw(canvas, file) {
    try {
      const picture = await createImageBitmap(await this.acts.bytes(file));
      const scale = Math.min(1, 480 / picture.width, 480 / picture.height);
      canvas.width = Math.max(1, Math.round(picture.width * scale));
      canvas.height = Math.max(1, Math.round(picture.height * scale));
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      picture.close();
      const isAtEnd = this.#atEnd();
      canvas.hidden = false;
      if (isAtEnd) this.toEnd();
    } catch {
      // no picture after all: the name and the download stay
    }
  }

  /** The files that go with the next message. */
  attachments(files, onremove) {
    this.chips.replaceChildren(
      ...files.map((file) => {
        const label = this.words.say("remove_file", { name: file.name });
        const state = file.file ? this.words.size(file.size) : this.words.say("uploading");
        const remove = el(
          "button",
          { type: "button", "aria-label": label, title: label, onclick: () => onremove(file) },
          icon("close"),
        );
        return el("li", {}, el("bdi", {}, file.name), el("small", {}, state), remove);
      }),
    );
  }

  edit(onstop) {
    this.editing.hidden = !onstop;
    this.editing.replaceChildren();
    if (!onstop) return;
    const stop = el("button", { type: "button", onclick: onstop }, this.words.say("cancel"));
    this.editing.append(el("span", {}, this.words.say("editing")), stop);
    this.box.focus();
  }

  alert(text) {
    if (this.alarm.textContent !== text) this.alarm.textContent = text;
  }

  tell(text) {
    if (this.notice.textContent !== text) this.notice.textContent = text;
  }

  toEnd() {
    this.newest.hidden = true;
    this.log.scrollTop = this.log.scrollHeight;
  }

  #atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 60;
  }

  #fit() {
    this.box.style.height = "auto";
    this.box.style.height = `${Math.min(this.box.scrollHeight + 2, 132)}px`;
  }

  #key(event) {
    // On a touch keyboard Enter makes a new line; while an input method composes, it only accepts a suggestion.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse)").matches) return;
    event.preventDefault();
    this.acts.send();
  }

  #trap(event) {
    if (event.key === "Escape") {
      event.stopPropagation();
      if (this.sheet.isShown) this.sheet.leave();
      else this.acts.toggle();
    }
    if (event.key !== "Tab" || !matchMedia(FULL_SCREEN).matches) return;
    // Full-screen there is nothing else to see, so there is nothing else to reach.
    const stops = [...this.panel.querySelectorAll(STOPS)].filter((node) => node.offsetParent);
    const [edge, other] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
    if (this.root.activeElement !== edge) return;
    event.preventDefault();
    other.focus();
  }

  #takeDrops() {
    const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
    this.panel.addEventListener("dragover", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.panel.classList.add("dropping");
    });
    this.panel.addEventListener("dragleave", (event) => {
      if (!this.panel.contains(event.relatedTarget)) this.panel.classList.remove("dropping");
    });
    this.panel.addEventListener("drop", (event) => {
      this.panel.classList.remove("dropping");
      if (!hasFiles(event)) return;
      event.preventDefault();
      this.acts.attach([...event.dataTransfer.files]);
    });
  }
}
