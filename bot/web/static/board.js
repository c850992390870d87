// Keeps an open page of the board true: counts down, reads again what changed, sends forms without leaving the page.
// Everything here can fail and the page still works: forms are plain forms, moments are written out by the server.
"use strict";
(() => {
  const body = document.body;
  const atOnce = document.querySelector("form[data-at-once]");
  if (atOnce) { atOnce.requestSubmit(); return; }
  if (!body.dataset.now) return;

  // ---- the desk's own time, which a rehearsal runs faster
  const speed = Number(body.dataset.speed) || 1;
  const hasSeconds = speed <= 10;
  let readAt = Number(body.dataset.now), readWhen = performance.now();
  const deskNow = () => readAt + (performance.now() - readWhen) * speed;

  // ---- counting; the words are those of bot/web/drawn.py
  const two = (number) => String(number).padStart(2, "0");
  const counted = (ms) => {
    const seconds = Math.ceil(ms / 1000), minutes = Math.floor(seconds / 60);
    if (seconds >= 3600) {
      const hours = Math.floor(minutes / 60), rest = minutes % 60;
      return rest ? `${hours} h ${rest} min` : `${hours} h`;
    }
    if (seconds >= 600 || !hasSeconds) return `${minutes} min`;
    return minutes ? `${minutes} min ${two(seconds % 60)} s` : `${seconds} s`;
  };
  const toned = (share) => (share > 0.5 ? "ok" : share > 0.2 ? "soon" : "late");
  const count = () => {
    const now = deskNow();
    for (const one of document.querySelectorAll("[data-left]")) {
      const from = Number(one.dataset.from), until = one.dataset.until ? Number(one.dataset.until) : Infinity;
      const used = Math.max(0, Math.min(now, until) - from);
      const isOver = "over" in one.dataset;
      const left = Math.max(0, Number(one.dataset.left) + (isOver ? used : -used));
      const words = isOver ? `${counted(left)} late` : counted(left);
      const shown = one.querySelector(".left");
      if (shown.textContent !== words) shown.textContent = words;
      if (!isOver) {
        const share = Math.min(1, left / Number(one.dataset.target));
        one.className = `time ${toned(share)}`;
        const arc = one.querySelector(".fg");
        if (arc) arc.setAttribute("stroke-dasharray", `${Math.max(1, Math.round(63 * share))} 63`);
      }
      if ((!isOver && left === 0) || now > until) again();
    }
    const first = document.querySelector("#rows [data-left], #promises [data-left]");
    const stat = document.querySelector("#stats .stat b");
    if (first && stat && document.querySelector("#rows") && stat.dataset.follows !== undefined) {
      stat.textContent = first.querySelector(".left").textContent;
      stat.className = first.className.replace("time ", "");
    }
  };

  // ---- reading the page again: only what the server now writes differently is replaced
  const written = new WeakMap();
  const remember = (root) => {
    for (const part of root.querySelectorAll("[data-live]")) {
      written.set(part, part.innerHTML);
      for (const child of part.children) written.set(child, child.outerHTML);
    }
  };
  const swap = (part, fresh) => {
    if (written.get(part) === fresh.innerHTML) return;
    const isKeyed = fresh.children.length > 0 && [...fresh.children, ...part.children].every((child) => child.id);
    written.set(part, fresh.innerHTML);
    if (!isKeyed) { part.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node))); return; }
    const old = new Map([...part.children].map((child) => [child.id, child]));
    let place = part.firstElementChild;
    for (const wanted of [...fresh.children]) {
      const markup = wanted.outerHTML, had = old.get(wanted.id);
      old.delete(wanted.id);
      let now = had;
      if (!had || written.get(had) !== markup) {
        now = document.adoptNode(wanted);
        written.set(now, markup);
        if (had) { if (place === had) place = now; had.replaceWith(now); }
      }
      if (now === place) place = place.nextElementSibling;
      else part.insertBefore(now, place);
    }
    for (const gone of old.values()) gone.remove();
  };
  const show = (page) => {
    const active = document.activeElement;
    const focused = active && active.id;
    const open = [...document.querySelectorAll("[data-live] details[open]")].map((one) => one.id);
    const talk = document.querySelector("#talk");
    const atEnd = talk && talk.scrollHeight - talk.scrollTop - talk.clientHeight < 60;
    for (const part of document.querySelectorAll("[data-live]")) {
      const fresh = page.getElementById(part.id);
      if (fresh) swap(part, fresh);
    }
    for (const part of document.querySelectorAll("[data-goes]")) if (!page.getElementById(part.id)) part.remove();
    // What was not there before, the box of a ticket that goes on for example, needs the whole page.
    for (const part of page.querySelectorAll("[data-goes]")) if (!document.getElementById(part.id)) { location.reload(); return; }
    for (const id of open) { const one = document.getElementById(id); if (one) one.open = true; }
    if (focused && document.activeElement !== active) document.getElementById(focused)?.focus();
    if (atEnd) talk.scrollTop = talk.scrollHeight;
    readAt = Number(page.body.dataset.now);
    readWhen = performance.now();
    document.title = page.title;
    announce();
    count();
  };
  // A document out of a request is parsed without running anything, and no text of ours ever becomes markup.
  const read = () => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", body.dataset.here);
    request.responseType = "document";
    request.timeout = 15000;
    request.onload = () => (request.status === 401 ? location.reload()
      : request.status < 400 && request.response ? resolve(request.response) : reject(new Error(String(request.status))));
    request.onerror = request.ontimeout = () => reject(new Error("unreachable"));
    request.send();
  });
  let reading = null, isStale = false;
  const again = () => {
    if (reading) { isStale = true; return reading; }
    reading = read().then(show, () => {}).then(() => new Promise((done) => setTimeout(done, 200))).then(() => {
      reading = null;
      if (isStale) { isStale = false; again(); }
    });
    return reading;
  };

  // ---- telling aloud what is new
  // What a page already shows when it is first opened in a tab is not news; nothing at all is remembered as 0.
  const announce = () => {
    const newest = document.querySelector("[data-newest]");
    const number = newest ? Number(newest.dataset.newest) : 0;
    const told = sessionStorage.getItem("told");
    if (told !== null && number <= Number(told)) return;
    if (told !== null) document.querySelector("#announced").textContent = newest.textContent;
    sessionStorage.setItem("told", String(number));
  };

  // ---- forms
  const refuse = (form, words) => {
    const place = form.querySelector("[data-refusal]") || form.closest(".panel")?.querySelector("[data-refusal]")
      || document.querySelector("[data-refusal]");
    if (!place) return;
    place.textContent = words;
    place.hidden = !words;
  };
  const send = async (form, button) => {
    if (form.dataset.sending) return;
    form.dataset.sending = "yes";
    button?.setAttribute("aria-busy", "true");
    refuse(form, "");
    try {
      const fields = new URLSearchParams(new FormData(form, button));
      const address = button?.hasAttribute("formaction") ? button.formAction : form.action;
      const answer = await fetch(address, { method: "POST", body: fields, headers: { Accept: "application/json" } });
      if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) {
        if (answer.status === 401) throw new Error("You are signed out. Open your link again; what you wrote stays here.");
        throw new Error((await answer.text()).trim() || "This did not work.");
      }
      const said = await answer.json();
      for (const one of document.querySelectorAll("input[name=key]")) one.value = said.key;
      if (said.is_refused) {
        refuse(form, said.text || Object.values(said.errors).join(" "));
        return;
      }
      if ("clears" in form.dataset) for (const one of form.querySelectorAll("textarea, input:not([type=hidden])")) one.value = "";
      if ("closes" in form.dataset) {
        const taken = form.querySelector("[data-takes]");
        const from = taken && document.querySelector(`#${taken.dataset.takes} textarea`);
        if (from && from.value === taken.dataset.took) from.value = "";
        form.reset();
        form.closest("dialog").close();
      }
      await again();
    } catch (error) {
      // The key stays the same, so pressing again can never send it twice.
      refuse(form, error instanceof TypeError ? "No connection: nothing is lost, press again in a moment." : error.message);
    } finally {
      delete form.dataset.sending;
      button?.removeAttribute("aria-busy");
    }
  };
  document.addEventListener("submit", (event) => {
    if (!("enhance" in event.target.dataset)) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (opener) {
      event.preventDefault();
      const dialog = document.getElementById(opener.dataset.dialog);
      const taken = dialog.querySelector("[data-takes]");
      const from = taken && document.querySelector(`#${taken.dataset.takes} textarea`);
      if (from && from.value.trim()) { taken.value = from.value; taken.dataset.took = from.value; }
      refuse(dialog.querySelector("form"), "");
      if (!dialog.open) dialog.showModal();
    }
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    const row = event.target.closest(".queue tbody tr");
    if (row && !event.target.closest("a, button") && !String(getSelection())) row.querySelector("a.subject")?.click();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
      event.target.form.requestSubmit(event.target.form.querySelector("button.primary"));
    }
  });

  // ---- hearing that something changed
  const offline = document.querySelector("#offline");
  let lostAt = 0;
  const listen = () => {
    const stream = new EventSource(body.dataset.stream || "/board/stream");
    stream.onopen = () => { lostAt = 0; offline.hidden = true; };
    stream.onmessage = () => again();
    stream.addEventListener("bye", () => { stream.close(); location.reload(); });
    stream.onerror = () => {
      lostAt = lostAt || performance.now();
      offline.hidden = false;
      if (stream.readyState === EventSource.CLOSED) { stream.close(); setTimeout(() => { again(); listen(); }, 3000); }
    };
    addEventListener("pagehide", () => stream.close(), { once: true });
  };

  remember(document);
  for (const dialog of document.querySelectorAll("dialog[open]")) { dialog.close(); dialog.showModal(); }
  const talk = document.querySelector("#talk");
  if (talk) talk.scrollTop = talk.scrollHeight;
  // A narrow page has its places in one row that scrolls: the one we are at is to be seen.
  const here = document.querySelector(".rail [aria-current]"), rail = here?.closest(".rail");
  if (rail && rail.scrollWidth > rail.clientWidth) rail.scrollLeft = here.offsetLeft - (rail.clientWidth - here.offsetWidth) / 2;
  announce();
  count();
  setInterval(count, hasSeconds ? 1000 : 250);
  setInterval(again, 60000);
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  listen();
})();
