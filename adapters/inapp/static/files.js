// Files: those chosen for the next message on their way up, those of messages on their way down.

class Files {
  chosen = []; // {name, size, type}, and {file, digest, ...} of the server's once it is up
  limits = { file: 20 * 1024 * 1024, files: 10 };
  #words;
  #view;
  #wire;
  #moved;
  #ticket = "";
  #renewed = () => {};

  /** `moved` is called whenever a file came up or turned out not to. */
  constructor(words, view, wire, moved) {
    this.#words = words;
    this.#view = view;
    this.#wire = wire;
    this.#moved = moved;
  }

  /** What the server lets us fetch and upload with from now on. */
  renew(ticket) {
    this.#ticket = ticket;
    this.#renewed();
  }

  forget() {
    this.chosen = [];
    this.#draw();
  }

  async add(chosen) {
    for (const file of chosen) {
      if (this.chosen.length >= this.limits.files) {
        this.#view.alert(this.#words.say("too_many_files", { count: this.limits.files }));
        return;
      }
      if (file.size > this.limits.file) {
        const count = Math.floor(this.limits.file / 1_048_576);
        this.#view.alert(this.#words.say("file_too_large", { name: file.name, count }));
        continue;
      }
      const entry = { name: file.name, size: file.size, type: file.type };
      this.chosen.push(entry);
      this.#draw();
      await this.#upload(file, entry);
    }
  }

  async bytes(file) {
    return (await this.#fetch(`inapp/files/${file.digest}`)).blob();
  }

  async download(file) {
    try {
      const address = URL.createObjectURL(await this.bytes(file));
      el("a", { href: address, download: file.name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } catch {
      this.#view.alert(this.#words.say("offline"));
    }
  }

  async #upload(file, entry) {
    try {
      const answer = await this.#fetch("inapp/files", {
        method: "POST",
        body: file,
        headers: {
          "content-type": file.type || "application/octet-stream",
          "x-file-name": encodeURIComponent(file.name.toWellFormed?.() ?? file.name),
        },
      });
      Object.assign(entry, await answer.json());
    } catch {
      this.chosen = this.chosen.filter((other) => other !== entry);
      this.#view.alert(this.#words.say("upload_failed", { name: file.name }));
    }
    this.#draw();
    this.#moved();
  }

  #draw() {
    this.#view.attachments(this.chosen, (file) => {
      this.chosen = this.chosen.filter((other) => other !== file);
      this.#draw();
    });
  }

  /** Ask with our ticket; one that ran out, while the machine slept for example, is renewed once. */
  async #fetch(path, { headers, ...options } = {}) {
    for (const isLast of [false, true]) {
      const authorization = `Bearer ${this.#ticket}`;
      const answer = await fetch(new URL(path, BASE), {
        ...options,
        headers: { ...headers, authorization },
        credentials: "omit",
      });
      if (answer.ok) return answer;
      if (answer.status !== 401 || isLast || !this.#wire.send({ type: "refresh" })) throw new Error(`${answer.status}`);
      await new Promise((resolve) => {
        this.#renewed = resolve;
        setTimeout(resolve, 5_000);
      });
    }
  }
}
