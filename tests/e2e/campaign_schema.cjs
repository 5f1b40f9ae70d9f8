// SPDX-License-Identifier: Apache-2.0
// node campaign_schema.cjs AJV-FOLDER SCHEMA DOCUMENT...: one line for each document, "NAME valid" or
// "NAME " and the place and message of every error that Ajv (JSON Schema 2020-12) finds.
'use strict';
const fs = require('fs');
const path = require('path');

const [ajvFolder, schemaFile, ...documents] = process.argv.slice(2);
const Ajv2020 = require(path.join(path.resolve(ajvFolder), 'dist', '2020.js')).default;
const ajv = new Ajv2020({
  strict: true, allowUnionTypes: true, allErrors: true, strictRequired: false, strictTypes: false,
  formats: {'duration-go': /^([0-9.]+(d|h|m|s|ms|us|ns))+$|^0$/},
});
ajv.addVocabulary(['x-unit']);
const validate = ajv.compile(JSON.parse(fs.readFileSync(schemaFile, 'utf8')));
for (const file of documents) {
  const valid = validate(JSON.parse(fs.readFileSync(file, 'utf8')));
  const errors = valid ? 'valid' : validate.errors.map(
    (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`).join('; ');
  console.log(`${path.basename(file)} ${errors}`);
}
