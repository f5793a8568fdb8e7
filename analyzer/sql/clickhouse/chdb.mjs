// SPDX-License-Identifier: GPL-2.0-or-later
// ClickHouse in a process of its own, where there is no server: runs files of SQL on the database in
// a folder; the rows of the last query go to standard output, as JSON lines.  Reports that are named
// after `--` are loaded first.
//
//     npm install chdb
//     node chdb.mjs FOLDER tables.sql single.sql certainty.sql
//     node chdb.mjs FOLDER undelivered.sql -- REPORT.json...
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

// Where it was called, and not where this file lies, npm has put the engine.
const { Session } = createRequire(`${process.cwd()}/`)("chdb");
const given = process.argv.slice(2);
const end = given.indexOf("--");
const [folder, ...files] = end < 0 ? given : given.slice(0, end);
const reports = end < 0 ? [] : given.slice(end + 1);

if (files.length === 0) {
    console.error("chdb.mjs: name a folder and files of SQL");
    process.exit(2);
}
const session = new Session(folder);
const lines = (text) => text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
const quote = (text) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

// The type comes first in a record, and nobody's text begins a line.
function load(report, type) {
    const columns = lines(session.query(
        `SELECT name, type FROM system.columns WHERE database = 'grvsstp' AND table = '${type}s_here'
         ORDER BY position`, "JSONEachRow"));
    const members = columns.map((column) => `\`${column.name}\` ${column.type}`).join(", ");
    session.query(
        `INSERT INTO grvsstp.${type}s_here
         SELECT untuple(JSONExtract(line, ${quote(`Tuple(${members})`)}))
         FROM file(${quote(resolve(report))}, 'LineAsString')
         WHERE startsWith(line, '{"type":"${type}","schema":1,')`);
}

for (const report of reports)
    for (const type of ["point", "connection", "session", "message", "finding"]) load(report, type);
let last = "";
for (const file of files) {
    const text = readFileSync(file, "utf8").replace(/^--.*$/gm, "");
    for (const statement of text.split(";").filter((part) => part.trim() !== ""))
        last = session.query(statement, "JSONEachRow");
}
process.stdout.write(last ?? "");
