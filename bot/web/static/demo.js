// The host application's part: a fresh token whenever the chat asks for one, and the rehearsal's clock.
"use strict";
(() => {
  const { who } = document.currentScript.dataset;
  window.Maitred = window.Maitred || function (...words) { (window.Maitred.q = window.Maitred.q || []).push(words); };
  const renew = async () => {
    try {
      const answer = await fetch(`/demo/token?as=${encodeURIComponent(who)}`);
      if (!answer.ok) throw new Error(String(answer.status));
      window.Maitred("identify", await answer.text());
    } catch {
      setTimeout(renew, 2000);
    }
  };
  window.Maitred("on", "token_expired", renew);

  addEventListener("DOMContentLoaded", () => {
    const clock = document.querySelector("#clock");
    const began = performance.now();
    const offset = clock.dataset.zone.match(/^fixed:([+-])(\d\d):(\d\d)$/);
    const shift = offset ? (offset[1] === "-" ? -1 : 1) * (offset[2] * 60 + Number(offset[3])) * 60000 : 0;
    const shown = new Intl.DateTimeFormat("en-GB", {
      weekday: "long", hour: "2-digit", minute: "2-digit", timeZone: offset ? "UTC" : clock.dataset.zone,
    });
    const tick = () => {
      const now = Number(clock.dataset.now) + (performance.now() - began) * Number(clock.dataset.speed);
      clock.textContent = shown.format(now + shift).replace(",", "");
    };
    setInterval(tick, 1000);
  });
})();
