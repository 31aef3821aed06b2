// Checks an AsyncAPI document with the official JSON schema of AsyncAPI 3.0.0. Usage: node check-asyncapi.cjs DOCUMENT
// NODE_PATH must name the folder of the installed packages. Prints the errors, and exits with 1 if there are any.
const { readFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const Ajv = require('ajv');

const schemas = join(dirname(require.resolve('@asyncapi/specs')), 'schemas');
const read = file => JSON.parse(readFileSync(file, 'utf8'));
// This file has no $id, so its references to other schemas resolve inside the file.
const check = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile(read(join(schemas, '3.0.0-without-$id.json')));
if (!check(read(process.argv[2]))) {
  console.error(JSON.stringify(check.errors, null, 1));
  process.exit(1);
}
