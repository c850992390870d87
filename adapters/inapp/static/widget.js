// The widget itself: who the person is, what is on its way, what was read; and the commands of the host page.

const ACK_WITHIN = 10_000;
const SCRIPT = document.currentScript;
const BASE = new URL(".", SCRIPT.src);

class Widget {
  #listeners = new Map();
  #options;
  #keep;
  #wire;
  #pressing;
  #view;
  #words;
  #lines = new Map();
  #unsent = new Map(); // client message id -> {item, state, timer}
  #files;
  #edited = null;
  #rev = 0;
  #seen = 0;
  #longest = 20_000;
  #isCaughtUp = false;
  #isWaitingForFiles = false;

  constructor(options) {
    this.#options = options;
    this.#words = new Words(options.language, options.zone);
    const address = new URL("inapp/ws", BASE);
    address.protocol = address.protocol.replace("http", "ws");
    this.#wire = new Wire(address.href, {
      hello: () => this.#hello(),
      heard: (frame) => this.#hear(frame),
      changed: (isReady) => this.#lineChanged(isReady),
    });
    this.#pressing = new Pressing(this.#wire);
    this.#view = new View(this.#words, {
      toggle: () => (this.#view.isOpen ? this.close() : this.open()),
      send: () => this.#send(),
      attach: (chosen) => this.#attach(chosen),
      edit: (line) => this.#edit(line),
      typed: (text) => this.#keep.write("draft", text),
      download: (file) => this.#files.download(file),
      bytes: (file) => this.#files.bytes(file),
      press: (...wish) => this.#pressing.send(...wish),
    });
    this.#files = new Files(this.#words, this.#view, this.#wire, () => this.#isWaitingForFiles && this.#send());
    document.body.append(this.#view.host);
    this.onStorage = ({ key }) => key === `${this.#keep.prefix}seen` && this.#count();
    this.onVisible = () => this.#count();
    addEventListener("storage", this.onStorage);
    document.addEventListener("visibilitychange", this.onVisible);
    this.#become(options.token);
  }

  // ---- commands of the host page

  open() {
    if (!this.#view.isOpen) {
      this.#view.open();
      this.#wire.open(); // a visitor is not connected before they ask to be
      this.#count();
      this.emit("open");
    }
  }

  /** A one-time code, shown in its form: only the person confirms it, so that a link makes nobody somebody else. */
  link(code) {
    this.open();
    this.#view.sheet.open("client.link", String(code).slice(0, 100));
  }

  close() {
    if (this.#view.isOpen) {
      this.#view.close();
      this.emit("close");
    }
  }

  /** A fresh token of the same person goes on where they were; another person begins with an empty page. */
  identify(token) {
    this.#wire.close();
    this.#view.alert("");
    if (subjectOf(token) !== this.#keep.subject) this.#become(token);
    else {
      this.#options.token = token;
      this.#wire.open();
    }
  }

  on(event, listener) {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
  }

  /** The person signed out: nothing of theirs stays on the page or in the browser. */
  shutdown() {
    this.#wire.close();
    this.#pressing.forget();
    this.#keep.forget();
    for (const { timer } of this.#unsent.values()) clearTimeout(timer);
    removeEventListener("storage", this.onStorage);
    document.removeEventListener("visibilitychange", this.onVisible);
    this.#view.host.remove();
  }

  emit(event, ...details) {
    const listeners = this.#listeners.get(event) ?? [];
    for (const listener of listeners) {
      try {
        listener(...details);
      } catch (error) {
        console.error(error); // a mistake of the host page is told there, and stops nothing here
      }
    }
    return listeners.length > 0;
  }

  // ---- who this is

  #become(token) {
    this.#options.token = token;
    this.#keep = new Keep(subjectOf(token));
    this.#stopEditing();
    this.#pressing.forget();
    this.#view.sheet.forget();
    this.#files.forget();
    for (const { timer } of this.#unsent.values()) clearTimeout(timer);
    this.#unsent.clear();
    this.#forgetLines();
    this.#view.text = this.#keep.read("draft") ?? "";
    for (const item of this.#keep.unsent()) this.#await(item);
    if (token || this.#keep.read("visitor") || this.#view.isOpen) this.#wire.open();
    this.#count();
  }

  #forgetLines() {
    this.#rev = 0;
    this.#isCaughtUp = false;
    this.#lines.clear();
    this.#view.clear();
    for (const { item, state } of this.#unsent.values()) this.#draw(item, state);
  }

  #hello() {
    const { token, language, zone } = this.#options;
    const who = token ? { token } : { visitor: this.#keep.read("visitor") };
    return { type: "hello", ...who, after: this.#rev, language: language || null, zone: zone || null };
  }

  // ---- what the server says

  #hear(frame) {
    const hear = {
      welcome: () => this.#welcome(frame),
      lines: () => this.#show(frame),
      ack: () => this.#settle(frame.id),
      refused: () => this.#refused(frame),
      answer: () => this.#pressing.settles(frame) && this.#view.sheet.answer(frame),
      profile: () => this.#profile(frame),
      bye: () => this.#bye(frame.reason),
    }[frame.type];
    hear?.(); // what a newer server may say besides is not for us
  }

  #welcome(frame) {
    if (frame.visitor) this.#keep.write("visitor", frame.visitor);
    this.#longest = frame.limits.text;
    this.#files.limits = frame.limits;
    this.#words.learn(frame.profile.language, frame.texts);
    this.#profile(frame);
    this.#view.name();
    if (frame.rev !== this.#rev) this.#forgetLines();
    this.#seen = 0;
    for (const { item } of this.#unsent.values()) this.#deliver(item);
    this.#pressing.again();
    setTimeout(() => this.#caughtUp(), 1_000); // an empty history sends no lines to tell us so
  }

  #caughtUp() {
    if (this.#isCaughtUp) return;
    this.#isCaughtUp = true;
    this.#view.live();
  }

  #profile(frame) {
    this.#files.renew(frame.ticket);
    if (frame.now) this.#words.ahead = frame.now - Date.now();
    this.#view.greet(frame.profile);
  }

  #show(frame) {
    for (const line of frame.lines) {
      this.#lines.set(line.id, line);
      if (line.own) {
        this.#settle(line.own);
        this.#drop(line.own);
      }
      this.#view.show(line);
    }
    if (frame.rev !== undefined) {
      this.#rev = Math.max(this.#rev, frame.rev);
      setTimeout(() => this.#caughtUp(), 0);
    }
    this.#count();
  }

  #bye(reason) {
    if (reason !== "expired" && reason !== "identity") return;
    this.#view.tell("");
    if (!this.emit("token_expired")) this.#view.alert(this.#words.say("expired"));
  }

  #lineChanged(isReady) {
    clearTimeout(this.noticeTimer);
    if (isReady || !this.#wire.isWanted) this.#view.tell("");
    // A blink of the network is nobody's concern.
    else
      this.noticeTimer = setTimeout(
        () => this.#view.tell(this.#words.say("offline")),
        this.#wire.isOffline ? 0 : 2_500,
      );
  }

  // ---- what was read

  #count() {
    const read = this.#keep.read("seen") ?? 0;
    const replies = [...this.#lines.values()].filter((line) => line.direction === "out" && line.kind === "reply");
    const newest = Math.max(0, ...replies.map((line) => line.position));
    if (this.#view.isOpen && document.visibilityState === "visible") {
      if (newest > read) this.#keep.write("seen", newest);
      if (newest > this.#seen && this.#wire.send({ type: "seen", position: newest })) this.#seen = newest;
      this.#unread(0);
      return;
    }
    this.#unread(replies.filter((line) => line.position > read && line.state !== "seen" && !line.deleted).length);
  }

  #unread(count) {
    if (count === this.unreadBefore) return;
    this.unreadBefore = count;
    this.#view.unread(count);
    this.emit("unread", count);
  }

  // ---- what is said

  #send() {
    const text = this.#view.text.trim();
    const files = this.#edited ? [] : this.#files.chosen;
    if (!text && !files.length) return;
    if (text.length > this.#longest) {
      this.#view.alert(this.#words.say("too_long", { count: this.#longest }));
      return;
    }
    this.#isWaitingForFiles = files.some((file) => !file.file);
    if (this.#isWaitingForFiles) return; // it goes when the last byte is up
    const item = { kind: "say", id: freshId(), text, files, at: this.#words.now(), order: this.#unsent.size };
    if (this.#edited) Object.assign(item, { kind: "edit", of: this.#edited.own, lineId: this.#edited.id });
    else this.#files.forget();
    this.#keep.write(`unsent/${item.id}`, item);
    this.#stopEditing();
    this.#view.text = "";
    this.#keep.remove("draft");
    this.#view.alert("");
    this.#view.sheet.tell("");
    this.#await(item);
    this.#wire.open();
    this.#deliver(item);
  }

  #await(item) {
    this.#unsent.set(item.id, { item, state: "sending", timer: 0 });
    this.#draw(item, "sending");
    this.#expectAck(item);
  }

  #deliver(item) {
    const frame =
      item.kind === "edit"
        ? { type: "edit", id: item.id, of: item.of, text: item.text }
        : { type: "say", id: item.id, text: item.text, files: item.files.map((file) => file.file) };
    const waiting = this.#unsent.get(item.id);
    if (waiting?.state === "sent" || waiting?.reason) return;
    if (this.#wire.send(frame)) this.#expectAck(item);
  }

  /** No answer is an answer: the line may be dead although nobody told us. The same id makes a repeat harmless. */
  #expectAck(item) {
    const waiting = this.#unsent.get(item.id);
    if (waiting.timer) return; // a line that keeps breaking must not keep the person waiting for the truth
    waiting.timer = setTimeout(() => {
      waiting.timer = 0;
      this.#mark(item, "not_sent");
      if (this.#wire.isReady) this.#wire.again();
    }, ACK_WITHIN);
  }

  #mark(item, state) {
    const waiting = this.#unsent.get(item.id);
    if (!waiting) return;
    waiting.state = state;
    this.#draw(item, state);
  }

  #draw(item, state) {
    if (item.kind === "edit") {
      const line = this.#lines.get(item.lineId);
      if (line) this.#view.show(line, { text: item.text, state });
      return;
    }
    const { reason } = this.#unsent.get(item.id) ?? {};
    const rewrite = ["edit", () => this.#rewrite(item)];
    const retry = ["retry", () => this.#retry(item)];
    this.#view.await(item, state, state === "not_sent" ? [reason ? rewrite : retry] : []);
  }

  #retry(item) {
    this.#mark(item, "sending");
    this.#expectAck(item);
    this.#wire.again();
  }

  /** The server has it: nothing is kept here any more. */
  #settle(id) {
    const waiting = this.#unsent.get(id);
    this.#keep.remove(`unsent/${id}`);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    this.#mark(waiting.item, "sent");
    if (waiting.item.kind === "edit") this.#unsent.delete(id); // the line comes anew, in its own words
  }

  /** The line itself is shown now. */
  #drop(id) {
    this.#view.arrived(id);
    this.#unsent.delete(id);
  }

  #refused({ id, reason }) {
    const waiting = this.#unsent.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    waiting.reason = reason;
    const text = {
      too_long: ["too_long", { count: this.#longest }],
      too_many_files: ["too_many_files", { count: this.#files.limits.files }],
    }[reason];
    this.#view.alert(this.#words.say(...(text ?? ["refused"])));
    if (waiting.item.kind === "edit") {
      this.#keep.remove(`unsent/${id}`);
      this.#unsent.delete(id);
      const line = this.#lines.get(waiting.item.lineId);
      if (line) this.#view.show(line);
    } else this.#mark(waiting.item, "not_sent");
  }

  /** Back into the box what was refused, to be said differently. */
  #rewrite(item) {
    this.#keep.remove(`unsent/${item.id}`);
    this.#drop(item.id);
    this.#view.text = item.text;
    this.#keep.write("draft", item.text);
    this.#view.box.focus();
  }

  #edit(line) {
    this.#edited = line;
    this.#view.text = line.text;
    this.#view.edit(() => {
      this.#stopEditing();
      this.#view.text = this.#keep.read("draft") ?? "";
      this.#view.box.focus();
    });
  }

  #stopEditing() {
    this.#edited = null;
    this.#view.edit(null);
  }

  #attach(chosen) {
    this.open();
    this.#view.alert("");
    return this.#files.add(chosen);
  }
}
