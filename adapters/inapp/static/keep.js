// What stays in this browser: the visitor's token, a draft, and every message until the server has said it is safe.
// One entry per message, so that two tabs never overwrite one another. No cookies.

class Keep {
  #memory = new Map(); // where the browser forbids storage, a message at least survives a lost connection

  constructor(subject) {
    this.subject = subject;
    this.prefix = `maitred/${subject}/`;
  }

  read(name) {
    try {
      return JSON.parse(localStorage.getItem(this.prefix + name)) ?? this.#memory.get(name) ?? null;
    } catch {
      return this.#memory.get(name) ?? null;
    }
  }

  write(name, value) {
    try {
      localStorage.setItem(this.prefix + name, JSON.stringify(value));
    } catch {
      this.#memory.set(name, value);
    }
  }

  remove(name) {
    this.#memory.delete(name);
    try {
      localStorage.removeItem(this.prefix + name);
    } catch {
      // nothing was kept there
    }
  }

  unsent() {
    return this.#names()
      .filter((name) => name.startsWith("unsent/"))
      .map((name) => this.read(name))
      .filter((item) => item && item.id)
      .sort((one, other) => one.at - other.at || (one.order ?? 0) - (other.order ?? 0));
  }

  /** Leave no trace of this person: they signed out of a computer that may not be theirs. */
  forget() {
    for (const name of this.#names()) this.remove(name);
  }

  #names() {
    let stored = [];
    try {
      stored = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix));
    } catch {
      // no storage
    }
    return [...new Set([...stored.map((key) => key.slice(this.prefix.length)), ...this.#memory.keys()])];
  }
}

/** Whose browser this is, only to keep two people's unsent messages apart; the server trusts nothing but signatures. */
function subjectOf(token) {
  if (!token) return "visitor";
  try {
    const packed = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
    return `person/${JSON.parse(new TextDecoder().decode(bytes)).sub}`;
  } catch {
    return "person/unknown";
  }
}

/** A UUID; `randomUUID` exists only on secure pages. */
function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
