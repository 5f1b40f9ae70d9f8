// SPDX-License-Identifier: Apache-2.0
// node validate.cjs AJV-FOLDER SCHEMA-FOLDER DOCUMENT...: checks every document against the schema it
// names ("<document>-report.json") with Ajv, JSON Schema 2020-12. Exit 0: all valid; 1: not; 2: unusable.
'use strict';
const fs = require('fs');
const path = require('path');

const [ajvFolder, schemaFolder, ...documents] = process.argv.slice(2);
if (!ajvFolder || !schemaFolder || documents.length === 0) {
  console.error('usage: validate.cjs AJV-FOLDER SCHEMA-FOLDER DOCUMENT...');
  process.exit(2);
}
const Ajv2020 = require(path.join(path.resolve(ajvFolder), 'dist', '2020.js')).default;
const ajv = new Ajv2020({strict: true, allowUnionTypes: true, allErrors: true});

const validators = new Map();
function validatorFor(name) {
  if (!validators.has(name)) {
    const text = fs.readFileSync(path.join(schemaFolder, `${name}-report.json`), 'utf8');
    validators.set(name, ajv.compile(JSON.parse(text)));
  }
  return validators.get(name);
}

let bad = 0;
for (const file of documents) {
  const document = JSON.parse(fs.readFileSync(file, 'utf8'));
  const validate = validatorFor(document.document);
  if (validate(document)) continue;
  bad += 1;
  for (const error of validate.errors) {
    console.error(`${file}: ${error.instancePath || '/'} ${error.message} ${JSON.stringify(error.params)}`);
  }
}
process.exit(bad === 0 ? 0 : 1);
