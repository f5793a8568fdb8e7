// SPDX-License-Identifier: GPL-2.0-or-later
// Runs files of SQL in a DuckDB database; the rows of the last query go to standard output, as
// JSON lines.  Reports that are named after `--` are the variable `reports`.
//
//     npm install @duckdb/node-api
//     node run.mjs DATABASE FILE.sql... [-- REPORT.json...]
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

// Where it was called, and not where this file lies, npm has put the engine.
const { DuckDBInstance } = createRequire(`${process.cwd()}/`)("@duckdb/node-api");
const given = process.argv.slice(2);
const end = given.indexOf("--");
const [database, ...files] = end < 0 ? given : given.slice(0, end);
const reports = end < 0 ? [] : given.slice(end + 1);

if (files.length === 0) {
    console.error("run.mjs: name a database and files of SQL");
    process.exit(2);
}
const connection = await (await DuckDBInstance.create(database)).connect();
const quoted = reports.map((name) => `'${name.replaceAll("'", "''")}'`);
await connection.run(`SET VARIABLE reports = [${quoted.join(", ")}]::VARCHAR[]`);
let result;
for (const file of files) {
    const statements = await connection.extractStatements(readFileSync(file, "utf8"));
    for (let i = 0; i < statements.count; i++) {
        result = await (await statements.prepare(i)).stream();
        if (file !== files.at(-1) || i !== statements.count - 1) await result.readAllRows?.();
    }
}
const names = result.columnNames();
for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    for (const row of chunk.getRows()) {
        const told = Object.fromEntries(names.map((name, i) => [name, row[i]]));
        console.log(JSON.stringify(told, (_, value) =>
            // What a number of JavaScript cannot hold is text.
            typeof value === "bigint"
                ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value))
                : value?.items ?? value?.entries ?? (typeof value?.toString === "function"
                    && value?.constructor?.name?.startsWith("DuckDB") ? value.toString() : value)));
    }
}
