// What the widget says, and how it writes moments and sizes: in the person's language and zone.

const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur", "yi"]);

/** The best of our languages for a wish like "de-AT"; before the server answers, English is better than nothing. */
function languageFor(wish) {
  const asked = (wish || "en").toLowerCase();
  return [asked, asked.split("-")[0], "en"].find((language) => language in TEXTS) ?? Object.keys(TEXTS)[0];
}

class Words {
  constructor(wish, zone) {
    this.wish = wish;
    this.zone = zone;
    this.ahead = 0; // how far the desk's clock is ahead of ours
    this.language = languageFor(wish);
    this.texts = TEXTS[this.language] ?? {};
  }

  /** The server's word replaces the first guess: it knows the contact's language and the desk's own wording. */
  learn(language, texts) {
    this.language = language;
    this.texts = { ...this.texts, ...texts };
  }

  say(key, fields = {}) {
    const text = this.texts[`widget_${key}`] ?? key;
    return text.replace(/\{(\w+)\}/g, (whole, name) => (name in fields ? String(fields[name]) : whole));
  }

  get direction() {
    return document.dir === "rtl" || RIGHT_TO_LEFT.has((this.wish || this.language).split("-")[0]) ? "rtl" : "ltr";
  }

  now() {
    return Date.now() + this.ahead;
  }

  /** "12:04" today, "Mon 4, 12:04" before. */
  moment(at) {
    // Our own texts say "by 17:00", so the transcript does not say "5 PM".
    const time = this.#format(at, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const day = { year: "numeric", month: "numeric", day: "numeric" };
    if (this.#format(at, day) === this.#format(this.now(), day)) return time;
    return `${this.#format(at, { weekday: "short", day: "numeric", month: "short" })}, ${time}`;
  }

  size(bytes) {
    const [amount, unit] = bytes < 1e6 ? [Math.max(1, bytes / 1e3), "kilobyte"] : [bytes / 1e6, "megabyte"];
    const digits = amount < 10 && unit === "megabyte" ? 1 : 0;
    return new Intl.NumberFormat(this.language, { style: "unit", unit, maximumFractionDigits: digits }).format(amount);
  }

  #format(at, parts) {
    try {
      return new Intl.DateTimeFormat(this.language, { ...parts, timeZone: this.zone }).format(at);
    } catch {
      return new Intl.DateTimeFormat(undefined, parts).format(at); // a zone or language this browser does not know
    }
  }
}
