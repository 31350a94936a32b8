// node gltf_validate.js FILE...   (NODE_PATH must find gltf-validator); prints one JSON line a file
const fs = require("fs");
const path = require("path");
const validator = require("gltf-validator");

async function check(file) {
  const beside = (uri) =>
    Promise.resolve(new Uint8Array(fs.readFileSync(path.join(path.dirname(file), uri))));
  const report = await validator.validateBytes(new Uint8Array(fs.readFileSync(file)), {
    maxIssues: 0,
    externalResourceFunction: beside,
  });
  const { numErrors, numWarnings, messages } = report.issues;
  return { file: path.basename(file), errors: numErrors, warnings: numWarnings, messages };
}

(async () => {
  for (const file of process.argv.slice(2)) {
    process.stdout.write(JSON.stringify(await check(file)) + "\n");
  }
})();
