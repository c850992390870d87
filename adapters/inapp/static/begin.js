// The way in: window.Maitred, and what the page asked for before this file was here.

function begin() {
  const { token, language, zone } = SCRIPT.dataset;
  const options = {
    token,
    language: language || document.documentElement.lang || navigator.language,
    zone: zone || Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
  let widget = new Widget(options);
  const listeners = [];
  const commands = {
    open: () => widget?.open(),
    close: () => widget?.close(),
    link: (code) => widget?.link(code),
    on: (event, listener) => {
      listeners.push([event, listener]);
      widget?.on(event, listener);
    },
    identify: (token) => {
      if (widget) widget.identify(token);
      else {
        widget = new Widget({ ...options, token });
        for (const each of listeners) widget.on(...each);
      }
    },
    shutdown: () => {
      widget?.shutdown();
      widget = null;
    },
  };
  const code = codeInAddress();
  const asked = window.Maitred?.q ?? [];
  window.Maitred = (name, ...details) => {
    if (name in commands) commands[name](...details);
    else console.warn(`Maitred knows no command "${name}"`);
  };
  for (const words of asked) window.Maitred(...words);
  if (code) widget?.link(code); // last: by then the page has said who this is
}

/** The code that a link to the page carries. It is taken out of the address, which is kept, shared and logged. */
function codeInAddress() {
  const address = new URL(location.href);
  const code = address.searchParams.get("maitred_link");
  if (code === null) return "";
  address.searchParams.delete("maitred_link");
  history.replaceState(history.state, "", address);
  return code;
}

if (!window.Maitred || window.Maitred.q || !document.querySelector("maitred-chat")) {
  if (document.body) begin();
  else addEventListener("DOMContentLoaded", begin);
}
