// A second IMAP server for the tests: node server.js PORT PLUGIN,PLUGIN,...
// It says "ready" once it listens. Mail comes in by APPEND.
"use strict";

const path = require("path");

const hoodiecrow = require(path.join(process.cwd(), "node_modules/hoodiecrow-imap"));
const [port, plugins] = process.argv.slice(2);

const server = hoodiecrow({
    plugins: plugins ? plugins.split(",") : [],
    users: {
        support: { password: "correct-horse", xoauth2: { accessToken: "fresh-token", sessionTimeout: 3600000 } },
    },
    storage: { INBOX: {}, "": { separator: "/", folders: { Processed: {} } } },
});

server.listen(Number(port), "127.0.0.1", () => process.stdout.write("ready\n"));
