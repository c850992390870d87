// The connection: opened when wanted, opened again when lost, and never trusted to be alive just because it is open.

const SILENCE_FOR = 150_000; // the server speaks every minute; more than two missed is a dead line
const WELCOME_WITHIN = 15_000;
const LONGEST_PAUSE = 30_000;

class Wire {
  #socket = null;
  #timer = 0;
  #watch = 0;
  #tries = 0;
  #isWanted = false;
  isReady = false;
  /** Told by an event, not by `navigator.onLine`, which takes a machine with only itself to talk to for offline. */
  isOffline = false;

  /** `hello()` makes the first frame; `heard(frame)` takes what comes; `changed(isReady)` tells of the line itself. */
  constructor(address, { hello, heard, changed }) {
    this.address = address;
    this.hello = hello;
    this.heard = heard;
    this.changed = changed;
    this.online = () => {
      this.isOffline = false;
      this.again();
    };
    this.offline = () => {
      this.isOffline = true;
      this.#lost();
    };
    this.visible = () => document.visibilityState === "visible" && !this.#socket && this.again();
  }

  get isWanted() {
    return this.#isWanted;
  }

  open() {
    if (this.#isWanted) return;
    this.#isWanted = true;
    addEventListener("online", this.online);
    addEventListener("offline", this.offline);
    document.addEventListener("visibilitychange", this.visible);
    this.#connect();
  }

  close() {
    this.#isWanted = false;
    removeEventListener("online", this.online);
    removeEventListener("offline", this.offline);
    document.removeEventListener("visibilitychange", this.visible);
    this.#lost();
  }

  /** Drop the line we have, if any, and try at once. */
  again() {
    if (!this.#isWanted) return;
    this.#tries = 0;
    this.#drop();
    this.#connect();
  }

  send(frame) {
    if (!this.isReady || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connect() {
    clearTimeout(this.#timer);
    if (!this.#isWanted || this.#socket) return;
    let socket;
    try {
      socket = new WebSocket(this.address);
    } catch {
      this.#retry();
      return;
    }
    this.#socket = socket;
    this.#expect(WELCOME_WITHIN);
    socket.onopen = () => socket === this.#socket && socket.send(JSON.stringify(this.hello()));
    socket.onmessage = ({ data }) => socket === this.#socket && this.#take(JSON.parse(data));
    socket.onclose = () => socket === this.#socket && this.#lost();
  }

  #take(frame) {
    this.#expect(SILENCE_FOR);
    if (frame.type === "welcome") {
      this.#tries = 0;
      this.isReady = true;
    }
    if (frame.type === "bye") {
      // Everybody was sent away at once: come back one after the other. A full house needs longer.
      this.#tries = { restart: 2, busy: 6 }[frame.reason] ?? 0;
      if (frame.reason === "expired" || frame.reason === "identity") this.#isWanted = false;
    }
    this.heard(frame);
    if (frame.type === "welcome") this.changed(true);
  }

  #expect(within) {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#lost(), within);
  }

  #lost() {
    const wasReady = this.isReady;
    this.#drop();
    this.#retry();
    if (wasReady || this.#isWanted) this.changed(false);
  }

  #drop() {
    clearTimeout(this.#watch);
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    this.isReady = false;
    socket?.close();
  }

  #retry() {
    if (!this.#isWanted || this.isOffline) return; // "online" wakes us
    const longest = Math.min(LONGEST_PAUSE, 500 * 2 ** this.#tries);
    this.#tries += 1;
    this.#timer = setTimeout(() => this.#connect(), 100 + Math.random() * longest);
  }
}
