// SPDX-License-Identifier: Apache-2.0
// node schema_oracle.cjs AJV-FOLDER <in >out: each line of stdin is {"schema": ..., "value": ...};
// each line of stdout says 1 when Ajv (JSON Schema 2020-12) finds the value valid, 0 when not, and
// an error when the schema cannot be compiled.
'use strict';
const fs = require('fs');
const path = require('path');

const Ajv2020 = require(path.join(path.resolve(process.argv[2]), 'dist', '2020.js')).default;
const formats = {'duration-go': (text) => /^-?([0-9]+([.][0-9]+)?(d|h|m|s|ms|us|ns))+$|^0$/.test(text)};
const ajv = new Ajv2020({strict: false, formats});
const compiled = new Map();  // by text: several values come for each schema
const answers = [];
for (const line of fs.readFileSync(0, 'utf8').split('\n')) {
  if (line === '') continue;
  const {schema, value} = JSON.parse(line);
  const text = JSON.stringify(schema);
  try {
    if (!compiled.has(text)) compiled.set(text, ajv.compile(schema));
    answers.push(compiled.get(text)(value) ? '1' : '0');
  } catch (error) {
    answers.push(`error ${error.message}`.replace(/\n/g, ' '));
  }
}
process.stdout.write(answers.join('\n') + '\n');
